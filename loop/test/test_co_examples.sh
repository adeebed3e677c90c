#!/usr/bin/env bash
# test_co_examples.sh: no example program uses half of a task's stack, under
# load, on any back end: the rest is for those who build on it. Prints TAP.
set -euo pipefail
build=${KIT_BUILD:-build}
work=$(mktemp -d)
pid=
trap '[[ -z $pid ]] || kill "$pid" 2>/dev/null || true; rm -rf "$work"' EXIT

mapfile -t programs < <(grep -l '"loop/co.h"' loop/examples/*.c)
n=0
failed=0

# Asks a server for pages, right and wrong ones, slowly and many at once.
load() { # PROGRAM BACKEND
    : >"$work/log"
    LOOP_STACKS=1 "$1" --port 0 --backend "$2" >"$work/log" 2>&1 &
    pid=$!
    until grep -q '^listening on' "$work/log"; do
        kill -0 "$pid" 2>/dev/null || return 1
        sleep 0.02
    done
    local url
    url=$(sed -n 's/^listening on //p' "$work/log")
    curl -s "$url/" "$url/missing" "$url/wait/5" >/dev/null
    "$build/bench/load" -c 50 --ms 300 "$url/" >/dev/null
    kill "$pid"
    wait "$pid"
    pid=
}

uses_less_than_half() {
    awk '/stacks: at most [0-9]+ of [0-9]+ bytes were used/ {
             match($0, /at most [0-9]+ of [0-9]+/)
             split(substr($0, RSTART, RLENGTH), word, " ")
             used = word[3]
             size = word[5]
         }
         END {
             print used + 0 " of " size + 0 " bytes"
             exit !(used > 0 && 2 * used < size)
         }' "$work/log" >"$work/used"
}

for source in "${programs[@]}"; do
    name=$(basename "$source" .c)
    for backend in select poll epoll uring; do
        n=$((n + 1))
        if ! load "$build/loop/examples/$name" "$backend"; then
            if grep -qE 'Function not implemented|Operation not permitted' "$work/log"; then
                echo "ok $n - $name on $backend # SKIP the kernel refuses it"
                continue
            fi
        fi
        if uses_less_than_half; then
            echo "ok $n - $name on $backend uses $(<"$work/used") of its stacks"
        else
            echo "not ok $n - $name on $backend uses $(<"$work/used") of its stacks"
            sed 's/^/# /' "$work/log"
            failed=1
        fi
    done
done
echo "1..$n"
((failed == 0))

#!/usr/bin/env bash
# test_examples.sh: the example programs, on every back end. Prints TAP.
set -euo pipefail
build=${KIT_BUILD:-build}
work=$(mktemp -d)
pids=()
trap 'for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done; rm -rf "$work"' EXIT
n=0
report() { # STATUS NAME
    n=$((n + 1))
    if [[ $1 == 0 ]]; then echo "ok $n - $2"; else echo "not ok $n - $2"; fi
}
check() { # NAME COMMAND...
    local what=$1 status=0
    shift
    "$@" >"$work/out" 2>&1 || status=$?
    report "$status" "$what"
    ((status == 0)) || sed 's/^/# /' "$work/out"
}

# Starts a server on a free port; $where is its address, $pid its process.
start() {
    : >"$work/server" # else the line of the server before may be read
    "$@" --port 0 >"$work/server" 2>&1 &
    pid=$!
    pids+=("$pid")
    until where=$(sed -n 's/^listening on //p' "$work/server") && [[ -n $where ]]; do
        kill -0 "$pid" || { cat "$work/server"; return 1; }
        sleep 0.02
    done
}
stop() { # the server started last; its status has to be 0
    kill -TERM "$pid"
    wait "$pid"
}

# 500 pages, once each, and never more than asked for at once: counted by the
# server of the pages.
crawls() {
    start "$build/bench/slowd" --delay 5 --pages 500
    "$build/loop/examples/crawl" -c 20 --backend "$1" "$where/page/0" | tee "$work/crawled"
    curl -s "$where/stats" | tee "$work/stats"
    stop
    grep -q '^500 pages, 50 dead links, 0 failed; at most 20 at once' "$work/crawled"
    grep -qE '^550 requests, at most (1?[0-9]|20) at once, 0 for a page again$' "$work/stats"
}

# Four clients at once, a mebibyte each, whole and in order.
echoes() {
    start "$build/loop/examples/echo" --backend "$1"
    local port=${where##*:} clients=() client
    head -c 1048576 /dev/urandom >"$work/sent"
    for i in 1 2 3 4; do
        (
            exec 3<>"/dev/tcp/127.0.0.1/$port"
            cat "$work/sent" >&3 &
            head -c 1048576 <&3 >"$work/back.$i"
        ) &
        clients+=($!)
    done
    for client in "${clients[@]}"; do wait "$client"; done
    for i in 1 2 3 4; do cmp "$work/sent" "$work/back.$i"; done
    stop
}

refuses_a_bad_option() { # PROGRAM
    local status=0
    "$build/loop/examples/$1" --backend kqueue >"$work/said" 2>&1 || status=$?
    cat "$work/said"
    ((status == 2)) && grep -q 'select' "$work/said"
}

refused() { # by the kernel: then the tests of this back end are skipped
    ! "$build/loop/examples/beat" --backend "$1" --beats 0 >"$work/out" 2>&1 &&
        grep -qE 'Function not implemented|Operation not permitted' "$work/out"
}

for backend in select poll epoll uring; do
    if refused "$backend"; then
        for what in crawl echo; do
            n=$((n + 1))
            echo "ok $n - $what on $backend # SKIP the kernel refuses it"
        done
        continue
    fi
    check "crawl on $backend" crawls "$backend"
    check "echo on $backend" echoes "$backend"
done
for program in crawl echo beat; do
    check "$program refuses a bad option" refuses_a_bad_option "$program"
done

says_what_a_program_said() {
    "$build/loop/examples/run" sh -c 'echo one; echo two >&2; printf three; exit 7' >"$work/said" || true
    cat "$work/said"
    grep -q '^out: one$' "$work/said" && grep -q '^err: two$' "$work/said" &&
        grep -q '^out: three$' "$work/said" && grep -q '^ended with status 7$' "$work/said"
}
check "run shows what a program says, by lines" says_what_a_program_said

three_beats() {
    "$build/loop/examples/beat" --beats 3 --period 10ms >"$work/said"
    [[ $(grep -c '^beat' "$work/said") == 3 ]]
}
check "beat ends after three beats" three_beats
echo "1..$n"

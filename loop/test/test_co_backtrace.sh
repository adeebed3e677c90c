#!/usr/bin/env bash
# test_co_backtrace.sh: gdb sees, in an optimised program, the frames of a task
# that runs, and below them those of the loop that resumed it, down to main.
# Prints TAP.
set -euo pipefail
build=${KIT_BUILD:-build}
program=$build/loop/test/programs/deep_task

# In this order, with others between them.
frames=(on_header parse_page fetch_page task_call task_main context_entry
    tasks_run core_pass 'loop_run[a-z_]*' co_run_named main)

if ! command -v gdb >/dev/null; then
    echo "1..0 # SKIP gdb is not installed"
    exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
timeout 100 gdb -nx -batch -ex 'set debuginfod enabled off' -ex run -ex bt \
    "$program" >"$work/out" 2>&1 </dev/null || true
if grep -q 'ptrace: Operation not permitted' "$work/out"; then
    echo "1..0 # SKIP the kernel refuses to trace a process"
    exit 0
fi
grep '^#' "$work/out" >"$work/frames" || true

in_order() {
    awk -v names="${frames[*]}" '
        BEGIN { n = split(names, name, " "); i = 1 }
        i <= n && $0 ~ "(^|[^a-z_])" name[i] " \\(" { i++ }
        END {
            if (i <= n) { print "no frame of " name[i]; exit 1 }
        }' "$work/frames"
}
says_the_place() {
    grep -q 'task_call (.*place=.*"fetch_page (loop/test/programs/deep_task.c:[0-9]*)"' "$work/frames"
}
ends_at_main() {
    tail -n 1 "$work/frames" | grep -q ' main ('
}

n=0
failed=0
check() {
    n=$((n + 1))
    if "$1" >"$work/why"; then
        echo "ok $n - $2"
    else
        echo "not ok $n - $2"
        sed 's/^/# /' "$work/why" "$work/out"
        failed=1
    fi
}
check in_order "from the innermost function to main"
check says_the_place "the frame of a task says where it was spawned"
check ends_at_main "main is the last"
echo "1..$n"
((failed == 0))

#!/usr/bin/env bash
# test_matrix.sh: the exercises tested on a sample of good, wrong and hostile
# solutions; `make matrix` runs all of them. Prints TAP, a test a case.
set -uo pipefail
build=${KIT_BUILD:-build}
out=$(mktemp)
trap 'rm -f "$out"' EXIT

"$build/bin/grade" matrix --sample >"$out" 2>&1
awk '
    / (ok|WRONG: .*)$/ && /^[0-9][0-9]-/ {
        n++
        name = $1 " " $2
        if ($0 ~ / ok$/) { print "ok " n " - " name; next }
        print "not ok " n " - " name
        print "# " $0
        next
    }
    /still to write/ { unwritten = unwritten "# " $0 "\n" }
    /cases: / { ended = 1 }
    { rest = rest "# " $0 "\n" }
    END {
        n++
        print (unwritten ? "not ok " : "ok ") n " - each has its wrong solutions"
        printf "%s", unwritten
        if (!ended) { n++; print "not ok " n " - the matrix comes to its end"; printf "%s", rest }
        print "1.." n
    }' "$out"

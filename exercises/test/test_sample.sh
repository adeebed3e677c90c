#!/usr/bin/env bash
# test_sample.sh: what INSTRUCTORS.md shows, typed as it stands there; then the
# points of the sample class, which that page tells. Prints TAP.
#
# Read before: ../INSTRUCTORS.md, ../../lessons/test_readmes.sh.
set -euo pipefail
for tool in bwrap zip sim_c prove; do
    if ! command -v "$tool" >/dev/null; then
        echo "1..0 # SKIP $tool is not installed"
        exit 0
    fi
done
rm -rf build/sample-grades
if lessons/test_readmes.sh exercises/INSTRUCTORS.md >build/sample-page.tap 2>&1; then
    echo "ok 1 - every command of INSTRUCTORS.md"
else
    echo "not ok 1 - every command of INSTRUCTORS.md"
    sed 's/^/# /' build/sample-page.tap
fi

# The page's table: `name` ... | points |, and Zoë's full name.
n=1
points() { awk -F , -v who="$1" '$1 == who { print $NF }' build/sample-grades/gradebook.csv | tr -d '\r'; }
look() { # NAME POINTS
    n=$((n + 1))
    local came
    came=$(points "$1")
    if [[ $came == "$2" ]]; then
        echo "ok $n - $1 has $2 points"
    else
        echo "not ok $n - $1 has $2 points"
        echo "# it is \"$came\""
    fi
}
# shellcheck disable=SC2016  # backquotes of the page
while IFS='|' read -r _ names _ max _; do
    max=${max// /}
    for name in ${names//[\`,]/ }; do
        look "$name" "$max"
    done
done < <(grep -E '^\| `[a-z]+[.a-z]*`' exercises/INSTRUCTORS.md | grep -E '\| +[0-9]+ +\|.*\|$')
look "Zoë O'Neil <zoe@example.org>" 9
if ((n != 13)); then
    echo "not ok $((++n)) - the page names all twelve"
fi

# Where the report goes: each exercise has its own, unless it is told.
goes_to() { # FOLDER VARIABLE...
    n=$((n + 1))
    if make -n grade SUBMISSIONS=build/sample-class "${@:2}" | grep -F -- "--out \"$1\"" >/dev/null; then
        echo "ok $n - make grade ${*:2}: $1"
    else
        echo "not ok $n - make grade ${*:2}: $1"
    fi
}
goes_to build/grades/05-drain EXERCISE=05
goes_to build/grades/01-lines EXERCISE=01-lines
goes_to build/grades/all
goes_to build/mine EXERCISE=05 OUT=build/mine
echo "1..$n"

#!/usr/bin/env bash
# test_deps.sh: which packages each set of `make deps` asks for, on a machine
# that has none of their commands: a PATH of our own, with an apt-get that only
# writes down what it is asked for. Prints TAP.
#
# Read before: ../../.ci/deps.
source exercises/test/tap.sh

mkdir "$work/bin"
for tool in bash cat env mktemp rm tail; do
    ln -s "$(command -v "$tool")" "$work/bin/$tool"
done
printf '#!/bin/bash\nprintf "%%s\\n" "$@" >>"%s/asked"\n' "$work" >"$work/bin/apt-get"
printf '#!/bin/bash\nexec "$@"\n' >"$work/bin/sudo"
chmod +x "$work/bin/apt-get" "$work/bin/sudo"

asked() { # SET: the packages it asks for
    : >"$work/asked"
    PATH=$work/bin "$(command -v bash)" .ci/deps "$1" >"$work/said" 2>&1
}
has() { local p; for p; do contains "^$p\$" "$work/asked" || return 1; done; }
lacks() { local p; for p; do fails grep -qx "$p" "$work/asked" || return 1; done; }
for_grading() {
    asked grade
    has gcc binutils bubblewrap libarchive-tools similarity-tester zip
    lacks chromium nodejs npm pandoc valgrind gnuplot-nox wrk clang libcmocka-dev
}
for_tests() {
    asked test
    has gcc wrk bubblewrap zip chromium valgrind
    lacks clang cppcheck
}
for_the_course() {
    asked course
    has gcc curl wrk gnuplot-nox
    lacks bubblewrap zip chromium
}
for_all() {
    asked all
    sort "$work/asked" >"$work/all"
    for set in course grade test peers; do
        asked "$set"
        [[ -z $(sort "$work/asked" | comm -23 - "$work/all") ]] || return 1
    done
}
check "SET=grade: what grading needs, and no browser" for_grading
check "SET=test: that, and what the tests need" for_tests
check "SET=course: nothing of the grader" for_the_course
check "SET=all: all of these" for_all
check "an unknown set is refused" fails asked lots
check "and the sets are told" contains "course +\(or grade, test, peers, all\)" "$work/said"
done_testing

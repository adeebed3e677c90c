#!/usr/bin/env bash
# test_check_command.sh: `grade check`, as a student runs it, on the skeleton, on
# a solution, on one check, on what does not compile. Prints TAP.
#
# Read before: ../grader/command_check.c.
source exercises/test/tap.sh
needs_clone
build=$PWD/${KIT_BUILD:-build}
grade=$build/bin/grade
export KIT_BUILD=$build
says() { grep -qE -- "$1" "$work/said"; }
says_not() { ! says "$1"; }
run() { # STATUS ARGUMENT...: grade check, which is to end with this status
    local wanted=$1 status=0
    shift
    (cd "$work/kit" && "$grade" check "$@") >"$work/said" 2>&1 || status=$?
    ((status == wanted)) || { echo "status $status, not $wanted"; return 1; }
}

mkdir "$work/kit"
git ls-files -z exercises | xargs -0 cp --parents -t "$work/kit"
mine=$work/kit/exercises/05-drain/server.c

check "the untouched skeleton fails" run 1 05-drain --seed 1
check "with no point" says '^0 of 7 visible points; 5 more are hidden: '
check "it is said what to do next" says '^next: '

check "one check runs" run 1 05-drain --only drains --seed 1
check "with the one that it needs" says 'FAILED +shouts'
check "and is skipped without it" says 'skipped +drains'
check "of the others nothing is said" says_not 'by-edges|no result'
check "a check that is none is refused" run 2 05-drain --only drain
check "and the checks are named" says 'it has: shouts by-edges'

cp solutions/05-drain/server.c "$mine"
check "a solution passes" run 0 05-drain --seed 1
check "with all points" says '^7 of 7 visible points; 5 more are hidden: reread the task'

# Whoever starts the grader may have changed what every program inherits.
inherits() { # PERL: what is done before
    (cd "$work/kit" && timeout 100 perl -e 'use POSIX; eval shift; exec @ARGV' "$1" \
        "$grade" check 05-drain --seed 1) >"$work/said" 2>&1 && says '^7 of 7 visible points'
}
# shellcheck disable=SC2016  # it is Perl that expands
if command -v perl >/dev/null; then
    check "children of whose end nobody is told" inherits '$SIG{CHLD} = "IGNORE"'
    check "all signals blocked" inherits \
        'my $all = POSIX::SigSet->new; $all->fillset; sigprocmask(SIG_BLOCK, $all)'
    check "files without permission" inherits 'umask 0777'
    check "no standard input" inherits 'close STDIN'
fi

sed 's/^int main(/int main(;/' solutions/05-drain/server.c >"$mine"
check "what does not compile fails" run 1 05-drain
check "with the line in the student's file" says 'server\.c:[0-9]+:[0-9]+: error:'

# What of the kit is built in as it is.
git_in_kit() { git -C "$work/kit" "$@" >/dev/null; }
cp solutions/05-drain/server.c "$mine"
git ls-files -z lessons/common | xargs -0 cp --parents -t "$work/kit"
git_in_kit init -q && git_in_kit add -A && git_in_kit commit -qm "the kit"
check "of the kit as it is" run 0 05-drain --only shouts
check "nothing is said" says_not "as the kit has it"
echo >>"$work/kit/lessons/common/common.h"
echo >>"$work/kit/lessons/common/README.md"
check "a part that was changed" run 0 05-drain --only shouts
check "is told, and what to do" says \
    "^lessons/common/common.h is not as the kit has it; to get that back: git checkout HEAD -- lessons/common/common.h\$"
told_once() { (($(grep -c "as the kit has it" "$work/said") == 1)); }
check "and nothing else" told_once

check "an exercise that is none is refused" run 2 05-drian
check "the nearest is named" says 'did you mean 05-drain\?'
check "and all" says 'there are: 01-lines 02-partial'
last_line() { [[ $(tail -n 1 "$work/said") == "  try:     $1" ]]; }
check "and what to type" last_line "make check EXERCISE=05-drain"
check "one that may be several is refused" run 2 0
check "and they are named" says 'begins with "0": 01-lines 02-partial'
check "and what lists all" last_line "make progress   (lists all exercises)"
check "without an exercise nothing is checked" run 2
check "and it is said what lists all" last_line "make progress   (lists all exercises)"
done_testing

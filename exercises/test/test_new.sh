#!/usr/bin/env bash
# test_new.sh: what `make new-exercise` makes is a whole exercise: it passes
# `make matrix` as it stands, for each pattern; and nothing that is there already
# is touched. Prints TAP.
#
# Read before: ../grader/command_new.c, ../grader/matrix.h.
source exercises/test/tap.sh
needs_clone
unset KIT_BUILD
files_of() { sed -n 's/^files *= *//p' "exercises/$1/exercise.ini"; }

clone_kit "$work/kit"
# Objects that are newer than the files save a minute.
if [[ -d build ]]; then
    mkdir "$work/kit/build"
    for part in loop exercises lessons bin; do
        [[ ! -d build/$part ]] || cp -r "build/$part" "$work/kit/build/"
    done
fi
cd "$work/kit"
make -s -j2 grader >"$work/out" 2>&1 || sed 's/^/# /' "$work/out"

# Kind, and how many wrong solutions its pattern leaves to be written.
for row in write:5 predict:1 speed:0; do
    kind=${row%:*} open=${row#*:}
    name=98-$kind
    make_it() { make -s new-exercise NAME="$name" LESSON=05 KIND="$kind"; }
    check "$kind: a new exercise is made" make_it
    check "$kind: with its own name" contains "^# $name: " "exercises/$name/README.md"
    check "$kind: and kind and lesson" contains "^kind *= $kind\$" "exercises/$name/exercise.ini"
    no_placeholder() { ! grep -rE '@[A-Z]+@' "exercises/$name" "solutions/$name"; }
    check "$kind: no placeholder is left" no_placeholder
    ignored() {
        local file
        for file in $(files_of "$name"); do
            git check-ignore "exercises/$name/$file" || return 1
        done
    }
    check "$kind: git does not look at the student's files" ignored
    make -s matrix EXERCISE="$name" >"$work/matrix" 2>&1 && status=0 || status=$?
    sed 's/^/# /' "$work/matrix"
    # A speed that this machine is too busy to measure is no fault of the pattern.
    if grep -q "WRONG: .*too noisy" "$work/matrix" && ! grep "WRONG" "$work/matrix" | grep -qv "too noisy"; then
        n=$((n + 1))
        echo "ok $n - $kind: the matrix is as it should be # SKIP the machine is too busy"
        continue
    fi
    check "$kind: the matrix is as it should be" test "$status" = 0
    check "$kind: and has seen wrong solutions" contains "^$name +wrong/.* ok\$" "$work/matrix"
    tells_what_is_open() {
        if ((open == 0)); then
            fails grep "still to write" "$work/matrix"
        else
            contains "^$name +still to write: $open more wrong solutions?\$" "$work/matrix"
        fi
    }
    check "$kind: it tells how many wrong ones are to be written" tells_what_is_open
done
check "speed: the untouched file is measured, and earns nothing for speed" \
    contains "^98-speed +skeleton +5 of 9, first: speed +ok" "$work/matrix"

# The words of a wrong solution are searched in what the message tells: not in its
# labels, in the steps or in the title; and there must be some.
wrong=solutions/98-write/wrong
with_words() { # NAME WORDS: silent.c again, with these
    { echo "/* caught by echoes: $2 */" && tail -n +2 $wrong/silent.c; } >"$wrong/$1.c"
}
with_words x-cause '"likely cause"'
with_words x-expected '"expected"'
with_words x-hang '"hangs at"'
with_words x-step '"connects"'
with_words x-title '"a line comes back"'
with_words x-without 'nothing'
with_words x-quote '""hello"'
build/bin/grade matrix 98-write >"$work/matrix" 2>&1 || true
rm $wrong/x-*
for name in cause expected hang step title; do
    check "words: x-$name is no text of the message" \
        contains "wrong/x-$name.c .* WRONG: the message lacks" "$work/matrix"
done
check "words: they cannot be left out" \
    contains "wrong/x-without.c .* WRONG: its first line does not say" "$work/matrix"
check "words: they may have a quotation mark" contains "wrong/x-quote.c .* ok\$" "$work/matrix"

# What its author has to add to pages is printed, also where no lesson is yet.
make -s new-exercise NAME=97-page LESSON=97 >"$work/out"
exercises/test/test_pages.sh >"$work/pages" || true
check "the row for the table of exercises is told" \
    contains "^# missing: \| \[97-page\]\(97-page/README.md\) \|" "$work/pages"
check "and the link from the lesson" \
    contains "^# missing under \"Exercises\": a link to ../../exercises/97-page/README.md" "$work/pages"
rm -r exercises/97-page solutions/97-page

# The matrix is no show: a reference with a fault must not pass.
cp solutions/98-write/wrong/one-recv.c solutions/98-write/server.c
spoilt() { ! make -s matrix EXERCISE=98-write; }
check "a reference with a fault is found" spoilt

refused() { ! make -s new-exercise "$@" >"$work/said" 2>&1; }
tree() { find exercises solutions -type f -exec sha256sum {} + | sort; }
tree >"$work/before"
check "a name that is taken is refused" refused NAME=98-write
check "and the reason is told" contains "98-write is there already" "$work/said"
for bad in thing 9-thing 09-Thing 09-a/b ../09-a 09- ''; do
    check "\"$bad\" is no name" refused NAME="$bad"
done
check "an unknown kind is refused" refused NAME=97-thing KIND=guess
tree >"$work/after"
check "nothing was changed by that" cmp "$work/before" "$work/after"
done_testing

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

for kind in write predict; do
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
    check "$kind: the matrix is as it should be" test "$status" = 0
    check "$kind: and has seen wrong solutions" contains "^$name +wrong/.* ok\$" "$work/matrix"
done

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

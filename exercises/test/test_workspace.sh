#!/usr/bin/env bash
# test_workspace.sh: a student's clone, work in it, and an update: git pull finds
# no conflict, the work stays, and the student is told what has changed. Then,
# for every exercise that there is: git does not look at the student's files,
# and has their skeletons. Prints TAP.
#
# Read before: ../grader/workspace.h. Rests on: git(1), gitignore(5).
source exercises/test/tap.sh
needs_clone
grade=$PWD/${KIT_BUILD:-build}/bin/grade
files_of() { sed -n 's/^files *= *//p' "exercises/$1/exercise.ini"; }
names() { git ls-files 'exercises/[0-9]*/exercise.ini' | cut -d/ -f2; }

# --- an update ---------------------------------------------------------------

# The exercises as they are here, and a history of their own.
mkdir "$work/kit"
git ls-files -z .gitignore exercises | xargs -0 cp --parents -t "$work/kit"
git -C "$work/kit" init -q -b main
git -C "$work/kit" add -A
git -C "$work/kit" commit -qm "the kit"
git clone -q "$work/kit" "$work/student"

first=$(names | head -n 1)
file=$(files_of "$first" | awk '{ print $1 }')
mine=exercises/$first/$file

begin() { (cd "$work/student" && "$grade" progress --prepare); }
check "the files are made" begin
check "as the skeleton is" cmp "$work/student/$mine" "exercises/$first/skeleton/$file"

echo "/* mine */" >>"$work/student/$mine"
cp "$work/student/$mine" "$work/mine"
cp "$work/student/$mine" "$work/student/$mine.bak-1"
nothing_to_see() { [[ -z $(git -C "$work/student" status --porcelain) ]]; }
check "git sees nothing of the work" nothing_to_see

# The kit goes on: each file of the exercise is another, and one exercise more.
for changed in README.md exercise.ini checks.c "skeleton/$file"; do
    [[ ! -e $work/kit/exercises/$first/$changed ]] ||
        printf '\n' >>"$work/kit/exercises/$first/$changed"
done
cp -r "$work/kit/exercises/$first" "$work/kit/exercises/99-later"
git -C "$work/kit" add -A
git -C "$work/kit" commit -qm "an update"

check "git pull finds no conflict" git -C "$work/student" pull -q --ff-only
check "the work is as it was" cmp "$work/student/$mine" "$work/mine"
check "nothing to see again" nothing_to_see
check "the next call says what to do" begin
begin >"$work/told"
check "the change is told" contains "the skeleton of $first has changed since you began" "$work/told"
check "and how to look at it" contains "diff -u $mine exercises/$first/skeleton/$file" "$work/told"
check "the work is as it was, still" cmp "$work/student/$mine" "$work/mine"
check "the new exercise has its files" test -f "$work/student/exercises/99-later/$file"
seen() { (cd "$work/student" && "$grade" progress --seen "$first"); }
check "it can be said to be seen" seen
not_told() { ! begin | grep -F "has changed since"; }
check "then it is not told again" not_told

# A tarball unpacked over the folder is an update as well.
git -C "$work/kit" archive HEAD | tar -x -C "$work/student"
check "so does a tarball leave the work" cmp "$work/student/$mine" "$work/mine"

# --- every exercise ----------------------------------------------------------

files_are_ready() { # NAME
    local f bad=0
    for f in $(files_of "$1"); do
        git check-ignore -q "exercises/$1/$f" ||
            { echo "git sees exercises/$1/$f: name it in exercises/$1/.gitignore"; bad=1; }
        [[ -z $(git ls-files "exercises/$1/$f") ]] ||
            { echo "exercises/$1/$f is the student's: git has it"; bad=1; }
        [[ -f exercises/$1/skeleton/$f ]] ||
            { echo "there is no exercises/$1/skeleton/$f"; bad=1; }
    done
    return $bad
}
for each in $(names); do
    check "$each: the files are the student's, the skeletons ours" files_are_ready "$each"
done
done_testing

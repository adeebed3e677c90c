#!/usr/bin/env bash
# test_dist.sh: what students get has nothing of solutions/, by name or by
# content, and works without it: its goals, its pages' links. The search for content is itself tested, on a
# tree that has a solution in it under another name. Prints TAP.
#
# Read before: ../dist-student.sh. Rests on: git(1), tar(1).
source exercises/test/tap.sh
needs_clone
unset KIT_BUILD

clone_kit "$work/kit"

pack() { # OUT: packs the tree at $work/kit
    (cd "$work/kit" && exercises/dist-student.sh "$1")
}
unpack() { # FILE FOLDER
    rm -rf "$2"
    mkdir "$2"
    tar -xzf "$1" -C "$2" --strip-components=1
}

# --- names -------------------------------------------------------------------

no_name_of_an_instructor() {
    local names
    names=$(tar -tzf "$work/a.tar.gz")
    [[ $(wc -l <<<"$names") -gt 100 ]] || { echo "hardly a kit: $names"; return 1; }
    ! grep -E '(^|/)(solutions|wrong|hostile|second|sample-class|platforms)/|/hidden\.c$|NOTES\.md|INSTRUCTORS|instructor' \
        <<<"$names"
}

# --- content -----------------------------------------------------------------

# Files of solutions/ that are in tree $1, byte by byte. A solution may leave one
# of several files as its skeleton has it, and some files are empty.
same_files() {
    (cd "$work/kit" && find solutions -type f -size +0 -exec sha256sum {} +) |
        sort >"$work/theirs"
    (cd "$1" && find . -type f -size +0 -exec sha256sum {} +) | sort >"$work/ours"
    (cd "$work/kit" && find exercises/*/skeleton -type f -exec sha256sum {} +) |
        cut -d' ' -f1 | sort -u >"$work/skeletons"
    join "$work/theirs" "$work/ours" | join -v 1 - "$work/skeletons"
}

# Files of tree $1 that hold half of what makes a file of solutions/ that file:
# its lines of 16 bytes and more, without blanks at the ends, that are in no
# skeleton and in no given program. Files with fewer than six such lines are left
# to same_files.
alike_files() {
    (cd "$work/kit" && find exercises/*/skeleton exercises/*/given -type f) |
        sed "s,^,$work/kit/," >"$work/list.skeletons"
    (cd "$work/kit" && find solutions -type f -size +0) |
        sed "s,^,$work/kit/," >"$work/list.theirs"
    find "$1" -type f -size -1024k | sort >"$work/list.ours"
    awk -v root="$work/kit/" '
        function trimmed(line) { gsub(/^[ \t]+|[ \t\r]+$/, "", line); return line }
        function read_file(path,   line) {
            split("", seen)
            while ((getline line < path) > 0) {
                line = trimmed(line)
                if (length(line) >= 16) seen[line] = 1
            }
            close(path)
        }
        FILENAME ~ /list\.skeletons$/ { read_file($0); for (l in seen) skeleton[l] = 1; next }
        FILENAME ~ /list\.theirs$/ {
            read_file($0)
            for (l in seen)
                if (!(l in skeleton)) { total[$0]++; owners[l] = owners[l] $0 "\n" }
            next
        }
        {
            read_file($0)
            split("", hits)
            for (l in seen) {
                count = split(owners[l], each, "\n")
                for (i = 1; i < count; i++) hits[each[i]]++
            }
            for (f in hits)
                if (total[f] >= 6 && 2 * hits[f] >= total[f]) {
                    theirs = f
                    sub(root, "", theirs)
                    print theirs " is like " $0 ": " hits[f] " of " total[f] " lines"
                }
        }' "$work/list.skeletons" "$work/list.theirs" "$work/list.ours"
}

nothing_is_the_same() { [[ -z $(same_files "$1" | tee /dev/stderr) ]]; }
nothing_is_alike() { [[ -z $(alike_files "$1" | tee /dev/stderr) ]]; }

check "make dist-student" make -s -C "$work/kit" dist-student OUT="$work/a.tar.gz"
unpack "$work/a.tar.gz" "$work/student"
pack "$work/b.tar.gz" >"$work/out"
check "the same commit makes the same bytes" cmp "$work/a.tar.gz" "$work/b.tar.gz"
check "no name of the instructor's half" no_name_of_an_instructor
check "no file of solutions/ by content" nothing_is_the_same "$work/student"
check "and none that is mostly one" nothing_is_alike "$work/student"

# --- nothing is forgotten ----------------------------------------------------

refuses_a_new_exercise() {
    local status=0
    mkdir "$work/kit/exercises/98-new"
    touch "$work/kit/exercises/98-new/exercise.ini"
    pack "$work/refused.tar.gz" >"$work/said" 2>&1 || status=$?
    [[ $status == 2 && ! -e $work/refused.tar.gz ]]
    contains '\?\? exercises/98-new/' "$work/said"
    contains 'try: +git add exercises/98-new && git commit' "$work/said"
    git -C "$work/kit" add exercises/98-new
    fails pack "$work/refused.tar.gz"
    git -C "$work/kit" reset -q exercises/98-new
    rm -r "$work/kit/exercises/98-new"
}
warns_of_other_changes() {
    pack "$work/c.tar.gz" >"$work/said" 2>&1
    fails grep 'not committed' "$work/said"
    echo "# changed" >>"$work/kit/Makefile"
    pack "$work/c.tar.gz" >"$work/said" 2>&1
    contains 'changes that are not committed are left out' "$work/said"
    cmp "$work/c.tar.gz" "$work/a.tar.gz"
    git -C "$work/kit" checkout -q -- Makefile
    touch "$work/kit/exercises/01-lines/forgotten.h"
    pack "$work/c.tar.gz" >"$work/said" 2>&1
    contains 'changes that are not committed are left out' "$work/said"
    rm "$work/kit/exercises/01-lines/forgotten.h"
}
check "a new exercise that is not committed is refused" refuses_a_new_exercise
check "other changes: a warning" warns_of_other_changes

# --- it says nothing of the other half ---------------------------------------

instructors_goals='grade similar sample-class dist-student gradescope new-exercise matrix flakes'
has_no_goal_of_an_instructor() {
    local goal
    make -s -C "$work/student" help >"$work/help"
    make -s -C "$work/kit" help >"$work/theirs"
    contains '^ +make check ' "$work/help"
    contains '^ +make handin ' "$work/help"
    for goal in $instructors_goals; do
        contains "^ +make $goal " "$work/theirs"
        fails grep -E "^ +make $goal " "$work/help"
    done
    for goal in $instructors_goals classroom50 autolab; do
        fails make -n -C "$work/student" "$goal" EXERCISE=05-drain >"$work/goal" 2>&1
        contains 'No rule to make target' "$work/goal"
    done
}
# shellcheck disable=SC2016  # backquotes of the pages
# Links of a tree's pages, "PAGE: LINK", to what is not in it. The plots of the
# decks are drawn by `make slides`.
dead_links() { # TREE
    (cd "$1" && find . -name '*.md' ! -path './build/*' | sort | while read -r page; do
        awk '/^ *```/ { code = !code; next } !code' "$page" | sed 's/`[^`]*`//g' |
            grep -oE '\]\([^)#: ]+(#[^)]*)?\)' | sed -E 's/^\]\(//; s/(#[^)]*)?\)$//' |
            while read -r link; do
                [[ -e $(dirname "$page")/$link || $page$link == ./slides/*plots/* ]] ||
                    echo "$page: $link"
            done
    done)
}
all_links_lead_somewhere() { [[ -z $(dead_links "$work/student" | tee /dev/stderr) ]]; }
finds_a_dead_link() {
    echo 'See [the page](../nowhere/README.md#top).' >"$work/student/exercises/dead.md"
    [[ $(dead_links "$work/student") == './exercises/dead.md: ../nowhere/README.md' ]]
    rm "$work/student/exercises/dead.md"
}
check "make help has no goal of the instructor's, and make none" has_no_goal_of_an_instructor
check "each link of a page leads to what is there" all_links_lead_somewhere
check "and one that does not would be found" finds_a_dead_link

# --- it works without ----------------------------------------------------------

first=$(git ls-files 'exercises/[0-9]*/exercise.ini' | cut -d/ -f2 | head -n 1)
file=$(sed -n 's/^files *= *//p' "exercises/$first/exercise.ini" | awk '{ print $1 }')
# The loop has nothing to do with solutions: its objects save half a minute.
if [[ -d build/loop ]]; then
    mkdir "$work/student/build"
    cp -r build/loop "$work/student/build/"
fi
# The first check builds the grader. Points are missing, as the work is not
# begun; so its status is not 0.
first_check() { make -s -C "$work/student" check EXERCISE="$first" >"$work/checked" 2>&1 || true; }
first_check
one_line_for_the_grader() {
    [[ $(head -n 1 "$work/checked") == "building the grader, once: "* ]]
    fails grep -E '^ +(CC|AS|AR|LINK) ' "$work/checked"
}
check "the first make check builds the grader, and says so in a line" one_line_for_the_grader
check "and has built all of it" make -q -C "$work/student" grader
says_points() { grep -E '^[0-9.]+ of [0-9.]+( visible)? points' "$work/checked" || { cat "$work/checked"; return 1; }; }
check "make check tells the points" says_points
says_errors_in_full() {
    cp "$work/student/exercises/grader/grade.c" "$work/grade.c"
    echo "not C" >>"$work/student/exercises/grader/grade.c"
    fails make -s -C "$work/student" check EXERCISE="$first" >"$work/said" 2>&1
    contains 'grade\.c:[0-9]+:.* error: ' "$work/said"
    cp "$work/grade.c" "$work/student/exercises/grader/grade.c"
}
check "if the grader does not build, the compiler's words are there" says_errors_in_full
check "and has made the file to work on" test -f "$work/student/exercises/$first/$file"
check "make finds all it needs" make -n -C "$work/student" all
echo "/* mine */" >>"$work/student/exercises/$first/$file"
cp "$work/student/exercises/$first/$file" "$work/mine"
tar -xzf "$work/b.tar.gz" -C "$work/student" --strip-components=1
check "a newer one may be unpacked over work" \
    cmp "$work/student/exercises/$first/$file" "$work/mine"

# --- the search finds what is there ---------------------------------------------

mapfile -t given < <(git ls-files 'solutions/[0-9]*/*.c' | grep -v '/given/' | head -n 1)
mkdir -p "$work/kit/lessons/01-blocking"
cp "$work/kit/${given[0]}" "$work/kit/lessons/01-blocking/copied.c"
sed 's/^    /\t/' "$work/kit/${given[0]}" >"$work/kit/lessons/01-blocking/changed.c"
git -C "$work/kit" add -A
git -C "$work/kit" commit -qm "a solution under another name"
pack "$work/c.tar.gz" >"$work/out"
unpack "$work/c.tar.gz" "$work/careless"
finds_the_copy() { same_files "$work/careless" | grep -F copied.c; }
finds_the_changed_copy() { alike_files "$work/careless" | grep -F changed.c; }
check "a solution under another name is found" finds_the_copy
check "also when it was changed a little" finds_the_changed_copy
done_testing

#!/usr/bin/env bash
# test_platforms.sh: the autograders for Gradescope, Autolab and Classroom 50,
# each in a folder laid out as the platform does it, on a good and on a bad
# submission; Python's parser reads what they write. What of solutions/ is in
# them, and that nothing is packed which is not committed. And make handin, whose
# archive is what they get. Prints TAP.
#
# Read before: ../platforms/pack.sh, ../platforms/kit.sh. Rests on: git(1), bsdtar(1), python3(1).
source exercises/test/tap.sh
needs zip bsdtar python3
needs_clone
unset KIT_BUILD
chmod 755 "$work" # who is locked in may be another user
exercise=05-drain
good=$PWD/solutions/$exercise/server.c
says() { # FILE PYTHON-EXPRESSION about r, the parsed file
    python3 -c '
import json, sys
r = json.load(open(sys.argv[1], encoding="utf-8"))
sys.exit(0 if eval(sys.argv[2]) else f"{sys.argv[2]} is not so in {r}")' "$1" "$2"
}

clone_kit "$work/clone"
pack() { (cd "$work/clone" && make -s "$1" EXERCISE=$exercise); }

# --- what is packed, and what is refused --------------------------------------

refuses() { # WORDS COMMAND...: status 2, and it says so
    local words=$1 status=0
    shift
    (cd "$work/clone" && "$@") >"$work/said" 2>&1 || status=$?
    [[ $status == 2 ]] && contains "$words" "$work/said"
}
refuses_what_is_not_committed() {
    local platform file=$work/clone/exercises/$exercise/forgotten.h
    for platform in gradescope autolab classroom50; do
        local pack=(exercises/platforms/pack.sh "$platform" "$exercise")
        touch "$file"
        refuses "\\?\\? exercises/$exercise/forgotten.h" "${pack[@]}"
        contains "try: +git add exercises/$exercise solutions/$exercise && git commit" "$work/said"
        rm "$file"
        echo "/* changed */" >>"$work/clone/solutions/$exercise/hidden.c"
        refuses " M solutions/$exercise/hidden.c" "${pack[@]}"
        git -C "$work/clone" checkout -q -- solutions
        fails test -e "$work/clone/build/$platform/$exercise"
    done
}
refuses_a_new_exercise() {
    cp -r "$work/clone/exercises/$exercise" "$work/clone/exercises/98-new"
    refuses "\\?\\? exercises/98-new/" exercises/platforms/pack.sh autolab 98-new
    rm -r "$work/clone/exercises/98-new"
    refuses 'no exercise "97"' exercises/platforms/pack.sh autolab 97
}
warns_of_other_changes() {
    echo "# changed" >>"$work/clone/Makefile"
    pack autolab >"$work/said" 2>&1
    git -C "$work/clone" checkout -q -- Makefile
    contains "changes that are not committed are left out" "$work/said"
    contains "problem $exercise with 12 points" "$work/said"
}
# The files of solutions/ in a pack are these, and the instructor's other files
# are not in it.
holds() { # KIT.tar.gz FILE...
    tar -tzf "$1" >"$work/names"
    shift
    diff <(grep -v '/$' "$work/names" | sed -n 's,^kit/solutions/,,p' | sort) \
        <((($#)) && printf '%s\n' "$@" | sort)
    fails grep -E 'sample-class|INSTRUCTORS|instructor\.mk|exercises/(test|pattern|platforms)/' "$work/names"
}
packs_of_solutions_what_grading_needs() {
    local given
    mapfile -t given < <(cd solutions && ls 04-catch/given/*.c)
    ((${#given[@]} > 3))
    (cd "$work/clone" && exercises/platforms/pack.sh autolab 04-catch)
    tar -xOf "$work/clone/build/autolab/04-catch/autograde.tar" autograde/kit.tar.gz >"$work/04.tar.gz"
    holds "$work/04.tar.gz" 04-catch/hidden.c "${given[@]}"
}

# --- Gradescope --------------------------------------------------------------

root=$work/autograder
gradescope_is_set_up() {
    pack gradescope
    mkdir -p "$root/source" "$root/results" "$root/submission"
    bsdtar -xf "$work/clone/build/gradescope/$exercise.zip" -C "$root/source"
    holds "$root/source/kit.tar.gz" "$exercise/hidden.c"
    cp "$root/source/run_autograder" "$root/"
    # The loop has no part in this: its objects save half a minute.
    if [[ -d build/loop ]]; then
        mkdir -p "$root/source/kit/build"
        cp -r build/loop "$root/source/kit/build/"
    fi
    AUTOGRADER=$root "$root/source/setup.sh"
    [[ $(stat -c %a "$root/source") == 700 ]] # kit.tar.gz lies there, too
}
on_gradescope() { # FILE: hands it in
    rm -rf "$root/submission" "$root/results"
    mkdir -p "$root/submission" "$root/results"
    cp "$1" "$root/submission/server.c"
    echo '{"id": 7, "users": [{"email": "ann@example.org", "id": 1, "name": "Ann"}]}' \
        >"$root/submission_metadata.json"
    AUTOGRADER=$root "$root/run_autograder"
}
gradescope_grades() {
    on_gradescope "$good"
    says "$root/results/results.json" 'r["score"] == 12'
    says "$root/results/results.json" 'len(r["tests"]) == 8'
    says "$root/results/results.json" 'all(t["score"] == t["max_score"] for t in r["tests"])'
}
gradescope_grades_badly() {
    on_gradescope exercises/sample-class/class/emi.sato/05-drain/server.c
    says "$root/results/results.json" 'r["score"] == 0'
    says "$root/results/results.json" '"server.c" in json.dumps(r)'
    on_gradescope "exercises/$exercise/skeleton/server.c"
    says "$root/results/results.json" 'r["score"] == 0 and len(r["tests"]) == 8'
}

# --- Autolab -----------------------------------------------------------------

autolab_grades() {
    pack autolab
    mkdir "$work/autolab"
    cp "$work/clone/build/autolab/$exercise/autograde-Makefile" "$work/autolab/Makefile"
    cp "$work/clone/build/autolab/$exercise/autograde.tar" "$work/autolab/"
    cp "$good" "$work/autolab/server.c"
    # Where the kit is built already, as in an image of one's own.
    KIT=$root/source/kit make -s -C "$work/autolab" >"$work/autolab/said"
    [[ $(wc -l <"$work/autolab/said") == 2 ]]
    tail -n 1 "$work/autolab/said" >"$work/autolab/scores"
    head -n 1 "$work/autolab/said" >"$work/autolab/feedback"
    says "$work/autolab/scores" "r['scores'] == {'$exercise': 12}"
    says "$work/autolab/feedback" 'r["_presentation"] == "semantic" and all(c["passed"] for c in r["Checks"].values())'
}
autolab_builds_the_kit() { # as far as make can tell without doing it
    holds "$work/autolab/autograde/kit.tar.gz" "$exercise/hidden.c"
    tar -xzf "$work/autolab/autograde/kit.tar.gz" -C "$work/autolab"
    make -n -C "$work/autolab/kit" grader
}

# --- Classroom 50 --------------------------------------------------------------

classroom50_is_set_up() {
    pack classroom50
    bundle=$work/clone/build/classroom50/$exercise
    holds "$bundle/kit.tar.gz"
    grep -qx 'kit/Makefile' "$work/names"
    fails grep -E '/solutions/|/hidden\.c' "$work/names"
    mkdir "$work/checkout"
    tar -xzf "$bundle/kit.tar.gz" -C "$bundle"
    mkdir "$bundle/kit/build"
    cp -r "$root/source/kit/build/loop" "$bundle/kit/build/"
}
on_classroom50() { # FILE: pushes it
    mkdir -p "$work/checkout/$exercise"
    cp "$1" "$work/checkout/$exercise/server.c"
    (cd "$work/checkout" && rm -f result.json &&
        CLASSROOM=net ASSIGNMENT=drain SUBMISSION_TAG=submit/1 USERNAME=ann OWNER=ann \
            COMMIT_URL=https://example.org/c RELEASE_URL=https://example.org/r \
            REVIEW_URL=https://example.org/v ASSIGNMENT_TYPE=individual \
            python3 "$work/clone/build/classroom50/$exercise/autograder.py")
}
classroom50_grades() {
    local result=$work/checkout/result.json
    on_classroom50 "$good"
    says "$result" 'r["schema"] == "classroom50/result/v1" and r["classroom"] == "net"'
    says "$result" 'r["assignment"] == "drain" and r["submission"] == "submit/1"'
    says "$result" 'r["score"] == r["max-score"] == sum(t["score"] for t in r["tests"]) == 7'
    on_classroom50 exercises/sample-class/class/chloe.marsh/05-drain/server.c
    says "$result" '[t["test-name"] for t in r["tests"] if not t["passed"]] == ["drains"]'
}

# --- handing in --------------------------------------------------------------

handin_packs_what_was_begun() {
    local kit=$root/source/kit
    cp "exercises/$exercise/skeleton/server.c" "$kit/exercises/$exercise/"
    fails make -s -C "$kit" handin STUDENT=ann >"$work/said" 2>&1
    grep -q "nothing to hand in" "$work/said"
    cp "$good" "$kit/exercises/$exercise/"
    make -s -C "$kit" handin STUDENT=ann >"$work/said"
    grep -qx 'packed: build/ann.tar.gz' "$work/said"
    [[ $(tar -tzf "$kit/build/ann.tar.gz") == "$exercise/server.c" ]]
    fails make -s -C "$kit" handin STUDENT=../ann >"$work/said" 2>&1
    fails make -s -C "$kit" handin STUDENT=ann EXERCISE=77 >"$work/said" 2>&1
    make -s -C "$kit" handin STUDENT=ann EXERCISE=05
}
handin_can_be_graded() {
    mkdir "$work/class"
    cp "$root/source/kit/build/ann.tar.gz" "$work/class/"
    (cd "$root/source/kit" && KIT_BUILD=build build/bin/grade class "$work/class" --out "$work/grades")
    grep -q '^ann,.*,12' "$work/grades/gradebook.csv"
}

check "an exercise that is not committed is refused" refuses_what_is_not_committed
check "a new one, too" refuses_a_new_exercise
check "other changes: a warning" warns_of_other_changes
check "of solutions/ a pack has the hidden checks, and what they give" packs_of_solutions_what_grading_needs
check "Gradescope: the zip has all that the image needs" gradescope_is_set_up
check "Gradescope: results.json of a good submission" gradescope_grades
check "Gradescope: and of those that earn nothing" gradescope_grades_badly
check "Autolab: the score is the last line" autolab_grades
check "Autolab: its kit can be built" autolab_builds_the_kit
check "Classroom 50: the bundle has no hidden check" classroom50_is_set_up
check "Classroom 50: result.json" classroom50_grades
check "make handin packs what was begun" handin_packs_what_was_begun
check "and that can be graded" handin_can_be_graded
done_testing

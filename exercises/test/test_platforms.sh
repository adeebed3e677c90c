#!/usr/bin/env bash
# test_platforms.sh: the autograders for Gradescope, Autolab and Classroom 50,
# each in a folder laid out as the platform does it, on a good and on a bad
# submission; Python's parser reads what they write. And make handin, whose
# archive is what they get. Prints TAP.
#
# Read before: ../platforms/pack.sh. Rests on: git(1), bsdtar(1), python3(1).
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

# --- Gradescope --------------------------------------------------------------

root=$work/autograder
gradescope_is_set_up() {
    pack gradescope
    mkdir -p "$root/source" "$root/results" "$root/submission"
    bsdtar -xf "$work/clone/build/gradescope/$exercise.zip" -C "$root/source"
    cp "$root/source/run_autograder" "$root/"
    # The loop has no part in this: its objects save half a minute.
    if [[ -d build/loop ]]; then
        mkdir -p "$root/source/kit/build"
        cp -r build/loop "$root/source/kit/build/"
    fi
    AUTOGRADER=$root "$root/source/setup.sh"
    [[ $(stat -c %a "$root/source/kit") == 700 ]]
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
    tar -xzf "$work/autolab/autograde/kit.tar.gz" -C "$work/autolab"
    make -n -C "$work/autolab/kit" grader
}

# --- Classroom 50 --------------------------------------------------------------

classroom50_is_set_up() {
    pack classroom50
    bundle=$work/clone/build/classroom50/$exercise
    tar -tzf "$bundle/kit.tar.gz" >"$work/names"
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

#!/usr/bin/env bash
# test_class.sh: `grade class` on invented exercises and students: stopped in
# every way and gone on with, changed, broken, with odd names. What comes of a
# submission is what its answers ask for, see class/checks.c. Prints TAP.
source exercises/test/tap.sh
build=$(realpath "${KIT_BUILD:-build}")
chmod 755 "$work" # who is locked in may be another user
zoe=zoe

# --- a kit with three exercises that ask for a number, and one for a program

kit=$work/kit
mkdir -p "$kit/tmp" "$kit/build/exercises/check" "$kit/build/exercises/kit"
cp "$build/exercises/check/warden" "$kit/build/exercises/check/"
cp "$build/exercises/grader/grade" "$kit/grade"
exercise() { # NAME KIND FILE CHECK MORE
    mkdir -p "$kit/exercises/$1" "$kit/build/exercises/$1"
    cp "$build/exercises/test/class/checks" "$kit/build/exercises/$1/checks"
    printf 'title = %s\nkind = %s\nfiles = %s\npatience_s = 1\n%b[checks]\n%s = 2\n' \
        "An invented one" "$2" "$3" "$5" "$4" >"$kit/exercises/$1/exercise.ini"
}
exercise 90-answer predict answers.txt answer ""
exercise 91-speed speed answers.txt answer ""
exercise 92-nobody predict answers.txt answer ""
exercise 93-ends write main.c ends 'program = main\n'
exercise 94-half predict answers.txt answer ""
printf '[hidden]\nlater = 3\n' >>"$kit/exercises/94-half/exercise.ini"

hand_in() { # STUDENT EXERCISE ANSWER
    mkdir -p "./$class/$1/$2"
    echo "answer = $3" >"./$class/$1/$2/answers.txt"
}

# Runs the grader; what it printed is in $work/said, its status in $status.
grade() {
    status=0
    KIT_BUILD=build TMPDIR=$tmp timeout 120 "$kit/grade" class "$@" \
        >"$work/said" 2>&1 || status=$?
}

# --- telling

# Each test has a class of its own.
in_class() { # COMMAND...
    class=class$n
    cd "$kit"
    tmp=$kit/tmp/$n
    mkdir "$class" "$tmp"
    "$@"
}

says() { # TEXT...: each is in what the grader printed
    local text
    for text in "$@"; do
        grep -qF -- "$text" "$work/said" || { echo "it does not say: $text"; return 1; }
    done
}
says_not() {
    ! grep -qF -- "$1" "$work/said" || { echo "it says: $1"; return 1; }
}
ends_with() {
    [[ $status == "$1" ]] || { echo "status $status, not $1"; return 1; }
}
until_true() { # COMMAND...: waits for it
    local i
    for ((i = 0; i < 600; i++)); do
        "$@" && return 0
        sleep 0.05
    done
    echo "never: $*"
    return 1
}
nothing_is_left() { # of our processes, and of their files
    local left # by its status grep also tells of processes that have just gone
    left=$(grep -lsaF "$tmp/" /proc/[0-9]*/cmdline || true)
    [[ -z $left ]] || { echo "left: $left"; return 1; }
}
score_of() { # STUDENT EXERCISE
    awk -F, -v s="$1" -v e="$2" '$1 == s && $2 == e { print $6 }' "out$n/grades.csv"
}

# --- tests

grades_those_handed_in() {
    hand_in ann 90-answer 42
    hand_in bob 90-answer 41
    hand_in bob 91-speed 42
    hand_in cy 90-answer 42
    hand_in cy 91-speed 42
    grade "$class" --out "out$n"
    ends_with 0
    says "[6/6]" "graded: 5 of 6" "empty    ann 91-speed" "protection:" \
        "report: out$n/index.html"
    says_not 92-nobody
    says_not "kept from before"
    [[ $(score_of ann 90-answer) == 2 && $(score_of bob 90-answer) == 0 ]]
    [[ -s out$n/index.html && -s out$n/ann/90-answer/results.json ]]
    nothing_is_left
    [[ -z $(ls "$tmp") ]]
}

only_what_changed_is_graded_again() {
    hand_in ann 90-answer 42
    hand_in bob 90-answer 42
    hand_in eve 90-answer 1
    grade "$class" --out "out$n"
    hand_in bob 90-answer 40
    grade "$class" --out "out$n"
    says "graded: 3 of 3" "of the 3, 2 are kept" "bob 90-answer  0/2" "ann 90-answer  2/2, kept"
    says_not "bob 90-answer  0/2, kept"
    echo "# changed" >>exercises/90-answer/exercise.ini
    grade "$class" --out "out$n"
    says "graded: 3 of 3"
    says_not "kept from before"
    grade "$class" --out "out$n"
    says "graded: 3 of 3" "of the 3, 3 are kept"
    grade "$class" --out "out$n" --seed 5
    says "graded: 3 of 3"
    says_not "kept from before"
    grade "$class" --out "out$n" --seed 5 --again
    says "graded: 3 of 3"
    says_not "kept from before"
}

# Starts a run whose last submission hangs; returns when the others are kept.
start_until_stuck() {
    hand_in ann 90-answer 42
    hand_in bob 90-answer 41
    hand_in "$zoe" 90-answer hang
    KIT_BUILD=build TMPDIR=$tmp "$kit/grade" class "$class" \
        --exercise 90 --out "out$n" --jobs 1 >"$work/said" 2>&1 &
    pid=$!
    until_true two_are_kept
    until_true zoe_is_graded
}
two_are_kept() { [[ $(find "out$n/state" -name '????????????????*' 2>/dev/null | wc -l) == 2 ]]; }
zoe_is_graded() { # the only one left: a check program has our folder as an argument
    grep -qsaF "$tmp/" /proc/[0-9]*/cmdline
}

goes_on_after_kill_9() {
    start_until_stuck
    kill -9 "$pid"
    wait "$pid" || true
    until_true nothing_is_left
    hand_in "$zoe" 90-answer 42
    grade "$class" --exercise 90 --out "out$n"
    ends_with 0
    says "graded: 3 of 3" "of the 3, 2 are kept" "$zoe 90-answer  2/2"
    [[ -z $(ls "$tmp") ]]
}

stops_at_once_by() { # SIGNAL NAME STATUS
    start_until_stuck
    kill "-$1" "$pid"
    status=0
    wait "$pid" || status=$?
    ends_with "$3"
    says "stopped by $2: 2 of 3 are done" "kept in out$n/state" "next: "
    until_true nothing_is_left
    [[ -z $(ls "$tmp") ]]
    [[ ! -e out$n/index.html ]]
    hand_in "$zoe" 90-answer 42
    grade "$class" --exercise 90 --out "out$n"
    says "graded: 3 of 3" "of the 3, 2 are kept"
}

one_that_hangs_costs_itself() {
    hand_in ann 90-answer 42
    hand_in bob 90-answer hang
    hand_in zoe 90-answer 42
    grade "$class" --out "out$n" --limit 5s
    ends_with 1
    says "graded: 2 of 3" "error    bob 90-answer: Grading took too long" "grades again what is open"
    until_true nothing_is_left
    hand_in bob 90-answer 42
    grade "$class" --out "out$n"
    ends_with 0
    says "graded: 3 of 3" "of the 3, 2 are kept"
}

a_worker_that_dies_costs_itself() {
    hand_in ann 90-answer 42
    hand_in bob 90-answer kill
    hand_in zoe 90-answer 42
    grade "$class" --out "out$n"
    ends_with 1
    says "graded: 2 of 3" "error    bob 90-answer: The grader's worker was ended by signal 9"
    grade "$class" --out "out$n"
    says "2 are kept" "error    bob"
}

what_could_not_be_checked_stays_open() {
    hand_in ann 90-answer 42
    hand_in bob 90-answer error
    grade "$class" --out "out$n"
    ends_with 1
    says "graded: 2 of 2" "open     bob 90-answer: some checks could not be scored"
    grade "$class" --out "out$n"
    ends_with 1
    says "graded: 2 of 2" "of the 2, 1 are kept"
}

an_infinite_loop_is_a_failure() {
    mkdir -p "$class"/{ann,bob,eve}/93-ends
    echo 'int main(void) { return 0; }' >"$class/ann/93-ends/main.c"
    echo 'int main(void) { for (volatile int i = 0;; i++) ; }' >"$class/bob/93-ends/main.c"
    echo 'int main(void) { return x; }' >"$class/eve/93-ends/main.c"
    grade "$class" --out "out$n"
    ends_with 0
    says "ann 93-ends  2/2" "bob 93-ends  0/2" "broken   eve 93-ends: main.c:1:25: error:"
    until_true nothing_is_left
}

what_the_compiler_says_is_on_the_page() {
    local again
    mkdir -p "$class/ann/93-ends"
    echo 'int main(void) { int unused; return 0; }' >"$class/ann/93-ends/main.c"
    for again in graded kept; do
        rm -rf "out$n/ann"
        grade "$class" --out "out$n"
        ends_with 0
        says "ann 93-ends  2/2"
        grep -q "<dt>the compiler says</dt>" "out$n/ann/93-ends/index.html" || {
            echo "$again: no word of the compiler"
            return 1
        }
        grep -q "unused variable" "out$n/ann/93-ends/results.json"
    done
    says "of the 1, 1 are kept"
}

a_download_of_canvas_is_a_class() {
    echo 'answer = 42' >"$class/brookada_4711_8152_answers.txt"
    echo 'answer = 41' >"$class/larsenfinn_LATE_4712_8153_answers-1.txt"
    echo x >"$class/raogita_4713_8154_work.rar"
    grade "$class" --exercise 90-answer --out "out$n"
    ends_with 0
    says "brookada 90-answer  2/2" "larsenfinn 90-answer  0/2" \
        "refused  raogita 90-answer: raogita_4713_8154_work.rar: an archive of this kind"
    grep -q "^brookada,4711,,brookada,,2" "out$n/gradebook.csv"
}

two_of_one_name_have_the_seed_of_the_name() {
    local id
    for id in 11 12; do
        mkdir "$class/Ada Brook_${id}_assignsubmission_file"
        echo 'answer = 42' >"$class/Ada Brook_${id}_assignsubmission_file/answers.txt"
    done
    grade "$class" --exercise 90-answer --out "out$n"
    ends_with 0
    grep -q "^Ada Brook,11,,Ada Brook,,2" "out$n/gradebook.csv"
    grep -q "^Ada Brook 12,12,,Ada Brook 12,,2" "out$n/gradebook.csv"
    [[ $(tail -n +2 "out$n/grades.csv" | cut -d, -f10 | uniq | wc -l) == 1 ]]
}

broken_submissions_are_named() {
    hand_in ann 90-answer 42
    mkdir -p "$class"/{empty/90-answer,missing/90-answer,hollow}
    echo x >"$class/missing/90-answer/Answers.txt"
    echo x >"$class/hollow/90-answer"
    ln -s /etc "$class/link"
    echo x >"$class/list.txt"
    echo nonsense >"$class/pack.tar.gz"
    grade "$class" --out "out$n"
    ends_with 0
    says "graded: 1 of 6" "need a look: 6" "empty    empty" "empty    hollow" \
        "missing  missing 90-answer: you handed in Answers.txt" "refused  link" "refused  pack" \
        "left out list.txt: neither"
    grep -q "<h2>Left out</h2>" "out$n/index.html"
}

an_unreadable_folder_is_named() {
    hand_in ann 90-answer 42
    hand_in bob 90-answer 42
    chmod 0 "$class/bob"
    grade "$class" --out "out$n"
    ends_with 1
    says "graded: 1 of 2" "error    bob 90-answer" "Permission denied"
    chmod 700 "$class/bob"
    grade "$class" --out "out$n"
    ends_with 0
    says "graded: 2 of 2" "of the 2, 1 are kept"
}

odd_names_are_names() {
    local name
    # shellcheck disable=SC2016  # nothing is to be expanded
    for name in $'new\nline' $'\xff\xfe' -rf 'a b' "o'neil" '$(touch oops)' '%s%n' '<b>&'; do
        hand_in "$name" 90-answer 42
    done
    grade "$class" --out "out$n"
    ends_with 0
    says "graded: 8 of 8" 'new\nline 90-answer  2/2' '\xff\xfe 90-answer' "-rf 90-answer  2/2"
    [[ ! -e oops && $(find "out$n" -name index.html | wc -l) == 9 ]]
    hand_in "-rf" 90-answer 1
    mv -- "./$class" "./-$class"
    grade --out "out$n" -- "-$class"
    says "graded: 8 of 8" "of the 8, 7 are kept"
}

errors_are_told() {
    grade "$class" --out "out$n"
    ends_with 2
    says "there are no submissions in $class" "try:"
    [[ ! -e out$n ]]
    grade nowhere
    ends_with 2
    says "nowhere" "No such file or directory"
    echo x >file
    grade file
    ends_with 2
    says "Not a directory"
    hand_in ann 90-answer 42
    grade "$class" --out file
    ends_with 2
    says "cannot write to file"
    grade "$class" --out "$class/out"
    ends_with 2
    says "it lies among the submissions"
    [[ ! -e $class/out ]]
    grade "$class" --exercise 77
    ends_with 2
    says 'there is no exercise "77"'
    grade
    ends_with 2
    says "which folder of submissions?"
    grade "$class" --jobs many
    ends_with 2
    mv "$class/ann/90-answer" "$class/ann/89-none"
    grade "$class" --out "out$n"
    ends_with 2
    says "nobody has handed in"
}

# The tier "user" is for root alone.
a_tier_that_does_not_work_is_told() {
    hand_in ann 90-answer 42
    chmod 777 "$tmp"
    status=0
    KIT_BUILD=build TMPDIR=$tmp "${nobody[@]}" "$kit/grade" class "$class" --out "out$n" \
        --tier user >"$work/said" 2>&1 || status=$?
    ends_with 2
    says "--tier user does not work here" "try:"
}

# Who is locked in may be another user, who has to read what root has made.
others_may_see_nothing_of_ours() {
    local mask
    mask=$(umask)
    umask 077
    mkdir -p "$class/ann/93-ends"
    echo 'int main(void) { return 0; }' >"$class/ann/93-ends/main.c"
    grade "$class" --out "out$n"
    umask "$mask"
    says "ann 93-ends  2/2"
    [[ $(stat -c %a "out$n/grades.csv") == 600 ]]
}

# Where solutions/ is not, nobody can earn the hidden points, and nobody is
# told of them: not who handed in nothing, either.
hidden_points_are_counted_where_they_are() {
    hand_in ann 94-half 42
    hand_in bob 90-answer 42
    grade "$class" --out "out$n"
    [[ $(awk -F, '$2 == "94-half" { print $1 $7 }' "out$n/grades.csv" | sort | xargs) == "ann2 bob2" ]]
}

two_runs_at_once_are_one_too_many() {
    start_until_stuck
    grade "$class" --out "out$n"
    ends_with 2
    says "another run is at work there (pid $pid)"
    kill -9 "$pid"
    wait "$pid" || true
    until_true nothing_is_left
}

one_for_gradescope() {
    hand_in ann 90-answer 42
    grade --one "$class/ann" --exercise 90-answer --format gradescope --to results.json \
        --student ann@example.org
    ends_with 0
    [[ ! -s $work/out ]]
    grep -q '"score": 2' results.json
    grade --one "$class/ann/90-answer" --exercise 90-answer --format autolab
    ends_with 0
    [[ $(tail -n 1 "$work/said") == '{"scores"'*2* ]]
    grade --one "$class/ann" --exercise 90-answer --format tap
    says "TAP version 14" "ok 1"
    grade --one "$class/ann" --exercise 90-answer --format classroom50
    ends_with 0
    grep -q '"schema": "classroom50/result/v1"' result.json
}

one_that_fails_is_told() {
    hand_in ann 90-answer hang
    KIT_BUILD=build TMPDIR=$tmp "$kit/grade" class --one "$class/ann" \
        --exercise 90-answer --format gradescope --to early.json >"$work/said" 2>&1 &
    pid=$!
    until_true test -s early.json
    kill -9 "$pid"
    wait "$pid" || true
    grep -q "has not come to an end" early.json
    until_true nothing_is_left
    grade --one "$class/ann" --exercise 90-answer --format gradescope --to late.json --limit 1s
    ends_with 2
    grep -q "took too long" late.json
    grade --one "$class/ann" --exercise 77 --format gradescope --to none.json
    ends_with 2
    grep -q "has not come to an end" none.json
    grade --one "$class/nobody" --exercise 90-answer --format tap
    ends_with 2
    grade --one "$class/ann" --format tap
    ends_with 2
}

a_reader_who_has_gone_is_no_reason_to_stop() {
    local result
    hand_in ann 90-answer 42
    hand_in bob 90-answer 42
    set +e
    KIT_BUILD=build TMPDIR=$tmp timeout 60 "$kit/grade" class "$class" --out "out$n" | true
    result=${PIPESTATUS[0]}
    set -e
    [[ $result == 0 && -s out$n/index.html && -z $(ls "$tmp") ]]
}

a_terminal_shows_one_line() {
    hand_in ann 90-answer 42
    hand_in $'b\e[2Jb' 90-answer 42
    TERM=xterm KIT_BUILD=build TMPDIR=$tmp timeout 60 script -qec \
        "stty cols 20; $kit/grade class $class --out out$n" /dev/null >"$work/said"
    sed $'s/\e\\[K//g' "$work/said" | tr '\r' '\n' >"$work/lines"
    grep -qF '[0/2] ann 90-answer' "$work/lines"
    grep -qF '[2/2] ' "$work/lines"
    says 'b\x1b[2Jb'
    says_not $'\e[2J'
    # A line as wide as the terminal could not be drawn over.
    [[ $(grep '^\[' "$work/lines" | awk '{ print length }' | sort -n | tail -n 1) == 19 ]]
}

check "those are graded who handed in, for what was handed in" in_class grades_those_handed_in
check "only what has changed is graded again" in_class only_what_changed_is_graded_again
check "a run that was killed goes on" in_class goes_on_after_kill_9
check "Ctrl-C stops at once, and the next run goes on" in_class stops_at_once_by INT Ctrl-C 130
check "and so does SIGTERM" in_class stops_at_once_by TERM SIGTERM 143
check "one whose grading hangs costs itself alone" in_class one_that_hangs_costs_itself
check "a worker that dies costs its own submission" in_class a_worker_that_dies_costs_itself
check "what could not be checked stays open" in_class what_could_not_be_checked_stays_open
check "an infinite loop fails its check" in_class an_infinite_loop_is_a_failure
check "what the compiler says is on the page" in_class what_the_compiler_says_is_on_the_page
check "a download of Canvas is a class" in_class a_download_of_canvas_is_a_class
check "two of one name have the seed of the name" in_class two_of_one_name_have_the_seed_of_the_name
check "empty, missing, refused: each is named with its reason" in_class broken_submissions_are_named
if ((UID == 0)); then
    n=$((n + 1))
    echo "ok $n - a folder without permission is named # SKIP root may read everything"
else
    check "a folder without permission is named" in_class an_unreadable_folder_is_named
fi
check "any name is a name" in_class odd_names_are_names
check "what is wrong with the call is told" in_class errors_are_told
nobody=()
((UID == 0)) && nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups)
check "a tier that does not work is told" in_class a_tier_that_does_not_work_is_told
check "with umask 077 programs can be built and run all the same" in_class others_may_see_nothing_of_ours
check "hidden points count where there are hidden checks" in_class hidden_points_are_counted_where_they_are
check "two runs into one folder are one too many" in_class two_runs_at_once_are_one_too_many
check "one submission, for the platforms" in_class one_for_gradescope
check "one submission that cannot be graded" in_class one_that_fails_is_told
check "a reader who has gone is no reason to stop" in_class a_reader_who_has_gone_is_no_reason_to_stop
if command -v script >/dev/null; then
    check "on a terminal one line is drawn over" in_class a_terminal_shows_one_line
else
    n=$((n + 1))
    echo "ok $n - on a terminal one line is drawn over # SKIP script is not installed"
fi
done_testing

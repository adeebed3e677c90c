#!/usr/bin/env bash
# test_similar_command.sh: `grade similar` on an invented class: the copy is
# told first, who cannot be compared is told with the reason, and what is wrong
# with the call, too. Prints TAP.
#
# Read before: ../grader/command_similar.c. Rests on: sim_c(1).
source exercises/test/tap.sh
needs sim_c
grade=$(realpath "${KIT_BUILD:-build}/bin/grade")

# --- a kit with two exercises in C and one with answers, and who handed in

cd "$work"
mkdir tmp
exercise() { # NAME FILE KIND PROGRAM
    mkdir -p "exercises/$1/skeleton"
    printf 'title = Invented\nkind = %s\nfiles = %s\n%b[checks]\nit = 1\n' "$3" "$2" "$4" \
        >"exercises/$1/exercise.ini"
}
exercise 90-sum sum.c write 'program = sum\n'
exercise 91-more more.c write 'program = more\n'
exercise 92-words answers.txt predict ''
echo 'int main(void) { return 0; }' >exercises/90-sum/skeleton/sum.c

sum() { # ARRAY INDEX TOTAL: the same thought, under other names
    cat <<END
int total_of(const int *$1, int len) {
    int $3 = 0;
    for (int $2 = 0; $2 < len; $2++) {
        if ($1[$2] < 0 && $3 > 100) { $3 = $3 - $1[$2]; continue; }
        $3 += $1[$2] * ($2 + 1);
        while ($3 > 1000) $3 /= 2;
    }
    return $3 > 0 ? $3 : -$3;
}
int main(void) { int $1[] = {3, 1, 4}; return total_of($1, 3); }
END
}
hand_in() { # STUDENT EXERCISE FILE
    mkdir -p "class/$1/$2"
    cat >"class/$1/$2/$3"
}
sum values i total | hand_in ann 90-sum sum.c
sum things k s | hand_in bob 90-sum sum.c
hand_in cy 90-sum sum.c <<'END'
#include <stdio.h>
struct list { struct list *next; char *word; };
static void print(struct list *l) { if (l) { puts(l->word); print(l->next); } }
int main(int argc, char **argv) {
    struct list all[9], *first = 0;
    do { all[argc].word = argv[argc]; all[argc].next = first; first = &all[argc]; } while (--argc);
    print(first);
}
END
mkdir -p class/dan/90-sum
sum a b c | hand_in $'e\e[2Jve' 90-sum wrong.c
echo 'n = 1' | hand_in ann 92-words answers.txt
echo 'n = 1' | hand_in bob 92-words answers.txt

# --- telling

similar() {
    status=0
    TMPDIR=$work/tmp timeout 60 "$grade" similar "$@" >"$work/said" 2>&1 || status=$?
}
says() {
    local text
    for text in "$@"; do
        grep -qF -- "$text" said || { echo "it does not say: $text"; return 1; }
    done
}
ends_with() { [[ $status == "$1" ]] || { echo "status $status, not $1"; return 1; }; }

# --- tests

the_copy_comes_first() {
    similar class
    ends_with 0
    says "90-sum: 3 compared; too few to tell what is usual" "report: build/similar/90-sum/index.html"
    # The shares stand in order; the first is the copy's.
    [[ $(grep -m 1 '%  ' said) == *'100 %  ann and bob' ]]
    grep -q 'pair-1.html' build/similar/90-sum/index.html
    [[ -s build/similar/90-sum/pair-1.html ]]
    [[ ! -e build/similar/91-more && ! -e build/similar/92-words ]]
    [[ -z $(ls tmp) ]]
}

ten_pairs_have_a_usual_share() {
    local i
    cp -r class more
    for i in 1 2; do
        mkdir -p "more/x$i/90-sum"
        sum "list$i" "at$i" "all$i" >"more/x$i/90-sum/sum.c"
    done
    similar more
    ends_with 0
    says "90-sum: 5 compared; the usual share of two is "
}

who_is_left_out_is_told() {
    echo nobody >class/list.txt
    similar --exercise 90 class --out pages/of/it
    ends_with 0
    says "list.txt: neither folder nor archive" "dan: left out, empty" 'e\x1b[2Jve: left out, missing' \
        "report: pages/of/it/90-sum/index.html"
    [[ -s pages/of/it/90-sum/index.html ]]
}

old_pages_go() {
    mkdir -p old/90-sum
    echo "somebody else" >old/90-sum/pair-7.html
    similar class --out old
    ends_with 0
    [[ ! -e old/90-sum/pair-7.html && -s old/90-sum/pair-1.html ]]
}

errors_are_told() {
    similar
    ends_with 2
    says "which folder of submissions?" "try:"
    similar nowhere
    ends_with 2
    says "cannot list the submissions in nowhere: No such file"
    mkdir nobody
    similar nobody
    ends_with 2
    says "there are none"
    similar class --exercise 77
    ends_with 2
    says 'there is no exercise "77"'
    similar class --exercise 92-words
    ends_with 2
    says "its answers are no C"
    similar class --exercise 91-more
    ends_with 2
    says "fewer than two have handed in"
    similar class class
    ends_with 2
    says "one at a time"
    similar class --out said
    ends_with 2
    says "Not a directory"
    [[ -z $(ls tmp) ]]
}

check "the copy comes first, for what was handed in" the_copy_comes_first
check "from ten pairs on, the usual share is told" ten_pairs_have_a_usual_share
check "who cannot be compared is told" who_is_left_out_is_told
check "pages of an earlier run go" old_pages_go
check "what is wrong with the call is told" errors_are_told
done_testing

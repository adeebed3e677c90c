#!/usr/bin/env bash
# test_hostile.sh: hostile submissions of solutions/hostile, graded as a class
# with innocent ones among them, in each way of locking programs in that there
# is. None may earn anything, take points from an innocent one, or leave
# anything behind: a process, a file, a port, shared memory, a mount, a change
# of the kit. Prints TAP. Some of them; HOSTILE=all: all; HOSTILE="ipc daemon":
# these.
set -uo pipefail
build=${KIT_BUILD:-build}
work=$(mktemp -d)
export TMPDIR=$work/tmp
mkdir "$TMPDIR" && chmod 755 "$work" "$TMPDIR"
trap 'rm -rf "$work"' EXIT
innocents=3
n=0

report() { # STATUS NAME FILE: which explains a failure
    n=$((n + 1))
    if (($1 == 0)); then
        echo "ok $n - $2"
    else
        echo "not ok $n - $2"
        head -n 30 "$3" | sed 's/^/# /'
    fi
}

case ${HOSTILE:-} in
"") names="kills-all limits-warden fork-bomb-away memory-touched disk-tmp ipc
    spins-away output-endless writes-work report-forged" ;;
all) names=$(find solutions/hostile -name '*.c' -printf '%f\n' | sed 's/\.c$//' | sort) ;;
*) names=$HOSTILE ;;
esac

# --- what must not change

# If root grades, users of jails have numbers of their own. Else the programs
# are ours, and are known by where they lie.
processes() {
    ps -eo pid=,uid=,lstart=,args= | awk -v me="$(id -u)" \
        '/<defunct>/ { next } me == 0 ? $2 >= 1879048192 : $2 == me && /\/work\/|\/warden/'
}
files() {
    find /tmp /var/tmp /dev/shm /dev/mqueue /run/lock -maxdepth 2 \
        \( -uid +1879048191 -o -name '*hostile*' \) 2>/dev/null
    find / -maxdepth 1 -name '*hostile*'
    find "$TMPDIR" -mindepth 1
}
ports() { awk '$4 == "0A" && $8 >= 1879048192 { print "port", $2, $8 }' /proc/net/tcp; }
seen() {
    processes
    files
    ports
    ipcs -a | awk '/^0x/ { print "ipc", $1, $2, $3 }'
    awk '{ print "mount", $5 }' /proc/self/mountinfo
}
kit() { find exercises solutions -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum; }

# Of what is there now and was not before, nothing may stay. The last process
# of a jail may end a moment after the grader; and others may be grading, too.
nothing_left() {
    seen | grep -vxFf "$work/before" >"$work/new"
    for ((i = 0; i < 900; i++)); do
        seen | grep -xFf "$work/new" >"$work/left" || return 0
        sleep 0.1
    done
    return 1
}

# --- a class

hand_in() { # STUDENT EXERCISE FROM
    local file
    file=$(sed -n 's/^files *= *\([^ ]*\).*/\1/p' "exercises/$2/exercise.ini")
    mkdir -p "$work/class/$1/$2"
    cp "$3" "$work/class/$1/$2/$file"
}

# Innocent ones stand between: names are graded in their order.
make_class() {
    local name exercise step=$((($(wc -w <<<"$names") + innocents) / innocents)) i=0
    for name in $names; do
        ((i % step)) || hand_in "$name-innocent" 05-drain solutions/05-drain/server.c
        i=$((i + 1))
        exercise=$(sed -n '1s/.*against \([^:,]*\).*/\1/p' "solutions/hostile/$name.c")
        hand_in "$name-hostile" "$exercise" "solutions/hostile/$name.c"
    done
}

grade() { # TIER
    rm -rf "$work/out"
    "$build/bin/grade" class "$work/class" --out "$work/out" --tier "$1" --jobs 2 --seed 1 \
        >"$work/said" 2>&1
}

# Prints the sum of each student over what was handed in: NAME SCORE MAX.
sums() {
    awk -F, 'NR > 1 && $8 != "empty" { score[$1] += $6; max[$1] += $7 }
        END { for (s in score) print s, score[s], max[s] }' "$work/out/grades.csv" | sort
}

# Those that do an exercise's job, and cheat one check, say so.
earns_rightly() { head -n 1 "solutions/hostile/${1%-hostile}.c" | grep -q ', caught by '; }

wrong_sums() {
    local name score max
    (($(sums | wc -l) == $(find "$work/class" -mindepth 1 -maxdepth 1 | wc -l))) ||
        echo "not everybody has a grade"
    while read -r name score max; do
        case $name in
        *-innocent) [[ $score == "$max" && $max != 0 ]] || echo "$name: $score of $max" ;;
        *-hostile) [[ $score == 0 ]] || earns_rightly "$name" || echo "$name: $score of $max" ;;
        esac
    done < <(sums)
}

try() { # TIER
    seen >"$work/before"
    grade "$1"
    if grep -qE 'cannot be locked in|does not work here' "$work/said"; then
        n=$((n + 1))
        echo "ok $n # SKIP programs cannot be locked in by $1 here"
        return
    fi
    nothing_left
    report $? "$1: they leave nothing behind" "$work/left"
    wrong_sums >"$work/wrong" 2>&1
    cat "$work/said" >>"$work/wrong.said"
    [[ -s $work/out/grades.csv && ! -s $work/wrong ]]
    report $? "$1: $(wc -w <<<"$names") hostile ones earn nothing, innocent ones all" "$work/wrong"
    ! awk -F, '$8 == "error" || $8 == "no result"' "$work/out/grades.csv" | grep . >"$work/errors"
    report $? "$1: none makes the grader fail" "$work/errors"
}

before=$(kit)
make_class
for tier in bubblewrap namespaces user; do
    try "$tier"
done
[[ $before == "$(kit)" ]]
report $? "the kit is as it was" /dev/null
echo "1..$n"

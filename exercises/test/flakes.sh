#!/usr/bin/env bash
# flakes.sh [RUNS [EXERCISE...]]: grades the reference solutions again and again,
# each time with another seed, while the machine is busy: as many spinning
# processes as there are CPUs, and one that writes and syncs. Whatever is not
# full marks then is a failure of the grader, no matter how seldom.
#
# Run by `make flakes`; the counts go into exercises/INSTRUCTORS.md.
set -euo pipefail
runs=${1:-300}
shift || true
build=${KIT_BUILD:-build}
if (($# == 0)); then
    for file in solutions/[0-9]*/hidden.c; do set -- "$@" "$(basename "$(dirname "$file")")"; done
fi
work=$(mktemp -d)
load=()
cleanup() {
    ((${#load[@]})) && kill "${load[@]}" 2>/dev/null
    rm -rf "$work"
}
trap cleanup EXIT

reference_of() { # EXERCISE SEED FOLDER
    local exercise=$1 seed=$2 folder=$3
    mkdir -p "$folder"
    if [[ -f solutions/$exercise/answers.sh ]]; then
        "$build/bin/grade" ask --student "$seed" "$exercise" |
            sh "solutions/$exercise/answers.sh" >"$folder/answers.txt"
    else
        cp "solutions/$exercise/"*.c "$folder"
        rm -f "$folder/hidden.c"
    fi
}

each=$(((runs + $# - 1) / $#))
for exercise; do
    for ((i = 1; i <= each; i++)); do
        reference_of "$exercise" "run-$i" "$work/class/run-$i/$exercise"
    done
done

for ((i = 0; i < $(nproc); i++)); do
    while :; do :; done &
    load+=($!)
done
while :; do dd if=/dev/zero of="$work/written" bs=1M count=64 conv=fsync status=none; done &
load+=($!)

begin=$SECONDS
"$build/bin/grade" class "$work/class" --out "$work/grades" >"$work/log" 2>&1 || true
awk -F, -v seconds=$((SECONDS - begin)) -v load="$(nproc) spinning, one writing" '
    NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
    {
        checks++
        gsub(/"/, "", $at["status"])
        if ($at["status"] == "passed") passed++
        else if ($at["status"] ~ /noisy/) noisy++
        else { bad++; print $at["student"] " " $at["exercise"] > "/dev/stderr" }
    }
    END {
        printf "%d checks, %d passed, %d too noisy to score, %d false failures; %d s; load: %s\n",
            checks, passed, noisy, bad, seconds, load
        exit bad > 0 || checks == 0
    }' "$work/grades/grades.csv" 2>"$work/failed" && status=0 || status=$?
# Only the instructor's junit.xml has the messages of hidden checks.
sort -u "$work/failed" | while read -r one; do
    echo "== $one"
    awk -v suite="<testsuite name=\"$one\"" '
        index($0, "<testsuite ") { on = index($0, suite) }
        /<testcase/ { first = $0; told = 0 }
        /<(failure|error)/ && on { print first; told = 1 }
        told' "$work/grades/junit.xml"
done
((status == 0))

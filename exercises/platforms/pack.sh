#!/usr/bin/env bash
# pack.sh PLATFORM EXERCISE: what an instructor uploads, in build/PLATFORM.
#
#     gradescope     EXERCISE.zip                 with the hidden checks
#     autolab        EXERCISE/autograde.tar,      with the hidden checks
#                    EXERCISE/autograde-Makefile
#     classroom50    EXERCISE/...                 without: these files are
#                                                 published
#
# The kit in it is the student's; nothing of solutions/ but this exercise's
# hidden checks goes to a platform.
# Read before: ../INSTRUCTORS.md, kit.sh, PLATFORM/README.md. Rests on: zip(1).
set -euo pipefail
source exercises/platforms/kit.sh
platform=$1 exercise=${2%/}
here=exercises/platforms/$platform

# As everywhere, 05 is 05-drain.
if [[ ! -d exercises/$exercise ]]; then
    exercise=$(compgen -G "exercises/$exercise*" || true)
    exercise=${exercise#exercises/}
fi
ini=exercises/$exercise/exercise.ini
if [[ ! -f $ini ]]; then
    echo "pack: there is no exercise \"$2\"" >&2
    echo "  try:     ls exercises" >&2
    exit 2
fi
needs_commit pack
needs_committed pack "$exercise"
warn_of_changes pack

# What is handed in, and the points: of all checks, or of the visible ones.
files=$(sed -n 's/^files *= *//p' "$ini")
points() { # LAST SECTION: checks or hidden
    awk -F ' *= *' -v last="$1" '
        /^\[/ { inside = !done; done = $0 == "[" last "]"; next }
        inside && /^[^#]/ { sum += $2 }
        END { print sum }' "$ini"
}

out=build/$platform/$exercise
rm -rf "$out"
mkdir -p "$out"
echo "$exercise" >"$out/exercise"
pack_kit() { # [PATH...] of the instructor's half
    kit_archive "$@" | gzip -n9 >"$out/kit.tar.gz"
}
mapfile -t hidden < <(hidden_half "$exercise")

case $platform in
gradescope)
    if ! command -v zip >/dev/null; then
        echo "pack: zip is not installed" >&2
        echo "  try:     apt install zip" >&2
        exit 2
    fi
    pack_kit "${hidden[@]}"
    cp "$here/setup.sh" "$here/run_autograder" "$out/"
    rm -f "$out.zip"
    (cd "$out" && zip -qX "../$exercise.zip" ./*)
    rm -rf "$out"
    echo "autograder: $out.zip"
    cat <<NEXT
next:   1. Create a Programming Assignment: Autograder Points $(points hidden)
        2. Configure Autograder: upload that zip; Base Image Ubuntu 24.04 or newer
        3. Test Autograder with $files of a solution of yours
NEXT
    ;;
autolab)
    pack_kit "${hidden[@]}"
    cp "$here/run" "$out/"
    # One file is handed in as it is, several as an archive.
    [[ $files != *" "* ]] || files=handin.tar.gz
    tar -cf "$out.tar" --transform='s,^\.,autograde,' -C "$out" .
    rm -rf "$out"
    mkdir "$out"
    mv "$out.tar" "$out/autograde.tar"
    sed "s/@HANDIN@/$files/" "$here/autograde-Makefile" >"$out/autograde-Makefile"
    echo "autograder: $out/autograde.tar and $out/autograde-Makefile"
    cat <<NEXT
next:   1. Install Assessment; Edit Assessment: handin filename $files,
           problem $exercise with $(points hidden) points
        2. Add Autograder: both files, a timeout of 300 s, an image of Debian 12
        3. hand in $files of a solution of yours
NEXT
    ;;
classroom50)
    pack_kit
    cp "$here/autograder.py" "$out/"
    echo "autograder: the files in $out"
    cat <<NEXT
next:   1. put them into your repository classroom50: CLASSROOM/autograders/ASSIGNMENT/
        2. give the assignment its runtime: see exercises/platforms/classroom50/README.md
        3. push $files of a solution of yours: $(points checks) points are the visible part
NEXT
    ;;
*)
    rm -rf "$out"
    echo "pack: there is no platform \"$platform\"" >&2
    echo "  try:     gradescope, autolab or classroom50" >&2
    exit 2
    ;;
esac
echo "see:    $here/README.md"

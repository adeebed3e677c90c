#!/usr/bin/env bash
# pack.sh PLATFORM EXERCISE: what an instructor uploads, in build/PLATFORM.
#
#     gradescope     EXERCISE.zip                 with the whole kit
#     autolab        EXERCISE/autograde.tar,      with the whole kit
#                    EXERCISE/autograde-Makefile
#     classroom50    EXERCISE/...                 with the student's kit: these
#                                                 files are published
#
# What git has of the last commit is packed, as in ../dist-student.sh.
# Read before: ../INSTRUCTORS.md. Rests on: git-archive(1), zip(1).
set -euo pipefail
platform=$1 exercise=$2
here=exercises/platforms/$platform
ini=exercises/$exercise/exercise.ini
if [[ ! -f $ini ]]; then
    echo "pack: there is no exercise \"$exercise\"" >&2
    echo "  try:     ls exercises" >&2
    exit 2
fi
if ! git rev-parse --verify -q HEAD >/dev/null; then
    echo "pack: this folder is no clone: there is no commit to pack" >&2
    echo "  try:     git clone ADDRESS kit" >&2
    exit 2
fi
if [[ -n $(git status --porcelain --untracked-files=no) ]]; then
    echo "pack: changes that are not committed are left out" >&2
fi

out=build/$platform/$exercise
rm -rf "$out"
mkdir -p "$out"
echo "$exercise" >"$out/exercise"
whole_kit() {
    git archive --format=tar --prefix=kit/ HEAD -- . ':(exclude)exercises/sample-class' |
        gzip -n9 >"$out/kit.tar.gz"
}

case $platform in
gradescope)
    if ! command -v zip >/dev/null; then
        echo "pack: zip is not installed" >&2
        echo "  try:     apt install zip" >&2
        exit 2
    fi
    whole_kit
    cp "$here/setup.sh" "$here/run_autograder" "$out/"
    rm -f "$out.zip"
    (cd "$out" && zip -qX "../$exercise.zip" ./*)
    rm -rf "$out"
    echo "autograder: $out.zip"
    ;;
autolab)
    whole_kit
    cp "$here/run" "$out/"
    # One file is handed in as it is, several as an archive.
    files=$(sed -n 's/^files *= *//p' "$ini")
    [[ $files != *" "* ]] || files=handin.tar.gz
    tar -cf "$out.tar" --transform='s,^\.,autograde,' -C "$out" .
    rm -rf "$out"
    mkdir "$out"
    mv "$out.tar" "$out/autograde.tar"
    sed "s/@HANDIN@/$files/" "$here/autograde-Makefile" >"$out/autograde-Makefile"
    echo "autograder: $out/autograde.tar and $out/autograde-Makefile"
    echo "handed in:  $files; the problem's name is $exercise"
    ;;
classroom50)
    exercises/dist-student.sh "$out/kit.tar.gz" >/dev/null
    cp "$here/autograder.py" "$out/"
    echo "autograder: the files in $out"
    ;;
*)
    echo "pack: there is no platform \"$platform\"" >&2
    echo "  try:     gradescope, autolab or classroom50" >&2
    exit 2
    ;;
esac
echo "next:   exercises/INSTRUCTORS.md, \"Platforms\""

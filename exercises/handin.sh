#!/usr/bin/env bash
# handin.sh STUDENT [EXERCISE...]: packs one's work for the instructor, as
# build/STUDENT.tar.gz with EXERCISE/FILE in it: of the exercises named, or of
# all that were begun, that is, differ from their skeletons.
#
# Read before: README.md. Rests on: tar(1).
set -euo pipefail
student=$1
shift
if [[ ! $student =~ ^[[:alnum:]][[:alnum:]._@-]*$ ]]; then
    echo "handin: \"$student\" cannot be the name of a file" >&2
    echo "  try:     make handin STUDENT=alice" >&2
    exit 2
fi
if (($# == 0)); then
    mapfile -t begun < <(cd exercises && printf "%s\n" [0-9]*)
    set -- "${begun[@]}"
fi

files=()
for exercise in "$@"; do
    # As everywhere, 05 is 05-drain.
    if [[ ! -d exercises/$exercise ]]; then
        exercise=$(compgen -G "exercises/$exercise*" || true)
        exercise=${exercise#exercises/}
    fi
    ini=exercises/$exercise/exercise.ini
    if [[ ! -f $ini ]]; then
        echo "handin: there is no such exercise" >&2
        echo "  try:     ls exercises" >&2
        exit 2
    fi
    begun=()
    changed=
    read -ra names < <(sed -n 's/^files *= *//p' "$ini")
    for file in "${names[@]}"; do
        [[ -f exercises/$exercise/$file ]] || continue
        begun+=("$exercise/$file")
        cmp -s "exercises/$exercise/$file" "exercises/$exercise/skeleton/$file" || changed=y
    done
    [[ -z $changed ]] || files+=("${begun[@]}")
done
if ((${#files[@]} == 0)); then
    echo "handin: there is nothing to hand in: no file differs from its skeleton" >&2
    echo "  try:     make check EXERCISE=${1-}" >&2
    exit 2
fi

mkdir -p build
tar -czf "build/$student.tar.gz" -C exercises -- "${files[@]}"
# With what the last check has said of the exercise, as it is now.
states=$([[ ! -x build/bin/grade ]] || build/bin/grade progress 2>/dev/null || true)
for file in "${files[@]}"; do
    state=$(sed -n "s/^[ >] \(.\{14\}\)  ${file%/*}  .*/\1/p" <<<"$states" | sed 's/ *$//')
    case $state in
    done) state="all visible points" ;;
    *" of "*) state="$state visible points" ;;
    "changed since") state="not checked since it has changed" ;;
    *) state="never checked as it is" ;;
    esac
    printf '  %-24s %s\n' "$file" "$state"
done
echo "packed: build/$student.tar.gz"
echo "next:   send that file to your instructor"

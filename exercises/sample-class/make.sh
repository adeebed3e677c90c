#!/usr/bin/env bash
# make.sh [FOLDER]: the sample class as it was handed in, in build/sample-class
# or FOLDER: twelve invented people, some with a folder, some with an archive.
#
#     class/STUDENT/EXERCISE/...  --->  STUDENT/EXERCISE/...   most of them
#                                 --->  STUDENT.zip            kim.novak
#                                 --->  STUDENT.tar.gz         lev.orlov: one of
#                                       its paths climbs out of the folder
#                                 --->  an odd name            zoe.oneil
#                                 --->  STUDENT/EXERCISE/      finn.larsen: empty,
#                                       which git cannot hold
#
# ../INSTRUCTORS.md says what each of them is there for.
# Rests on: zip(1), tar(1) --transform.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-build/sample-class}
if ! command -v zip >/dev/null; then
    echo "sample-class: an archive is made with zip, which is not installed" >&2
    echo "  try:     apt install zip" >&2
    exit 2
fi

rm -rf "$out"
mkdir -p "$out"
out=$(cd "$out" && pwd)
cp -r "$here"/class/. "$out/"
mkdir -p "$out/finn.larsen/05-drain"
mv "$out/zoe.oneil" "$out/Zoë O'Neil <zoe@example.org>"

(cd "$out/kim.novak" && zip -qrX ../kim.novak.zip .)
rm -rf "$out/kim.novak"
tar -czf "$out/lev.orlov.tar.gz" -P -C "$out/lev.orlov" \
    --transform='s,^\./05-drain,../../ada.brook/05-drain,' .
rm -rf "$out/lev.orlov"
echo "$out: $(find "$out" -mindepth 1 -maxdepth 1 | wc -l) submissions"

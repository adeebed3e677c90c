#!/usr/bin/env bash
# dist-student.sh FILE.tar.gz: the kit as students get it: what git has of the
# last commit, without the instructor's half. The same commit makes the same
# bytes, so a second look at what was handed out is one checksum.
#
# Left out: solutions/ (references, hidden checks, wrong programs, samples), the
# instructor's pages, the pattern of new exercises, the grader's own tests.
# test/test_dist.sh proves that nothing of solutions/ comes in by another way.
#
# Rests on: git-archive(1), gitattributes(5).
set -euo pipefail
out=$1
if ! git rev-parse --verify -q HEAD >/dev/null; then
    echo "dist-student: this folder is no clone: there is no commit to pack" >&2
    echo "  try:     git clone ADDRESS kit && make -C kit dist-student" >&2
    exit 2
fi
if [[ -n $(git status --porcelain --untracked-files=no) ]]; then
    echo "dist-student: changes that are not committed are left out" >&2
fi

# Beside its place, then renamed: who looks finds the old one or the new one.
part=$(mktemp "$out.XXXXXX")
trap 'rm -f "$part"' EXIT
git archive --format=tar --prefix=kit/ HEAD -- . \
    ':(exclude)solutions' \
    ':(exclude)exercises/INSTRUCTORS.md' \
    ':(exclude)exercises/sample-class' \
    ':(exclude)exercises/platforms' \
    ':(exclude)exercises/pattern' \
    ':(exclude)exercises/dist-student.sh' \
    ':(exclude)exercises/test' |
    gzip -n9 >"$part"
chmod 644 "$part"
mv "$part" "$out"
echo "$out: $(du -h "$out" | cut -f1), $(git log -1 --format='commit %h of %cs')"
echo "next:   tar -tzf $out | less"

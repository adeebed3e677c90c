#!/usr/bin/env bash
# dist-student.sh FILE.tar.gz: the kit as students get it: what git
# has of the last commit, without the instructor's half. The same commit makes
# the same bytes, so a second look at what was handed out is one checksum.
# No new exercise may be forgotten.
#
# Left out: solutions/ (references, hidden checks, wrong programs, samples), the
# instructor's page and goals, the pattern of new exercises, the grader's own
# tests. test/test_dist.sh proves that nothing of solutions/ comes in by another
# way.
#
# Read before: platforms/kit.sh.
set -euo pipefail
source exercises/platforms/kit.sh
out=$1
needs_commit dist-student
mapfile -t new < <(new_exercises)
needs_committed dist-student "${new[@]}"
warn_of_changes dist-student

# Beside its place, then renamed: who looks finds the old one or the new one.
part=$(mktemp "$out.XXXXXX")
trap 'rm -f "$part"' EXIT
# shellcheck disable=SC2119  # no path of the other half
kit_archive | gzip -n9 >"$part"
chmod 644 "$part"
mv "$part" "$out"
echo "$out: $(du -h "$out" | cut -f1), $(git log -1 --format='commit %h of %cs')"
echo "next:   tar -tzf $out | less"

#!/usr/bin/env bash
# test_one.sh PROGRAM: runs one test program, shows its results as they come and
# then their count; status 1 if one failed, or none passed.
set -uo pipefail
passed=0 failed=0 skipped=0
while IFS= read -r line; do
    printf '%s\n' "$line"
    case $line in
    'ok '*'# SKIP'* | 'not ok '*'# SKIP'*) skipped=$((skipped + 1)) ;;
    'ok '*) passed=$((passed + 1)) ;;
    'not ok '*) failed=$((failed + 1)) ;;
    esac
    # stdbuf loads a library before the sanitizer's, which objects unless told.
done < <(CMOCKA_MESSAGE_OUTPUT=TAP ASAN_OPTIONS=verify_asan_link_order=0:${ASAN_OPTIONS:-} \
    stdbuf -oL "$1" 2>&1)
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0 && passed > 0))

#!/bin/sh
# answers.sh - the second answers of 03-trace: with grep and cut, as one would
# look for them by hand.
trace=$(cat)
calls() { printf '%s\n' "$trace" | grep "$1"; }
first_argument() { sed 's/^[a-z0-9]*(\([0-9]*\),.*/\1/'; }
printf 'listener = %s\n' "$(calls '^listen(' | first_argument)"
printf 'turns = %s\n' "$(calls '^p*select6*(.*) = ' | wc -l)"
bytes=0
for n in $(calls '^recvfrom(.*) = [1-9]' | sed 's/.*= //'); do bytes=$((bytes + n)); done
printf 'bytes = %s\n' "$bytes"
printf 'before = %s\n' "$(calls '^p*select6*(' | first_argument | sort -n | tail -n 1)"
printf 'after = %s\n' "$(calls '^p*select6*(' | first_argument | tail -n 1)"
printf 'silent = %s\n' "$(calls '^accept4*(.*) = ' | sed 's/.*= //' | sort -n | tail -n 1)"
printf 'reason = nfds\n'

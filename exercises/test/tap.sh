#!/usr/bin/env bash
# tap.sh - what the tests in shell have in common; they source it first.
#
#     source exercises/test/tap.sh
#     needs git sim_c                      or all is skipped
#     check "one and one is two" test $((1 + 1)) = 2
#     done_testing
#
# $work is a folder that is gone in the end. git is as on a machine where nobody
# has set it up, and make as if it was called by hand.
#
# Rests on: TAP 14, bash(1).
set -euo pipefail
unset MAKEFLAGS MAKELEVEL MFLAGS
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
export GIT_AUTHOR_NAME=kit GIT_AUTHOR_EMAIL=kit@localhost
export GIT_COMMITTER_NAME=kit GIT_COMMITTER_EMAIL=kit@localhost
work=$(mktemp -d)
trap 'chmod -R u+rwX "$work"; rm -rf "$work"' EXIT
n=0

skip_all() { # REASON
    echo "1..0 # SKIP $1"
    exit 0
}
needs() { # TOOL...
    local tool
    for tool; do
        command -v "$tool" >/dev/null || skip_all "$tool is not installed"
    done
}
needs_clone() {
    needs git
    git rev-parse --git-dir >/dev/null 2>&1 || skip_all "this is no clone"
}

report() { # STATUS NAME FILE...: whose ends explain a failure
    local status=$1 name=$2
    shift 2
    n=$((n + 1))
    if ((status == 0)); then
        echo "ok $n - $name"
        return
    fi
    echo "not ok $n - $name"
    { (($#)) && tail -qn 30 "$@" 2>/dev/null | sed 's/^/# /'; } || true
}

# What the command printed, and what is in $work/said, explains a failure. It
# runs in a shell of its own, which ends where one of its commands fails; behind
# "||" it would go on.
check() { # NAME COMMAND...
    local _name=$1 status # not a name that the command uses
    shift
    set +e
    (set -e; "$@") >"$work/out" 2>&1
    status=$?
    set -e
    report "$status" "$_name" "$work/out" "$work/said"
}
fails() { if "$@"; then return 1; fi; }
contains() { # PATTERN FILE
    grep -qE -- "$1" "$2" || { echo "there is no /$1/ in:"; cat "$2"; return 1; }
}

# A clone with the changes that are not committed, as a commit of its own.
clone_kit() { # FOLDER
    git clone -q . "$1"
    git diff --binary HEAD | (cd "$1" && git apply --allow-empty -)
    git -C "$1" add -A
    git -C "$1" commit -q --allow-empty -m "as it is here"
}
done_testing() { echo "1..$n"; }

#!/usr/bin/env bash
# kit.sh: what packing the kit has in common; dist-student.sh and pack.sh source
# it. All of them pack what git has of the last commit, so that the same commit
# makes the same bytes, and each says first what the commit does not have.
#
# Rests on: git-archive(1), git-status(1), gitattributes(5).

needs_commit() { # WHO
    git rev-parse --verify -q HEAD >/dev/null && return
    echo "$1: this folder is no clone: there is no commit to pack" >&2
    echo "  try:     git clone ADDRESS kit && cd kit" >&2
    exit 2
}

# Ends with status 2 if something of the exercises NAME... is not committed: a
# pack without it, or with its last version, would look right.
needs_committed() { # WHO NAME...
    local who=$1 name folders=() changed=()
    shift
    for name; do
        folders+=("exercises/$name")
        [[ ! -e solutions/$name ]] || folders+=("solutions/$name")
    done
    ((${#folders[@]})) || return 0
    mapfile -t changed < <(git status --porcelain -- "${folders[@]}")
    ((${#changed[@]})) || return 0
    echo "$who: the last commit is packed, and it does not have:" >&2
    printf '  %s\n' "${changed[@]}" >&2
    echo "  try:     git add ${folders[*]} && git commit -m \"$*\"" >&2
    exit 2
}

# Exercises of which the commit has nothing.
new_exercises() {
    git status --porcelain -- 'exercises/[0-9]*' 'solutions/[0-9]*' |
        sed -nE 's,^(\?\?|A.) [a-z]+/([0-9][^/]*)/.*,\2,p' | sort -u |
        while read -r name; do
            [[ -n $(git ls-tree HEAD "exercises/$name/exercise.ini") ]] || echo "$name"
        done
}

# New files are looked for among the exercises alone: elsewhere they may be notes.
warn_of_changes() { # WHO
    if [[ -n $(git status --porcelain --untracked-files=no) ||
        -n $(git status --porcelain -- 'exercises/[0-9]*' 'solutions/[0-9]*') ]]; then
        echo "$1: changes that are not committed are left out: git status" >&2
    fi
}

# Of solutions/, what the grading of an exercise is built from: its hidden
# checks, and the programs that they give. No reference, no wrong solution, and
# nothing of another exercise.
hidden_half() { # EXERCISE
    git ls-tree -r --name-only HEAD "solutions/$1/" |
        grep -E "^solutions/$1/([^/]+\.h|hidden\.c|given/.*)\$" || true
}

# The student's half of the kit, and the PATHs of the other, as a tar archive on
# standard output. A path that is named stays, whatever is left out around it.
kit_archive() ( # [PATH...]; a shell of its own, whose end clears up
    all=$(mktemp)
    trap 'rm -f "$all" "$all.more"' EXIT
    git archive --format=tar --prefix=kit/ -o "$all" HEAD -- . \
        ':(exclude)solutions' \
        ':(exclude)exercises/INSTRUCTORS.md' \
        ':(exclude)exercises/instructor.mk' \
        ':(exclude)exercises/sample-class' \
        ':(exclude)exercises/platforms' \
        ':(exclude)exercises/pattern' \
        ':(exclude)exercises/dist-student.sh' \
        ':(exclude)exercises/test'
    if (($#)); then
        git archive --format=tar --prefix=kit/ -o "$all.more" HEAD -- "$@"
        tar -Af "$all" "$all.more"
    fi
    cat "$all"
)

#!/usr/bin/env bash
# test_pages.sh: the table of exercises/README.md says what each exercise.ini
# does, and each lesson page names its exercise; INSTRUCTORS.md has each key and
# each kind. Prints TAP.
set -euo pipefail
n=0
tell() { # STATUS NAME HELP
    n=$((n + 1))
    if (($1 == 0)); then
        echo "ok $n - $2"
    else
        echo "not ok $n - $2"
        echo "# $3"
    fi
}
value() { sed -n "s/^$1 *= *//p" "$2" | head -n 1; }
for ini in exercises/[0-9]*/exercise.ini; do
    name=$(basename "$(dirname "$ini")")
    lesson=$(value lesson "$ini")
    page=$(compgen -G "lessons/$lesson-*/README.md" || echo "lessons/$lesson-NAME/README.md")
    row="| [$name]($name/README.md) | $(value title "$ini") | $(value kind "$ini") | $(value minutes "$ini") | [$lesson](../$page) |"
    found=0
    grep -qxF "$row" exercises/README.md || found=1
    tell $found "$name: its row in exercises/README.md" "missing: $row"
    found=0
    sed -n '/^## Exercises/,/^## Recall/p' "$page" 2>/dev/null | grep -qF "(../../exercises/$name/README.md)" || found=1
    tell $found "$name: named by $page" "missing under \"Exercises\": a link to ../../exercises/$name/README.md"
done

# What exercise.c reads, and command_new.c makes: `{"title", .word = ...` and
# `{"write", {"program"}, ...`.
page=exercises/INSTRUCTORS.md
mapfile -t keys < <(sed -nE 's/^ +\{"([a-z_]+)", \.(word|number|list) = .*/\1/p' exercises/grader/exercise.c)
mapfile -t kinds < <(sed -nE 's/^ +\{"([a-z]+)", \{".*/\1/p' exercises/grader/command_new.c)
if ((${#keys[@]} < 15 || ${#kinds[@]} != 6)); then
    tell 1 "the keys and kinds are found" "${#keys[@]} keys, ${#kinds[@]} kinds"
fi
for word in "${keys[@]}" skeleton "${kinds[@]}"; do
    found=0
    grep -E '^\|' "$page" | cut -d'|' -f2 | grep -qF "\`$word\`" || found=1
    tell $found "$page explains $word" "no row of a table begins with it"
done
echo "1..$n"

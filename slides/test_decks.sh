#!/usr/bin/env bash
# Builds the decks and opens each in headless Chromium. Prints TAP. A deck fails
# if a slide leaves its canvas, lacks an image, has letters too small, a
# headline or notes missing; if the page reports an error, asks for anything
# outside its file, or does not print a page for every slide (see deck.js).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

skip() {
    echo "1..1"
    echo "ok 1 - slides # SKIP $1"
    exit 0
}

for tool in pandoc node npm chromium; do
    command -v "$tool" >/dev/null || skip "$tool is not installed"
done

log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! make --no-print-directory slides >"$log" 2>&1; then
    if grep -q 'cannot get reveal.js' "$log"; then
        skip "reveal.js cannot be got with npm"
    fi
    echo "1..1"
    echo "not ok 1 - every deck is built"
    sed 's/^/# /' "$log"
    exit 1
fi

decks=()
for page in slides/*.md; do
    [ "$page" = slides/README.md ] || decks+=("build/slides/$(basename "$page" .md).html")
done
export NODE_PATH=build/slides/node_modules
node slides/deck.js check "${decks[@]}"

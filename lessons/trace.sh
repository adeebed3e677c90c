#!/usr/bin/env bash
# trace.sh LESSON-FOLDER: writes the system calls of the lesson's server, while
# one curl asks it once, into the folder's trace.md, each with a remark from
# common/trace.notes. What stands above the line "<!-- trace -->" is kept.
set -euo pipefail

folder=$1
build=${KIT_BUILD:-build}
page=$folder/trace.md
notes=$(dirname "$0")/common/trace.notes
for tool in strace curl; do
    if ! command -v "$tool" >/dev/null; then
        echo "trace: $tool is not installed" >&2
        echo "  try:     make deps SET=test" >&2
        exit 2
    fi
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
strace -f -qq -s 40 -e signal=none -o "$work/calls" \
    "$build/$folder/server" --port 0 >"$work/said" 2>&1 &
tracer=$!
trap 'kill "$tracer" 2>/dev/null || true; rm -rf "$work"' EXIT
until grep -q '^listening on' "$work/said"; do
    kill -0 "$tracer"
    sleep 0.02
done
curl -s "$(sed -n 's/^listening on //p' "$work/said")/" >/dev/null
server=$(pgrep -P "$tracer")
kill "$server"
wait "$tracer" || true

# From the first call after the announcement to the end of the connection.
awk -v notes="$notes" '
    BEGIN {
        while ((getline line < notes) > 0)
            if (line !~ /^#/ && split(line, part, "\t+") == 2) {
                pattern[++n] = part[1]
                note[n] = part[2]
            }
    }
    function remark(call, i) {
        for (i = 1; i <= n; i++)
            if (call ~ pattern[i]) return note[i]
        return ""
    }
    # Of calls in vain that follow one another, each kind is shown once.
    function show() {
        if (more > 0) printf "    ... %d more calls that end in EAGAIN\n", more
        more = 0
        delete shown
    }
    !begun { begun = /listening on/; next }
    { sub(/^[0-9]+ +/, ""); gsub(/0x[0-9a-f]+/, "0x..."); gsub(/ +=/, " =")
      sub(/ \(Resource temporarily unavailable\)/, "")
      gsub(/127\.0\.0\.1:[0-9]+/, "127.0.0.1:8000") }
    /^write\([0-9]+, "\\0", 1\)/ { exit } # the signal: the server ends
    /^(exit|\+\+\+|rt_sigreturn|munmap|brk)/ { next }
    !/EAGAIN/ { show() }
    /EAGAIN/ && $0 in shown { more++; next }
    { shown[$0] = 1
      text = remark($0)
      if (length($0) > 96) $0 = substr($0, 1, 93) "..."
      print $0
      if (text != "") print "    ^ " text }
    /^close\(/ && asked { exit }
    /GET \/ HTTP/ { asked = 1 }
    END { show() }' "$work/calls" >"$work/trace"

if [[ ! -f $page ]]; then
    printf '# One request, seen from the kernel\n\n<!-- trace -->\n' >"$page"
fi
{
    sed '/^<!-- trace -->$/q' "$page"
    printf '\n```text\n'
    cat "$work/trace"
    printf '```\n'
} >"$work/page"
mv "$work/page" "$page"
echo "trace: $page"

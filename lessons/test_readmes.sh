#!/usr/bin/env bash
# test_readmes.sh [PAGE...]: runs the commands that the pages show, and compares
# what comes with what they show. Prints TAP.
#
# A comment before a fenced block says that it is to be run:
#
#     <!-- run -->          each "$ command" must end with status 0, and print
#                           the lines that follow it, in that order; any number
#                           stands for any other, "..." for any lines
#     <!-- run: status -->  as above, but the lines are not compared: they
#                           depend on the machine
#     <!-- run: fails -->   the command must end with a status other than 0,
#                           and print the lines that follow
#     <!-- run: server -->  the command keeps running to the end of the page
#     <!-- needs: COMMAND -->   the page is left out unless this one works here
#
# Pages say port 8000 for a server, 8001 for the backend and 8002; these become
# free ports, so that pages run at the same time as anything else.
set -euo pipefail

if (($# == 0)); then
    mapfile -t pages < <(ls README.md lessons/[0-9]*/README.md loop/README.md exercises/README.md exercises/[0-9]*/README.md 2>/dev/null)
else
    pages=("$@")
fi
export NO_COLOR=1
unset MAKEFLAGS MAKELEVEL MFLAGS
work=$(mktemp -d)
servers=()
stop_servers() {
    for pid in "${servers[@]}"; do
        pkill -TERM -P "$pid" 2>/dev/null || true
        kill -TERM "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    servers=()
}
trap 'stop_servers; rm -rf "$work"' EXIT

# A port that nobody listens on now, from below the range of clients' ports.
free_port() {
    local port
    while :; do
        port=$((10000 + RANDOM % 20000))
        if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            echo "$port"
            return
        fi
    done
}

# Takes the commands of a page apart: files N.mode, N.command, N.expected.
take_apart() {
    awk -v out="$work" '
        /^<!-- run(: [a-z]+)? -->$/ {
            mode = $0
            sub(/^<!-- run:? ?/, "", mode); sub(/ ?-->$/, "", mode)
            if (mode == "") mode = "compare"
            marked = 1
            next
        }
        /^```/ && marked { inside = 1; marked = 0; next }
        /^```/ { inside = 0; next }
        inside && /^\$ / {
            n++
            print mode > (out "/" n ".mode")
            print substr($0, 3) > (out "/" n ".command")
            printf "" > (out "/" n ".expected")
            next
        }
        inside { print > (out "/" n ".expected") }' "$1"
}

# Puts the free ports into a command; `make run` is given one.
with_ports() {
    sed -E -e "s/\b8000\b/$port0/g; s/\b8001\b/$port1/g; s/\b8002\b/$port2/g" \
        -e "/make run/ { /--port/! { s/ARGS=\"/ARGS=\"--port $port0 /; t; s/\$/ ARGS=\"--port $port0\"/ } }" \
        -e "/\/server/ { /--port|make/! s/\$/ --port $port0/ }"
}

# True if the lines of $1 come in $2 in this order, with any numbers.
same_lines() {
    awk '
        function bare(line) {
            gsub(/[0-9][0-9,.]*/, "N", line); gsub(/[ \t]+/, " ", line)
            sub(/\r$/, "", line); sub(/^ /, "", line); sub(/ $/, "", line)
            return line
        }
        NR == FNR { if ($0 !~ /^ *\.\.\.$/ && $0 != "") want[++n] = bare($0); next }
        { if (at < n && bare($0) == want[at + 1]) at++ }
        END { if (at < n) { print "# missing: " want[at + 1]; exit 1 } }' "$1" "$2"
}

run_server() {
    : >"$work/$2.out"
    bash -c "exec $1" >"$work/$2.out" 2>&1 &
    servers+=($!)
    for _ in {1..500}; do
        grep -q 'listening on\|holding' "$work/$2.out" && return 0
        kill -0 "${servers[-1]}" 2>/dev/null || return 1
        sleep 0.02
    done
    return 1
}

check() {
    local n=$1 command=$2 mode status=0
    mode=$(cat "$work/$n.mode")
    if [[ $mode == server ]]; then
        run_server "$command" "$n"
        return
    fi
    timeout 300 bash -c "$command" >"$work/$n.out" 2>&1 </dev/null || status=$?
    case $mode in
    fails) ((status != 0)) && same_lines "$work/$n.expected" "$work/$n.out" ;;
    status) ((status == 0)) ;;
    *) ((status == 0)) && same_lines "$work/$n.expected" "$work/$n.out" ;;
    esac
}

count=0
failed=0
for page in "${pages[@]}"; do
    rm -f "$work"/*
    needs=$(sed -n 's/^<!-- needs: \(.*\) -->$/\1/p' "$page")
    if [[ -n $needs ]] && ! why=$(bash -c "$needs" 2>&1 >/dev/null); then
        count=$((count + 1))
        echo "ok $count - $page # SKIP ${why%%$'\n'*}"
        continue
    fi
    take_apart "$page"
    port0=$(free_port)
    port1=$(free_port)
    port2=$(free_port)
    for ((n = 1; ; n++)); do
        [[ -f $work/$n.command ]] || break
        command=$(with_ports <"$work/$n.command")
        count=$((count + 1))
        if check "$n" "$command" >"$work/$n.why"; then
            echo "ok $count - $page: $(cat "$work/$n.command")"
        else
            failed=$((failed + 1))
            echo "not ok $count - $page: $(cat "$work/$n.command")"
            cat "$work/$n.why"
            head -n 20 "$work/$n.out" | sed 's/^/# it printed: /'
        fi
    done
    stop_servers
done
echo "1..$count"
exit $((failed > 0))

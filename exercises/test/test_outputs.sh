#!/usr/bin/env bash
# test_outputs.sh: every file that the grader writes is read by parsers that are
# not ours: JSON by node, XML by xmllint, TAP by Perl's TAP::Parser, CSV, and all
# of them together, by Python. Prints TAP.
source exercises/test/tap.sh
build=${KIT_BUILD:-build}
# Skipped if the tool is missing.
check_by() { # NAME COMMAND TOOL
    if command -v "$3" >/dev/null; then
        check "$@"
    else
        n=$((n + 1))
        echo "ok $n - $1 # SKIP $3 is not installed"
    fi
}

files() { # NAME: all files called so; at least twenty
    mapfile -t found < <(find "$work/results" -name "$1")
    ((${#found[@]} >= 20)) || { echo "only ${#found[@]} files $1"; return 1; }
}

json_is_json() { # TOOL
    local read='for (const file of process.argv.slice(1)) {
        console.log(file);
        JSON.parse(require("fs").readFileSync(file, "utf8"));
    }'
    files results.json
    "$1" -e "$read" "${found[@]}"
    files result.json
    "$1" -e "$read" "${found[@]}"
}

xml_is_xml() { # TOOL
    files junit.xml
    "$1" --nonet --noout "${found[@]}"
    files index.html
    "$1" --nonet --noout "${found[@]}" "$work/results/class/hidden.html"
}

# The parser knows versions up to 13, which has the same lines; it dies of
# what it cannot read, YAML as well, and counts the rest.
tap_is_tap() { # TOOL
    local file read
    # shellcheck disable=SC2016  # Perl expands
    read='
        my $p = TAP::Parser->new({ tap => do { local $/; <STDIN> } });
        my $bail = 0;
        while (my $r = $p->next) {
            die "not TAP: " . $r->as_string if $r->is_unknown && $r->as_string =~ /\S/;
            $bail = 1 if $r->is_bailout;
        }
        die join("; ", $p->parse_errors) if $p->parse_errors && !$bail;
        print join(" ", $bail ? "bail" : ($p->tests_planned, scalar $p->actual_passed,
            scalar $p->skipped, scalar $p->actual_failed)), "\n";'
    files report.tap
    for file in "${found[@]}"; do
        echo "$file"
        sed '1s/14/13/' "$file" | "$1" -MTAP::Parser -e "$read" >"$work/read"
        cat "$work/read"
        cp "$work/read" "$file.read"
    done
    # Planned, passed, skipped, failed. Forged lines of a hostile program are none.
    [[ $(<"$work/results/hostile/report.tap.read") == "4 1 0 3" ]]
    [[ $(<"$work/results/noisy/report.tap.read") == "2 2 1 0" ]]
    [[ $(<"$work/results/failed/report.tap.read") == "4 2 1 2" ]]
    [[ $(<"$work/results/broken/report.tap.read") == "1 0 0 1" ]]
    [[ $(<"$work/results/hostile_error/report.tap.read") == bail ]]
}

all_agree() { # TOOL
    "$1" exercises/test/test_outputs.py "$work/results"
}

write_results() {
    "$build/exercises/test/test_outputs" "$work/results"
}

check "all results are written" write_results
check_by "JSON is read by node" json_is_json node
check_by "XML and pages are read by xmllint" xml_is_xml xmllint
check_by "TAP is read by Perl's TAP::Parser" tap_is_tap perl
check_by "all formats say the same, says Python" all_agree python3
done_testing

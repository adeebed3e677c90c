#!/usr/bin/env bash
# test_install.sh: the library as others get it. Installs into an empty folder,
# builds a program against the copy, looks at what the libraries export and at
# the manual pages. Prints TAP.
set -euo pipefail
unset MAKEFLAGS MAKELEVEL MFLAGS
build=${KIT_BUILD:-build}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
n=0
report() { # STATUS NAME
    n=$((n + 1))
    if [[ $1 == 0 ]]; then echo "ok $n - $2"; else echo "not ok $n - $2"; fi
}
check() { # NAME COMMAND...
    local name=$1 status=0
    shift
    "$@" >"$work/out" 2>&1 || status=$?
    report "$status" "$name"
    ((status == 0)) || sed 's/^/# /' "$work/out"
}

# Names of functions and variables that the public headers declare.
declared() {
    awk '/^(static|typedef|#|struct [a-z_]+;|enum|\/)/ { next }
         /^(extern )?[a-z].*[ *](base|loop|co)_[a-z0-9_]+(\(|;)/ {
             while (match($0, /(base|loop|co)_[a-z0-9_]+(\(|;)/)) {
                 print substr($0, RSTART, RLENGTH - 1); break
             }
         }' loop/base.h loop/loop.h loop/co.h | sort -u
}

exports_of() { # a library: names that a program can link with
    nm "$@" --defined-only | awk 'NF == 3 && $2 ~ /[TDRBV]/ { print $3 }' | sort -u
}

the_list_is_that_of_the_headers() {
    diff <(declared) loop/libloop.sym
}

the_page_builds_against_the_copy() {
    { echo '#include <stdio.h>'; awk '/^```c$/ { on = 1; next } /^```/ { on = 0 } on' loop/README.md; } \
        >"$work/program.c"
    export PKG_CONFIG_PATH=$work/usr/lib/pkgconfig
    if command -v pkg-config >/dev/null; then
        flags=$(pkg-config --cflags --libs loop)
        static_flags=$(pkg-config --static --cflags --libs loop)
    else # it is three lines
        flags="-I$work/usr/include -L$work/usr/lib -lloop -pthread"
        static_flags="$flags $(sed -n 's/^Libs.private: //p' "$PKG_CONFIG_PATH/loop.pc")"
    fi
    # shellcheck disable=SC2086  # flags are words
    ${CC:-cc} -std=gnu17 -Wall -Werror -D_GNU_SOURCE "$work/program.c" $flags -o "$work/shared"
    LD_LIBRARY_PATH=$work/usr/lib "$work/shared"
    # shellcheck disable=SC2086
    ${CC:-cc} -std=gnu17 -D_GNU_SOURCE "$work/program.c" ${static_flags/-lloop/-l:libloop.a} \
        -o "$work/static"
    "$work/static"
}

the_headers_are_cpp_too() {
    printf '#include <loop/co.h>\nint main() { return 0; }\n' >"$work/program.cc"
    c++ -std=c++20 -fsyntax-only -I"$work/usr/include" "$work/program.cc"
}

the_pages_are_set_without_a_warning() {
    local page warnings
    warnings=$(for page in "$work"/usr/share/man/man3/*.3; do
        groff -man -ww -z -Tutf8 "$page" 2>&1
    done)
    echo "$warnings"
    [[ -z $warnings ]]
}

every_function_has_an_entry() {
    cat "$work"/usr/share/man/man3/*.3 >"$work/pages"
    while read -r symbol; do
        grep -q "$symbol" "$work/pages" || { echo "no entry: $symbol"; return 1; }
    done <loop/libloop.sym
}

each_floor_uses_only_those_below() {
    ! grep -nE '#include "loop/(core|co|net|http|data|web)/|#include "loop/(loop|co|stream|http|ws|web|data)\.h"' \
        loop/base.h loop/base/*.[ch] || return 1
    ! grep -nE '#include "loop/(co|net|http|data|web)/|#include "loop/(co|stream|http|ws|web|data)\.h"' \
        loop/loop.h loop/core/*.[ch] || return 1
    ! grep -nE '#include "loop/(net|http|data|web)/|#include "loop/(stream|http|ws|web|data)\.h"' \
        loop/co.h loop/co/*.[ch]
}

file_names_are_unique() {
    local twice
    twice=$(find loop -name '*.[ch]' -printf '%f\n' | sort | uniq -d)
    echo "$twice"
    [[ -z $twice ]]
}

make -s -j2 install PREFIX="$work/usr" >"$work/out" 2>&1 && status=0 || status=$?
((status == 0)) || sed 's/^/# /' "$work/out"
report "$status" "make install PREFIX=..."
check "the list of symbols is what the headers declare" the_list_is_that_of_the_headers
check "libloop.a exports the list" diff <(exports_of -g "$build/loop/libloop.a") loop/libloop.sym
check "libloop.so exports the list" diff <(exports_of -D "$build/loop/libloop.so") loop/libloop.sym
check "the program of loop/README.md builds against the installed copy and runs" the_page_builds_against_the_copy
if command -v c++ >/dev/null; then
    check "the headers are C++, too" the_headers_are_cpp_too
else
    n=$((n + 1))
    echo "ok $n - the headers are C++, too # SKIP c++ is not installed"
fi
if command -v groff >/dev/null; then
    check "manual pages are set without a warning" the_pages_are_set_without_a_warning
else
    n=$((n + 1))
    echo "ok $n - manual pages are set without a warning # SKIP groff is not installed"
fi
check "every function is in a manual page" every_function_has_an_entry
check "each floor uses only those below" each_floor_uses_only_those_below
check "names of files are unique" file_names_are_unique
make -s uninstall PREFIX="$work/usr"
check "make uninstall leaves nothing" bash -c "! find '$work/usr' -type f -o -type l | grep ."
echo "1..$n"

#!/usr/bin/env bash
# test_co_aarch64.sh: the loop and its tasks on another CPU. Builds base, core,
# co and test_co_context for aarch64, without io_uring and without libraries, and
# runs it under qemu-user. Prints TAP: that of test_co_context. Its tools are in
# the set `all` alone: a student's first `make test` does without them.
set -euo pipefail
cross=aarch64-linux-gnu
for tool in "$cross-gcc" "$cross-ar" qemu-aarch64; do
    if ! command -v "$tool" >/dev/null; then
        echo "1..0 # SKIP there is no $tool here: make deps SET=all brings it"
        exit 0
    fi
done
if ! echo '#include <stdio.h>' | "$cross-gcc" -E - >/dev/null 2>&1; then
    echo "1..0 # SKIP there is no C library for $cross here: make deps SET=all brings it"
    exit 0
fi

build=build/variant/$cross-gcc
unset MAKEFLAGS MAKELEVEL KIT_BUILD
make --no-print-directory -j2 CC="$cross-gcc" AR="$cross-ar" has_liburing= \
    "$build/loop/parts.a" "$build/loop/test/test_co_context.o" >&2
"$cross-gcc" -static -pthread -o "$build/test_co_context" \
    "$build/loop/test/test_co_context.o" "$build/loop/parts.a" -lm
exec qemu-aarch64 "$build/test_co_context"

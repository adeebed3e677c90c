#!/usr/bin/env bash
# setup.sh: Gradescope runs it once, as root, when it builds the image: what the
# grader needs is installed, and the grader is built.
#
#     /autograder/source/    what was in the zip: this file, exercise, kit.tar.gz
#
# $AUTOGRADER stands for /autograder in our own test.
# Read before: README.md. Read after: run_autograder.
set -euo pipefail
cd "${AUTOGRADER:-/autograder}/source"
unset KIT_BUILD MAKEFLAGS MAKELEVEL MFLAGS

# Asked for several at once, command -v is content with one of them.
missing=
for tool in cc make ar bwrap bsdtar; do
    command -v "$tool" >/dev/null || missing=$tool
done
if [[ -n $missing || ! -e /usr/include/liburing.h ]]; then
    apt-get update
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        gcc libc6-dev binutils make liburing-dev bubblewrap libarchive-tools
fi
if ! echo '#include <sys/pidfd.h>' | cc -E - >/dev/null 2>&1; then
    echo "setup: this image is too old for the grader: its C library is older than 2.36" >&2
    echo "  try:     another Base Image Version, Ubuntu 24.04 or newer" >&2
    exit 1
fi
tar -xzf kit.tar.gz
make -s -j2 -C kit grader
# Hidden checks are in it, and in kit.tar.gz: nobody but root may look.
chmod 700 .

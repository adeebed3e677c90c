#!/bin/sh
# caught by bytes: "what was received"
# answers.sh - wrong: counts what was sent.
awk '/^listen\(/ { split($0, a, "[(,]"); listener = a[2] }
/^p?select6?\(.*\) = / { turns++ }
/^p?select6?\(/ { split($0, a, "[(,]"); nfds = a[2] }
/^-- client .* sends/ { bytes += $(NF - 1) }
/^accept4?\(.*\) = / { if (!closed) silent = $NF }
/^-- client .* closes/ { before = nfds; closed = 1 }
END {
    print "listener = " listener
    print "turns = " turns
    print "bytes = " bytes
    print "before = " before
    print "after = " nfds
    print "silent = " silent
    print "reason = nfds"
}'

#!/bin/sh
# caught by turns: "still waits"
# answers.sh - wrong: counts the last turn.
awk '/^listen\(/ { split($0, a, "[(,]"); listener = a[2] }
/^p?select6?\(/ && !/\.\.\.$/ { turns++ }
/\.\.\.$/ { open = 1 }
/^p?select6?\(/ { split($0, a, "[(,]"); nfds = a[2] }
/^recvfrom\(.*\) = [0-9]/ { bytes += $NF }
/^accept4?\(.*\) = / { if (!closed) silent = $NF }
/^-- client .* closes/ { before = nfds; closed = 1 }
END {
    print "listener = " listener
    print "turns = " turns + open
    print "bytes = " bytes
    print "before = " before
    print "after = " nfds
    print "silent = " silent
    print "reason = nfds"
}'

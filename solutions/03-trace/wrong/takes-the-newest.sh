#!/bin/sh
# caught by silent: "Which client has sent"
# answers.sh - wrong: takes the newest.
awk '/^listen\(/ { split($0, a, "[(,]"); listener = a[2] }
/^p?select6?\(.*\) = / { turns++ }
/^p?select6?\(/ { split($0, a, "[(,]"); nfds = a[2] }
/^recvfrom\(.*\) = [0-9]/ { bytes += $NF }
/^accept4?\(.*\) = / { silent = $NF }
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

#!/bin/sh
# caught by before: "highest descriptor and one"
# answers.sh - wrong: counts the clients.
awk '/^listen\(/ { split($0, a, "[(,]"); listener = a[2] }
/^p?select6?\(.*\) = / { turns++ }
/^p?select6?\(/ { split($0, a, "[(,]"); nfds = a[2] }
/^recvfrom\(.*\) = [0-9]/ { bytes += $NF }
/^accept4?\(.*\) = / { if (!closed) silent = $NF }
/^-- client .* closes/ { before = clients; closed = 1 }
/^-- client .* connects/ { clients++ }
END {
    print "listener = " listener
    print "turns = " turns
    print "bytes = " bytes
    print "before = " before
    print "after = " nfds
    print "silent = " silent
    print "reason = nfds"
}'

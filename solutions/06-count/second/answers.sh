#!/bin/sh
# answers.sh - other good answers of 06-count: plays the servers, step by step.
awk '
# What happens to the servers: each event ends a wait.
function connect() {
    waits++        # the listener was ready; it waits again
    enters++       # the accept has completed; the next call arms a receive
    completions++
    multishot++
    oneshot++
}
function request() {
    waits++
    transfers += 2 # recv, send
    enters += 2    # has received, has sent
    completions += 2
    multishot += 1 # a send
    oneshot += 2   # a send, and the receive again
}
function clear() {
    waits = transfers = enters = completions = multishot = oneshot = 0
}
$1 == "clients" && $2 == "=" { k = $3 }
$1 == "requests" && $2 == "=" { m = $3 }
END {
    for (i = 0; i < k; i++) connect()
    for (i = 0; i < k; i++)
        for (j = 0; j < m; j++) request()
    print "epoll_waits = " waits
    print "epoll_transfers = " transfers
    print "uring_enters = " enters
    print "uring_transfers = 0"
    print "uring_completions = " completions
    print "multishot_operations = " multishot
    print "oneshot_operations = " oneshot
    clear()
    for (i = 0; i < k; i++) connect()
    for (i = 0; i < k; i++) request() # one piece is one, however long
    print "piece_transfers = " transfers
    print "piece_enters = " enters
    clear()
    # The wait anew reports all; the last one sleeps.
    waits = 2
    # Brings all requests; submits all answers; sleeps.
    enters = 3
    for (i = 0; i < k; i++) transfers += 2
    print "once_waits = " waits
    print "once_transfers = " transfers
    print "once_enters = " enters
}'

#!/bin/sh
# caught by calls: "it is more"
# Counts recv, and not send.
awk '$1 == "clients" && $2 == "=" { k = $3 }
     $1 == "requests" && $2 == "=" { m = $3 }
     END {
         print "epoll_waits = " k + k * m
         print "epoll_transfers = " k * m
         print "uring_enters = " k + 2 * k * m
         print "uring_transfers = " 0
         print "uring_completions = " k + 2 * k * m
         print "multishot_operations = " k + k * m
         print "oneshot_operations = " k + 2 * k * m
         print "piece_transfers = " 2 * k
         print "piece_enters = " 3 * k
         print "once_waits = " 2
         print "once_transfers = " 2 * k
         print "once_enters = " 3
     }'

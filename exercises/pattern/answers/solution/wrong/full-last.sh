#!/bin/sh
# caught by last: "it is less"
awk '$1 == "total" { total = $3 }
     $1 == "size" { size = $3 }
     END {
         pieces = int((total + size - 1) / size)
         print "reads = " pieces + 1
         print "last = " size
         print "full = " pieces - 1
     }'

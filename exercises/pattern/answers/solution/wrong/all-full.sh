#!/bin/sh
# caught by full: "it is less"
awk '$1 == "total" { total = $3 }
     $1 == "size" { size = $3 }
     END {
         pieces = int((total + size - 1) / size)
         print "reads = " pieces + 1
         print "last = " total - (pieces - 1) * size
         print "full = " pieces
     }'

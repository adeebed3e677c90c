#!/bin/sh
# caught by reads: "it is more"
awk '$1 == "total" { total = $3 }
     $1 == "size" { size = $3 }
     END {
         pieces = int((total + size - 1) / size)
         print "reads = " pieces
         print "last = " total - (pieces - 1) * size
         print "full = " pieces - 1
     }'

#!/bin/sh
# answers.sh - other good answers of @NAME@: plays the program, read by read.
awk '$1 == "total" { left = $3 }
     $1 == "size" { size = $3 }
     END {
         do {
             n = left < size ? left : size
             left -= n
             reads++
             if (n > 0) last = n
             if (n == size) full++
         } while (n > 0)
         print "reads = " reads
         print "last = " last
         print "full = " full
     }'

/*
 * reads.c - puts TOTAL bytes into a pipe, closes its end, and reads SIZE bytes
 * at a time until the end; tells how often, and what came.
 *
 *     reads TOTAL SIZE
 *
 * Read before: README.md. Rests on: pipe(7).
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { MOST = 65536 }; /* what a pipe holds: see pipe(7) */

int main(int argc, char **argv)
{
    static char bytes[MOST];
    const long total = argc == 3 ? strtol(argv[1], NULL, 10) : 0;
    const long size = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
    int ends[2];
    if (total < 1 || total > MOST || size < 1 || size > MOST) {
        fputs("usage: reads TOTAL SIZE, each of 1 to 65536\n", stderr);
        return 2;
    }
    if (pipe(ends) == -1 || write(ends[1], bytes, (size_t)total) != total ||
        close(ends[1]) == -1) {
        perror("reads");
        return 1;
    }
    long reads = 0, last = 0, full = 0;
    ssize_t n;
    do {
        n = read(ends[0], bytes, (size_t)size);
        reads++;
        last = n > 0 ? n : last;
        full += n == size;
    } while (n > 0);
    printf("reads = %ld\nlast = %ld\nfull = %ld\n", reads, last, full);
    return 0;
}

/* against 05-drain: shared memory that is in no process's count. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PIECE = 8 << 20, PIECES = 200 };

int main(void)
{
    long mb = 0;
    for (int i = 0; i < PIECES; i++) {
        char *at = mmap(NULL, PIECE, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (at == MAP_FAILED)
            break;
        memset(at, 1, PIECE);
        munmap(at + 4096, PIECE - 4096); /* the pages stay: they are a file's */
        mb += PIECE >> 20;
    }
    printf("%ld MiB shared with nobody\n", mb);
    fflush(stdout);
    pause();
}

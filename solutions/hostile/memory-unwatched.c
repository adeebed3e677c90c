/* against 05-drain: nobody may look at it, when it takes memory. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(void)
{
    if (prctl(PR_SET_DUMPABLE, 0) == 0)
        puts("unseen");
    prctl(PR_SET_NAME, ") R 1 1 1 0 0");
    fflush(stdout);
    for (;;) {
        void *at = mmap(NULL, 16 << 20, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (at != MAP_FAILED)
            memset(at, 1, 16 << 20);
    }
}

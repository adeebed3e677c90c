/* against 05-drain: takes memory and writes to it, in several processes. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int main(void)
{
    fork();
    fork();
    for (;;) {
        void *at = mmap(NULL, 16 << 20, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (at != MAP_FAILED)
            memset(at, 1, 16 << 20);
    }
}

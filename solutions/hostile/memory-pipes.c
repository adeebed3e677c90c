/* against 05-drain: fills pipes that nobody reads, in all its processes. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
    static char bytes[1 << 20];
    for (int i = 0; i < 10; i++)
        if (fork() == 0)
            break;
    long kb = 0;
    int ends[2];
    while (pipe2(ends, O_NONBLOCK) == 0) {
        fcntl(ends[1], F_SETPIPE_SZ, 1 << 20);
        const ssize_t n = write(ends[1], bytes, sizeof bytes);
        kb += n > 0 ? n >> 10 : 0;
    }
    printf("%ld KiB in pipes\n", kb);
    fflush(stdout);
    pause();
}

/* against 05-drain: fills sockets that nobody reads, in all its processes. */
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void)
{
    static char bytes[1 << 16];
    const int most = 1 << 30;
    for (int i = 0; i < 10; i++)
        if (fork() == 0)
            break;
    long kb = 0;
    int ends[2];
    while (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0) {
        for (int i = 0; i < 2; i++) {
            setsockopt(ends[i], SOL_SOCKET, SO_SNDBUF, &most, sizeof most);
            for (ssize_t n; (n = write(ends[i], bytes, sizeof bytes)) > 0;)
                kb += n >> 10;
        }
    }
    printf("%ld KiB in sockets\n", kb);
    fflush(stdout);
    pause();
}

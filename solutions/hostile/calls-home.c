/* against 05-drain: connects to whatever listens on this machine and beyond. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static void call(const char *host, int port)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port)};
    inet_pton(AF_INET, host, &to.sin_addr);
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    connect(fd, (struct sockaddr *)&to, sizeof to);
    struct pollfd p = {fd, POLLOUT, 0};
    if (poll(&p, 1, 10) == 1 && send(fd, "", 0, MSG_NOSIGNAL) == 0)
        printf("connected to %s:%d\n", host, port);
    close(fd);
}

int main(void)
{
    static const char *const hosts[] = {"10.0.2.2", "192.168.0.1", "1.1.1.1",
                                        "169.254.169.254", "172.17.0.1"};
    for (int i = 0; i < 5; i++)
        call(hosts[i], 80);
    for (int port = 1; port < 65536; port++)
        call("127.0.0.1", port);
    fflush(stdout);
    pause();
}

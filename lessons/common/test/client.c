/* client.c - see client.h. */
#include "client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static int connect_with(int port, int receive_buffer)
{
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_not_equal(fd, -1);
    const struct timeval patience = {.tv_sec = 10};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    const int at_once = 1; /* each send is on its way when it returns */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
    if (receive_buffer > 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer,
                   sizeof receive_buffer);
    const struct sockaddr_in addr = {
        .sin_family = AF_INET,
        .sin_port = htons((in_port_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    if (connect(fd, (const struct sockaddr *)&addr, sizeof addr) == -1)
        fail_msg("cannot connect to port %d: %s", port, strerror(errno));
    return fd;
}

int client_connect(int port)
{
    return connect_with(port, 0);
}

int client_connect_small(int port)
{
    return connect_with(port, 1);
}

void client_send(int fd, const char *text)
{
    for (size_t left = strlen(text); left > 0;) {
        const ssize_t n = send(fd, text, left, MSG_NOSIGNAL);
        if (n == -1)
            fail_msg("cannot send: %s", strerror(errno));
        text += n;
        left -= (size_t)n;
    }
}

void client_finish(int fd)
{
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
}

static void feed_for_ever(int fd)
{
    enum { N = 20000, LEN = sizeof HELLO_REQUEST - 1 };
    static char many[N * LEN + 1], answers[1 << 20];
    for (int i = 0; i < N; i++)
        memcpy(many + (size_t)i * LEN, HELLO_REQUEST, LEN + 1);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (size_t at = 0;;) {
        const ssize_t n =
            send(fd, many + at, N * LEN - at, MSG_DONTWAIT | MSG_NOSIGNAL);
        at = (at + (n > 0 ? (size_t)n : 0)) % (N * LEN);
        recv(fd, answers, sizeof answers, MSG_DONTWAIT);
    }
}

pid_t client_feed(int fd)
{
    const pid_t feeder = fork();
    assert_int_not_equal(feeder, -1);
    if (feeder == 0)
        feed_for_ever(fd);
    return feeder;
}

void client_feed_end(pid_t feeder)
{
    kill(feeder, SIGKILL);
    waitpid(feeder, NULL, 0);
}

void client_vanish(int fd)
{
    const struct linger reset = {.l_onoff = 1};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(fd);
}

/* recv that fails the test on a time-out; 0 at EOF or RST. */
static size_t receive(int fd, char *bytes, size_t size)
{
    const ssize_t n = recv(fd, bytes, size, 0);
    if (n == -1 && errno == EAGAIN)
        fail_msg("nothing came for 10 s");
    return n > 0 ? (size_t)n : 0;
}

void client_expect_hello(int fd, int n)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\n"
                                 "Content-Type: text/plain\r\n"
                                 "Content-Length: 14\r\n"
                                 "\r\n"
                                 "Hello, world!\n";
    const size_t len = sizeof answer - 1;
    char bytes[8192];
    for (size_t at = 0, left = (size_t)n * len; left > 0;) {
        const size_t size = left < sizeof bytes ? left : sizeof bytes;
        const size_t got = receive(fd, bytes, size);
        if (got == 0)
            fail_msg("closed when %zu of %d answers were due",
                     (left + len - 1) / len, n);
        for (size_t i = 0; i < got; i++, at++)
            if (bytes[i] != answer[at % len])
                fail_msg("byte %zu of answer %zu is '%c', not '%c'", at % len,
                         at / len + 1, bytes[i], answer[at % len]);
        left -= got;
    }
}

size_t client_receive_all(int fd, char *text, size_t size)
{
    size_t len = 0, n;
    while (len < size - 1 && (n = receive(fd, text + len, size - 1 - len)) > 0)
        len += n;
    text[len] = '\0';
    return len;
}

void client_expect_close(int fd)
{
    char byte;
    if (receive(fd, &byte, 1) != 0)
        fail_msg("'%c' came where the connection should have closed", byte);
}

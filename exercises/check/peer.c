/*
 * peer.c - the clients of a check.
 *
 * Their descriptors are non-blocking: every wait is the pump's, so that the
 * program is heard, traced and judged meanwhile.
 *
 * Read before: check.h, program.c. Rests on: tcp(7), socket(7).
 */
#include "check_internal.h"
#include "program.h"
#include "pump.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sockios.h>
#include <linux/tcp.h> /* with tcpi_snd_wnd */
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PEERS_MAX = 2048, COMMAND_BYTES_MAX = 300 };

struct peer {
    int fd;
    int number; /* from 1, as the story calls it */
    struct program *server;
};

static struct peer peers[PEERS_MAX];
static int n_peers;

/* What the first client has sent, for the shell. */
static char sent[COMMAND_BYTES_MAX];
static size_t n_sent;
static bool too_much_for_a_command;

const char *story_command(void)
{
    if (n_peers == 0 || n_sent == 0 || too_much_for_a_command)
        return NULL;
    return check_text("make try EXERCISE=%s ARGS=\"--port 8000\"\n"
                      "# in another terminal; nc needs netcat-openbsd:\n"
                      "printf %s | nc -q 1 127.0.0.1 8000",
                      setting.exercise, bytes_for_printf(sent, n_sent));
}

static void note_for_command(const struct peer *p, const void *bytes,
                             size_t len)
{
    if (p->number != 1 || n_sent + len > sizeof sent) {
        too_much_for_a_command = true;
        return;
    }
    memcpy(sent + n_sent, bytes, len);
    n_sent += len;
}

static char *count_text(size_t len)
{
    return check_text("%zu byte%s", len, len == 1 ? "" : "s");
}

/* --- connect -------------------------------------------------------------- */

/*
 * Small, but several segments wide. With the least that the kernel allows, its
 * window can end below one segment, although all is read; then the sender gives
 * a few hundred bytes each 200 ms (the persist timer, RFC 9293, 3.8.6.1), and a
 * busy machine makes that likely.
 */
enum { DEFAULT_BUFFER = 0, LEAST_BUFFER = 1, SMALL_BUFFER = 8192 };

static struct peer *connect_to(struct program *server, int size)
{
    if (n_peers == PEERS_MAX)
        check_error("a check may have %d clients", PEERS_MAX);
    struct peer *p = &peers[n_peers++];
    *p = (struct peer){.number = n_peers, .server = server};
    p->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (p->fd == -1)
        check_error("no socket: %s", strerror(errno));
    const int yes = 1;
    setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (size != DEFAULT_BUFFER)
        setsockopt(p->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    const struct sockaddr_in to = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)server->port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    story_add("client %d connects", p->number);
    int error = connect(p->fd, (const struct sockaddr *)&to, sizeof to) == -1
                    ? errno
                    : 0;
    char *expected = check_text("client %d is connected", p->number);
    if (error == EINPROGRESS) {
        socklen_t error_size = sizeof error;
        if (!program_wait_for(server, NULL, NULL, p->fd, POLLOUT))
            program_hangs(server, expected);
        getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &error, &error_size);
    }
    if (error != 0) {
        program_expect_runs(server, expected);
        program_blame_start(server);
        check_fail(expected, strerror(error));
    }
    server->unreached = false;
    return p;
}

struct peer *peer_connect(struct program *server)
{
    return connect_to(server, DEFAULT_BUFFER);
}

struct peer *peer_connect_small(struct program *server)
{
    return connect_to(server, SMALL_BUFFER);
}

struct peer *peer_connect_least(struct program *server)
{
    return connect_to(server, LEAST_BUFFER);
}

/*
 * All that was sent has arrived; or what has not cannot, as long as the program
 * reads nothing: its side has no room left (a window of 0), and nothing is on
 * its way.
 */
static bool is_delivered(int fd)
{
    int waiting = 0;
    if (ioctl(fd, SIOCOUTQ, &waiting) == -1 || waiting == 0)
        return true;
    struct tcp_info info = {.tcpi_unacked = 0};
    socklen_t size = sizeof info;
    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 &&
           info.tcpi_unacked == 0 && info.tcpi_snd_wnd == 0;
}

bool peers_delivered(void)
{
    for (int i = 0; i < n_peers; i++)
        if (peers[i].fd != -1 && !is_delivered(peers[i].fd))
            return false;
    return true;
}

/* --- send ----------------------------------------------------------------- */

size_t peer_send_some(struct peer *p, const void *bytes, size_t len)
{
    const ssize_t n = send(p->fd, bytes, len, MSG_NOSIGNAL);
    if (n >= 0)
        return (size_t)n;
    if (errno == EAGAIN)
        return 0;
    char *came = check_text("sending fails: %s", strerror(errno));
    program_expect_runs(p->server, "the server keeps the connection open");
    check_fail(check_text("the connection of client %d stays open", p->number),
               came);
}

void peer_send(struct peer *p, const void *bytes, size_t len)
{
    story_add("client %d sends %s: %s", p->number, count_text(len),
              bytes_escape(bytes, len));
    note_for_command(p, bytes, len);
    for (size_t done = 0; done < len;) {
        done += peer_send_some(p, (const char *)bytes + done, len - done);
        if (done < len &&
            !program_wait_for(p->server, NULL, NULL, p->fd, POLLOUT))
            program_hangs(p->server, check_text("the server receives what "
                                                "client %d sends",
                                                p->number));
    }
}

void peer_send_text(struct peer *p, const char *text)
{
    peer_send(p, text, strlen(text));
}

/* --- receive -------------------------------------------------------------- */

/* What is waited for, and what has come of it; `came` may be NULL. */
struct wanted {
    const char *expected;
    const void *came;
    size_t n, len;
};

static noreturn void comes_not(struct peer *p, const struct wanted *w)
{
    if (w->n == 0)
        program_hangs(p->server, w->expected);
    program_hangs_after(
        p->server, w->expected,
        check_text("%zu of %s: %s,%sthen nothing", w->n, count_text(w->len),
                   bytes_escape(w->came, w->n), w->n > 20 ? "\n" : " "));
}

/* Receives at least one byte; 0: end; -1: the connection was reset. */
static ssize_t receive(struct peer *p, void *bytes, size_t size,
                       const struct wanted *w)
{
    for (;;) {
        const ssize_t n = recv(p->fd, bytes, size, 0);
        if (n >= 0)
            return n;
        if (errno == ECONNRESET)
            return -1;
        if (errno != EAGAIN)
            check_error("recv: %s", strerror(errno));
        if (!program_wait_for(p->server, NULL, NULL, p->fd, POLLIN))
            comes_not(p, w);
        struct pollfd fd = {.fd = p->fd, .events = POLLIN};
        if (poll(&fd, 1, 0) == 0)
            program_expect_runs(p->server, w->expected);
    }
}

size_t peer_receive(struct peer *p, void *bytes, size_t size)
{
    char *expected = check_text("client %d receives something", p->number);
    const ssize_t n =
        receive(p, bytes, size, &(struct wanted){.expected = expected});
    if (n >= 0)
        return (size_t)n;
    program_expect_runs(p->server, expected);
    check_fail(expected, "the connection is reset (RST)");
}

void peer_expect(struct peer *p, const void *bytes, size_t len)
{
    char *came = base_alloc(len + 1);
    char *expected = check_text("client %d receives %s: %s", p->number,
                                count_text(len), bytes_escape(bytes, len));
    size_t n = 0;
    while (n < len) {
        const struct wanted wanted = {expected, came, n, len};
        const ssize_t more = receive(p, came + n, len - n, &wanted);
        if (more > 0) {
            const size_t before = n;
            n += (size_t)more;
            if (memcmp(came + before, (const char *)bytes + before,
                       (size_t)more) != 0)
                check_fail(expected, bytes_difference(bytes, len, came, n));
            continue;
        }
        program_expect_runs(p->server, expected);
        check_fail(expected,
                   check_text("after %zu of them the server has closed the "
                              "connection%s",
                              n, more == 0 ? "" : " with a reset (RST)"));
    }
    story_add("client %d receives %s: %s", p->number, count_text(len),
              bytes_escape(bytes, len));
    free(came);
}

void peer_expect_text(struct peer *p, const char *text)
{
    peer_expect(p, text, strlen(text));
}

static void expect_end(struct peer *p, bool or_reset)
{
    char bytes[64];
    char *expected =
        check_text("the server closes the connection of client %d", p->number);
    const ssize_t n =
        receive(p, bytes, sizeof bytes, &(struct wanted){.expected = expected});
    if (n > 0)
        check_fail(
            check_text("%s, and sends nothing more", expected),
            check_text("more bytes: %s", bytes_escape(bytes, (size_t)n)));
    if (n == -1 && !or_reset)
        check_fail(expected, "the connection is reset (RST): closed with "
                             "bytes unread");
    story_add("the server closes the connection of client %d", p->number);
}

void peer_expect_close(struct peer *p)
{
    expect_end(p, false);
    program_expect_alive(p->server);
}

void peer_expect_end(struct peer *p)
{
    expect_end(p, true);
}

void peer_expect_nothing(struct peer *p)
{
    program_rest(p->server);
    char bytes[256];
    const ssize_t n = recv(p->fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (n == -1 && errno == EAGAIN)
        return;
    check_fail(check_text("nothing comes for client %d now", p->number),
               n > 0 ? bytes_escape(bytes, (size_t)n)
                     : "the connection is closed");
}

/* --- end ------------------------------------------------------------------ */

void peer_finish(struct peer *p)
{
    story_add("client %d sends no more (shutdown)", p->number);
    shutdown(p->fd, SHUT_WR);
}

void peer_close(struct peer *p)
{
    story_add("client %d closes", p->number);
    close(p->fd);
    p->fd = -1;
}

void peer_reset(struct peer *p)
{
    story_add("client %d vanishes (RST)", p->number);
    const struct linger hard = {.l_onoff = 1, .l_linger = 0};
    setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close(p->fd);
    p->fd = -1;
}

int peer_fd(const struct peer *p)
{
    return p->fd;
}

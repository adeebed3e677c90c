/*
 * test_core_op_accept.c - accepting and connecting. Out of descriptors: see
 * test_core_op_shortage.c.
 */
#include "loop/test/seen.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/un.h>
#include <unistd.h>

enum { CLIENTS = 5 };

struct place {
    struct sockaddr_storage addr;
    socklen_t len;
    int listener;
};

static void place_open(struct place *p)
{
    p->listener = each_listener(&p->addr, &p->len);
}

static int start_connect(struct loop *loop, struct seen *s, int fd,
                         const struct place *p)
{
    return loop_connect(loop, &s->op, fd, (const struct sockaddr *)&p->addr,
                        p->len, seen_note, NULL);
}

/* Connected by the kernel, though nobody has accepted yet. */
static int client_of(const struct place *p)
{
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_not_equal(fd, -1);
    assert_int_equal(connect(fd, (const struct sockaddr *)&p->addr, p->len), 0);
    return fd;
}

static void close_fd(struct loop *loop, int fd)
{
    loop_close(loop, fd);
    seen_passes(loop, 3);
}

/* --- accepting ----------------------------------------------------------- */

static void close_accepted(struct seen *s, ssize_t result)
{
    (void)s;
    if (result < 0)
        return;
    const int fd = (int)result;
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    close(fd);
}

static bool all_accepted(void *arg)
{
    const struct seen *s = arg;
    return s->progress >= CLIENTS;
}

static void accepting_goes_on_until_it_is_cancelled(struct loop *loop)
{
    struct seen s = {.then = close_accepted};
    struct place p;
    int clients[CLIENTS];
    place_open(&p);
    assert_int_equal(loop_accept(loop, &s.op, p.listener, seen_note, NULL), 0);
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = client_of(&p);
        if (i % 2 == 0)
            seen_passes(loop, 2);
    }
    each_until(loop, all_accepted, &s, "connections");
    assert_int_equal(s.progress, CLIENTS);
    loop_cancel(&s.op);
    seen_until_last(loop, &s);
    assert_int_equal(s.result, -ECANCELED);
    for (int i = 0; i < CLIENTS; i++)
        close(clients[i]);
    close_fd(loop, p.listener);
}

static void accept_one(struct seen *s, ssize_t result)
{
    close_accepted(s, result);
    if (result >= 0)
        loop_cancel(&s->op);
}

static void accepting_may_end_with_a_connection(struct loop *loop)
{
    struct seen s = {.then = accept_one};
    struct place p;
    place_open(&p);
    const int client = client_of(&p);
    assert_int_equal(loop_accept(loop, &s.op, p.listener, seen_note, NULL), 0);
    seen_until_last(loop, &s);
    assert_int_equal(s.progress, 1);
    assert_int_equal(s.result, -ECANCELED);
    close(client);
    close_fd(loop, p.listener);
}

/* An error of the descriptor, not of one connection: it ends. */
static void what_cannot_accept_is_told(struct loop *loop)
{
    struct seen datagrams = {0}, stream = {0};
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof addr;
    const int udp =
        socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP);
    assert_int_equal(bind(udp, (struct sockaddr *)&addr, len), 0);
    assert_int_equal(getsockname(udp, (struct sockaddr *)&addr, &len), 0);
    assert_int_equal(sendto(udp, "", 1, 0, (struct sockaddr *)&addr, len), 1);
    assert_int_equal(loop_accept(loop, &datagrams.op, udp, seen_note, NULL), 0);
    seen_until_last(loop, &datagrams);
    assert_int_equal(datagrams.result, -EOPNOTSUPP);
    int pair[2];
    seen_tcp_pair(pair);
    close(pair[1]); /* ready */
    assert_int_equal(loop_accept(loop, &stream.op, pair[0], seen_note, NULL),
                     0);
    seen_until_last(loop, &stream);
    assert_int_equal(stream.result, -EINVAL);
    loop_close(loop, pair[0]);
    close_fd(loop, udp);
}

/* --- connecting ---------------------------------------------------------- */

static void a_connection_is_made(struct loop *loop)
{
    struct seen in = {.then = close_accepted}, out = {0};
    struct place p;
    place_open(&p);
    const int fd = seen_tcp_socket();
    assert_int_equal(loop_accept(loop, &in.op, p.listener, seen_note, NULL), 0);
    assert_int_equal(start_connect(loop, &out, fd, &p), 0);
    memset(&p.addr, 0xee, sizeof p.addr); /* it was copied */
    assert_int_equal(out.last, 0);
    seen_until_last(loop, &out);
    assert_int_equal(out.result, 0);
    assert_int_equal(out.progress, 0);
    loop_close(loop, fd);
    loop_close(loop, p.listener);
    seen_until_last(loop, &in);
}

static void a_refused_connection_is_told(struct loop *loop)
{
    struct seen s = {0};
    struct place p;
    place_open(&p);
    close(p.listener);
    const int fd = seen_tcp_socket();
    assert_int_equal(start_connect(loop, &s, fd, &p), 0);
    seen_until_last(loop, &s);
    assert_int_equal(s.result, -ECONNREFUSED);
    close_fd(loop, fd);
}

/* A listener whose queue is full answers no more: see listen(2). */
static void a_connection_under_way_is_cancelled(struct loop *loop)
{
    for (int way = 0; way < 2; way++) {
        struct seen s = {0};
        struct place p;
        place_open(&p);
        assert_int_equal(listen(p.listener, 0), 0);
        const int first = client_of(&p), fd = seen_tcp_socket();
        assert_int_equal(start_connect(loop, &s, fd, &p), 0);
        seen_passes(loop, 2);
        assert_int_equal(s.last, 0);
        if (way == 0)
            loop_cancel(&s.op);
        else
            loop_close(loop, fd);
        seen_until_last(loop, &s);
        assert_int_equal(s.result, -ECANCELED);
        if (way == 0)
            loop_close(loop, fd);
        close(first);
        close_fd(loop, p.listener);
    }
}

static void a_nonsense_address_is_told(struct loop *loop)
{
    struct seen s = {0};
    struct place p = {.len = sizeof p.addr + 1};
    const int fd = seen_tcp_socket();
    assert_int_equal(start_connect(loop, &s, fd, &p), -EINVAL);
    p.len = 1;
    assert_int_equal(start_connect(loop, &s, fd, &p), 0);
    seen_until_last(loop, &s);
    assert_int_equal(s.result, -EINVAL);
    close_fd(loop, fd);
}

/* connect(2) says EAGAIN there, which must not be taken for success. */
static void a_full_unix_listener_is_no_success(struct loop *loop)
{
    struct seen s = {0};
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    struct place p;
    int clients[3];
    const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(
        bind(listener, (struct sockaddr *)&addr, sizeof(sa_family_t)),
        0); /* the kernel finds a name: unix(7), autobind */
    assert_int_equal(listen(listener, 0), 0);
    p.len = sizeof p.addr;
    getsockname(listener, (struct sockaddr *)&p.addr, &p.len);
    for (int i = 0; i < 3; i++) {
        clients[i] =
            socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (connect(clients[i], (struct sockaddr *)&p.addr, p.len) == -1)
            assert_int_equal(errno, EAGAIN);
    }
    assert_int_equal(start_connect(loop, &s, clients[2], &p), 0);
    for (int i = 0; i < 10; i++)
        seen_passes(loop, 1);
    assert_true(s.last == 0 || s.result == -EAGAIN);
    loop_close(loop, clients[2]);
    close(accept(listener, NULL, NULL)); /* uring waits in a thread for room */
    seen_until_last(loop, &s);
    close(clients[0]);
    close(clients[1]);
    close(listener);
}

int main(void)
{
    const struct each_test tests[] = {
        EACH(accepting_goes_on_until_it_is_cancelled),
        EACH(accepting_may_end_with_a_connection),
        EACH(what_cannot_accept_is_told),
        EACH(a_connection_is_made),
        EACH(a_refused_connection_is_told),
        EACH(a_connection_under_way_is_cancelled),
        EACH(a_nonsense_address_is_told),
        EACH(a_full_unix_listener_is_no_success),
    };
    return each_backend(tests, sizeof tests / sizeof *tests);
}

/*
 * seen.c - see seen.h.
 */
#include "loop/test/seen.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <unistd.h>

static char pattern_byte(size_t i)
{
    return (char)(i * 7 + i / 251 + i / 65521);
}

void seen_pattern(char *bytes, size_t n, size_t from)
{
    for (size_t i = 0; i < n; i++)
        bytes[i] = pattern_byte(from + i);
}

char *seen_text(void)
{
    static char text[SEEN_MUCH];
    if (text[1] == '\0') /* not filled yet */
        seen_pattern(text, sizeof text, 0);
    return text;
}

struct base_slice seen_much(void)
{
    return (struct base_slice){seen_text(), SEEN_MUCH};
}

void seen_feed(int fd, size_t from, size_t n)
{
    assert_int_equal(write(fd, seen_text() + from, n), n);
}

void seen_close_pair(struct loop *loop, const int pair[2])
{
    loop_close(loop, pair[0]);
    loop_close(loop, pair[1]);
    seen_passes(loop, 3);
}

static bool is_pattern(const char *bytes, size_t n, size_t from)
{
    for (size_t i = 0; i < n; i++)
        if (bytes[i] != pattern_byte(from + i))
            return false;
    return true;
}

void seen_note(struct loop_op *op, ssize_t result)
{
    static int depth;
    struct seen *s = (struct seen *)op;
    assert_int_equal(depth, 0);
    assert_non_null(loop_current());
    assert_int_equal(s->last, 0);
    depth++;
    s->result = result;
    if (op->more) {
        s->progress++;
        assert_ptr_equal(op->loop, loop_current());
    } else {
        s->last++;
        assert_null(op->loop);
    }
    if (op->more && op->data.ptr != NULL) {
        assert_int_equal(op->data.len, result);
        s->wrong |= !is_pattern(op->data.ptr, op->data.len, s->bytes);
        s->bytes += op->data.len;
    }
    if (s->then != NULL)
        s->then(s, result); /* may free s */
    depth--;
}

void seen_reset(struct seen *s, seen_fn *then, void *arg)
{
    *s = (struct seen){.then = then, .arg = arg};
}

static bool has_ended(void *arg)
{
    const struct seen *s = arg;
    return s->last == 1;
}

void seen_until_last(struct loop *loop, struct seen *s)
{
    each_until(loop, has_ended, s, "the last callback");
}

struct goal {
    const struct seen *seen;
    size_t bytes;
};

static bool has_bytes(void *arg)
{
    const struct goal *g = arg;
    return g->seen->bytes >= g->bytes;
}

void seen_until_bytes(struct loop *loop, struct seen *s, size_t bytes)
{
    struct goal g = {s, bytes};
    each_until(loop, has_bytes, &g, "bytes");
}

void seen_passes(struct loop *loop, int n)
{
    for (int i = 0; i < n; i++)
        assert_true(loop_run_once(loop, 0) >= 0);
}

int seen_tcp_socket(void)
{
    const int fd =
        socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_int_not_equal(fd, -1);
    return fd;
}

void seen_tcp_pair(int pair[2])
{
    struct sockaddr_storage addr;
    socklen_t len;
    const int listener = each_listener(&addr, &len);
    pair[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_not_equal(pair[0], -1);
    assert_int_equal(connect(pair[0], (struct sockaddr *)&addr, len), 0);
    assert_int_equal(fcntl(pair[0], F_SETFL, O_NONBLOCK), 0);
    pair[1] = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    assert_int_not_equal(pair[1], -1);
    close(listener);
}

void seen_pipe(int ends[2])
{
    assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
}

size_t seen_drain(int fd, size_t from)
{
    char bytes[65536];
    size_t n = 0;
    for (;;) {
        const ssize_t got = read(fd, bytes, sizeof bytes);
        if (got <= 0)
            return n;
        assert_true(is_pattern(bytes, (size_t)got, from + n));
        n += (size_t)got;
    }
}

/* feed.c - see feed.h. */
#include "feed.h"

#include "../common.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "hello broke a promise: %s\n", what);
    abort();
}

static void check(const struct hello *h)
{
    must(h->in_len <= HEAD_MAX, "in_len is within in");
    must(h->out_len <= OUT_MAX, "out_len is within out");
    must(h->out_sent <= h->out_len, "no more is sent than there is");
    must(hello_wants(h) != WANT_READ || h->in_len < HEAD_MAX,
         "who wants to read has room to read");
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Sends as a socket with little room would, until nothing is left to send. */
static void send_all(struct hello *h, struct answers *a, size_t room)
{
    while (hello_wants(h) == WANT_WRITE) {
        const size_t n = least(h->out_len - h->out_sent, room);
        a->bytes = realloc(a->bytes, a->len + n);
        must(a->bytes != NULL, "there is memory for the test");
        memcpy(a->bytes + a->len, h->out + h->out_sent, n);
        a->len += n;
        hello_sent(h, n);
        check(h);
    }
}

struct answers feed(const char *bytes, size_t len, size_t piece, size_t room)
{
    struct answers a = {.bytes = NULL};
    struct hello *h = malloc(sizeof *h);
    must(h != NULL, "there is memory for the test");
    hello_init(h);
    for (size_t at = 0; hello_wants(h) == WANT_READ;) {
        const size_t n =
            least(least(piece, len - at), sizeof h->in - h->in_len);
        memcpy(h->in + h->in_len, bytes + at, n);
        at += n;
        hello_received(h, n); /* 0 at the end: EOF */
        check(h);
        send_all(h, &a, room);
        must(n > 0 || hello_wants(h) == WANT_CLOSE, "EOF leads to the end");
    }
    a.closed = hello_wants(h) == WANT_CLOSE;
    free(h);
    return a;
}

void feed_in_all_ways(const char *bytes, size_t len)
{
    static const size_t ways[][2] = {
        {HEAD_MAX, OUT_MAX}, {1, OUT_MAX}, {HEAD_MAX, 1}, {7, 13}, {64, 100}};
    const struct answers whole = feed(bytes, len, ways[0][0], ways[0][1]);
    for (size_t i = 1; i < sizeof ways / sizeof ways[0]; i++) {
        const struct answers other = feed(bytes, len, ways[i][0], ways[i][1]);
        must(other.closed == whole.closed && other.len == whole.len &&
                 (whole.len == 0 ||
                  memcmp(other.bytes, whole.bytes, whole.len) == 0),
             "the answers do not depend on how the bytes come");
        free(other.bytes);
    }
    free(whole.bytes);
}

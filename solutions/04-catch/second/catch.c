/*
 * catch.c - tells whether the server on a port keeps its promises.
 *
 *     catch PORT     0: a good server   1: a faulty one   2: cannot tell
 *
 * Another solution of 04-catch: the tests are data. One script says what some
 * clients do, step by step, and one function carries it out. To add a test is
 * to add lines.
 */
#include "exercises/04-catch/client.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

enum { CLIENTS = 20, MUCH = 65000, LITTLE = 700 };

enum act { CONNECT, SEND, EXPECT, ASK, FINISH, CLOSED, LEAVE, VANISH };

/*
 * Each of the clients first..last does it; `n`: how many bytes (SEND, EXPECT),
 * or how often (ASK, a little of both). Who asks ten times is a witness: the
 * server has had its turns.
 */
struct step {
    enum act act;
    int first, last;
    size_t n;
};

static const struct step script[] = {
    /* 1 lets much wait and finishes; 2 is served meanwhile. */
    {CONNECT, 1, 2, 0},
    {SEND, 1, 1, MUCH},
    {FINISH, 1, 1, 0},
    {ASK, 2, 2, 10},
    {EXPECT, 1, 1, MUCH},
    {CLOSED, 1, 1, 0},
    {LEAVE, 1, 1, 0},
    /* 3 has much waiting while 2, who came before it, leaves. */
    {CONNECT, 3, 3, 0},
    {SEND, 3, 3, MUCH},
    {ASK, 2, 2, 10},
    {FINISH, 2, 2, 0},
    {CLOSED, 2, 2, 0},
    {LEAVE, 2, 2, 0},
    {EXPECT, 3, 3, MUCH},
    {ASK, 3, 3, 10},
    {LEAVE, 3, 3, 0},
    /* All places are taken, and left in good order, ... */
    {CONNECT, 1, 16, 0},
    {ASK, 1, 16, 1},
    {FINISH, 1, 16, 0},
    {CLOSED, 1, 16, 0},
    {LEAVE, 1, 16, 0},
    /* ... and taken again, and left by a reset, but for 1; 17 is served. */
    {CONNECT, 1, 16, 0},
    {ASK, 1, 16, 1},
    {VANISH, 2, 16, 0},
    {ASK, 1, 1, 10},
    {CONNECT, 17, 17, 0},
    {ASK, 17, 17, 1},
};

/* Client c sends the bytes from bytes[c] on, and expects their capitals. */
static int fds[CLIENTS];
static char bytes[CLIENTS + MUCH], capitals[CLIENTS + MUCH];

static bool ask(int c, size_t times)
{
    for (size_t i = 0; i < times; i++)
        if (!client_send(fds[c], bytes + c, LITTLE) ||
            !client_expect(fds[c], capitals + c, LITTLE))
            return false;
    return true;
}

static bool act(const struct step *s, int c, int port)
{
    switch (s->act) {
    case CONNECT:
        fds[c] = client_connect(port);
        return fds[c] != -1;
    case SEND:
        return client_send(fds[c], bytes + c, s->n);
    case EXPECT:
        return client_expect(fds[c], capitals + c, s->n);
    case ASK:
        return ask(c, s->n);
    case FINISH:
        client_finish(fds[c]);
        return true;
    case CLOSED:
        return client_expect_close(fds[c]);
    case LEAVE:
        client_close(fds[c]);
        return true;
    case VANISH:
        client_reset(fds[c]);
        return true;
    }
    return false;
}

/* Bytes in an order that does not repeat, the same in each run. */
static void make_bytes(void)
{
    unsigned x = 1;
    for (int i = 0; i < CLIENTS + MUCH; i++) {
        x = x * 1103515245 + 12345;
        bytes[i] = (char)(x >> 16);
        capitals[i] = (char)toupper((unsigned char)bytes[i]);
    }
}

int main(int argc, char **argv)
{
    static const char *const names[] = {"connect", "send",   "expect",
                                        "ask",     "finish", "closed",
                                        "leave",   "vanish"};
    const int port = argc == 2 ? atoi(argv[1]) : 0;
    if (port <= 0) {
        fprintf(stderr, "usage: catch PORT\n");
        return 2;
    }
    make_bytes();
    for (size_t i = 0; i < sizeof script / sizeof script[0]; i++)
        for (int c = script[i].first; c <= script[i].last; c++)
            if (!act(&script[i], c, port)) {
                printf("faulty: step %zu, client %d: %s\n", i + 1, c,
                       names[script[i].act]);
                return 1;
            }
    return 0;
}

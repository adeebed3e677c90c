/*
 * hidden.c - the hidden checks of 02-partial: what was right has to stay right.
 *
 * Read before: NOTES.md.
 */
#include "../../exercises/check/check.h"

#include <ctype.h>
#include <string.h>

#define PAGE "lessons/02-nonblocking/README.md, "

static struct program *start(void)
{
    program_may_spin();
    return server_start(SANITIZED, NULL);
}

/* Waits until the server has gone round: see the visible checks. */
static void one_turn(struct peer *clock)
{
    for (int i = 0; i < 2; i++) {
        peer_send_text(clock, "tick ");
        peer_expect_text(clock, "TICK ");
    }
}

/* Among the lengths is one of which a part waits in the server when it learns
 * the end. */
static void finishes(void)
{
    enum { CLIENTS = 12, STEP = 1024 };
    static char text[CLIENTS * STEP], capitals[CLIENTS * STEP];
    struct program *server = start();
    struct peer *clock = peer_connect(server);
    one_turn(clock);
    server_squeeze(server);
    struct peer *peers[CLIENTS];
    check_random_text(text, sizeof text);
    for (size_t i = 0; i < sizeof text; i++)
        capitals[i] = (char)toupper((unsigned char)text[i]);
    for (int i = 0; i < CLIENTS; i++) {
        peers[i] = peer_connect_small(server);
        peer_send(peers[i], text, (size_t)(i + 1) * STEP);
        peer_finish(peers[i]);
    }
    one_turn(clock);
    one_turn(clock);
    for (int i = 0; i < CLIENTS; i++) {
        peer_expect(peers[i], capitals, (size_t)(i + 1) * STEP);
        peer_expect_close(peers[i]);
    }
    program_stop(server);
}

/* They go while bytes for them wait in the server. */
static void forgets(void)
{
    enum { CLIENTS = 5 };
    static char text[20000];
    struct program *server = start();
    struct peer *clock = peer_connect(server);
    one_turn(clock);
    const int before = program_descriptors(server);
    server_squeeze(server);
    check_random_text(text, sizeof text);
    for (int i = 0; i < CLIENTS; i++) {
        struct peer *peer = peer_connect_small(server);
        peer_send(peer, text, sizeof text);
        one_turn(clock);
        if (i % 2 == 0)
            peer_reset(peer);
        else
            peer_close(peer);
    }
    one_turn(clock);
    one_turn(clock);
    check_equal("open descriptors when five clients have gone", before,
                program_descriptors(server));
    program_stop(server);
}

const struct check hidden_checks[] = {
    {.name = "finishes",
     .title = "what is owed is sent before the close",
     .needs = "closes slow",
     .run = finishes,
     .cause = "A client that sends no more may still read: what waits to be "
              "sent comes first, then the close.",
     .section = "lessons/01-blocking/README.md, \"`recv` has three outcomes\""},
    {.name = "forgets",
     .title = "clients that go while bytes for them wait",
     .needs = "slow gone",
     .run = forgets,
     .cause = "EAGAIN is the one error after which a connection goes on. After "
              "any other, ECONNRESET or EPIPE, it is over: drop it.",
     .section = PAGE "\"Send what the kernel takes, keep the rest\""},
    {.name = NULL},
};

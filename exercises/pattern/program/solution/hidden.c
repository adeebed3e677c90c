/*
 * hidden.c - the hidden checks of @NAME@. Read before: NOTES.md.
 */
#include "exercises/check/check.h"

static void next(void)
{
    struct program *server = server_start(SANITIZED, NULL);
    for (int i = 0; i < 2; i++) {
        struct peer *peer = peer_connect(server);
        peer_send_text(peer, "hello\n");
        peer_expect_text(peer, "hello\n");
        peer_finish(peer);
        peer_expect_close(peer);
        peer_close(peer);
    }
    program_stop(server);
}

const struct check hidden_checks[] = {
    {.name = "next",
     .title = "the client after the first",
     .needs = "echoes",
     .run = next,
     .cause = "When a client has gone, close its connection and accept the "
              "next one.",
     .section = "lessons/01-blocking/README.md, \"`recv` has three outcomes\""},
    {.name = NULL},
};

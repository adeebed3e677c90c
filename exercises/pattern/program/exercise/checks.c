/*
 * checks.c - the visible checks of @NAME@. Read before: README.md.
 */
#include "exercises/check/check.h"

#define SECTION "lessons/01-blocking/README.md, \"`recv` has three outcomes\""

static void echoes(void)
{
    struct program *server = server_start(SANITIZED, NULL);
    struct peer *peer = peer_connect(server);
    peer_send_text(peer, "hello\n");
    peer_expect_text(peer, "hello\n");
    peer_finish(peer);
    peer_expect_close(peer);
    program_stop(server);
}

/* More than one recv brings; in parts, so that none waits for the other. */
static void whole(void)
{
    enum { PART = 10000, PARTS = 10 };
    char text[PART];
    struct program *server = server_start(SANITIZED, NULL);
    struct peer *peer = peer_connect(server);
    for (int i = 0; i < PARTS; i++) {
        check_random_text(text, PART);
        peer_send(peer, text, PART);
        peer_expect(peer, text, PART);
    }
    program_stop(server);
}

const struct check visible_checks[] = {
    {.name = "echoes",
     .title = "a line comes back",
     .run = echoes,
     .cause = "serve receives and sends. recv returns how many bytes came; 0 "
              "says that the client sends no more.",
     .section = SECTION},
    {.name = "whole",
     .title = "a hundred thousand bytes come back",
     .needs = "echoes",
     .run = whole,
     .cause = "A stream has no borders: one recv brings what is there, not "
              "what the client has sent with one send. Receive again.",
     .section = SECTION},
    {.name = NULL},
};

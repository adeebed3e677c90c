/*
 * checks.c - the visible checks of @NAME@. Read before: README.md.
 */
#include "exercises/check/speed.h"

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

/* The same work for both servers: what is sent comes back. */
enum { TEXTS = 8, TEXT = 4000 };

struct sides {
    struct program *server;
    struct peer *peer, *plain;
    char text[TEXT];
};

static void work(struct program *p, void *arg)
{
    struct sides *s = arg;
    struct peer *peer = p == s->server ? s->peer : s->plain;
    for (int i = 0; i < TEXTS; i++) {
        peer_send(peer, s->text, TEXT);
        peer_expect(peer, s->text, TEXT);
    }
}

static void speed(void)
{
    struct sides s;
    check_random_text(s.text, TEXT);
    struct program *plain = server_start_named(GIVEN, "plain", NULL);
    s.plain = peer_connect(plain);
    check_fresh_network(); /* lest one of them makes work for the other */
    s.server = server_start(PLAIN, NULL);
    s.peer = peer_connect(s.server);
    const struct speed ratio = speed_compare(s.server, plain, work, &s);
    speed_score(&ratio, 2, 8, "eight times 4,000 bytes");
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
    {.name = "speed",
     .title = "many bytes cost little",
     .needs = "whole",
     .run = speed,
     .cause = "A call costs about the same for 1 byte as for 4,000. Receive as "
              "many bytes as there are, and send all of them at once.",
     .section = SECTION},
    {.name = NULL},
};

/*
 * checks.c - the visible checks of 08-batch. Read before: README.md.
 */
#include "../check/check.h"
#include "load.h"

#include <string.h>

#define PAGE "lessons/08-coroutines/README.md, "

static void answers(void)
{
    struct program *server = server_start(SANITIZED, NULL);
    struct peer *one = peer_connect(server);
    struct peer *two = peer_connect(server);
    peer_send_text(one, "first\nsecond\n");
    peer_expect_text(one, "FIRST\nSECOND\n");
    peer_send_text(two, "other\n");
    peer_expect_text(two, "OTHER\n");
    peer_send_text(one, "third\n");
    peer_expect_text(one, "THIRD\n");
    peer_finish(one);
    peer_expect_close(one);
    program_stop(server);
}

static void in_pieces(void)
{
    struct program *server = server_start(SANITIZED, NULL);
    struct peer *peer = peer_connect(server);
    peer_send_text(peer, "one\nbegin");
    peer_expect_text(peer, "ONE\n");
    peer_expect_nothing(peer);
    peer_send_text(peer, "ning");
    peer_expect_nothing(peer);
    peer_send_text(peer, "\nrest");
    peer_expect_text(peer, "BEGINNING\n");
    peer_finish(peer);
    check_cause("A line without \\n at the end of the input is not answered.",
                NULL);
    peer_expect_close(peer);
    program_stop(server);
}

static void too_long(void)
{
    struct program *server = server_start(SANITIZED, NULL);
    struct peer *peer = peer_connect(server);
    char *line = check_text("%199s\n", "");
    check_random_text(line, 199);
    peer_send(peer, line, 200);
    for (size_t i = 0; i < 199; i++)
        line[i] = (char)(line[i] - 'a' + 'A');
    peer_expect(peer, line, 200);
    line[199] = 'x';
    peer_send(peer, line, 200);
    peer_expect_text(peer, "too long\n");
    peer_expect_close(peer);
    program_stop(server);
}

static void speed(void)
{
    struct load load = load_make(16, 40);
    struct program *plain = server_start_named(GIVEN, "plain", NULL);
    load_connect(&load, plain);
    check_fresh_network(); /* lest one of them makes work for the other */
    struct program *server = server_start(PLAIN, NULL);
    load_connect(&load, server);
    const struct speed s = speed_compare(server, plain, load_work, &load);
    speed_score(&s, 2, 8, "40 lines at once, from 16 clients");
}

const struct check visible_checks[] = {
    {.name = "answers",
     .title = "each line comes back in capitals, in order",
     .run = answers,
     .cause = "One recv may bring several lines: each of them is answered.",
     .section = "lessons/01-blocking/README.md, \"What people believe\""},
    {.name = "in-pieces",
     .title = "a line in pieces is answered when it is whole",
     .needs = "answers",
     .run = in_pieces,
     .cause = "One recv may end in the middle of a line. Keep what has no \\n "
              "yet, and put the next bytes behind it.",
     .section = "lessons/01-blocking/README.md, \"What people believe\""},
    {.name = "too-long",
     .title = "200 bytes are a line, 201 are too long",
     .needs = "in-pieces",
     .run = too_long,
     .cause = "A line with its \\n has at most 200 bytes. When 200 have come "
              "and none of them is \\n, say \"too long\\n\" and close.",
     .section = PAGE "\"The server: one task a connection\""},
    {.name = "speed",
     .title = "many lines at once cost little",
     .needs = "in-pieces too-long",
     .run = speed,
     .cause = "Count the calls (make try, then build/bench/calls "
              "build/exercises/08-batch/try/server): each recv and send costs "
              "the same for 1 byte as for 4,000. Receive as much as there is; "
              "answer all whole lines with one send; wait only when there is "
              "nothing.",
     .section = PAGE "\"Measure: what holds on your machine\""},
    {.name = NULL},
};

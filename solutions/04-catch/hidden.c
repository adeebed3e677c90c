/*
 * hidden.c - the hidden checks of 04-catch: servers that the student has not
 * seen, and whether chance or time decides a verdict.
 */
#include "../../exercises/04-catch/verdict.h"

#define PAGE "lessons/04-poll/README.md, "

static void accepts_late(void)
{
    expect_verdict(PLAIN, "late", GOOD);
}

static void same_verdict(void)
{
    enum { RUNS = 20 };
    struct program *server = server_start_named(GIVEN, "ends", NULL);
    const enum verdict first = judge(PLAIN, server);
    for (int i = 1; i < RUNS; i++)
        check_that(judge(PLAIN, server) == first,
                   check_text("%d runs against the same server end with the "
                              "same verdict",
                              RUNS),
                   check_text("run %d has another one than the first", i + 1));
}

static void finished(void)
{
    expect_verdict(SANITIZED, "ends", FAULTY);
}

static void every_byte(void)
{
    expect_verdict(SANITIZED, "zeros", FAULTY);
}

static void hindered(void)
{
    expect_verdict(SANITIZED, "waits", FAULTY);
}

static void places(void)
{
    expect_verdict(SANITIZED, "leaves", FAULTY);
}

const struct check hidden_checks[] = {
    {.name = "accepts-late",
     .title = "a good server on a busy machine",
     .needs = "accepts",
     .run = accepts_late,
     .cause = "A time limit is there for servers that never answer. If it is "
              "shorter than a busy machine needs, it blames the wrong one: "
              "README.md allows half a second.",
     .section = PAGE "\"One connection's life: take, wait, serve, re-arm\""},
    {.name = "same-verdict",
     .title = "the same server gets the same verdict",
     .needs = "accepts",
     .run = same_verdict,
     .cause = "Neither chance nor the clock may choose what is tested. If the "
              "order of two events matters, wait for the first: an answer to "
              "another client shows that the server has had its turn.",
     .section = PAGE "\"One connection's life: take, wait, serve, re-arm\""},
    {.name = "finished",
     .title = "a server that closes while bytes wait to be sent",
     .needs = "accepts",
     .run = finished,
     .cause = "A client that has finished still reads. Let much wait for it, "
              "and let it finish before it reads.",
     .section = PAGE "\"Attend: three flags come unasked\""},
    {.name = "every-byte",
     .title = "a server that takes bytes for a text",
     .needs = "accepts",
     .run = every_byte,
     .cause = "What a connection carries is bytes, all 256 of them, and not "
              "text that ends with a zero byte. Send them all.",
     .section = PAGE "\"One connection's life: take, wait, serve, re-arm\""},
    {.name = "hindered",
     .title = "a server that waits for one client alone",
     .needs = "accepts",
     .run = hindered,
     .cause = "Promised is that a client that does not read hinders nobody. So "
              "let much wait for one, and ask with another meanwhile.",
     .section = PAGE "\"Take: each connection gets the next place\""},
    {.name = "places",
     .title = "a server that keeps the place of who has finished",
     .needs = "accepts",
     .run = places,
     .cause = "A client can go in two ways, and a server may know one of them: "
              "a close and a reset are two cases.",
     .section = PAGE "\"Drop: the last fills the hole\""},
    {.name = NULL},
};

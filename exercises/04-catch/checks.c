/*
 * checks.c - the visible checks of 04-catch: the student's tester against the
 * servers of given/. Read before: README.md.
 */
#include "verdict.h"

#define PAGE "lessons/04-poll/README.md, "

#define MORE_THAN_PROMISED(good)                                               \
    "Which promise of README.md does the case ask for that failed? " good      \
    " keeps all five. How many bytes one recv brings is not promised: an "     \
    "answer may come in pieces."

/*
 * Both good servers pass. And one faulty one at least does not: to accept all
 * is no test.
 */
static void accepts(void)
{
    static const char *const faulty[] = {"loses", "mixes", "stale", "keeps"};
    tell_causes();
    check_cause_when("(good) for dense", MORE_THAN_PROMISED("dense"));
    check_cause_when("(good) for holes", MORE_THAN_PROMISED("holes"));
    expect_verdict(SANITIZED, "dense", GOOD);
    expect_verdict(SANITIZED, "holes", GOOD);
    for (int i = 0; i < 4; i++)
        if (verdict_of(SANITIZED, faulty[i]) == FAULTY)
            return;
    check_cause("The cases that are there find nothing wrong with any server "
                "of given/. Take one promise of README.md, and write what a "
                "client sees if it is broken.",
                NULL);
    check_fail("the tester exits with 1 for one of the faulty servers at least",
               "it accepts all of them");
}

static void catches_loses(void)
{
    tell_causes();
    expect_verdict(SANITIZED, "loses", FAULTY);
}

static void catches_mixes(void)
{
    tell_causes();
    expect_verdict(SANITIZED, "mixes", FAULTY);
}

static void catches_stale(void)
{
    tell_causes();
    expect_verdict(SANITIZED, "stale", FAULTY);
}

static void catches_keeps(void)
{
    tell_causes();
    expect_verdict(SANITIZED, "keeps", FAULTY);
}

const struct check visible_checks[] = {
    {.name = "accepts",
     .title = "both good servers pass, and not all servers do",
     .run = accepts,
     .section = PAGE "\"One connection's life: take, wait, serve, re-arm\""},
    {.name = "catches-loses",
     .title = "the server that forgets the rest of a partial send",
     .needs = "accepts",
     .run = catches_loses,
     .cause = "A send is partial when the kernel's buffer is full. So let much "
              "wait to be sent: send it all, and read only then; and compare "
              "all of it, to the last byte.",
     .section = PAGE "\"Wait, serve, re-arm: the walk goes backwards\""},
    {.name = "catches-mixes",
     .title = "the server that moves one array and not the other",
     .needs = "accepts",
     .run = catches_mixes,
     .cause = "The fault shows when a client leaves and another, in a later "
              "place, stays. Who stays looks well for one answer: ask it for "
              "more than that.",
     .section = PAGE "\"Drop: the last fills the hole\""},
    {.name = "catches-stale",
     .title = "the server that looks at revents of an earlier turn",
     .needs = "accepts",
     .run = catches_stale,
     .cause =
         "revents of a client that vanished stay behind in its place. Who "
         "gets that place is taken for broken, and dropped: so let clients "
         "vanish by a reset, and expect that the next one is served at "
         "its first try. Wait until the server has noticed that the client "
         "vanished before the new one connects: hint 2 says how.",
     .section = PAGE "\"Attend: three flags come unasked\""},
    {.name = "catches-keeps",
     .title = "the server that ignores POLLERR and POLLHUP",
     .needs = "accepts",
     .run = catches_keeps,
     .cause = "A client that vanishes keeps its place for ever. One place is "
              "not missed: let as many vanish as there are places, and see "
              "whether one more is served.",
     .section = PAGE "\"Attend: three flags come unasked\""},
    {.name = NULL},
};

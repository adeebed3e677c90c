/*
 * checks.c - the visible checks of 01-lines.
 *
 * program_rest between two sends makes them two segments, each with a recv of
 * its own: the child sleeps in recv when the second is sent.
 *
 * Read before: README.md, ../check/check.h.
 */
#include "../check/check.h"

#include <ctype.h>
#include <string.h>

#define PAGE "lessons/01-blocking/README.md, "

static void answers(void)
{
    struct program *server = server_start(SANITIZED, NULL);
    struct peer *peer = peer_connect(server);
    peer_send_text(peer, "hello\n");
    peer_expect_text(peer, "HELLO\n");
    peer_send_text(peer, "once more\n");
    peer_expect_text(peer, "ONCE MORE\n");
}

/* Segments with several lines, and lines of several segments. */
static void lines(void)
{
    struct program *server = server_start(SANITIZED, NULL);
    struct peer *peer = peer_connect(server);
    peer_send_text(peer, "one\ntwo\n\nthree\n");
    peer_expect_text(peer, "ONE\nTWO\n\nTHREE\n");
    peer_send_text(peer, "in ");
    peer_expect_nothing(peer);
    peer_send_text(peer, "pie");
    peer_expect_nothing(peer);
    peer_send_text(peer, "ces\nand");
    peer_expect_text(peer, "IN PIECES\n");
    peer_expect_nothing(peer);
    peer_send_text(peer, " more\n");
    peer_expect_text(peer, "AND MORE\n");
}

static void closes(void)
{
    struct program *server = server_start(SANITIZED, NULL);
    struct peer *peer = peer_connect(server);
    peer_send_text(peer, "a line\nhalf a line");
    peer_expect_text(peer, "A LINE\n");
    peer_finish(peer);
    peer_expect_end(peer);
    check_cause("The end of a child is told to its parent by a signal, "
                "SIGCHLD. If there is a handler, accept returns -1 with errno "
                "EINTR: that is no error, go on.",
                PAGE "\"A process for each connection\"");
    program_rest(server);
    struct peer *next = peer_connect(server);
    peer_send_text(next, "next\n");
    peer_expect_text(next, "NEXT\n");
}

/* One says nothing, two speak; and who serves them? */
static void together(void)
{
    struct program *server = server_start(SANITIZED, NULL);
    peer_connect(server);
    struct peer *two = peer_connect(server);
    peer_send_text(two, "two\n");
    peer_expect_text(two, "TWO\n");
    struct peer *three = peer_connect(server);
    peer_send_text(three, "three\n");
    peer_expect_text(three, "THREE\n");
    program_rest(server);
    check_equal("processes while three clients are connected, with the parent",
                4, program_processes(server));
}

/* A line of `len` bytes and its end, with its capitals. */
static void make_line(size_t len, char *line, char *capitals)
{
    check_random_text(line, len);
    line[len] = '\n';
    for (size_t i = 0; i <= len; i++)
        capitals[i] = (char)toupper((unsigned char)line[i]);
}

static void limit(void)
{
    enum { LONGEST = 1000, FAR_TOO_LONG = 5000 };
    static char line[FAR_TOO_LONG + 1], capitals[FAR_TOO_LONG + 1];
    struct program *server = server_start(SANITIZED, NULL);
    make_line(LONGEST, line, capitals);
    struct peer *fits = peer_connect(server);
    for (int i = 0; i < 3; i++) {
        peer_send(fits, line, LONGEST + 1);
        peer_expect(fits, capitals, LONGEST + 1);
    }
    make_line(FAR_TOO_LONG, line, capitals);
    static const size_t lengths[] = {LONGEST + 1, LONGEST + 2, FAR_TOO_LONG};
    for (int i = 0; i < 3; i++) {
        struct peer *peer = peer_connect(server);
        peer_send_text(peer, "short\n");
        peer_expect_text(peer, "SHORT\n");
        peer_send(peer, line, lengths[i]);
        peer_expect_text(peer, "too long\n");
        peer_expect_end(peer);
    }
    peer_send_text(fits, "still here\n");
    peer_expect_text(fits, "STILL HERE\n");
}

static void reaps(void)
{
    struct program *server = server_start(SANITIZED, NULL);
    for (int i = 0; i < 8; i++) {
        struct peer *peer = peer_connect(server);
        peer_send_text(peer, "hello\n");
        peer_expect_text(peer, "HELLO\n");
        peer_finish(peer);
        peer_expect_end(peer);
    }
    program_rest(server);
    struct peer *last = peer_connect(server);
    peer_send_text(last, "last\n");
    peer_expect_text(last, "LAST\n");
    program_rest(server);
    check_equal("zombies when eight clients have gone and a ninth is served", 0,
                program_zombies(server));
    check_cause("A child that has served its client has to end (_exit). "
                "Otherwise it goes on behind fork, as the parent does.",
                NULL);
    check_equal("processes when eight clients have gone and a ninth is served",
                2, program_processes(server));
}

static void ends(void)
{
    struct program *server = server_start(SANITIZED, NULL);
    struct peer *one = peer_connect(server);
    peer_send_text(one, "one\n");
    peer_expect_text(one, "ONE\n");
    struct peer *two = peer_connect(server);
    peer_send_text(two, "two\nhalf");
    peer_expect_text(two, "TWO\n");
    program_rest(server);
    program_stop(server);
    peer_expect_end(one);
    peer_expect_end(two);
}

const struct check visible_checks[] = {
    {.name = "answers",
     .title = "a line comes back in capitals",
     .run = answers,
     .cause = "The parent accepts and forks; the child receives, turns the "
              "bytes into capitals and sends them, until recv returns 0.",
     .section = PAGE "\"A process for each connection\""},
    {.name = "lines",
     .title = "several lines in a segment, a line in several",
     .needs = "answers",
     .run = lines,
     .cause = "One recv is not one line. It brings what has arrived: a piece "
              "of a line, or some lines and the begin of another. Keep the "
              "bytes until their '\\n' is there.",
     .section = PAGE "\"Serve: as many calls as the bytes need\""},
    {.name = "closes",
     .title = "a client that has finished, in the middle of a line",
     .needs = "answers",
     .run = closes,
     .cause = "At the end recv returns 0: what has no '\\n' is no line. A "
              "connection ends when its last descriptor is closed, and after "
              "fork there are two: the child's and the parent's.",
     .section = PAGE "\"A process for each connection\""},
    {.name = "together",
     .title = "a silent client beside others",
     .needs = "answers",
     .run = together,
     .cause = "While a call blocks, the process does nothing else. So the "
              "parent only accepts and forks: it neither receives nor waits "
              "for a child that is still at work.",
     .section = PAGE "\"While a call blocks, the process does nothing else\""},
    {.name = "limit",
     .title = "1,000 bytes are a line, 1,001 are too long",
     .needs = "lines closes together",
     .run = limit,
     .cause = "A line has at most 1,000 bytes, and its '\\n' is one more. When "
              "1,001 bytes are there and no '\\n' is among them, no end can "
              "make a line of them: say so and close.",
     .section = PAGE "\"Serve: as many calls as the bytes need\""},
    {.name = "reaps",
     .title = "of those who have gone nothing is left",
     .needs = "closes",
     .run = reaps,
     .cause = "A process that has ended stays as a zombie until its parent "
              "waits for it: waitpid, with WNOHANG so that it does not block, "
              "for all that have ended; or ignore SIGCHLD.",
     .section = PAGE "\"A process for each connection\""},
    {.name = "ends",
     .title = "on SIGTERM parent and children end",
     .needs = "answers",
     .run = ends,
     .cause = "A child does not end because its parent does. It has to ask for "
              "that: die_with_parent, as the first thing in the child.",
     .section = PAGE "\"A process for each connection\""},
    {.name = NULL},
};

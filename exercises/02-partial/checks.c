/*
 * checks.c - the visible checks of 02-partial, one for each fault, and one for
 * what was right.
 *
 * A server that asks in turn never sleeps, so it has no rest to wait for. What
 * passes for time here is a turn: when another client has had two answers, all
 * connections were asked in between.
 *
 * Read before: README.md, ../check/check.h.
 */
#include "../check/check.h"
#include "../check/trace.h"

#include <ctype.h>
#include <string.h>

#define PAGE    "lessons/02-nonblocking/README.md, "
#define PAGE_01 "lessons/01-blocking/README.md, "

static struct program *start(enum build build)
{
    program_may_spin();
    return server_start(build, NULL);
}

/* Waits until the server has gone round. */
static void one_turn(struct peer *clock)
{
    for (int i = 0; i < 2; i++) {
        peer_send_text(clock, "tick ");
        peer_expect_text(clock, "TICK ");
    }
}

/* `len` bytes of text and their capitals. */
static void make_text(size_t len, char *text, char *capitals)
{
    check_random_text(text, len);
    for (size_t i = 0; i < len; i++)
        capitals[i] = (char)toupper((unsigned char)text[i]);
}

#define ENDS_A_CONNECTION                                                      \
    "The server has dropped a connection that is sound. EAGAIN, of recv or "   \
    "send, says \"nothing now\"; only 0 from recv, and other errors, end one."

#define TOOK_A_PART                                                            \
    "send returns how many bytes it took. The rest is still yours: keep it, "  \
    "and send it from where the last send ended."

/* The second comes when the first has gone: errno is an old one by then. */
static void shouts(void)
{
    check_cause_when("then nothing", TOOK_A_PART);
    check_cause_when("has closed the connection", ENDS_A_CONNECTION);
    check_cause_when("nothing; the program",
                     "errno holds the reason of the last call that failed, "
                     "however long ago. A call that succeeds leaves it as it "
                     "is. So look at what the call returns first, and at errno "
                     "only after -1.");
    struct program *server = start(SANITIZED);
    for (int i = 0; i < 2; i++) {
        struct peer *peer = peer_connect(server);
        peer_send_text(peer, "hello\n");
        peer_expect_text(peer, "HELLO\n");
        peer_send_text(peer, "once more\n");
        peer_expect_text(peer, "ONCE MORE\n");
        peer_close(peer);
    }
}

static void closes(void)
{
    check_cause_when(") returns 0",
                     "recv has three outcomes: bytes, an error, and 0, which "
                     "says that the client sends no more. Nothing will ever "
                     "come behind it: recv has said 0, and the descriptor is "
                     "still open. Close it.");
    check_cause_when("the server closes the connection",
                     "The client has finished, and its descriptor is still "
                     "open. When recv has said 0, nothing will come any more: "
                     "close it. To forget it is not to close it.");
    struct program *server = start(SANITIZED);
    struct peer *peer = peer_connect(server);
    peer_send_text(peer, "the end\n");
    peer_expect_text(peer, "THE END\n");
    peer_finish(peer);
    peer_expect_close(peer);
    program_stop(server);
}

static void silent(void)
{
    check_cause_when("waits in recv",
                     "A new descriptor does not inherit O_NONBLOCK from the "
                     "listener. A recv that blocks for one client stops the "
                     "turn for all.");
    struct program *server = start(SANITIZED);
    struct peer *quiet = peer_connect(server);
    struct peer *peer = peer_connect(server);
    peer_send_text(peer, "anybody?\n");
    peer_expect_text(peer, "ANYBODY?\n");
    peer_send_text(quiet, "me\n");
    peer_expect_text(quiet, "ME\n");
    program_stop(server);
}

/* So much that a send takes a part, and not so much that one takes nothing. */
static void partial(void)
{
    enum { LEN = 3000 };
    static char text[LEN], capitals[LEN];
    check_cause_when("has closed the connection", ENDS_A_CONNECTION);
    struct program *server = start(SANITIZED);
    server_squeeze(server);
    struct peer *peer = peer_connect_least(server);
    make_text(LEN, text, capitals);
    peer_send(peer, text, LEN);
    peer_expect(peer, capitals, LEN);
    program_stop(server);
}

static void slow(void)
{
    enum { LEN = 60000 };
    static char text[LEN], capitals[LEN];
    check_cause_when("was expected",
                     "Other bytes come than were kept. While bytes wait, "
                     "receive no more into their place, and send them from "
                     "where the last send ended.");
    struct program *server = start(SANITIZED);
    struct peer *clock = peer_connect(server);
    one_turn(clock);
    server_squeeze(server);
    struct peer *peer = peer_connect_small(server);
    make_text(LEN, text, capitals);
    peer_send(peer, text, LEN);
    check_did("client 2 does not read; client 1 goes on");
    /* So many that the server has met all of client 2's bytes among them. */
    check_quiet(true);
    for (int i = 0; i < 40; i++)
        one_turn(clock);
    check_quiet(false);
    check_did("now client 2 reads");
    peer_expect(peer, capitals, LEN);
    program_stop(server);
}

/* The first answer to one who has gone is refused with RST; the second finds
 * the connection broken. */
static void gone(void)
{
    static char text[20000];
    check_cause_when("Broken pipe",
                     "A send to a client that has gone raises SIGPIPE, which "
                     "ends the process. With MSG_NOSIGNAL, or with SIGPIPE "
                     "ignored, it returns -1 with errno EPIPE instead.");
    check_cause_when("has ended", "One client has gone, and the whole server "
                                  "has ended. Drop that connection alone.");
    struct program *server = start(SANITIZED);
    struct peer *clock = peer_connect(server);
    one_turn(clock);
    struct peer *peer = peer_connect(server);
    check_random_text(text, sizeof text);
    program_pause(server);
    peer_send(peer, text, sizeof text);
    peer_close(peer);
    program_resume(server);
    one_turn(clock);
    program_stop(server);
}

static void asks(void)
{
    struct program *server = start(TRACED);
    struct peer *one = peer_connect(server);
    struct peer *two = peer_connect(server);
    peer_send_text(one, "one\n");
    peer_expect_text(one, "ONE\n");
    peer_send_text(two, "two\n");
    peer_expect_text(two, "TWO\n");
    one_turn(one);
    model_expect(server, MODEL_POLLING);
}

const struct check visible_checks[] = {
    {.name = "shouts",
     .title = "what comes goes back in capitals",
     .run = shouts,
     .section = PAGE "\"Take: until the backlog is empty\""},
    {.name = "closes",
     .title = "a client that has finished",
     .needs = "shouts",
     .run = closes,
     .section = PAGE_01 "\"`recv` has three outcomes\""},
    {.name = "silent",
     .title = "a silent client beside another",
     .needs = "shouts",
     .run = silent,
     .section = PAGE "\"Take: until the backlog is empty\""},
    {.name = "asks",
     .title = "still a server that asks in turn, in one thread",
     .needs = "silent",
     .run = asks},
    {.name = "partial",
     .title = "a send that takes a part",
     .needs = "shouts",
     .run = partial,
     .cause = TOOK_A_PART,
     .section = PAGE "\"Send what the kernel takes, keep the rest\""},
    {.name = "slow",
     .title = "a client that does not read for a while, beside another",
     .needs = "silent partial",
     .run = slow,
     .cause = "EAGAIN of send says: no room now. The connection is sound, and "
              "to try again at once brings nothing. Leave the bytes where they "
              "are, ask the others, and come back next turn; and receive no "
              "more for this client until it has got them.",
     .section = PAGE "\"Send what the kernel takes, keep the rest\""},
    {.name = "gone",
     .title = "a client that has gone while it is answered",
     .needs = "shouts",
     .run = gone,
     .section = PAGE "\"Send what the kernel takes, keep the rest\""},
    {.name = NULL},
};

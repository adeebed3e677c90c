/*
 * hidden.c - the hidden checks of 05-drain. Read before: NOTES.md.
 */
#include "../../exercises/check/check.h"

#include <ctype.h>
#include <string.h>

#define PAGE "lessons/05-epoll/README.md, "

static char *capitals_of(const char *text, size_t len)
{
    char *capitals = check_text("%*s", (int)len, "");
    for (size_t i = 0; i < len; i++)
        capitals[i] = (char)toupper((unsigned char)text[i]);
    return capitals;
}

/*
 * Sends until the server takes no more, because nobody reads its answers; or
 * `most` bytes. Returns how many.
 */
static size_t send_all_it_takes(struct peer *peer, struct program *server,
                                const char *text, size_t most)
{
    size_t sent = 0;
    for (bool rested = false; sent < most;) {
        const size_t n = peer_send_some(peer, text + sent, most - sent);
        sent += n;
        if (n == 0 && rested)
            break;
        rested = n == 0;
        if (rested)
            program_rest(server);
    }
    check_did("client 1 sends %zu bytes, and does not read", sent);
    return sent;
}

static void late_reader(void)
{
    static char text[300000];
    struct program *server = server_start(SANITIZED, NULL);
    server_squeeze(server);
    struct peer *peer = peer_connect_small(server);
    check_random_text(text, sizeof text);
    const size_t sent = send_all_it_takes(peer, server, text, sizeof text);
    program_rest(server);
    check_did("now client 1 reads");
    peer_expect(peer, capitals_of(text, sent), sent);
    program_rest(server);
    program_stop(server);
}

/*
 * The end of what clients send is not the end of what they are owed. Among the
 * lengths is one of which a part waits in the server when it learns the end.
 */
static void finishes(void)
{
    enum { CLIENTS = 16, STEP = 2048 };
    static char text[CLIENTS * STEP];
    struct program *server = server_start(SANITIZED, NULL);
    server_squeeze(server);
    struct peer *peers[CLIENTS];
    check_random_text(text, sizeof text);
    for (int i = 0; i < CLIENTS; i++) {
        peers[i] = peer_connect_small(server);
        peer_send(peers[i], text, (size_t)(i + 1) * STEP);
        peer_finish(peers[i]);
    }
    program_rest(server);
    for (int i = 0; i < CLIENTS; i++) {
        const size_t len = (size_t)(i + 1) * STEP;
        peer_expect(peers[i], capitals_of(text, len), len);
        peer_expect_close(peers[i]);
    }
    program_stop(server);
}

static void any_bytes(void)
{
    enum { LEN = 2000 };
    static char bytes[LEN];
    struct program *server = server_start(SANITIZED, NULL);
    struct peer *peer = peer_connect(server);
    check_random_bytes(bytes, LEN);
    bytes[check_random(LEN / 2)] = '\0';
    peer_send(peer, bytes, LEN);
    peer_expect(peer, capitals_of(bytes, LEN), LEN);
    program_stop(server);
}

/* Clients that come, get an answer, and leave in one way or the other. */
static void visit(struct program *server)
{
    for (int i = 0; i < 5; i++) {
        struct peer *peer = peer_connect(server);
        peer_send_text(peer, "y");
        peer_expect_text(peer, "Y");
        if (i % 2 == 0)
            peer_reset(peer);
        else
            peer_close(peer);
    }
    program_rest(server);
}

/* One that has gone before the server sends: the first answer is refused with
 * RST, the second finds the connection broken. */
static void leave_unanswered(struct program *server)
{
    static char text[20000];
    struct peer *peer = peer_connect(server);
    check_random_text(text, sizeof text);
    program_pause(server);
    peer_send(peer, text, sizeof text);
    peer_close(peer);
    program_resume(server);
}

static void lets_go(void)
{
    struct program *server = server_start(SANITIZED, NULL);
    struct peer *first = peer_connect(server);
    peer_send_text(first, "x");
    peer_expect_text(first, "X");
    program_rest(server);
    const int before = program_descriptors(server);
    visit(server);
    check_equal("open descriptors when five clients have come and gone", before,
                program_descriptors(server));
    leave_unanswered(server);
    peer_send_text(first, "z");
    peer_expect_text(first, "Z");
    program_rest(server);
    check_equal("open descriptors when a sixth has gone, too", before,
                program_descriptors(server));
    program_stop(server);
}

const struct check hidden_checks[] = {
    {.name = "late-reader",
     .title = "a client that sends much and reads late",
     .needs = "drains",
     .run = late_reader,
     .cause = "send takes what fits. The rest must be kept and sent when the "
              "edge of writing comes; and what was not received meanwhile must "
              "be received then, because its edge is long gone.",
     .section =
         PAGE "\"Serve and re-arm: what each trigger asks of the server\""},
    {.name = "finishes",
     .title = "what is owed is sent before the close",
     .needs = "late-reader accepts-all",
     .run = finishes,
     .cause = "recv returns 0 when the client sends no more. It may still "
              "read: what waits to be sent comes first, then the close.",
     .section = "lessons/01-blocking/README.md, \"`recv` has three outcomes\""},
    {.name = "any-bytes",
     .title = "bytes of all 256 values",
     .needs = "shouts",
     .run = any_bytes,
     .cause = "What recv returns is the number of bytes. They are no string: a "
              "NUL may be among them, and none stands behind them.",
     .section = "lessons/01-blocking/README.md, \"`recv` has three outcomes\""},
    {.name = "lets-go",
     .title = "who has gone leaves nothing behind",
     .needs = "shouts",
     .run = lets_go,
     .cause = "When recv returns 0, or recv or send an error that is not "
              "EAGAIN, the connection is over: close it and free it. A send "
              "without MSG_NOSIGNAL to a client that has gone raises SIGPIPE, "
              "which ends the process.",
     .section = "lessons/01-blocking/README.md, \"`recv` has three outcomes\""},
    {.name = NULL},
};

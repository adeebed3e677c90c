/*
 * hidden.c - the hidden checks of 01-lines. Read before: NOTES.md.
 */
#include "../../exercises/check/check.h"

#include <ctype.h>
#include <string.h>

#define PAGE "lessons/01-blocking/README.md, "

static void to_capitals(char *capitals, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        capitals[i] = (char)toupper((unsigned char)bytes[i]);
}

/* All values but that of the line's end. */
static void any_bytes(void)
{
    enum { LEN = 900 };
    static char bytes[LEN + 1], capitals[LEN + 1];
    check_random_bytes(bytes, LEN);
    for (int i = 0; i < LEN; i++)
        if (bytes[i] == '\n')
            bytes[i] = '\r';
    bytes[check_random(LEN / 2)] = '\0';
    bytes[LEN] = '\n';
    to_capitals(capitals, bytes, sizeof bytes);
    struct program *server = server_start(SANITIZED, NULL);
    struct peer *peer = peer_connect(server);
    peer_send(peer, bytes, sizeof bytes);
    peer_expect(peer, capitals, sizeof bytes);
}

/* Many lines of all lengths, in pieces that end anywhere. */
static void pieces(void)
{
    enum { LEN = 60000, LONGEST = 1000, PIECE = 1500 };
    static char text[LEN], capitals[LEN];
    check_random_text(text, LEN);
    for (size_t at = 0; at < LEN; at += check_random(LONGEST + 1) + 1)
        text[at] = '\n';
    text[LEN - 1] = '\n';
    to_capitals(capitals, text, LEN);
    struct program *server = server_start(SANITIZED, NULL);
    struct peer *peer = peer_connect(server);
    for (size_t at = 0, n; at < LEN; at += n) {
        n = 1 + check_random(PIECE);
        n = n < LEN - at ? n : LEN - at;
        peer_send(peer, text + at, n);
        program_rest(server);
    }
    peer_expect(peer, capitals, LEN);
    peer_finish(peer);
    peer_expect_end(peer);
}

/*
 * A blocking send takes all, unless a signal comes when a part has gone: a stop
 * signal, too, though it has no handler (Ctrl-Z, fg).
 */
static void interrupted(void)
{
    enum { LINES = 40, LINE = 1000, READ = 700 };
    static char text[LINES * LINE], capitals[LINES * LINE];
    check_random_text(text, sizeof text);
    for (size_t i = 1; i <= LINES; i++)
        text[i * LINE - 1] = '\n';
    to_capitals(capitals, text, sizeof text);
    struct program *server = server_start(SANITIZED, NULL);
    server_squeeze(server);
    struct peer *peer = peer_connect_small(server);
    peer_send(peer, text, sizeof text);
    size_t done = 0;
    for (; done + READ < sizeof text / 2; done += READ) {
        program_rest(server);
        program_pause(server);
        program_resume(server);
        peer_expect(peer, capitals + done, READ);
    }
    peer_expect(peer, capitals + done, sizeof text - done);
}

static void listener(void)
{
    struct program *server = server_start(SANITIZED, NULL);
    for (int i = 0; i < 2; i++) {
        struct peer *peer = peer_connect(server);
        peer_send_text(peer, "hello\n");
        peer_expect_text(peer, "HELLO\n");
    }
    program_rest(server);
    check_equal("descriptors that listen, in the parent and two children", 1,
                program_listeners(server));
}

const struct check hidden_checks[] = {
    {.name = "any-bytes",
     .title = "bytes of all values in a line",
     .needs = "answers",
     .run = any_bytes,
     .cause = "What recv stores is no string: no NUL stands behind it, and "
              "some may be in it. Count bytes, and look for '\\n' with memchr.",
     .section = PAGE "\"`recv` has three outcomes\""},
    {.name = "pieces",
     .title = "60,000 bytes of lines in pieces of any length",
     .needs = "lines limit",
     .run = pieces,
     .cause = "Sooner or later a line begins near the end of the buffer. What "
              "is left of it has to move to the front; a recv without room "
              "returns 0, as if the client had finished.",
     .section = PAGE "\"Serve: as many calls as the bytes need\""},
    {.name = "interrupted",
     .title = "stopped and continued while it sends",
     .needs = "lines",
     .run = interrupted,
     .cause =
         "Also a blocking send may take a part and return how much: when a "
         "signal comes. Send the rest, in a loop.",
     .section = PAGE "\"Serve: as many calls as the bytes need\""},
    {.name = "listener",
     .title = "the listener is the parent's alone",
     .needs = "answers",
     .run = listener,
     .cause = "fork copies all descriptors. The child needs the connection and "
              "closes the listener: as long as one copy is open, the port is "
              "taken and clients wait in its backlog.",
     .section = PAGE "\"A process for each connection\""},
    {.name = NULL},
};

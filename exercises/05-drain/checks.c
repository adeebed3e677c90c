/*
 * checks.c - the visible checks of 05-drain.
 *
 * An edge is made by stopping the server: what arrives meanwhile is one event
 * when it goes on.
 *
 * Read before: README.md, ../check/check.h.
 */
#include "../check/check.h"
#include "../check/trace.h"

#include <ctype.h>
#include <string.h>

#define PAGE "lessons/05-epoll/README.md, "

/* `len` bytes of text and their capitals; both stay. */
static void make_text(size_t len, char **text, char **capitals)
{
    *text = check_text("%*s", (int)len, "");
    *capitals = check_text("%*s", (int)len, "");
    check_random_text(*text, len);
    for (size_t i = 0; i < len; i++)
        (*capitals)[i] = (char)toupper((unsigned char)(*text)[i]);
}

/* The least: what comes goes back, and who has finished is closed. */
static void shouts(void)
{
    struct program *server = server_start(SANITIZED, NULL);
    struct peer *peer = peer_connect(server);
    peer_send_text(peer, "hello\n");
    peer_expect_text(peer, "HELLO\n");
    peer_send_text(peer, "once more\n");
    peer_expect_text(peer, "ONCE MORE\n");
    peer_finish(peer);
    peer_expect_close(peer);
    program_stop(server);
}

/* Two at once, and the calls that serve them. */
static void by_edges(void)
{
    struct program *server = server_start(TRACED, NULL);
    struct peer *one = peer_connect(server);
    peer_send_text(one, "one\n");
    peer_expect_text(one, "ONE\n");
    /* Only now: two connections behind one edge are accepts_all's matter. */
    struct peer *two = peer_connect(server);
    peer_send_text(two, "two\n");
    peer_expect_text(two, "TWO\n");
    program_rest(server);
    model_expect(server, MODEL_EPOLL_EDGE);
}

/* More than one recv can take, all there before the server looks. */
static void drains(void)
{
    struct program *server = server_start(SANITIZED, NULL);
    struct peer *peer = peer_connect(server);
    char *text, *capitals;
    const size_t len = 20000 + check_random(20000);
    make_text(len, &text, &capitals);
    program_pause(server);
    peer_send(peer, text, len);
    program_resume(server);
    peer_expect(peer, capitals, len);
    program_stop(server);
}

/* Several connections behind one edge of the listener. */
static void accepts_all(void)
{
    enum { CROWD = 12 };
    struct program *server = server_start(SANITIZED, NULL);
    struct peer *peers[CROWD];
    program_pause(server);
    for (int i = 0; i < CROWD; i++) {
        peers[i] = peer_connect(server);
        peer_send_text(peers[i], "here\n");
    }
    program_resume(server);
    for (int i = 0; i < CROWD; i++)
        peer_expect_text(peers[i], "HERE\n");
    program_stop(server);
}

const struct check visible_checks[] = {
    {.name = "shouts",
     .title = "what comes goes back in capitals",
     .run = shouts,
     .cause = "serve receives, turns the bytes into capitals and sends them. "
              "recv returns how many bytes came; 0 says that the client sends "
              "no more; -1 with errno EAGAIN says that there is nothing now.",
     .section = PAGE "\"One connection's life: arm, wait, take\""},
    {.name = "by-edges",
     .title = "two at once: epoll, edge-triggered, one thread",
     .needs = "shouts",
     .run = by_edges,
     .cause = "A recv that blocks for one client keeps all others waiting. An "
              "accepted descriptor is non-blocking only if accept4 makes it "
              "so, with SOCK_NONBLOCK: it does not inherit that.",
     .section = PAGE "\"Take: connections come in batches\""},
    {.name = "drains",
     .title = "a long text comes back whole",
     .needs = "shouts",
     .run = drains,
     .cause = "An edge is reported once. What one recv does not take stays in "
              "the socket, and no new event tells of it: receive until EAGAIN.",
     .section = PAGE "\"Level repeats, edge speaks once, one-shot disarms\""},
    {.name = "accepts-all",
     .title = "twelve connections behind one edge",
     .needs = "shouts",
     .run = accepts_all,
     .cause = "The listener is edge-triggered, too: one event may stand for "
              "several connections. Accept until EAGAIN.",
     .section =
         PAGE "\"Serve and re-arm: what each trigger asks of the server\""},
    {.name = NULL},
};

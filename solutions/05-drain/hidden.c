/*
 * hidden.c - the hidden checks of 05-drain.
 */
#include "../../exercises/check/check.h"

#include <ctype.h>
#include <string.h>

#define PAGE "lessons/05-epoll/README.md, "

/* A client that sends much and reads late: sends are partial. */
static void late_reader(void)
{
    enum { MOST = 4 << 20 };
    struct program *server = server_start(SANITIZED, NULL);
    struct peer *peer = peer_connect_small(server);
    char *text = check_text("%*s", MOST, "");
    check_random_text(text, MOST);
    size_t sent = 0;
    check_did("client 1 sends, without reading, until nobody takes more");
    for (;;) {
        const size_t n = peer_send_some(peer, text + sent, MOST - sent);
        sent += n;
        if (n > 0)
            continue;
        program_rest(server);
        if (peer_send_some(peer, text + sent, 1) == 0)
            break;
        sent++;
    }
    check_did("client 1 has sent %zu bytes; now it reads", sent);
    for (size_t i = 0; i < sent; i++)
        text[i] = (char)toupper((unsigned char)text[i]);
    peer_expect(peer, text, sent);
    program_rest(server);
    program_stop(server);
}

static void lets_go(void)
{
    struct program *server = server_start(SANITIZED, NULL);
    struct peer *first = peer_connect(server);
    peer_send_text(first, "x");
    peer_expect_text(first, "X");
    program_rest(server);
    const int before = program_descriptors(server);
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
    check_equal("open descriptors when five clients have come and gone", before,
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
    {.name = "lets-go",
     .title = "who has gone leaves nothing behind",
     .needs = "shouts",
     .run = lets_go,
     .cause = "When recv returns 0, or an error that is not EAGAIN, the "
              "connection is over: close it and free it.",
     .section = PAGE "\"One connection's life: arm, wait, take\""},
    {.name = NULL},
};

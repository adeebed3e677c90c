/*
 * hidden.c - the hidden checks of 08-batch.
 */
#include "../../exercises/08-batch/load.h"
#include "../../exercises/check/check.h"

#include <string.h>

#define PAGE "lessons/08-coroutines/README.md, "

/* A client that sends much and reads late, and another beside it. */
static void late_reader(void)
{
    enum { LINES = 60000, LEN = LINES * LOAD_LINE };
    struct program *server = server_start(SANITIZED, NULL);
    struct peer *late = peer_connect_small(server);
    struct peer *other = peer_connect(server);
    struct load l = load_make(1, LINES);
    check_did("client 1 sends, without reading, until nobody takes more");
    size_t sent = 0;
    for (size_t n = 1; n > 0; sent += n) {
        n = peer_send_some(late, l.text + sent, LEN - sent);
        if (n == 0) {
            program_rest(server);
            n = peer_send_some(late, l.text + sent, LEN - sent);
        }
    }
    peer_send_text(other, "me too\n");
    peer_expect_text(other, "ME TOO\n");
    check_did("client 1 has sent %zu bytes; now it reads", sent);
    peer_expect(late, l.capitals, sent - sent % LOAD_LINE);
    program_stop(server);
}

static void one_by_one(void)
{
    struct program *server = server_start(PLAIN, NULL);
    struct program *plain = server_start_named(GIVEN, "plain", NULL);
    struct load load = load_make(16, 1);
    const struct speed s = speed_compare(server, plain, load_work, &load);
    speed_score(&s, 1.9, 8, "a line at a time, from 16 clients");
}

const struct check hidden_checks[] = {
    {.name = "late-reader",
     .title = "who reads late gets everything, and holds up nobody",
     .needs = "too-long",
     .run = late_reader,
     .cause = "When the answers do not fit into the socket, the task waits "
              "until they do, and does not receive meanwhile: nothing may "
              "grow without a bound, nothing may get lost.",
     .section = PAGE "\"The server: one task a connection\""},
    {.name = "one-by-one",
     .title = "a line at a time costs little",
     .needs = "in-pieces too-long",
     .run = one_by_one,
     .cause = "Three calls are needed for a line: one learns that it is there, "
              "recv, send. mini_forget and a new mini_await tell epoll twice "
              "more; mini_yield goes round the loop.",
     .section = PAGE "\"Measure: what holds on your machine\""},
    {.name = NULL},
};

/*
 * hidden.c - the hidden checks of 08-batch.
 */
#include "../../exercises/08-batch/load.h"
#include "../../exercises/check/check.h"
#include "../../exercises/check/trace.h"

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

/* Counted, not timed: how often the kernel is asked for a line by itself. */
static void few_calls(void)
{
    enum { LINES = 40, CALLS = 5 };
    struct program *server = server_start(TRACED, NULL);
    struct peer *peer = peer_connect(server);
    peer_send_text(peer, "first\n");
    peer_expect_text(peer, "FIRST\n");
    program_rest(server);
    trace_mark(server);
    for (int i = 0; i < LINES; i++) {
        peer_send_text(peer, "a line\n");
        peer_expect_text(peer, "A LINE\n");
        program_rest(server);
    }
    check_note("%.1f calls a line",
               (double)trace_total(server) / (double)LINES);
    if (trace_total(server) > CALLS * LINES)
        check_fail(check_text("%d lines, one at a time: at most %d calls each",
                              LINES, CALLS),
                   check_text("%.1f calls each:\n%s",
                              (double)trace_total(server) / LINES,
                              trace_table(server)));
    model_expect(server, MODEL_EPOLL);
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
    {.name = "few-calls",
     .title = "a line by itself costs few calls",
     .needs = "in-pieces too-long",
     .run = few_calls,
     .cause = "Three calls are needed for a line: one learns that it is there, "
              "recv, send; a fourth finds that nothing is left. mini_forget "
              "and a new mini_await tell epoll twice more.",
     .section = PAGE "\"Measure: what holds on your machine\""},
    {.name = NULL},
};

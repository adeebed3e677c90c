/*
 * hidden.c - the hidden checks of 07-deadline. Read before: NOTES.md.
 */
#include "../../exercises/check/check.h"
#include "../../exercises/check/stage.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define PAGE "lessons/07-callbacks/README.md, "

enum { IDLE_MS = 10000 };

static char *capitals_of(const char *text, size_t len)
{
    char *capitals = check_text("%*s", (int)len, "");
    for (size_t i = 0; i < len; i++)
        capitals[i] = (char)toupper((unsigned char)text[i]);
    return capitals;
}

static struct program *staged_server(void)
{
    stage_open();
    return server_start(TRACED, NULL);
}

static void expect_end(struct actor *a)
{
    actor_expect_text(a, "bye\n");
    actor_expect_close(a);
}

/* To the millisecond: nothing happens 1 ms before, all of it then. */
static void expect_bye(struct program *server, struct actor *a, int64_t at_ms)
{
    stage_play_ms(server, at_ms - 1 - stage_now_ms());
    actor_expect_nothing(a);
    stage_play_ms(server, 1);
    expect_end(a);
    check_equal("milliseconds from the start until the client is closed", at_ms,
                stage_now_ms());
}

/* --- deadlines ------------------------------------------------------------ */

/* Ben gets the descriptor that anna had. Her deadline is not his. */
static void same_number(void)
{
    struct program *server = staged_server();
    for (int i = 0; i < 3; i++) {
        struct actor *anna = actor_connect(server, check_text("anna%d", i));
        stage_play_ms(server, 1 + check_random(IDLE_MS / 2));
        if (i == 1)
            actor_reset(anna);
        else
            actor_close(anna);
        stage_play_ms(server, 1 + check_random(IDLE_MS / 3));
        struct actor *ben = actor_connect(server, check_text("ben%d", i));
        expect_bye(server, ben, stage_now_ms() + IDLE_MS);
    }
}

/* How often epoll has reported bytes of anna, who never sends any. */
static int false_reports(void)
{
    int n = 0;
    for (const char *at = stage_transcript();
         (at = strstr(at, "anna in")) != NULL; at++)
        n++;
    return n;
}

/* epoll may report what is not ready: that is no byte, and no end. Ben wakes
 * the server up, so that it is told. */
static void only_bytes(void)
{
    enum { OFTEN = 50, ENOUGH = 3, TRIES = 1000 };
    struct program *server = staged_server();
    struct actor *anna = actor_connect(server, "anna");
    struct actor *ben = actor_connect(server, "ben");
    stage_play_ms(server, 1 + check_random(IDLE_MS - 10));
    check_did("from now on epoll reports sometimes what is not ready");
    stage_rule((struct stage_rule){
        .calls = "wait", .fault = FAULT_SPURIOUS, .percent = OFTEN});
    for (int i = 0; i < TRIES && false_reports() < ENOUGH; i++) {
        actor_send_text(ben, "x");
        actor_expect_text(ben, "X");
    }
    if (false_reports() < ENOUGH)
        check_error("no false report in %d tries", TRIES);
    const int64_t ben_due_ms = stage_now_ms() + IDLE_MS;
    expect_bye(server, anna, IDLE_MS);
    expect_bye(server, ben, ben_due_ms);
}

/* --- what is owed --------------------------------------------------------- */

/* Sends until the server takes no more, because nobody reads its answers. */
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
    const char *const options[] = {"--idle-ms", "600000", NULL};
    static char text[300000];
    struct program *server = server_start(SANITIZED, options);
    server_squeeze(server);
    struct peer *peer = peer_connect_small(server);
    struct peer *other = peer_connect(server);
    check_random_bytes(text, sizeof text);
    const size_t sent = send_all_it_takes(peer, server, text, sizeof text);
    peer_send_text(other, "me too\n");
    peer_expect_text(other, "ME TOO\n");
    check_did("now client 1 reads");
    peer_expect(peer, capitals_of(text, sent), sent);
    peer_finish(peer);
    peer_expect_close(peer);
    program_stop(server);
}

static void spoil_sends(const char *who, enum fault fault, int error, int times)
{
    stage_rule((struct stage_rule){.calls = "send",
                                   .who = who,
                                   .fault = fault,
                                   .error = error,
                                   .times = times});
}

/* Each has another kind of socket when the bye is to be sent. */
static void last_word(void)
{
    struct program *server = staged_server();
    spoil_sends("anna", FAULT_SHORT, 0, 0);
    spoil_sends("ben", FAULT_ERROR, EAGAIN, 3);
    spoil_sends("cleo", FAULT_ERROR, ECONNRESET, 1);
    struct actor *anna = actor_connect(server, "anna");
    struct actor *ben = actor_connect(server, "ben");
    struct actor *cleo = actor_connect(server, "cleo");
    struct actor *dora = actor_connect(server, "dora");
    stage_play_ms(server, IDLE_MS - 1);
    actor_reset(dora);
    stage_play_ms(server, 1);
    expect_end(anna);
    expect_end(ben);
    actor_expect_close(cleo);
    check_equal("milliseconds from the start until all are closed", IDLE_MS,
                stage_now_ms());
    struct actor *emil = actor_connect(server, "emil");
    actor_send_text(emil, "hello\n");
    actor_expect_text(emil, "HELLO\n");
}

/*
 * Client 1 takes neither its answers nor a bye. The deadlines of the two that
 * come after it, one after the other, are later than the end of its patience.
 */
static void never_reads(void)
{
    enum { MUCH = 20000 };
    const char *const options[] = {"--idle-ms", "20", NULL};
    static char text[MUCH];
    struct program *server = server_start(SANITIZED, options);
    program_rest(server);
    const int before = program_descriptors(server);
    check_random_text(text, MUCH);
    server_squeeze(server);
    program_pause(server);
    struct peer *first = peer_connect_small(server);
    peer_send(first, text, MUCH);
    program_resume(server);
    for (int i = 0; i < 2; i++) {
        struct peer *other = peer_connect(server);
        peer_expect_text(other, "bye\n");
        peer_expect_close(other);
    }
    program_rest(server);
    check_equal("open descriptors after twice the time that client 1 had",
                before, program_descriptors(server));
    program_stop(server);
}

/* --- who has gone --------------------------------------------------------- */

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
    const char *const options[] = {"--idle-ms", "600000", NULL};
    struct program *server = server_start(SANITIZED, options);
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

/* --- all at once ---------------------------------------------------------- */

enum { CLIENTS = 6, ROUNDS = 3, LEN_MAX = 300 };

struct guest {
    struct actor *actor;
    int64_t due_ms;
    bool gone;
};

static void speak(struct guest *g)
{
    static char text[LEN_MAX];
    const size_t len = 1 + check_random(LEN_MAX);
    check_random_bytes(text, len);
    actor_send(g->actor, text, len);
    actor_expect(g->actor, capitals_of(text, len), len);
    g->due_ms = stage_now_ms() + IDLE_MS;
}

static void leave(struct guest *g)
{
    if (check_random(2) == 0)
        actor_close(g->actor);
    else
        actor_reset(g->actor);
    g->gone = true;
}

/* The one that is due first; NULL: none is left. */
static struct guest *next_guest(struct guest *guests)
{
    struct guest *next = NULL;
    for (int i = 0; i < CLIENTS; i++)
        if (!guests[i].gone &&
            (next == NULL || guests[i].due_ms < next->due_ms))
            next = &guests[i];
    return next;
}

static void storm(void)
{
    enum { PERCENT = 25 };
    struct guest guests[CLIENTS] = {{.gone = false}};
    struct program *server = staged_server();
    stage_storm(PERCENT);
    for (int i = 0; i < CLIENTS; i++) {
        guests[i].actor = actor_connect(server, check_text("client %d", i));
        guests[i].due_ms = stage_now_ms() + IDLE_MS;
        stage_play_ms(server, 1 + check_random(100));
    }
    for (int i = 0; i < ROUNDS * CLIENTS; i++) {
        speak(&guests[check_random(CLIENTS)]);
        stage_play_ms(server, 1 + check_random(500));
    }
    leave(&guests[check_random(CLIENTS)]);
    for (struct guest *g; (g = next_guest(guests)) != NULL; g->gone = true)
        expect_bye(server, g->actor, g->due_ms);
    check_note("%d faults", stage_faults());
}

const struct check hidden_checks[] = {
    {.name = "same-number",
     .title = "a new client with the descriptor of an old one",
     .needs = "renews leaves-early",
     .run = same_number,
     .cause = "The number of a descriptor is given out again at once. A "
              "deadline belongs to one client, not to a number: it has to be "
              "stopped when that client goes, and to begin anew for the next.",
     .section = PAGE "\"To stop is to leave the list\""},
    {.name = "only-bytes",
     .title = "to be called is not to receive",
     .needs = "renews",
     .run = only_bytes,
     .cause = "on_client may be called for nothing: recv says EAGAIN then. "
              "That is neither the end of the client nor a sign of life. Only "
              "a byte that was received renews the deadline.",
     .section = PAGE "\"3. A timer that is not started anew\""},
    {.name = "late-reader",
     .title = "a client that sends much and reads late",
     .needs = "shouts",
     .run = late_reader,
     .cause = "send takes what fits. The rest must be kept until there is "
              "room, which mini_watch tells with EPOLLOUT; and there must be "
              "room for what is received meanwhile, or nothing is received.",
     .section = "lessons/02-nonblocking/README.md, \"Send what the kernel "
                "takes, keep the rest\""},
    {.name = "last-word",
     .title = "a bye that does not go at once",
     .needs = "says-bye",
     .run = last_word,
     .cause = "The bye is sent like everything else: a part may be taken, or "
              "nothing yet (EAGAIN). The client is closed when all of it has "
              "been sent, or when it turns out that nobody is there.",
     .section = "lessons/02-nonblocking/README.md, \"Send what the kernel "
                "takes, keep the rest\""},
    {.name = "never-reads",
     .title = "who takes no bye does not stay for ever",
     .needs = "leaves-early",
     .run = never_reads,
     .cause = "A bye that waits for room may wait for ever. It needs a "
              "deadline, too: start the timer again when the bye has to wait.",
     .section = PAGE "\"A timer is a call with a deadline\""},
    {.name = "lets-go",
     .title = "who has gone leaves nothing behind",
     .needs = "leaves-early",
     .run = lets_go,
     .cause = "When recv returns 0, or recv or send an error that is not "
              "EAGAIN, the client has gone: drop it. A send without "
              "MSG_NOSIGNAL to a client that has gone raises SIGPIPE, which "
              "ends the process.",
     .section = "lessons/01-blocking/README.md, \"`recv` has three outcomes\""},
    {.name = "storm",
     .title = "everything that may happen to a correct server",
     .needs = "each-its-own only-bytes last-word",
     .run = storm,
     .cause = "Nothing here is an error of the network: calls take a part, "
              "say EAGAIN, or fail for one client (ECONNABORTED of accept). "
              "A server that goes on as if nothing had happened, is right.",
     .section = "lessons/02-nonblocking/README.md, \"Send what the kernel "
                "takes, keep the rest\""},
    {.name = NULL},
};

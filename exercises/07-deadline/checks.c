/*
 * checks.c - the visible checks of 07-deadline.
 *
 * Ten seconds of silence are no ten seconds here: most checks play on the
 * stage, where time passes by jumps and is exact. What only the sanitizers see
 * runs in real time, with deadlines of 20 ms, and asserts none of them.
 *
 * Read before: README.md, ../check/stage.h.
 */
#include "../check/check.h"
#include "../check/stage.h"
#include "../check/trace.h"

#define PAGE "lessons/07-callbacks/README.md, "

enum { IDLE_MS = 10000 };

#define AFTER_A_CLIENT                                                         \
    "The server goes on when a client has gone. In drop, mini_unwatch comes "  \
    "before close, for it needs the descriptor; and free comes last."

#define BYE_AND_OPEN                                                           \
    "The bye has come, and the connection is still open: when all of it is "   \
    "sent, drop the client at once."

#define WITHOUT_BYE                                                            \
    "The client is dropped at its deadline, but without a bye: on_idle sends " \
    "it first, and drops the client when all of it is sent."

/* --- the least ------------------------------------------------------------ */

static void shouts(void)
{
    const char *const options[] = {"--idle-ms", "600000", NULL};
    check_cause_when("nothing; the program",
                     "on_listener accepts, and says with mini_watch what each "
                     "client waits for; on_client receives, turns the bytes "
                     "into capitals and sends them, and is called again for "
                     "the next.");
    struct program *server = server_start(SANITIZED, options);
    struct peer *one = peer_connect(server);
    struct peer *two = peer_connect(server);
    peer_send_text(one, "hello\n");
    peer_expect_text(one, "HELLO\n");
    peer_send_text(two, "here, too\n");
    peer_expect_text(two, "HERE, TOO\n");
    peer_send_text(one, "once more\n");
    peer_expect_text(one, "ONCE MORE\n");
}

/* Two at once, and the calls that serve them. */
static void by_callbacks(void)
{
    const char *const options[] = {"--idle-ms", "600000", NULL};
    struct program *server = server_start(TRACED, options);
    struct peer *one = peer_connect(server);
    struct peer *two = peer_connect(server);
    peer_send_text(one, "one\n");
    peer_expect_text(one, "ONE\n");
    peer_send_text(two, "two\n");
    peer_expect_text(two, "TWO\n");
    model_expect(server, MODEL_EPOLL);
}

/* --- on the stage --------------------------------------------------------- */

static struct program *staged_server(void)
{
    stage_open();
    return server_start(TRACED, NULL);
}

/*
 * A silence of ten seconds is one sleep, or a few: a timer may find that its
 * client has spoken since, and sleep for the rest. Whoever looks all the time
 * is seen in the first of the pieces.
 */
static void sleeps_on(void)
{
    enum { WAKE_UPS = 8, FIRST_MS = 150 };
    struct program *server = staged_server();
    struct actor *anna = actor_connect(server, "anna");
    struct actor *ben = actor_connect(server, "ben");
    actor_send_text(anna, "hello\n");
    actor_expect_text(anna, "HELLO\n");
    actor_expect_nothing(ben);
    trace_mark(server);
    int64_t at_ms = FIRST_MS;
    for (; at_ms < IDLE_MS; at_ms *= 2) {
        stage_play_ms(server, at_ms - stage_now_ms());
        check_at_most(check_text("wake-ups (epoll_wait) in the first %d ms of "
                                 "silence",
                                 (int)at_ms),
                      WAKE_UPS,
                      trace_count_named(server, "epoll_wait epoll_pwait"));
    }
}

/* Nothing happens 1 ms before. Returns when the client was closed. */
static int64_t see_off(struct program *server, struct actor *a, int64_t at_ms)
{
    stage_play_ms(server, at_ms - 1 - stage_now_ms());
    actor_expect_nothing(a);
    stage_play_ms(server, 1);
    actor_expect_text(a, "bye\n");
    actor_expect_close(a);
    return stage_now_ms();
}

static void expect_bye(struct program *server, struct actor *a, int64_t at_ms)
{
    check_equal("milliseconds from the start until the client is closed", at_ms,
                see_off(server, a, at_ms));
}

/* What to mend follows from what anna has seen. */
static void bye_causes(void)
{
    check_cause_when(" has ended", AFTER_A_CLIENT);
    check_cause_when("nothing comes for anna now",
                     "Something came before its time. The deadline is idle_ms "
                     "milliseconds after the client was accepted.");
    check_cause_when("was expected",
                     "What comes is not the bye: it has four bytes, b, y, e "
                     "and \\n.");
    check_cause_when("more bytes",
                     "The bye has four bytes, and nothing comes behind it: "
                     "neither the NUL of a C string nor a second bye.");
    check_cause_when("closes the connection of anna", BYE_AND_OPEN);
    check_cause_when("until anna is closed", BYE_AND_OPEN);
    check_cause_when("has closed the connection", WITHOUT_BYE);
}

/* And the server is there after it; nor has it slept on the way. */
static void says_bye(void)
{
    bye_causes();
    struct program *server = staged_server();
    struct actor *anna = actor_connect(server, "anna");
    const int64_t closed_ms = see_off(server, anna, IDLE_MS);
    check_cause(AFTER_A_CLIENT, PAGE "\"To stop is to leave the list\"");
    program_stop(server);
    model_expect(server, MODEL_EPOLL);
    check_cause("", PAGE "\"A timer is a call with a deadline\"");
    check_equal("milliseconds from the start until anna is closed", IDLE_MS,
                closed_ms);
}

static void renews(void)
{
    check_cause_when(" has ended", "");
    check_cause_when("nothing comes for anna now",
                     "The bye came before its time: it is due ten seconds "
                     "after the last bytes, whenever the first ones came.");
    check_cause_when("has closed the connection", WITHOUT_BYE);
    check_cause_when("closes the connection of anna", BYE_AND_OPEN);
    check_cause_when("anna receives 4 bytes",
                     "Since anna has spoken, no bye is due. A timer that was "
                     "stopped calls nobody: start it again when bytes come, "
                     "with mini_timer_start and idle_ms.");
    check_cause_when("until the client is closed",
                     "The bye came later than ten seconds after the last "
                     "bytes. mini_timer_start counts from now on: give it "
                     "idle_ms, and nothing of what was left before.");
    struct program *server = staged_server();
    struct actor *anna = actor_connect(server, "anna");
    for (int i = 0; i < 4; i++) {
        stage_play_ms(server, IDLE_MS / 2 + check_random(IDLE_MS / 2));
        actor_send_text(anna, "still here\n");
        actor_expect_text(anna, "STILL HERE\n");
    }
    expect_bye(server, anna, stage_now_ms() + IDLE_MS);
}

static void each_its_own(void)
{
    enum { CLIENTS = 4 };
    static const char *const names[] = {"anna", "ben", "cleo", "dora"};
    static const int in_turn[] = {1, 3, 2, 0}; /* two of them have spoken */
    struct program *server = staged_server();
    struct actor *actors[CLIENTS];
    int64_t due_ms[CLIENTS];
    check_cause_when(" has ended", AFTER_A_CLIENT);
    check_cause_when("nothing comes for",
                     "A client was told bye, or dropped, before its own ten "
                     "seconds were over. When a deadline comes, the one whose "
                     "it is goes, and nobody else.");
    check_cause_when("has closed the connection", WITHOUT_BYE);
    for (int i = 0; i < CLIENTS; i++) {
        stage_play_ms(server, 1 + check_random(1500));
        actors[i] = actor_connect(server, names[i]);
        due_ms[i] = stage_now_ms() + IDLE_MS;
    }
    for (int i = 2; i >= 0; i -= 2) {
        stage_play_ms(server, 1 + check_random(1500));
        actor_send_text(actors[i], "still here\n");
        actor_expect_text(actors[i], "STILL HERE\n");
        due_ms[i] = stage_now_ms() + IDLE_MS;
    }
    for (int i = 0; i < CLIENTS; i++) {
        expect_bye(server, actors[in_turn[i]], due_ms[in_turn[i]]);
        for (int j = i + 1; j < CLIENTS; j++)
            actor_expect_nothing(actors[in_turn[j]]);
    }
}

/* --- under the sanitizers ------------------------------------------------- */

/*
 * Clients leave in all ways before their deadlines. Then one stays until its
 * own, which is later than theirs: what was left of them has struck by then.
 */
static void leaves_early(void)
{
    const char *const options[] = {"--idle-ms", "20", NULL};
    check_cause_when("closes the connection of client 3",
                     "The client has finished: recv returns 0. It gets what it "
                     "is owed, no bye, and is dropped.");
    check_cause_when("client 4 receives", "");
    struct program *server = server_start(SANITIZED, options);
    program_pause(server);
    struct peer *first = peer_connect(server);
    struct peer *second = peer_connect(server);
    struct peer *third = peer_connect(server);
    peer_send_text(second, "x");
    peer_close(first);
    peer_reset(second);
    peer_finish(third);
    program_resume(server);
    peer_expect_close(third);
    struct peer *last = peer_connect(server);
    peer_expect_text(last, "bye\n");
    peer_expect_close(last);
    program_stop(server);
}

const struct check visible_checks[] = {
    {.name = "shouts",
     .title = "what comes goes back in capitals",
     .run = shouts,
     .section = PAGE "\"A reactor: everything ends as a function to be "
                     "called\""},
    {.name = "by-callbacks",
     .title = "two at once: the loop alone waits",
     .needs = "shouts",
     .run = by_callbacks},
    {.name = "sleeps-on",
     .title = "silence wakes nobody up",
     .needs = "by-callbacks",
     .run = sleeps_on,
     .cause = "epoll_wait sleeps until the first deadline, because the loop "
              "knows it. To wake up now and then and look for the silent is "
              "polling: start a timer for each client instead.",
     .section = PAGE "\"A timer is a call with a deadline\""},
    {.name = "says-bye",
     .title = "ten seconds of silence, a bye, and the end",
     .needs = "sleeps-on",
     .run = says_bye,
     .cause = "The deadline of a client begins when it is accepted: start its "
              "timer there, with mini_timer_start and idle_ms. When the time "
              "has come, on_idle says bye, and the client is dropped.",
     .section = PAGE "\"A timer is a call with a deadline\""},
    {.name = "renews",
     .title = "each byte that comes renews the deadline",
     .needs = "says-bye",
     .run = renews,
     .cause = "To start a timer that runs is to start it anew. Whoever "
              "receives starts the client's timer again.",
     .section = PAGE "\"3. A timer that is not started anew\""},
    {.name = "each-its-own",
     .title = "four clients, four deadlines",
     .needs = "renews",
     .run = each_its_own,
     .cause = "Each client is silent for itself. One timer that all of them "
              "start anew tells only when the last one has spoken; one timer "
              "for all has to know whose deadline is the first.",
     .section = PAGE "\"A timer is a call with a deadline\""},
    {.name = "leaves-early",
     .title = "a client that goes takes its timer with it",
     .needs = "says-bye",
     .run = leaves_early,
     .cause = "The loop links the watcher and the timer into its lists. Both "
              "have to leave these lists before the memory that they lie in "
              "is freed: mini_unwatch and mini_timer_stop in drop. A client "
              "goes when recv returns 0, or an error that is not EAGAIN.",
     .section = PAGE "\"To stop is to leave the list\""},
    {.name = NULL},
};

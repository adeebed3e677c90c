/*
 * checks.c - the checks of 03-trace, its questions, and the run that answers
 * them: the same steps for the trace that the student reads and for the checks.
 *
 * Each step of a client is taken when the server has come to rest after the one
 * before. So there is one order of events, and one trace.
 *
 * Read before: README.md. Read after: given/server.c.
 */
#include "../check/check.h"
#include "../check/trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE "lessons/03-select/README.md, "

enum { CLIENTS_MIN = 4, CLIENTS_MORE = 3, CALLS_MAX = 200 };

/* What the run has shown; the numbers are the kernel's, read from the trace. */
struct run {
    struct program *server;
    int told; /* calls that are printed already */
    int listener, before, after, silent;
    long long turns, bytes;
};

/* Which client does what: of the student's seed. */
static int pick(const char *what, int below)
{
    return (int)((check_seed_of(what) >> 33) % (unsigned)below);
}

static int clients(void)
{
    return CLIENTS_MIN + pick("clients", CLIENTS_MORE);
}

/* Who leaves: not the last one, so that a higher number stays. */
static int leaver(void)
{
    return pick("leaver", clients() - 1);
}

static size_t length_of(int client)
{
    char what[32];
    snprintf(what, sizeof what, "length %d", client);
    return 3 + (size_t)pick(what, 20);
}

/* --- the trace ------------------------------------------------------------ */

/* The number behind the last `call(` of the trace. */
static int last_argument(struct program *p, const char *call)
{
    char *text = trace_last(p, CALLS_MAX);
    const size_t len = strlen(call);
    int argument = -1;
    for (char *at = text; (at = strstr(at, call)) != NULL; at += len)
        if ((at == text || at[-1] == '\n' || at[-1] == ' ') && at[len] == '(')
            argument = atoi(at + len + 1);
    return argument;
}

/* What select was told last: the C library may call it pselect6. */
static int last_nfds(struct program *p)
{
    const int nfds = last_argument(p, "pselect6");
    return nfds != -1 ? nfds : last_argument(p, "select");
}

/* The number behind the last " = " of the trace: what the last call returned.
 */
static int last_result_of(struct program *p, const char *call)
{
    char *text = trace_last(p, CALLS_MAX);
    int result = -1;
    for (char *line = strtok(text, "\n"); line != NULL;
         line = strtok(NULL, "\n")) {
        const char *is = strstr(line, ") = ");
        if (strstr(line, call) != NULL && is != NULL)
            result = atoi(is + 4);
    }
    return result;
}

/* Prints what came since the last step; nothing in a check. */
static void tell(struct run *run, bool aloud, const char *step)
{
    program_rest(run->server);
    const int total = (int)trace_total(run->server);
    char *calls = trace_last(run->server, total - run->told);
    /* What the C library does before main is not asked about. */
    const char *socket = run->told == 0 ? strstr(calls, "socket(") : NULL;
    if (aloud)
        printf("-- %s\n%s\n", step, socket != NULL ? socket : calls);
    run->told = total;
}

/* --- the run -------------------------------------------------------------- */

static void client_sends(struct run *run, struct peer *peer, int client,
                         bool served, bool aloud)
{
    const size_t len = length_of(client);
    char *text = check_text("%*s", (int)len, "");
    memset(text, 'a' + client, len);
    peer_send(peer, text, len);
    memset(text, 'A' + client, len);
    if (served) {
        peer_expect(peer, text, len);
        run->bytes += (long long)len;
    }
    tell(run, aloud, check_text("client %d sends %zu bytes", client + 1, len));
}

static struct run play(bool aloud)
{
    const int n = clients(), gone = leaver();
    struct peer *peers[CLIENTS_MIN + CLIENTS_MORE + 1];
    struct run run = {.server =
                          server_start_named(GIVEN_TRACED, "server", NULL)};
    tell(&run, aloud, "the server starts");
    run.listener = last_argument(run.server, "listen");
    for (int i = 0; i < n; i++) {
        peers[i] = peer_connect(run.server);
        tell(&run, aloud, check_text("client %d connects", i + 1));
    }
    run.silent = last_result_of(run.server, "accept4(");
    for (int i = 0; i < n; i++)
        client_sends(&run, peers[i], i, true, aloud);
    run.before = last_nfds(run.server);
    peer_close(peers[gone]);
    tell(&run, aloud, check_text("client %d closes", gone + 1));
    peers[n] = peer_connect(run.server);
    tell(&run, aloud, check_text("client %d connects", n + 1));
    client_sends(&run, peers[n], n, true, aloud);
    /* The one with the highest number: it is not looked at any more. */
    client_sends(&run, peers[n - 1], n - 1, false, aloud);
    run.after = last_nfds(run.server);
    /* The last select has not returned. */
    run.turns = trace_count_named(run.server, "select pselect6") - 1;
    return run;
}

void exercise_ask(void)
{
    puts("A server on select, and what its clients did. It sends back what it "
         "receives,\nin capitals; but in the end one client waits in vain. The "
         "trace, call by call (the C\nlibrary may make of select the call "
         "pselect6, of accept accept4):\n");
    const struct run run = play(true);
    (void)run;
    puts("\nPut into answers.txt:\n"
         "  listener  the descriptor that listens\n"
         "  turns     how often select has returned\n"
         "  bytes     how many bytes the server received, of all clients\n"
         "  before    the first argument of select when all first clients were "
         "there\n"
         "  after     the first argument of the last select\n"
         "  silent    the descriptor of the client that waits in vain\n"
         "  reason    why: stale-set, nfds, timeout or buffer");
}

/* --- the checks ----------------------------------------------------------- */

static void expect(const char *name, long long right)
{
    const long long came = answer_number(name);
    check_did("the run of seed %llu is made again, and looked at",
              (unsigned long long)check_seed());
    if (came != right)
        check_fail(
            check_text("the number that the trace shows for \"%s\"", name),
            check_text("%lld", came));
}

static void listener(void)
{
    expect("listener", play(false).listener);
}

static void turns(void)
{
    expect("turns", play(false).turns);
}

static void bytes(void)
{
    expect("bytes", play(false).bytes);
}

static void before(void)
{
    expect("before", play(false).before);
}

static void after(void)
{
    expect("after", play(false).after);
}

static void silent(void)
{
    expect("silent", play(false).silent);
}

static void reason(void)
{
    const char *word = answer_word("reason");
    const struct run run = play(false);
    check_that(run.silent >= run.after,
               "a run that ends with a client beyond the last nfds",
               "another: the exercise is broken, please tell its author");
    check_that(strcmp(word, "nfds") == 0, "the reason that the trace shows",
               bytes_escape(word, strlen(word)));
}

const struct check visible_checks[] = {
    {.name = "listener",
     .title = "the descriptor that listens",
     .run = listener,
     .cause = "listen(N, ...) says it: N is the descriptor.",
     .section = PAGE "\"One connection's life: take, arm, wait, serve, "
                     "re-arm\""},
    {.name = "turns",
     .title = "how often select has returned",
     .run = turns,
     .cause = "A select that has returned has a result behind its \"=\". The "
              "last one of the trace still waits.",
     .section = PAGE "\"The kernel sleeps for you, and forgets the question\""},
    {.name = "bytes",
     .title = "bytes that the server received",
     .run = bytes,
     .cause = "The result of each recvfrom counts what was received. What a "
              "client sent and nobody received does not count.",
     .section = PAGE "\"One connection's life: take, arm, wait, serve, "
                     "re-arm\""},
    {.name = "before",
     .title = "nfds with all first clients",
     .run = before,
     .cause = "The first argument of select is not a count: it is the highest "
              "descriptor and one.",
     .section = PAGE "\"The kernel sleeps for you, and forgets the question\""},
    {.name = "after",
     .title = "nfds of the last select",
     .run = after,
     .cause = "Look at the last line of the trace: its first argument has "
              "changed since somebody left and somebody came.",
     .section = PAGE "\"The kernel sleeps for you, and forgets the question\""},
    {.name = "silent",
     .title = "who waits in vain",
     .run = silent,
     .cause = "Each accept4 returns the descriptor of the client that has just "
              "connected. Which client has sent, and no recvfrom followed?",
     .section = PAGE "\"One connection's life: take, arm, wait, serve, "
                     "re-arm\""},
    {.name = "reason",
     .title = "why it waits",
     .needs = "after silent",
     .run = reason,
     .cause = "The kernel looks at the descriptors below nfds alone. Compare "
              "the first argument of the last select with the descriptor of "
              "the client that waits.",
     .section = PAGE "\"The kernel sleeps for you, and forgets the question\""},
    {.name = NULL},
};

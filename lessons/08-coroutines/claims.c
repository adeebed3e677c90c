/*
 * claims.c - checks what the course claims of coroutines.
 *
 *     E10   nothing that blocks in a handler
 *     E13   what a switch costs: of functions, coroutines and threads
 *     E14   a hundred thousand tasks against ten thousand threads
 *     E15   two coroutines take turns: abab
 *     E16   results in order, or as they come
 *     E31   files in a handler, in the pool, by io_uring
 *
 * Read before: claims.h, recipes/parallel.c, gallery/blocking_call.c.
 * Read after: claim_switch.c, claim_crowd.c, claim_disk.c.
 * Rests on: fork(2), socketpair(2), nanosleep(2).
 */
#include "claims.h"

#include "../common/common.h"
#include "loop/co.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void nap(void *ms)
{
    const int64_t end_ns = claim_now_ns() + *(int *)ms * LOOP_MS;
    int64_t left_ns;
    while ((left_ns = end_ns - claim_now_ns()) > 0) /* a signal wakes it */
        nanosleep(&(struct timespec){.tv_nsec = (long)left_ns}, NULL);
}

/* Runs a task on a loop of its own; returns its result. */
static int run(co_fn *fn, void *arg)
{
    struct loop *loop;
    int error = loop_new(&loop, NULL);
    if (error == 0)
        error = co_run(loop, fn, arg);
    loop_free(loop);
    return error;
}

/* --- E10: a server with one slow page ------------------------------------- */

enum { SLOW_MS = 300, PROBE_MS = 5, WATCHED_MS = 50 };

enum slow { BY_BLOCKING, BY_TASK, BY_POOL, SLOW_WAYS };

struct office {
    enum slow way;
    int client;
};

static void take_long(enum slow way)
{
    int ms = SLOW_MS;
    if (way == BY_BLOCKING)
        nap(&ms);
    else if (way == BY_TASK)
        co_sleep(ms * LOOP_MS);
    else
        co_work(NULL, nap, &ms);
}

/* Answers 's' slowly, 'w' with what the watchdog has counted, others at once.
 */
static int serve(void *arg)
{
    const struct office *o = arg;
    char byte;
    ssize_t n;
    while ((n = co_recv(o->client, &byte, 1)) > 0) {
        if (byte == 's')
            take_long(o->way);
        if (byte == 'w')
            byte = (char)loop_stats(loop_current())->slow;
        n = co_send(o->client, &byte, 1);
        if (n < 0)
            break;
    }
    return (int)n;
}

/* The server's process: two clients, until the first of them has gone. */
static noreturn void be_server(enum slow way, int slow, int probe)
{
    struct office offices[2] = {{way, slow}, {way, probe}};
    struct loop *loop;
    const int quiet = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(quiet, STDERR_FILENO); /* for the watchdog, which is counted */
    const struct loop_options options = {.watchdog_ns = WATCHED_MS * LOOP_MS};
    if (loop_new(&loop, &options) != 0 || co_go(loop, serve, &offices[1]) != 0)
        _exit(1);
    _exit(co_run(loop, serve, &offices[0]) != 0);
}

static bool exchange(int fd, char *byte)
{
    return write(fd, byte, 1) == 1 && read(fd, byte, 1) == 1;
}

/* Milliseconds that a probe waits at most while the slow page is made. */
static double worst_probe_ms(int slow, int probe)
{
    char byte = 's';
    double worst_ms = 0;
    if (write(slow, &byte, 1) != 1)
        return -1;
    do {
        const int64_t start_ns = claim_now_ns();
        byte = 'p';
        if (!exchange(probe, &byte))
            return -1;
        const double ms = (double)(claim_now_ns() - start_ns) / 1e6;
        worst_ms = ms > worst_ms ? ms : worst_ms;
        int pause_ms = PROBE_MS;
        nap(&pause_ms);
    } while (recv(slow, &byte, 1, MSG_DONTWAIT) == -1 && errno == EAGAIN);
    return worst_ms;
}

/* The same with a server of its own; and how often its watchdog spoke. */
static double probe_once(enum slow way, int *watched)
{
    int slow[2], probe[2];
    const int kind = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
    if (socketpair(AF_UNIX, kind, 0, slow) == -1 ||
        socketpair(AF_UNIX, kind, 0, probe) == -1)
        die(errno, NULL, "cannot make a pair of sockets");
    fcntl(slow[0], F_SETFL, 0); /* our ends block */
    fcntl(probe[0], F_SETFL, 0);
    const pid_t server = fork();
    if (server == 0) {
        close(slow[0]);
        close(probe[0]);
        be_server(way, slow[1], probe[1]);
    }
    close(slow[1]);
    close(probe[1]);
    const double ms = worst_probe_ms(slow[0], probe[0]);
    char byte = 'w';
    *watched = exchange(probe[0], &byte) ? byte : -1;
    close(slow[0]);
    close(probe[0]);
    if (server != -1)
        waitpid(server, NULL, 0);
    return ms;
}

static int handlers_must_not_block(struct claim_result *r)
{
    static const char *const names[SLOW_WAYS] = {
        "nanosleep in the task", "co_sleep", "nanosleep in the pool"};
    double runs_ms[SLOW_WAYS][CLAIM_RUNS], ms[SLOW_WAYS];
    int watched[SLOW_WAYS];
    for (int i = 0; i < CLAIM_RUNS; i++)
        for (int way = 0; way < SLOW_WAYS; way++)
            runs_ms[way][i] = probe_once((enum slow)way, &watched[way]);
    claim_row(r, "%-30s%24s%20s", "a page takes 300 ms", "others wait at most",
              "watchdog speaks");
    for (int way = 0; way < SLOW_WAYS; way++) {
        ms[way] = claim_median(runs_ms[way], CLAIM_RUNS);
        if (runs_ms[way][0] < 0)
            return claim_not_measured(r, "the server does not run");
        claim_row(r, "%-30s%21s ms%20d", names[way], claim_short(ms[way]).text,
                  watched[way]);
    }
    return claim_conclude(
        r,
        ms[BY_BLOCKING] > 0.9 * SLOW_MS && ms[BY_TASK] * 5 < ms[BY_BLOCKING] &&
            ms[BY_POOL] * 5 < ms[BY_BLOCKING],
        "while a page that blocks was made for %d ms, another client waited "
        "%s ms; with a wait that suspends %s ms, in the pool %s ms; the "
        "watchdog spoke %d, %d and %d times",
        SLOW_MS, claim_short(ms[BY_BLOCKING]).text,
        claim_short(ms[BY_TASK]).text, claim_short(ms[BY_POOL]).text,
        watched[BY_BLOCKING], watched[BY_TASK], watched[BY_POOL]);
}

/* --- E15 ------------------------------------------------------------------ */

static const char turns[] = "abababab";

struct speaker {
    char letter;
    bool yields;
};

static char spoken[16];

static int speak(void *arg)
{
    const struct speaker *s = arg;
    int error = 0;
    for (size_t i = 0; i < strlen(turns) / 2 && error == 0; i++) {
        strncat(spoken, &s->letter, 1);
        if (s->yields)
            error = co_yield_turn();
    }
    return error;
}

static int two_speak(void *arg)
{
    const bool yields = *(bool *)arg;
    struct speaker a = {'a', yields}, b = {'b', yields};
    struct co_group both;
    spoken[0] = '\0';
    co_group_begin(&both);
    co_group_go(&both, speak, &a);
    co_group_go(&both, speak, &b);
    return co_group_wait(&both);
}

/* What two tasks say, "" if they failed. */
static const char *tasks_say(bool yields)
{
    return run(two_speak, &yields) == 0 ? spoken : "";
}

/* The first line of a program of this lesson. */
static bool program_says(struct claim_result *r, const char *path, char *line,
                         size_t size)
{
    struct proc p;
    if (!claim_run(r, &p, -1, (const char *[]){path, NULL}))
        return false;
    const char *said = p.said;
    while (strncmp(said, "==", 2) == 0 && strchr(said, '\n') != NULL)
        said = strchr(said, '\n') + 1; /* a sanitizer speaks before it */
    snprintf(line, size, "%.*s", (int)strcspn(said, "\n"), said);
    return true;
}

static int coroutines_take_turns(struct claim_result *r)
{
    char by_switch[32], by_ucontext[32], together[sizeof spoken];
    if (!program_says(r, "lessons/08-coroutines/generator", by_switch,
                      sizeof by_switch) ||
        !program_says(r, "lessons/08-coroutines/ucontext", by_ucontext,
                      sizeof by_ucontext))
        return CLAIM_NOT_MEASURED;
    snprintf(together, sizeof together, "%s", tasks_say(true));
    const char *in_a_row = tasks_say(false);
    claim_row(r, "%-40s%s", "two coroutines, each a letter four times",
              "  they say");
    claim_row(r, "%-42s%s", "generators, by switch", by_switch);
    claim_row(r, "%-42s%s", "ucontext, which yields", by_ucontext);
    claim_row(r, "%-42s%s", "tasks that yield after each letter", together);
    claim_row(r, "%-42s%s", "tasks that do not yield", in_a_row);
    return claim_conclude(
        r,
        strcmp(by_switch, turns) == 0 && strcmp(by_ucontext, turns) == 0 &&
            strcmp(together, turns) == 0 && strcmp(in_a_row, "aaaabbbb") == 0,
        "when they yield after each letter, generators say %s, coroutines by "
        "ucontext %s and tasks %s; tasks that do not yield say %s",
        by_switch, by_ucontext, together, in_a_row);
}

/* --- E16 ------------------------------------------------------------------ */

enum { DELAYS = 3, UNIT_MS = 100 };

struct delays {
    bool pool; /* in threads, and not in tasks */
    int ms[DELAYS];
    char done[8], results[8]; /* "1 2 3" */
};

static int wait_for_ms(void *arg)
{
    return co_sleep(*(int *)arg * LOOP_MS);
}

static void wait_in_thread(struct loop_job *job)
{
    nap(job->arg);
}

static void note(char digits[8], int ms)
{
    char one[16];
    snprintf(one, sizeof one, "%s%d", digits[0] == '\0' ? "" : " ",
             ms / UNIT_MS);
    strncat(digits, one, 7 - strlen(digits));
}

/* All are started; then taken as they come, and then as they were asked. */
static int gather(void *arg)
{
    struct delays *d = arg;
    struct loop *loop = loop_current();
    struct loop_future futures[DELAYS] = {0}, *all[DELAYS];
    struct loop_job jobs[DELAYS] = {0};
    for (int i = 0; i < DELAYS; i++) {
        all[i] = &futures[i];
        loop_future_init(loop, all[i]);
        const int error =
            d->pool ? loop_future_run(all[i], NULL, &jobs[i], wait_in_thread,
                                      &d->ms[i])
                    : co_promise(loop, all[i], wait_for_ms, &d->ms[i]);
        if (error != 0)
            loop_future_fail(all[i], error);
    }
    struct co_each each;
    co_each_begin(&each, all, DELAYS);
    int i;
    while ((i = co_each_next(&each)) >= 0)
        if (futures[i].error == 0)
            note(d->done, *(int *)futures[i].value);
    co_each_end(&each);
    const int error = co_wait_all(all, DELAYS, 0);
    for (i = 0; i < DELAYS && error == 0; i++)
        note(d->results, *(int *)futures[i].value);
    return error;
}

static int order_is_the_apis(struct claim_result *r)
{
    struct delays tasks = {.ms = {3 * UNIT_MS, UNIT_MS, 2 * UNIT_MS}};
    struct delays threads = {.pool = true,
                             .ms = {3 * UNIT_MS, UNIT_MS, 2 * UNIT_MS}};
    const int error = run(gather, &tasks);
    const int failed = run(gather, &threads);
    if (error != 0 || failed != 0)
        return claim_not_measured(r, "a loop failed: %s",
                                  strerror(-(error != 0 ? error : failed)));
    claim_row(r, "%-24s%20s%20s", "waits of 3, 1 and 2", "as they are done",
              "as they were asked");
    claim_row(r, "%-24s%20s%20s", "in tasks", tasks.done, tasks.results);
    claim_row(r, "%-24s%20s%20s", "in threads of the pool", threads.done,
              threads.results);
    return claim_conclude(
        r,
        strcmp(tasks.done, "1 2 3") == 0 &&
            strcmp(tasks.results, "3 1 2") == 0 &&
            strcmp(threads.done, tasks.done) == 0 &&
            strcmp(threads.results, tasks.results) == 0,
        "tasks are done in the order %s, threads in %s; waited for all "
        "together they give their results as asked, %s and %s: \"results "
        "without order\" is said of one way to collect them, not of threads",
        tasks.done, threads.done, tasks.results, threads.results);
}

int main(int argc, char **argv)
{
    static const struct claim claims[] = {
        {"E10", "what blocks in a handler holds up all others",
         handlers_must_not_block},
        {"E13", "native coroutines beat generators, and all beat threads",
         claim_switches},
        {"E14", "tasks cost hardly any memory, time or switches of the kernel",
         claim_crowds},
        {"E15", "two coroutines that yield take turns, letter by letter",
         coroutines_take_turns},
        {"E16", "results in order: a matter of how one asks, not of tasks",
         order_is_the_apis},
        {"E31", "files read in a handler hold up all others", claim_disk},
        {.id = NULL},
    };
    return claims_main(argc, argv, "08-coroutines", claims);
}

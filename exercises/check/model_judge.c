/*
 * model_judge.c - says whether a program waits as it should; see model_expect
 * in trace.h, and model.c for what it is judged by.
 *
 * The judgements stand in the order in which a student can use them: what else
 * has been started (programs, children, threads) before how it waits, and the
 * kind of wait before the faults of one.
 *
 * Read before: model.c, lessons/GLOSSARY.md. Read after: stage.h.
 */
#include "crowd.h"
#include "model_internal.h"
#include "pump.h"

#include <stdlib.h>

#define L01 "lessons/01-blocking/README.md, "
#define L02 "lessons/02-nonblocking/README.md, "
#define L03 "lessons/03-select/README.md, "
#define L04 "lessons/04-poll/README.md, "
#define L05 "lessons/05-epoll/README.md, "
#define L06 "lessons/06-uring/README.md, "

enum {
    NO_WAIT = -1,
    REST_TURNS = 3,
    REST_NS = 1000000000, /* one that makes a call now and then has no rest */
};

/* What each model is, in words, and where it is taught. */
static const struct words {
    const char *expected;
    int wait;
    const char *cause; /* if another was found: what sets this one apart */
    const char *section;
} models[] = {
    [MODEL_BLOCKING] =
        {"the program waits in the calls themselves (accept, recv): in one "
         "thread, on descriptors that block",
         NO_WAIT,
         "A blocking call sleeps until it has a result. That is all the "
         "waiting there is in this model.",
         L01 "\"While a call blocks, the process does nothing else\""},
    [MODEL_POLLING] =
        {"the program asks non-blocking descriptors in turn, and no call of "
         "it waits, in one thread",
         NO_WAIT,
         "In this model nothing waits: EAGAIN means that there is nothing to "
         "do now, and the process asks the next one.",
         L02 "\"A non-blocking call never sleeps, so the process has to ask "
             "again\""},
    [MODEL_SELECT] =
        {"the program waits with select and with no other call, in one "
         "thread, on non-blocking descriptors",
         WAIT_SELECT,
         "select is told the whole interest in sets of bits, at each call, "
         "and changes them into its answer.",
         L03 "\"The kernel sleeps for you, and forgets the question\""},
    [MODEL_POLL] =
        {"the program waits with poll and with no other call, in one thread, "
         "on non-blocking descriptors",
         WAIT_POLL,
         "poll is told the whole interest in an array, a place for each "
         "descriptor, and answers in the same places.",
         L04 "\"The array has no limit, and the kernel still asks them all\""},
    [MODEL_EPOLL] =
        {"the program waits with epoll_wait and with no other call, "
         "triggered by level, in one thread, on non-blocking descriptors",
         WAIT_EPOLL,
         "With epoll the kernel keeps the interest list: epoll_ctl changes "
         "it, and epoll_wait hands out those that are ready.",
         L05 "\"The kernel lists a descriptor at the moment it becomes "
             "ready\""},
    [MODEL_EPOLL_EDGE] =
        {"the program waits with epoll_wait and with no other call, each "
         "connection with EPOLLET, in one thread, on non-blocking descriptors",
         WAIT_EPOLL,
         "With epoll the kernel keeps the interest list: epoll_ctl changes "
         "it, and epoll_wait hands out those that are ready.",
         L05 "\"Level repeats, edge speaks once, one-shot disarms\""},
    [MODEL_URING] =
        {"the program hands its operations to io_uring, and waits with "
         "io_uring_enter alone, in one thread",
         WAIT_URING,
         "With io_uring the kernel does the reading: the process arms "
         "operations and waits for completions.",
         L06 "\"Two rings in shared memory: one to ask, one to be told\""},
};

static const char *const wait_names[] = {[WAIT_SELECT] = "select",
                                         [WAIT_POLL] = "poll",
                                         [WAIT_EPOLL] = "epoll_wait",
                                         [WAIT_URING] = "io_uring_enter"};

static noreturn void fails(enum model model, const char *cause,
                           const char *section, const char *came)
{
    check_cause(cause, section);
    check_fail(models[model].expected, came);
}

/* --- what else runs ------------------------------------------------------- */

static void judge_company(const struct trace *t, enum model model)
{
    if (t->execs > 0)
        fails(model,
              "system, popen and exec start another program, and what that "
              "one does is not this program's work.",
              models[model].section,
              check_text("it executes other programs (or tries to): %d",
                         t->execs));
    if (t->children > 0)
        fails(model,
              "A process for each connection lets every one of them block. "
              "Here one process does all, because no call of it blocks.",
              L01 "\"A process for each connection\"",
              check_text("it makes children (fork): %d", t->children));
    if (t->threads > 0)
        fails(model,
              "Threads let every connection block, each in its own. Here one "
              "thread does all, because no call of it blocks.",
              L01 "\"A fixed number of workers\"",
              check_text("it makes threads: %d", t->threads));
}

/* --- how it waits --------------------------------------------------------- */

/* The wait that was made most often but `expected`; NO_WAIT: none was. */
static int other_wait(const struct model_seen *m, int expected)
{
    int most = NO_WAIT;
    for (int i = 0; i < WAIT_KINDS; i++)
        if (i != expected && m->waits[i] > 0 &&
            (most == NO_WAIT || m->waits[i] > m->waits[most]))
            most = i;
    return most;
}

static void judge_wait(const struct model_seen *m, enum model model)
{
    const int expected = models[model].wait;
    const int other = other_wait(m, expected);
    const bool waits = expected != NO_WAIT && m->waits[expected] > 0;
    if (other != NO_WAIT)
        fails(model, models[model].cause, models[model].section,
              check_text("it waits %swith %s (%lld times):\n%s",
                         waits ? "also " : "", wait_names[other],
                         m->waits[other], m->wait[other]));
    if (m->uring != NULL && model != MODEL_URING)
        fails(model, models[model].cause, models[model].section,
              check_text("it uses io_uring:\n%s", m->uring));
    if (expected == NO_WAIT || waits)
        return;
    if (m->most_fruitless >= MODEL_FRUITLESS)
        fails(model,
              "A busy loop asks again and again without sleeping, and uses a "
              "whole processor.",
              L02 "\"A non-blocking call never sleeps, so the process has to "
                  "ask again\"",
              check_text("it never calls %s; it asks again and again:\n%s",
                         wait_names[expected], m->fruitless_call));
    fails(model, models[model].cause, models[model].section,
          check_text("it never calls %s%s%s", wait_names[expected],
                     m->left_blocking != NULL ? "; it waits in:\n" : "",
                     m->left_blocking != NULL ? m->left_blocking : ""));
}

static void judge_trigger(const struct model_seen *m, enum model model)
{
    if (model == MODEL_EPOLL && m->edge != NULL)
        fails(model,
              "With EPOLLET a descriptor is reported once when something "
              "arrives, not for as long as it is ready.",
              L05 "\"Level repeats, edge speaks once, one-shot disarms\"",
              check_text("it asks for edges:\n%s", m->edge));
    if (model == MODEL_EPOLL_EDGE && (m->level != NULL || m->edge == NULL))
        fails(model,
              "Without EPOLLET a descriptor is reported again and again for "
              "as long as it is ready: the trigger is level.",
              L05 "\"Level repeats, edge speaks once, one-shot disarms\"",
              m->level == NULL
                  ? "it registers no connection with epoll"
                  : check_text("it asks for level:\n%s", m->level));
}

static void judge_busy(const struct model_seen *m, enum model model)
{
    if (m->most_fruitless >= MODEL_FRUITLESS)
        fails(model,
              "A time-out of 0 does not sleep. Whoever asks again and again "
              "that way has a busy loop, and uses a whole processor.",
              L02 "\"A non-blocking call never sleeps, so the process has to "
                  "ask again\"",
              check_text("a busy loop: %d calls in a row found nothing, such "
                         "as\n%s",
                         m->most_fruitless, m->fruitless_call));
    if (m->most_idle >= MODEL_FRUITLESS)
        fails(model,
              "The wait returns at once because something is ready that the "
              "program does nothing with. Often it is room: a socket nearly "
              "always has room, so ask for it only while bytes are left to be "
              "sent.",
              L03 "\"Arm: in one set, and out of the other\"",
              check_text("a busy loop: %d waits in a row reported something, "
                         "and nothing was done with it, such as\n%s",
                         m->most_idle, m->idle_call));
}

static void judge_blocking(const struct model_seen *m, enum model model)
{
    if (m->left_blocking != NULL)
        fails(
            model,
            "A descriptor that blocks puts the whole loop to sleep when it "
            "was reported ready and is not any more, or has no room. "
            "O_NONBLOCK is not inherited: accept4 sets it with "
            "SOCK_NONBLOCK, else fcntl or ioctl (FIONBIO) does.",
            L03 "\"Take: a new descriptor is made non-blocking\"",
            check_text("a descriptor is left blocking:\n%s", m->left_blocking));
    if (m->between != NULL)
        fails(model,
              "While a call blocks, the process does nothing else: nobody is "
              "served. In a loop only the wait may sleep.",
              L01 "\"While a call blocks, the process does nothing else\"",
              check_text("between two waits another call sleeps:\n%s",
                         m->between));
}

static void judge_no_wait(const struct model_seen *m, enum model model)
{
    if (model == MODEL_BLOCKING && m->polls)
        fails(model, models[model].cause, models[model].section,
              check_text("its descriptors are non-blocking: %s",
                         m->fruitless_call != NULL ? m->fruitless_call
                                                   : "it got EAGAIN"));
    if (model == MODEL_POLLING && m->left_blocking != NULL)
        judge_blocking(m, model);
    if (model == MODEL_POLLING && !m->polls)
        fails(model, models[model].cause, models[model].section,
              "it never got EAGAIN");
}

/* --- all of it ------------------------------------------------------------ */

struct rest {
    const struct trace *trace;
    long long total;
    int same; /* times that no call was made since we asked before */
};

/* The program has come to rest, or it is known that it never will. */
static bool is_known(void *arg)
{
    struct rest *r = arg;
    const struct model_seen *m = r->trace->model;
    r->same = r->trace->total == r->total ? r->same + 1 : 0;
    r->total = r->trace->total;
    return r->trace->ended ||
           (m != NULL && (m->most_fruitless >= MODEL_FRUITLESS ||
                          m->most_idle >= MODEL_FRUITLESS)) ||
           (r->same >= REST_TURNS && crowd_awake(r->trace->root, true) == 0);
}

void model_expect(struct program *p, enum model model)
{
    static const struct model_seen nothing;
    const struct trace *t = trace_of(p);
    struct rest rest = {.trace = t};
    (void)pump_until(is_known, &rest, -1, 0, pump_clock_ns() + REST_NS);
    const struct model_seen *m = t->model != NULL ? t->model : &nothing;
    judge_company(t, model);
    judge_wait(m, model);
    if (models[model].wait == NO_WAIT) {
        judge_no_wait(m, model);
        return;
    }
    judge_trigger(m, model);
    if (model != MODEL_URING)
        judge_blocking(m, model);
    judge_busy(m, model);
}

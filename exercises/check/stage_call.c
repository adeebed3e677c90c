/*
 * stage_call.c - what the stage does at the entry and at the exit of a call of
 * the program, and when the program begins. See stage_internal.h.
 *
 *     entry   waits: the time-out becomes 0          stage_wait.c
 *             a fault: fewer bytes, or no call       stage_rule.c
 *     exit    waits: stand, or report                stage_wait.c
 *             clocks: the stage's time               stage_clock.c
 *             the result of a call that was not made
 *
 * When it begins. Clocks are read without a system call, by code that the
 * kernel maps into each program, the vDSO; the program finds it by an entry in
 * the auxiliary vector, on its stack. That entry is struck out, so that each
 * look at a clock is a call. The last entry of the vector is 16 bytes of 0: a
 * time-out of 0, for those waits that take a pointer.
 *
 * An edge is told once. If bytes are kept back from a program that watches for
 * edges, by a short read or an EAGAIN, the kernel does not know, and would not
 * tell again; so the stage owes that event, and adds it to the next wait: it is
 * as if the rest had come later.
 *
 * Read before: stage.c. Read after: stage_wait.c, stage_rule.c.
 * Rests on: vdso(7), getauxval(3), epoll(7) question 9.
 */
#include "stage_internal.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum { ASKS_FIRST_NS = 1000000, ASKS_LAST_NS = 512000000 };

/* --- the program begins --------------------------------------------------- */

/* On the stack: argc, its arguments and NULL, its environment and NULL, pairs.
 * Returns the address of the pairs, or 0. */
static uint64_t auxiliary_vector(pid_t tid)
{
    uint64_t at, word;
    if (regs_stack(tid, &at) < 0)
        return 0;
    at += sizeof word; /* argc */
    for (int nulls = 0; nulls < 2; at += sizeof word) {
        if (trace_peek(tid, at, &word, sizeof word) < sizeof word)
            return 0;
        nulls += word == 0;
    }
    return at;
}

static void begin(struct trace_task *t)
{
    if (stage.trace != NULL)
        return;
    stage.trace = t->trace;
    stage.asks_again_ns = ASKS_FIRST_NS;
    uint64_t at = auxiliary_vector(t->tid);
    uint64_t pair[2] = {AT_NULL, 0};
    if (at == 0)
        check_error("the stage does not find the auxiliary vector");
    for (;; at += sizeof pair) {
        if (trace_peek(t->tid, at, pair, sizeof pair) < sizeof pair)
            check_error("the stage cannot read the program's memory");
        if (pair[0] == AT_NULL)
            break;
        const uint64_t ignored = AT_IGNORE;
        if (pair[0] == AT_SYSINFO_EHDR &&
            !trace_poke(t->tid, at, &ignored, sizeof ignored))
            check_error("the stage cannot hide the clocks of the vDSO");
    }
    stage.zero = at;
}

/* --- entry ---------------------------------------------------------------- */

static void shorten(struct trace_task *t)
{
    struct stage_task *s = t->staged;
    const int arg = stage_length_arg(t->call.number);
    s->length =
        stage_counts_pieces(t->call.number) ? 1 : (uint64_t)s->strike.bytes;
    s->changed = true;
    (void)regs_set_arg(t->tid, arg, s->length);
}

static void strike(struct trace_task *t)
{
    struct stage_task *s = t->staged;
    s->strike = stage_strike_call(t);
    if (!s->strike.any)
        return;
    if (s->strike.fault == FAULT_ERROR) {
        s->skipped = s->changed = true;
        s->planned = -s->strike.error;
        (void)regs_skip(t->tid);
    } else {
        shorten(t);
    }
}

static bool plays(const struct trace_task *t)
{
    return t->trace == stage.trace && !stage.let_go;
}

static void entry(struct trace_task *t)
{
    if (!plays(t))
        return;
    stage.idle = false;
    if (t->staged == NULL)
        t->staged = base_alloc(sizeof *t->staged);
    struct stage_task *s = t->staged;
    if (!s->again) {
        *s = (struct stage_task){.wait = stage_wait_of(t->call.number),
                                 .deadline_ns = STAGE_NEVER};
        strike(t);
    }
    s->again = false;
    if (s->wait != NULL && !s->skipped)
        stage_wait_entry(t);
}

/* --- exit ----------------------------------------------------------------- */

/* The kernel was not asked for all, or not at all: it will not tell again. */
static void owe(struct trace_task *t, uint32_t events)
{
    struct trace_fd *fd = trace_fd(t->fds, (int)t->call.args[0]);
    if (fd->epoll != -1 && (fd->events & EPOLLET) != 0)
        fd->owed |= events & fd->events;
}

static bool is_transfer(long number)
{
    const enum stage_group group = stage_group_of(number);
    return group == GROUP_RECEIVE || group == GROUP_SEND;
}

static void tell_call(struct trace_task *t)
{
    const struct stage_task *s = t->staged;
    const struct trace_name *name = trace_name_of(t->call.number);
    const char *by = s->strike.any ? ", by the stage" : "";
    const char *who = stage_name_of(t, (int)t->call.args[0]);
    const int64_t result = t->call.result;
    const char *call = name == NULL ? "a call" : name->name;
    if (result == -EINPROGRESS)
        stage_tell("program: %s(%s) has begun", call, who);
    else if (result < 0)
        stage_tell("program: %s(%s) fails: %s%s", call, who,
                   trace_errno((int)-result), by);
    else if (t->call.number == SYS_accept || t->call.number == SYS_accept4)
        stage_tell("program: %s = %s", call,
                   stage_name_of(t, (int)t->call.result));
    else if (!is_transfer(t->call.number))
        stage_tell("program: %s(%s)", call, who);
    else
        stage_tell("program: %s(%s) = %lld%s", call, who, (long long)result,
                   by);
}

static void transferred(struct trace_task *t)
{
    struct stage_task *s = t->staged;
    const int fd = (int)t->call.args[0];
    const bool receives = stage_group_of(t->call.number) == GROUP_RECEIVE;
    const int64_t result = t->call.result;
    struct actor *a = stage_actor_of(t, fd);
    if (!receives && result > 0 && a != NULL)
        a->given += result;
    if (s->strike.any && s->strike.fault == FAULT_SHORT &&
        result != (int64_t)s->length && !stage_counts_pieces(t->call.number))
        stage_strike_missed(&s->strike); /* there was not so much */
    if (s->strike.any && (s->strike.fault == FAULT_SHORT || result == -EAGAIN))
        owe(t, receives ? (uint32_t)EPOLLIN : (uint32_t)EPOLLOUT);
}

static bool is_connection_call(const struct trace_task *t)
{
    const enum stage_group group = stage_group_of(t->call.number);
    return (group != GROUP_OTHER && group != GROUP_WAIT) ||
           t->call.number == SYS_close || t->call.number == SYS_shutdown;
}

static bool is_socket(struct trace_task *t, int fd)
{
    const enum trace_fd_kind kind = trace_fd(t->fds, fd)->kind;
    return kind >= TRACE_FD_SOCKET && kind <= TRACE_FD_CONNECTED;
}

/* A descriptor of a connection is closed; the last one lets the actor go. */
static void closing(struct trace_task *t)
{
    const int fd = (int)t->call.args[0];
    struct actor *a = stage_actor_of(t, fd);
    const int serial = trace_fd(t->fds, fd)->serial;
    int copies = 0;
    for (int i = 0; i < t->fds->n; i++)
        copies += t->fds->at[i].kind != TRACE_FD_NONE &&
                  t->fds->at[i].serial == serial;
    if (a != NULL && !a->listens &&
        (t->call.number == SYS_shutdown || copies == 1))
        a->let_go = true;
}

/* An accepted connection is known to trace_fds after this; its name is not. */
static void connection_call(struct trace_task *t)
{
    const int64_t result = t->call.result;
    if (is_transfer(t->call.number))
        transferred(t);
    else if ((t->call.number == SYS_close || t->call.number == SYS_shutdown) &&
             result == 0)
        closing(t);
    else if (result == -EAGAIN && t->staged->skipped)
        owe(t, EPOLLIN);
    if (t->call.number == SYS_connect &&
        (result == 0 || result == -EINPROGRESS))
        stage_connected(t);
    /* To be told "not now" is nothing, unless the stage says so. */
    if (result != -EAGAIN || t->staged->skipped)
        tell_call(t);
}

/*
 * Counts calls in a row that bring nothing. True: there were many, and it may
 * as well stand; each time for longer, since nobody says what it waits for.
 */
static bool asks_in_vain(const struct trace_task *t)
{
    const int64_t result = t->call.result;
    const bool vain = result == -EAGAIN && !t->staged->skipped;
    if (is_connection_call(t) && !vain) {
        stage.fruitless = 0;
        stage.asks_again_ns = ASKS_FIRST_NS;
    } else if (vain || (t->staged->asks && result == 0)) {
        stage.fruitless++;
    }
    return stage.fruitless >= STAGE_FRUITLESS;
}

/* The call is done, but for the program; see stage_wait_wake. */
static void stand(struct trace_task *t)
{
    t->staged->wait = NULL;
    t->staged->deadline_ns = stage.now_ns + stage.asks_again_ns;
    stage.fruitless = 0;
    if (stage.asks_again_ns < ASKS_LAST_NS)
        stage.asks_again_ns *= 2;
}

static bool exit_(struct trace_task *t)
{
    struct stage_task *s = t->staged;
    if (!plays(t) || s == NULL)
        return true;
    stage.idle = false;
    if (s->skipped)
        t->call.result = s->planned;
    if (s->wait != NULL && !stage_wait_exit(t))
        return false;
    if (s->changed)
        (void)regs_finish(t->tid, t->call.args, t->call.result);
    stage_clock_exit(t);
    if (is_connection_call(t) && is_socket(t, (int)t->call.args[0]))
        connection_call(t);
    if (!asks_in_vain(t))
        return true;
    stand(t);
    return false;
}

const struct trace_stage stage_hooks = {
    .begin = begin, .entry = entry, .exit = exit_};

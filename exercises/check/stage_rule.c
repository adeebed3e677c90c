/*
 * stage_rule.c - which fault strikes which call. See stage.h.
 *
 * A rule that never could apply is refused when it is made: the table below
 * says what the page of each call allows. One that does not apply to this call
 * (EAGAIN, but the descriptor blocks) is not used up by it.
 *
 * A fault that a program could not survive is left to rules: in a storm the
 * connections stay, and there are enough descriptors.
 *
 * Read before: stage_call.c. Read after: stage_ready.c.
 * Rests on: recv(2), send(2), accept(2), connect(2), epoll_wait(2), select(2),
 * signal(7) for EINTR of calls that do not block.
 */
#include "stage_internal.h"

#include <errno.h>
#include <sys/socket.h>

static struct {
    struct stage_rule rule;
    int seen, struck;
} rules[STAGE_RULES];
static int n_rules;

/* --- groups --------------------------------------------------------------- */

/* Errors end with a 0. */
static const struct group {
    const char *name;
    int errors[12];
} groups[] = {
    [GROUP_OTHER] = {"", {EMFILE, ENFILE, ENOBUFS, ENOMEM, ENOSPC}},
    [GROUP_RECEIVE] = {"receive",
                       {EAGAIN, EINTR, ECONNRESET, ETIMEDOUT, ENOMEM}},
    [GROUP_SEND] = {"send",
                    {EAGAIN, EINTR, ECONNRESET, EPIPE, ETIMEDOUT, ENOBUFS,
                     ENOMEM}},
    [GROUP_ACCEPT] = {"accept",
                      {EAGAIN, EINTR, ECONNABORTED, EMFILE, ENFILE, ENOBUFS,
                       ENOMEM, EPROTO, EPERM}},
    [GROUP_CONNECT] = {"connect",
                       {EINTR, ECONNREFUSED, ETIMEDOUT, ENETUNREACH,
                        EADDRNOTAVAIL, EAGAIN}},
    [GROUP_WAIT] = {"wait", {EINTR, ENOMEM}},
};
enum { GROUPS = sizeof groups / sizeof *groups };

enum stage_group stage_group_of(long number)
{
    const struct stage_wait *wait = stage_wait_of(number);
    if (wait != NULL)
        return wait->kind == STAGE_SLEEP ? GROUP_OTHER : GROUP_WAIT;
    switch (number) {
    case SYS_read:
    case SYS_readv:
    case SYS_recvfrom:
    case SYS_recvmsg:
        return GROUP_RECEIVE;
    case SYS_write:
    case SYS_writev:
    case SYS_sendto:
    case SYS_sendmsg:
    case SYS_sendfile:
        return GROUP_SEND;
    case SYS_accept:
    case SYS_accept4:
        return GROUP_ACCEPT;
    case SYS_connect:
        return GROUP_CONNECT;
    default:
        return GROUP_OTHER;
    }
}

int stage_length_arg(long number)
{
    switch (number) {
    case SYS_recvmsg:
    case SYS_sendmsg:
        return -1;
    case SYS_sendfile:
        return 3;
    default:
        return 2;
    }
}

bool stage_counts_pieces(long number)
{
    return number == SYS_readv || number == SYS_writev;
}

/* --- making a rule -------------------------------------------------------- */

/* The group that the word is, or that of the call; `*number`: -1 or the call.
 */
static enum stage_group group_named(struct base_slice word, long *number)
{
    *number = -1;
    for (int i = GROUP_RECEIVE; i < GROUPS; i++)
        if (base_slice_equal(word, base_slice_of(groups[i].name)))
            return (enum stage_group)i;
    const struct trace_name *name = trace_name_find(word.ptr, word.len);
    if (name != NULL) {
        *number = name->number;
        return stage_group_of(name->number);
    }
    check_error("no system call is named %.*s", BASE_SLICE_ARGS(word));
}

static bool group_allows(enum stage_group group, long number,
                         const struct stage_rule *rule)
{
    switch (rule->fault) {
    case FAULT_SHORT:
        return (group == GROUP_RECEIVE || group == GROUP_SEND) &&
               (number == -1 || stage_length_arg(number) != -1);
    case FAULT_SHUFFLE:
    case FAULT_PART:
    case FAULT_SPURIOUS:
        return group == GROUP_WAIT;
    default:
        for (const int *error = groups[group].errors; *error != 0; error++)
            if (*error == rule->error)
                return true;
        return false;
    }
}

void stage_rule(struct stage_rule rule)
{
    if (!stage.open || n_rules == STAGE_RULES)
        check_error("a rule needs an open stage, and there are %d at most",
                    STAGE_RULES);
    struct base_slice rest = base_slice_of(rule.calls);
    while (rest.len > 0) {
        long number;
        const struct base_slice word = base_slice_cut(&rest, ' ', NULL);
        const enum stage_group group = group_named(word, &number);
        if (!group_allows(group, number, &rule))
            check_error("this never happens to %.*s: fault %d, %s",
                        BASE_SLICE_ARGS(word), (int)rule.fault,
                        trace_errno(rule.error));
    }
    rules[n_rules++].rule = rule;
}

/* Of FAULT_SHORT in a storm: any number of bytes. */
enum { BY_CHANCE = -1, SOME_BITS = 12 };

void stage_storm(int percent)
{
    const struct stage_rule storm[] = {
        {.calls = "receive", .fault = FAULT_SHORT, .bytes = BY_CHANCE},
        {.calls = "send", .fault = FAULT_SHORT, .bytes = BY_CHANCE},
        {.calls = "receive send accept", .fault = FAULT_ERROR, .error = EAGAIN},
        {.calls = "accept", .fault = FAULT_ERROR, .error = ECONNABORTED},
        {.calls = "wait", .fault = FAULT_ERROR, .error = EINTR},
        {.calls = "wait", .fault = FAULT_SPURIOUS},
        {.calls = "wait", .fault = FAULT_PART},
        {.calls = "wait", .fault = FAULT_SHUFFLE},
    };
    for (size_t i = 0; i < sizeof storm / sizeof *storm; i++) {
        struct stage_rule rule = storm[i];
        rule.percent = percent;
        stage_rule(rule);
    }
}

/* --- does it apply? ------------------------------------------------------- */

static bool is_meant(const struct stage_rule *rule, struct trace_task *t)
{
    const enum stage_group group = stage_group_of(t->call.number);
    bool meant = false;
    for (struct base_slice rest = base_slice_of(rule->calls); rest.len > 0;) {
        long number;
        const struct base_slice word = base_slice_cut(&rest, ' ', NULL);
        const enum stage_group named = group_named(word, &number);
        meant =
            meant || (number == -1 ? named == group : number == t->call.number);
    }
    return meant &&
           (rule->who == NULL ||
            strcmp(rule->who, stage_name_of(t, (int)t->call.args[0])) == 0);
}

static bool has_flag(const struct trace_call *c, uint64_t flag)
{
    const bool one = c->number == SYS_recvfrom || c->number == SYS_sendto;
    const bool two = c->number == SYS_recvmsg || c->number == SYS_sendmsg;
    return (one && (c->args[3] & flag) != 0) ||
           (two && (c->args[2] & flag) != 0);
}

static bool can_fail(struct trace_task *t, enum stage_group group, int error)
{
    const struct trace_fd *fd = trace_fd(t->fds, (int)t->call.args[0]);
    const bool blocks = !fd->nonblocking && !has_flag(&t->call, MSG_DONTWAIT);
    const bool connected =
        fd->kind == TRACE_FD_ACCEPTED || fd->kind == TRACE_FD_CONNECTED;
    if (group == GROUP_WAIT || group == GROUP_OTHER)
        return true;
    if ((group == GROUP_RECEIVE || group == GROUP_SEND) && !connected)
        return false;
    if (error == EAGAIN && group != GROUP_CONNECT)
        return !blocks;
    return error != EINTR || blocks;
}

static bool can_be_short(struct trace_task *t, int bytes)
{
    const struct trace_fd *fd = trace_fd(t->fds, (int)t->call.args[0]);
    const int arg = stage_length_arg(t->call.number);
    if ((fd->kind != TRACE_FD_ACCEPTED && fd->kind != TRACE_FD_CONNECTED) ||
        arg == -1 || has_flag(&t->call, MSG_PEEK))
        return false;
    const uint64_t least =
        stage_counts_pieces(t->call.number) || bytes <= 0 ? 1 : (uint64_t)bytes;
    return t->call.args[arg] > least;
}

/* The rule is for this call: is it its turn? */
static bool is_due(int i)
{
    const struct stage_rule *rule = &rules[i].rule;
    rules[i].seen++;
    if (rule->nth > 0 && rules[i].seen != rule->nth)
        return false;
    if (rule->times > 0 && rules[i].struck >= rule->times)
        return false;
    if (rule->percent > 0 &&
        stage_chance(&stage.chance, 100) >= (unsigned)rule->percent)
        return false;
    rules[i].struck++;
    stage.faults++;
    return true;
}

void stage_strike_missed(struct stage_strike *strike)
{
    rules[strike->rule].seen--;
    rules[strike->rule].struck--;
    stage.faults--;
    strike->any = false;
}

static struct stage_strike strike_of(int i)
{
    const struct stage_rule *rule = &rules[i].rule;
    return (struct stage_strike){.any = true,
                                 .rule = i,
                                 .fault = rule->fault,
                                 .error = rule->error,
                                 .bytes = rule->bytes > 0 ? rule->bytes : 1};
}

/* Less than the call asks for; few more often than many. */
static int some_bytes(struct trace_task *t)
{
    const int arg = stage_length_arg(t->call.number);
    const uint64_t most = t->call.args[arg] - 1;
    const unsigned bytes =
        1 + stage_chance(&stage.chance,
                         1U << stage_chance(&stage.chance, SOME_BITS));
    return (int)(bytes < most ? bytes : most);
}

struct stage_strike stage_strike_call(struct trace_task *t)
{
    const enum stage_group group = stage_group_of(t->call.number);
    for (int i = 0; i < n_rules; i++) {
        const struct stage_rule *rule = &rules[i].rule;
        const bool applies =
            rule->fault == FAULT_ERROR   ? can_fail(t, group, rule->error)
            : rule->fault == FAULT_SHORT ? can_be_short(t, rule->bytes)
                                         : false;
        if (!applies || !is_meant(rule, t) || !is_due(i))
            continue;
        struct stage_strike strike = strike_of(i);
        if (rule->bytes == BY_CHANCE)
            strike.bytes = some_bytes(t);
        return strike;
    }
    return (struct stage_strike){.any = false};
}

struct stage_strike stage_strike_ready(struct trace_task *t, int ready,
                                       bool spare)
{
    for (int i = 0; i < n_rules; i++) {
        const struct stage_rule *rule = &rules[i].rule;
        const bool applies =
            rule->fault == FAULT_SPURIOUS ? spare
            : rule->fault == FAULT_PART   ? ready > 1
            : rule->fault == FAULT_SHUFFLE
                ? ready > 1 && t->staged->wait->kind == STAGE_EPOLL
                : false;
        if (applies && is_meant(rule, t) && is_due(i))
            return strike_of(i);
    }
    return (struct stage_strike){.any = false};
}

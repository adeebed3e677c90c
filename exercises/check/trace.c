/*
 * trace.c - the program stops at each system call, and goes on. See
 * trace_internal.h for the life of a call.
 *
 * PTRACE_SEIZE makes us the tracer of a thread without stopping it; the options
 * hand on every thread and child that it makes. From then on waitpid(2) tells
 * of these stops, and the thread stands until it is told to go on:
 *
 *     stop                  what it is            how it goes on
 *     -----------------------------------------------------------------------
 *     SIGTRAP | 0x80        a call: entry, exit   PTRACE_SYSCALL
 *     PTRACE_EVENT_EXEC     the program begins    PTRACE_SYSCALL
 *     PTRACE_EVENT_CLONE,   it has made another   PTRACE_SYSCALL
 *       _FORK, _VFORK
 *     PTRACE_EVENT_STOP     that one's first      PTRACE_SYSCALL; if it is a
 *                           stop; or a stop by    signal's: PTRACE_LISTEN, so
 *                           SIGSTOP and the like  that it stays stopped
 *     a signal              to be delivered       PTRACE_SYSCALL with it
 *
 * The first stop of a new thread may come before its parent's event, which says
 * whose it is: then it stands until that event comes.
 *
 * Read before: trace_internal.h. Read after: trace_ask.c.
 * Rests on: ptrace(2), "PTRACE_SEIZE", "Stopped states".
 */
#include "pump.h"
#include "trace_internal.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

struct trace *trace_programs;
struct trace_task *trace_tasks;
const struct trace_stage *trace_stage;

/* --- tasks ---------------------------------------------------------------- */

static struct trace_task *task_of(pid_t tid)
{
    struct trace_task *t = trace_tasks;
    while (t != NULL && t->tid != tid)
        t = t->next;
    return t;
}

static struct trace_task *task_new(pid_t tid, struct trace *trace)
{
    struct trace_task *t = base_alloc(sizeof *t);
    t->tid = t->tgid = tid;
    t->trace = trace;
    base_buf_init(&t->text, TRACE_TEXT);
    t->next = trace_tasks;
    trace_tasks = t;
    return t;
}

static void task_free(struct trace_task *gone)
{
    struct trace_task **at = &trace_tasks;
    while (*at != gone)
        at = &(*at)->next;
    *at = gone->next;
    trace_fds_release(gone->fds);
    free(gone->staged);
    base_buf_fini(&gone->text);
    free(gone);
}

static struct trace_task *any_task_of(const struct trace *trace)
{
    struct trace_task *t = trace_tasks;
    while (t != NULL && t->trace != trace)
        t = t->next;
    return t;
}

static void keep_text(struct trace_task *t)
{
    char **slot = &t->trace->last[t->trace->lasts++ % TRACE_LAST];
    free(*slot);
    *slot = base_slice_dup(base_buf_slice(&t->text));
}

void trace_gone(pid_t pid, int status)
{
    (void)status;
    struct trace_task *t = task_of(pid);
    if (t == NULL)
        return;
    struct trace *trace = t->trace;
    if ((t->inside || t->stands) && trace != NULL) {
        (void)base_buf_printf(&t->text, ") = ?"); /* exit_group, or killed */
        keep_text(t);
    }
    task_free(t);
    if (trace != NULL)
        trace->ended = any_task_of(trace) == NULL;
}

/* --- going on ------------------------------------------------------------- */

/* It may have been killed while it stood: then trace_gone will come. */
static void go_on(const struct trace_task *t, int signal)
{
    (void)ptrace(t->trace->begun ? PTRACE_SYSCALL : PTRACE_CONT, t->tid, NULL,
                 (void *)(intptr_t)signal);
}

void trace_resume(struct trace_task *t)
{
    t->stands = false;
    go_on(t, 0);
}

/* --- calls ---------------------------------------------------------------- */

static void count(struct trace *trace, long number)
{
    trace->total++;
    if (number >= 0 && number < TRACE_CALLS)
        trace->counts[number]++;
    else
        trace->other++;
}

static void enter(struct trace_task *t,
                  const struct __ptrace_syscall_info *info)
{
    t->inside = true;
    if (!t->repeats) {
        t->call.number = info->arch == regs_arch() ? (long)info->entry.nr : -1;
        for (int i = 0; i < TRACE_ARGS; i++)
            t->call.args[i] = info->entry.args[i];
        count(t->trace, t->call.number);
        t->trace->execs +=
            t->call.number == SYS_execve || t->call.number == SYS_execveat;
        trace_text_entry(t);
    }
    t->repeats = false;
    if (trace_stage != NULL)
        trace_stage->entry(t);
}

void trace_call_done(struct trace_task *t)
{
    trace_text_exit(t);
    keep_text(t);
    trace_fds_learn(t);
    model_learn(t);
}

static bool leave(struct trace_task *t,
                  const struct __ptrace_syscall_info *info)
{
    if (!t->inside) /* of the exec that it began with, or a clone's child */
        return true;
    t->inside = false;
    t->call.result = info->exit.rval;
    if (trace_stage != NULL && !trace_stage->exit(t))
        return false;
    trace_call_done(t);
    return true;
}

static void on_call(struct trace_task *t)
{
    struct __ptrace_syscall_info info;
    if (ptrace(PTRACE_GET_SYSCALL_INFO, t->tid, (void *)sizeof info, &info) ==
        -1)
        return; /* killed */
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
        enter(t, &info);
    else if (info.op == PTRACE_SYSCALL_INFO_EXIT)
        t->stands = !leave(t, &info);
    if (!t->stands)
        go_on(t, 0);
}

/* --- what makes programs, threads and children ---------------------------- */

/*
 * The program begins, or becomes another. All threads but this one are gone;
 * it has the number of the first thread now, and had `before`.
 */
static void on_exec(struct trace_task *t, pid_t before)
{
    struct trace_task *caller = before == t->tid ? t : task_of(before);
    if (caller != NULL && caller != t)
        task_free(caller);
    t->inside = t->repeats = false;
    if (t->trace->begun)
        return;
    t->trace->begun = true;
    t->fds = trace_fds_new();
    if (trace_stage != NULL)
        trace_stage->begin(t);
}

static bool is_thread_of(pid_t tid, pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task/%d", pid, tid);
    return access(path, F_OK) == 0;
}

/* `t` has made `tid`: a thread, or a child with descriptors of its own. */
static void on_new(struct trace_task *t, pid_t tid)
{
    struct trace_task *born = task_of(tid);
    const bool waits = born != NULL;
    if (born == NULL)
        born = task_new(tid, t->trace);
    born->trace = t->trace;
    if (is_thread_of(tid, t->tgid)) {
        born->tgid = t->tgid;
        born->fds = t->fds;
        born->fds->users++;
        t->trace->threads++;
    } else if (t->trace->begun) {
        born->fds = trace_fds_copy(t->fds);
        t->trace->children++;
    }
    if (waits)
        go_on(born, 0);
}

static void on_event(struct trace_task *t, int event)
{
    unsigned long message = 0;
    if (ptrace(PTRACE_GETEVENTMSG, t->tid, NULL, &message) == -1)
        return; /* killed */
    if (event == PTRACE_EVENT_EXEC)
        on_exec(t, (pid_t)message);
    else
        on_new(t, (pid_t)message);
    go_on(t, 0);
}

/* --- stops ---------------------------------------------------------------- */

static bool stops_a_group(int signal)
{
    return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN ||
           signal == SIGTTOU;
}

/* What waitpid(2) tells: true if it is of a thread that is traced. */
static bool on_stop(pid_t tid, int status)
{
    const int signal = WSTOPSIG(status);
    const int event = status >> 16;
    struct trace_task *t = task_of(tid);
    if (t == NULL && event != PTRACE_EVENT_STOP)
        return false;
    if (t == NULL)
        (void)task_new(tid, NULL); /* it stands until on_new */
    else if (signal == (SIGTRAP | 0x80))
        on_call(t);
    else if (event == PTRACE_EVENT_STOP && stops_a_group(signal))
        (void)ptrace(PTRACE_LISTEN, tid, NULL, NULL);
    else if (event == PTRACE_EVENT_STOP)
        go_on(t, 0);
    else if (event != 0)
        on_event(t, event);
    else
        go_on(t, signal);
    return true;
}

int trace_attach(pid_t pid)
{
    const unsigned long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE |
                                  PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                                  PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
    if (ptrace(PTRACE_SEIZE, pid, NULL, (void *)options) == -1)
        return -errno;
    struct trace *trace = base_alloc(sizeof *trace);
    trace->root = pid;
    trace->next = trace_programs;
    trace_programs = trace;
    (void)task_new(pid, trace);
    pump_on_stop = on_stop;
    pump_on_gone = trace_gone;
    return 0;
}

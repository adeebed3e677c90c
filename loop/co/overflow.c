/*
 * overflow.c - a task that runs out of its stack: a line that names it, instead
 * of a bare "Segmentation fault".
 *
 * The first touch of the guard raises SIGSEGV. There is no room on the stack
 * for a handler then: it runs on a stack of its own (sigaltstack), and compares
 * the address with the guard of the task that runs. Whatever it finds, it hands
 * on to whoever handled the signal before, so that the program ends as it would
 * have, with its core dump.
 *
 * Read before: stack.c. Read after: context.h.
 * Rests on: sigaltstack(2), sigaction(2) on SA_ONSTACK and si_addr,
 * signal-safety(7).
 */
#include "loop/co/co_internal.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static struct sigaction before;

/* snprintf(3) is not for signal handlers. */
static void say(const char *text)
{
    const ssize_t n = write(STDERR_FILENO, text, strlen(text));
    (void)n; /* nobody to tell */
}

static bool in_guard(const struct co_task *t, const char *at)
{
    return t != NULL && at < t->stack.low && at >= t->stack.low - GUARD_SIZE;
}

static void on_fault(int signo, siginfo_t *info, void *context)
{
    const struct co_task *t = co_running;
    const bool sent = info->si_code <= 0; /* by kill(2) and its kin */
    if (!sent && in_guard(t, info->si_addr)) {
        say("stack overflow in the task ");
        say(t->name != NULL ? t->name : t->place);
        say(": large arrays belong in memory of their own; or give more "
            "with co_options.stack_size\n");
    }
    if (before.sa_flags & SA_SIGINFO)
        before.sa_sigaction(signo, info, context);
    else if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN)
        before.sa_handler(signo);
    else
        signal(signo, SIG_DFL); /* the instruction is tried again, and kills */
    if (sent && before.sa_handler == SIG_DFL)
        raise(signo);
}

static void install(void)
{
    struct sigaction action = {.sa_sigaction = on_fault,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    sigaction(SIGSEGV, &action, &before);
}

/* The handler's stack in this thread, and how many loops need it. */
static _Thread_local struct {
    void *memory; /* NULL: somebody else's is there */
    int loops;
} handler_stack;

void overflow_watch(void)
{
    enum { SIZE = 65536 };
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    stack_t there;
    pthread_once(&once, install);
    if (handler_stack.loops++ > 0)
        return;
    if (sigaltstack(NULL, &there) == 0 && !(there.ss_flags & SS_DISABLE))
        return; /* AddressSanitizer has made one, or the program */
    handler_stack.memory = base_alloc(SIZE);
    sigaltstack(&(stack_t){.ss_sp = handler_stack.memory, .ss_size = SIZE},
                NULL);
}

void overflow_unwatch(void)
{
    if (--handler_stack.loops > 0 || handler_stack.memory == NULL)
        return;
    sigaltstack(&(stack_t){.ss_flags = SS_DISABLE}, NULL);
    free(handler_stack.memory);
    handler_stack.memory = NULL;
}

/*
 * ucontext.c - stackful coroutines, by the C library: a stack for each.
 *
 * generator.c had to save what must live, because to stop was to return. Here a
 * coroutine stops without returning: it has a stack of its own, which stays as
 * it is while another one is in use. So all of it lives: local variables, and
 * the calls that it is in the middle of. `say` yields from two calls deep, and
 * `speak` looks like any other function.
 *
 *     the stack of main      the stack of a       the stack of b
 *       main
 *         swapcontext -----> speak
 *                              say
 *         ... <--------------- swapcontext
 *         swapcontext -------------------------> speak
 *                                                  say
 *         ... <----------------------------------- swapcontext
 *         swapcontext -------> ... returns
 *                            speak: i++
 *
 * makecontext says what runs on a new stack, swapcontext saves where we are and
 * goes on elsewhere. POSIX wants it to keep the signal mask of each, too, which
 * only the kernel can change: so each switch is a system call, rt_sigprocmask,
 * and costs some hundred nanoseconds, where a function call costs one or two:
 *
 *     strace -c -e trace=rt_sigprocmask build/lessons/08-coroutines/ucontext
 *
 * A coroutine that stays with one thread and one mask has no use for that, and
 * minico.c leaves it out. POSIX has dropped these functions since 2008, because
 * C cannot say how makecontext passes arguments; Linux keeps them.
 *
 * Read before: generator.c. Read after: minico.h, minico_x86_64.S.
 * Rests on: makecontext(3), swapcontext(3).
 */
#include "../common/common.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <ucontext.h>

enum { TIMES = 4, STACK_SIZE = 64 * 1024, N = 2 };

struct coroutine {
    ucontext_t context;
    bool ended;
    void *stack;
};

static ucontext_t main_context;
static struct coroutine coroutines[N];
static struct coroutine *current;
static int switches;

static void swap(ucontext_t *from, const ucontext_t *to)
{
    switches++;
    if (swapcontext(from, to) == -1)
        die(errno, NULL, "cannot switch");
}

/* Yields, though it is not the coroutine itself. */
static void say(char letter)
{
    putchar(letter);
    swap(&current->context, &main_context);
}

static void speak(int letter)
{
    for (int i = 0; i < TIMES; i++)
        say((char)letter);
    current->ended = true;
    switches++; /* to uc_link, by returning */
}

static void begin(struct coroutine *c, char letter)
{
    c->stack = allocate(STACK_SIZE);
    if (getcontext(&c->context) == -1)
        die(errno, NULL, "cannot get the context");
    c->context.uc_stack.ss_sp = c->stack;
    c->context.uc_stack.ss_size = STACK_SIZE;
    c->context.uc_link = &main_context;
    /* The type that makecontext wants says nothing of arguments. */
    makecontext(&c->context, (void (*)(void))speak, 1, letter);
}

int main(int argc, char **argv)
{
    const struct option options[] = {{.name = NULL}};
    parse_options(argc, argv, "Two coroutines take turns, by swapcontext.",
                  options);
    for (int i = 0; i < N; i++)
        begin(&coroutines[i], (char)('a' + i));
    for (int i = 0; !coroutines[i].ended; i = (i + 1) % N) {
        current = &coroutines[i];
        swap(&main_context, &current->context);
    }
    printf("\na coroutine is %zu bytes, and a stack of %d\n",
           sizeof coroutines[0], STACK_SIZE);
    printf("%d switches, each with a system call\n", switches);
    for (int i = 0; i < N; i++)
        free(coroutines[i].stack);
}

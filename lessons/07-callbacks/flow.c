/*
 * flow.c - see flow.h.
 *
 * The functions of the flow lie in a section of the program of their own, so
 * that a return address on the stack can be told to be one of theirs. They are
 * not inlined, and each has something to do after it has started the next step;
 * else the compiler would take their frames away (a tail call).
 */
#include "flow.h"

#include "context.h"

#include <errno.h>
#include <execinfo.h>
#include <stddef.h>
#include <stdint.h>

#define OURS __attribute__((noinline, section("flow_code")))

/* The linker's names for the begin and the end of that section. */
extern const char begin_of_flow[] __asm__("__start_flow_code");
extern const char end_of_flow[] __asm__("__stop_flow_code");

struct login {
    enum flow_style style;
    struct miniloop *loop;
    struct flow_seen *seen;
    int gateway;
    int (*step)(struct login *l); /* the next, while it is deferred */
    struct call call;             /* callbacks: leads to it */
    struct context_call wrapped;  /* context: the same */
    struct context context;
};

static void note_the_stack(struct flow_seen *seen);

/* --- how a step starts the next ------------------------------------------- */

/* callbacks: the result is the loop's, and the loop has no use for it. */
static void on_step(void *arg)
{
    struct login *l = arg;
    l->step(l);
}

/* context: it goes to whoever was there when the chain began. */
static void on_step_in_context(void *arg)
{
    struct login *l = arg;
    const int error = l->step(l);
    if (error != 0)
        context_fail(error);
}

/* Straight: returns what the step returns; else 0, long before it runs. */
static int then(struct login *l, int (*step)(struct login *l))
{
    if (l->style == FLOW_STRAIGHT)
        return step(l);
    l->step = step;
    if (l->style == FLOW_CALLBACKS)
        mini_defer(l->loop, &l->call);
    else
        context_defer(l->loop, &l->wrapped);
    return 0;
}

/* What a step does with its result: if it is an error, clean up, pass it on. */
static int undo(struct login *l, int error)
{
    if (error != 0)
        l->seen->undone++;
    return error;
}

/* --- the flow ------------------------------------------------------------- */

OURS static int open_session(struct login *l)
{
    l->seen->open = true;
    mini_stop(l->loop);
    return 0;
}

OURS static int send_code(struct login *l)
{
    note_the_stack(l->seen);
    if (l->gateway != 0) {
        mini_stop(l->loop);
        return l->gateway;
    }
    const int error = then(l, open_session);
    return undo(l, error);
}

OURS static int check_password(struct login *l)
{
    const int error = then(l, send_code);
    return undo(l, error);
}

OURS static int find_user(struct login *l)
{
    const int error = then(l, check_password);
    return undo(l, error);
}

OURS static int ask_name(struct login *l)
{
    const int error = then(l, find_user);
    return undo(l, error);
}

static bool on_error(void *arg, int error)
{
    struct login *l = arg;
    l->seen->told = error;
    return true;
}

OURS static void login(struct login *l)
{
    context_enter(&l->context); /* only the style context looks at it */
    const int error = then(l, ask_name);
    context_leave(&l->context);
    if (error != 0)
        l->seen->told = error;
}

int flow_run(enum flow_style style, int gateway, struct flow_seen *seen)
{
    struct miniloop loop;
    int error = mini_init(&loop);
    if (error != 0)
        return error;
    *seen = (struct flow_seen){.ours = 0};
    struct login l = {
        .style = style, .loop = &loop, .seen = seen, .gateway = gateway};
    l.call = (struct call){.function = on_step, .arg = &l};
    l.wrapped =
        (struct context_call){.function = on_step_in_context, .arg = &l};
    l.context = (struct context){.on_error = on_error, .arg = &l};
    login(&l);
    error = mini_run(&loop);
    mini_fini(&loop);
    return error;
}

/* --- the stack ------------------------------------------------------------ */

/* The function that begins last before `address`. */
static const char *name_of(uintptr_t address)
{
    const struct {
        uintptr_t begin;
        const char *name;
    } functions[] = {
        {(uintptr_t)login, "login"},
        {(uintptr_t)ask_name, "ask_name"},
        {(uintptr_t)find_user, "find_user"},
        {(uintptr_t)check_password, "check_password"},
        {(uintptr_t)send_code, "send_code"},
        {(uintptr_t)open_session, "open_session"},
    };
    size_t best = 0;
    for (size_t i = 1; i < sizeof functions / sizeof functions[0]; i++)
        if (functions[i].begin < address &&
            (functions[best].begin > address ||
             functions[i].begin > functions[best].begin))
            best = i;
    return functions[best].name;
}

static void note_the_stack(struct flow_seen *seen)
{
    void *frames[FLOW_FRAMES_MAX];
    const int n = backtrace(frames, FLOW_FRAMES_MAX);
    for (int i = 0; i < n; i++) {
        const uintptr_t address = (uintptr_t)frames[i];
        if (address > (uintptr_t)begin_of_flow &&
            address <= (uintptr_t)end_of_flow)
            seen->names[seen->ours++] = name_of(address);
    }
}

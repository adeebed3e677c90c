/*
 * minico_tools.h - tells the tools that watch a program's stacks of each
 * switch: AddressSanitizer, ThreadSanitizer, valgrind. Part of minico.c. Leave
 * it out when reading for the first time: in a plain build all of this is
 * empty.
 *
 * To a tool, a thread has one stack, whose bounds it knows. A stack pointer
 * that leaps looks like a mistake to it, or like a thousand functions that have
 * returned; so it must be told where the new stack lies, before the leap and
 * after it.
 *
 * Rests on: sanitizer/common_interface_defs.h, sanitizer/tsan_interface.h, the
 * valgrind manual, section 3.1 (client requests).
 */
#ifndef LESSONS_MINICO_TOOLS_H
#define LESSONS_MINICO_TOOLS_H

#include <stddef.h>

/* clang says in its own way what gcc says by these two macros. */
#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#if __has_feature(thread_sanitizer)
#define __SANITIZE_THREAD__ 1
#endif
#endif

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>
#endif
#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#include <signal.h>
#endif
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#else
#define VALGRIND_STACK_REGISTER(from, to) 0
#define VALGRIND_STACK_DEREGISTER(id)     (void)(id)
#endif

/* What the tools want to know of a stack. */
struct tools {
    const void *stack;
    size_t size;
    unsigned valgrind_id;
    void *fake_stack; /* AddressSanitizer's, while another stack is in use */
    void *fiber;      /* ThreadSanitizer's name for it */
};

static inline void tools_stack_comes(struct tools *t, void *stack, size_t size)
{
    *t = (struct tools){.stack = stack, .size = size};
    t->valgrind_id = VALGRIND_STACK_REGISTER(stack, (char *)stack + size);
#ifdef __SANITIZE_ADDRESS__
    __lsan_register_root_region(stack, size);
#endif
}

static inline void tools_stack_goes(struct tools *t)
{
    VALGRIND_STACK_DEREGISTER(t->valgrind_id);
#ifdef __SANITIZE_ADDRESS__
    __lsan_unregister_root_region(t->stack, t->size);
#endif
}

/*
 * Around the time that a task runs. ThreadSanitizer delays signals, and notes
 * them for the stack in use: for a task that parks, or ends, that is too long.
 */
static inline void tools_hold_signals(void)
{
#ifdef __SANITIZE_THREAD__
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
#endif
}

static inline void tools_free_signals(void)
{
#ifdef __SANITIZE_THREAD__
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_UNBLOCK, &all, NULL);
#endif
}

/* A stack is used (again): what the last task forbade there is allowed. */
static inline void tools_task_begins(struct tools *t)
{
    (void)t;
#ifdef __SANITIZE_ADDRESS__
    ASAN_UNPOISON_MEMORY_REGION(t->stack, t->size);
#endif
#ifdef __SANITIZE_THREAD__
    t->fiber = __tsan_create_fiber(0);
#endif
}

static inline void tools_task_ends(struct tools *t)
{
    (void)t;
#ifdef __SANITIZE_THREAD__
    tools_hold_signals(); /* it goes there for a moment */
    __tsan_destroy_fiber(t->fiber);
    tools_free_signals();
#endif
}

static inline void tools_loop_begins(struct tools *t)
{
    (void)t;
#ifdef __SANITIZE_THREAD__
    t->fiber = __tsan_get_current_fiber();
#endif
}

/*
 * Right before a switch away from a stack that will be used again. Must be
 * inlined: as a call of its own it would begin, to ThreadSanitizer, on one
 * stack, and return on the other.
 */
__attribute__((always_inline)) static inline void
tools_leave(struct tools *from, const struct tools *to)
{
    (void)from;
    (void)to;
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_start_switch_fiber(&from->fake_stack, to->stack, to->size);
#endif
#ifdef __SANITIZE_THREAD__
    __tsan_switch_to_fiber(to->fiber, 0);
#endif
}

/* The same, but nobody comes back to this stack. */
__attribute__((always_inline)) static inline void
tools_leave_last(struct tools *from, const struct tools *to)
{
    (void)from;
    (void)to;
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_start_switch_fiber(NULL, to->stack, to->size);
#endif
#ifdef __SANITIZE_THREAD__
    __tsan_switch_to_fiber(to->fiber, 0);
#endif
}

/* Right after a switch back to a stack that was left. */
static inline void tools_arrive(struct tools *here)
{
    (void)here;
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_finish_switch_fiber(here->fake_stack, NULL, NULL);
#endif
#ifdef __SANITIZE_THREAD__
    /* Else the switch is the last call, and clang jumps to it: the function
     * would have returned on the other stack, to this tool. */
    __asm__ volatile("" ::: "memory");
#endif
}

/* Right after a switch to a new stack; `from` learns where its own lies. */
static inline void tools_arrive_first(struct tools *here, struct tools *from)
{
    (void)here;
    (void)from;
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_finish_switch_fiber(NULL, &from->stack, &from->size);
#endif
}

#endif

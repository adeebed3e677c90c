/*
 * witness.h - telling AddressSanitizer, ThreadSanitizer and valgrind that the
 * stack changes. They follow a program by its stack pointer, and would take a
 * switch for a wild jump. In other builds all of this is nothing.
 *
 * Around each context_switch: witness_leave before it, witness_arrive after it,
 * on the other stack.
 *
 * Read before: context.h. Read after: scheduler.c.
 * Rests on: sanitizer/common_interface_defs.h, sanitizer/tsan_interface.h,
 * valgrind/valgrind.h.
 */
#ifndef LOOP_CO_WITNESS_H
#define LOOP_CO_WITNESS_H

#include "loop/co/stack.h"

#ifdef __has_feature /* clang's way to say what gcc says by macros */
#if __has_feature(address_sanitizer) && !defined __SANITIZE_ADDRESS__
#define __SANITIZE_ADDRESS__ 1
#endif
#if __has_feature(thread_sanitizer) && !defined __SANITIZE_THREAD__
#define __SANITIZE_THREAD__ 1
#endif
#endif

/* What is known of one stack. */
struct witness {
#if defined __SANITIZE_ADDRESS__
    const void *low;
    size_t size;
    void *fake; /* frames that it keeps elsewhere */
#elif defined __SANITIZE_THREAD__
    void *fiber;
#endif
};

/* --- AddressSanitizer ---------------------------------------------------- */

#if defined __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>

enum { STACK_SIZE = 262144 }; /* its frames are large */

static inline void witness_init(struct witness *w, struct stack stack)
{
    *w = (struct witness){.low = stack.low, .size = stack.size};
}

static inline void witness_fini(struct witness *w)
{
    (void)w;
}

static inline void witness_leave(struct witness *from, struct witness *to,
                                 bool for_ever)
{
    __sanitizer_start_switch_fiber(for_ever ? NULL : &from->fake, to->low,
                                   to->size);
}

static inline void witness_arrive(struct witness *at, struct witness *from)
{
    __sanitizer_finish_switch_fiber(at->fake, &from->low, &from->size);
}

static inline void witness_stack_unused(struct stack stack)
{
    __asan_unpoison_memory_region(stack.low, stack.size);
}

/* --- ThreadSanitizer ----------------------------------------------------- */

#elif defined __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>

enum { STACK_SIZE = 262144 };

static inline void witness_init(struct witness *w, struct stack stack)
{
    (void)stack;
    w->fiber = __tsan_create_fiber(0);
}

static inline void witness_fini(struct witness *w)
{
    __tsan_destroy_fiber(w->fiber);
}

static inline void witness_leave(struct witness *from, struct witness *to,
                                 bool for_ever)
{
    (void)for_ever;
    from->fiber = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(to->fiber, 0);
}

static inline void witness_arrive(struct witness *at, struct witness *from)
{
    (void)at;
    (void)from;
}

static inline void witness_stack_unused(struct stack stack)
{
    (void)stack;
}

/* --- nobody -------------------------------------------------------------- */

#else

enum { STACK_SIZE = 65536 };

static inline void witness_init(struct witness *w, struct stack stack)
{
    (void)w;
    (void)stack;
}

static inline void witness_fini(struct witness *w)
{
    (void)w;
}

static inline void witness_leave(struct witness *from, struct witness *to,
                                 bool for_ever)
{
    (void)from;
    (void)to;
    (void)for_ever;
}

static inline void witness_arrive(struct witness *at, struct witness *from)
{
    (void)at;
    (void)from;
}

static inline void witness_stack_unused(struct stack stack)
{
    (void)stack;
}

#endif

/* --- valgrind ------------------------------------------------------------ */

#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#define WITNESS_STACK(low, high) VALGRIND_STACK_REGISTER(low, high)
#define WITNESS_QUIET            VALGRIND_DISABLE_ERROR_REPORTING
#define WITNESS_LOUD             VALGRIND_ENABLE_ERROR_REPORTING
#else
#define WITNESS_STACK(low, high) ((void)(low), (void)(high))
#define WITNESS_QUIET            ((void)0)
#define WITNESS_LOUD             ((void)0)
#endif

static inline void witness_stack_new(struct stack stack)
{
    WITNESS_STACK(stack.low, stack.low + stack.size);
}

/* For reading what was left behind on a stack. */
#define WITNESS_LOOKS_ON                                                       \
    __attribute__((no_sanitize_address, no_sanitize_thread))

static inline void witness_look_begin(void)
{
    WITNESS_QUIET;
}

static inline void witness_look_end(void)
{
    WITNESS_LOUD;
}

#endif

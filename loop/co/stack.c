/*
 * stack.c - where stacks come from, and where they wait to be used again.
 *
 *     slab     | guard | stack 0 | guard | stack 1 | ...          | stack 63 |
 *
 *     take <-- warm: used before, its memory still there; last in, first out
 *              cold: no memory yet, or none any more
 *
 * Address space is cheap and memory is not: a stack has 64 KiB of addresses,
 * and the kernel gives it a page of memory when it is first touched. So depth
 * costs only those tasks that go deep. A stack that was just used is likely
 * still in the CPU's cache: it goes to the front of the warm ones. `kept`
 * bounds these; the memory of more goes back to the kernel (MADV_DONTNEED) and
 * only the addresses stay, until the loop ends.
 *
 * Guards. Pages that may not be touched stand below each stack. To forbid them
 * by mprotect(2) cuts the mapping in two, and a process may have 65,530 pieces
 * (vm.max_map_count), so some 32,000 stacks. Since Linux 6.13 there is
 * MADV_GUARD_INSTALL, which marks pages and cuts nothing: a million is no
 * matter. A frame larger than the guard could leap over it, into the task of
 * the stack below. Code that is compiled with -fstack-clash-protection touches
 * each page in turn; the C library is not, and has frames of up to 8 KiB: so
 * the guard is four pages and not one. It costs addresses alone.
 *
 * No huge pages: with them the first touch would cost 2 MiB a stack.
 *
 * Read before: stack.h. Read after: overflow.c.
 * Rests on: mmap(2), madvise(2), mprotect(2); MADV_GUARD_INSTALL in Linux 6.13.
 */
#include "loop/co/stack.h"
#include "loop/co/witness.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

struct slab {
    struct base_list link, cold_link;
    char *memory;
    uint64_t cold; /* a bit a stack that is cold */
};

void stacks_init(struct stacks *s, const struct co_options *o)
{
    *s = (struct stacks){
        .slot_size = o->stack_size != 0 ? o->stack_size : STACK_SIZE,
        .most = o->max_tasks != 0 ? o->max_tasks : 10000000,
        .guard = o->guard,
    };
    base_list_init(&s->slabs);
    base_list_init(&s->cold);
}

void stacks_fini(struct stacks *s)
{
    struct base_list *link = s->slabs.next;
    while (link != &s->slabs) {
        struct slab *slab = base_container(link, struct slab, link);
        link = link->next;
        munmap(slab->memory, STACKS_A_SLAB * s->slot_size);
        free(slab);
    }
}

/* --- slabs --------------------------------------------------------------- */

static int guard(const struct stacks *s, char *at)
{
    if (s->guard == CO_GUARD_NONE)
        return 0;
    if (s->guard == CO_GUARD_BEST &&
        madvise(at, GUARD_SIZE, MADV_GUARD_INSTALL) == 0)
        return 0;
    return mprotect(at, GUARD_SIZE, PROT_NONE);
}

static char *slab_map(const struct stacks *s)
{
    const size_t size = STACKS_A_SLAB * s->slot_size;
    char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return NULL;
    madvise(memory, size, MADV_NOHUGEPAGE); /* refused: it has none */
    for (int i = 0; i < STACKS_A_SLAB; i++)
        if (guard(s, memory + (size_t)i * s->slot_size) == -1) {
            const int error = errno;
            munmap(memory, size);
            errno = error;
            return NULL;
        }
    return memory;
}

static bool slab_add(struct stacks *s)
{
    char *memory = slab_map(s);
    if (memory == NULL)
        return false;
    struct slab *slab = base_alloc(sizeof *slab);
    slab->memory = memory;
    slab->cold = UINT64_MAX;
    base_list_append(&s->slabs, &slab->link);
    base_list_append(&s->cold, &slab->cold_link);
    return true;
}

static struct stack stack_at(const struct stacks *s, struct slab *slab, int i)
{
    char *slot = slab->memory + (size_t)i * s->slot_size;
    return (struct stack){slot + GUARD_SIZE, s->slot_size - GUARD_SIZE, slab};
}

/* --- taking and giving back ---------------------------------------------- */

static bool refuse(struct stacks *s, const char *why)
{
    if (!s->refused)
        base_log_error("no stack for a task beside %d: %s", s->n, why);
    s->refused = true;
    return false;
}

bool stack_take(struct stacks *s, struct stack *stack)
{
    if (s->n == s->most)
        return refuse(s, "co_options.max_tasks");
    if (base_list_empty(&s->cold) && !slab_add(s))
        return refuse(s, errno == ENOMEM && s->guard != CO_GUARD_NONE
                             ? "the kernel refuses memory or mappings, see "
                               "vm.max_map_count and co_options.guard"
                             : strerror(errno));
    struct slab *slab = base_container(s->cold.next, struct slab, cold_link);
    const int i = __builtin_ctzll(slab->cold);
    slab->cold &= slab->cold - 1;
    if (slab->cold == 0)
        base_list_remove(&slab->cold_link);
    *stack = stack_at(s, slab, i);
    s->n++;
    witness_stack_new(*stack);
    return true;
}

void stack_give(struct stacks *s, struct stack stack)
{
    struct slab *slab = stack.slab;
    const size_t at = (size_t)(stack.low - GUARD_SIZE - slab->memory);
    madvise(stack.low, stack.size, MADV_DONTNEED);
    if (slab->cold == 0)
        base_list_append(&s->cold, &slab->cold_link);
    slab->cold |= UINT64_C(1) << at / s->slot_size;
    s->n--;
    s->refused = false;
}

/* --- how much is used ---------------------------------------------------- */

/* From `low` on, where nothing has ever been: pages without memory. */
static size_t untouched(struct stack stack)
{
    enum { PAGES = 256 };
    unsigned char present[PAGES];
    for (size_t at = 0; at < stack.size; at += PAGES * (size_t)PAGE_SIZE) {
        const size_t left = (stack.size - at) / PAGE_SIZE;
        const size_t n = left < PAGES ? left : PAGES;
        if (mincore(stack.low + at, n * PAGE_SIZE, present) == -1)
            return at;
        for (size_t i = 0; i < n; i++)
            if (present[i] & 1)
                return at + i * PAGE_SIZE;
    }
    return stack.size;
}

/*
 * Memory of the kernel's is zero, and frames leave something else behind: the
 * lowest byte that is not zero tells how deep a stack has ever been.
 */
WITNESS_LOOKS_ON
size_t stack_used(struct stack stack)
{
    size_t at = untouched(stack);
    witness_look_begin();
    while (at < stack.size &&
           *(const uint64_t *)(const void *)(stack.low + at) == 0)
        at += sizeof(uint64_t);
    witness_look_end();
    return stack.size - at;
}

size_t stacks_high(const struct stacks *s)
{
    size_t high = 0;
    for (struct base_list *link = s->slabs.next; link != &s->slabs;
         link = link->next) {
        struct slab *slab = base_container(link, struct slab, link);
        for (int i = 0; i < STACKS_A_SLAB; i++) {
            if (slab->cold & UINT64_C(1) << i)
                continue;
            const size_t used = stack_used(stack_at(s, slab, i));
            high = used > high ? used : high;
        }
    }
    return high;
}

/*
 * wheel_internal.h - a hierarchical timer wheel: entries by tick, with add and
 * remove in constant time and no allocation.
 *
 * A tick is a number of 48 bits, seen as eight digits of six bits. The wheel
 * has eight levels of 64 slots. An entry stands in the level of the highest
 * digit in which its tick differs from now, in the slot of that digit:
 *
 *     now 1.02.60   entry 1.02.63  level 0, slot 63    (same 64 ticks)
 *                   entry 1.05.07  level 1, slot 5     (same 4,096)
 *                   entry 2.00.00  level 2, slot 2
 *
 * When now reaches the first tick of an upper slot, its entries cascade: each
 * is added again and lands at least one level lower. A word a level tells which
 * slots are occupied, so that empty time is skipped in one step.
 *
 * Order. Entries of one tick leave in the order in which they were added. The
 * reason: an entry stands in a level only while all higher digits equal those
 * of now. So when an upper slot cascades into lower ones, these are empty, for
 * whatever was added there before has left; and what is added later comes
 * behind. Lists keep the order within a slot.
 *
 * Measured: bench/timers. The naive form, a sorted list, is its oracle in
 * loop/test/test_base_wheel.c.
 *
 * Read before: list in base.h. Read after: ../core/timer.c.
 * Rests on: Varghese and Lauck, Hashed and Hierarchical Timing Wheels, 1987,
 * scheme 6.
 */
#ifndef LOOP_BASE_WHEEL_INTERNAL_H
#define LOOP_BASE_WHEEL_INTERNAL_H

#include "loop/base.h"

enum { WHEEL_LEVELS = 8, WHEEL_BITS = 6, WHEEL_SLOTS = 1 << WHEEL_BITS };

#define WHEEL_MAX ((UINT64_C(1) << (WHEEL_LEVELS * WHEEL_BITS)) - 1)

struct base_wheel {
    uint64_t now;
    size_t n;                        /* entries */
    uint64_t occupied[WHEEL_LEVELS]; /* a bit a slot */
    struct base_list slots[WHEEL_LEVELS][WHEEL_SLOTS];
};

void base_wheel_init(struct base_wheel *w, uint64_t now);

static inline bool base_wheel_holds(const struct base_wheel_entry *e)
{
    return e->link.next != NULL;
}

/* Adds `e`, which is in no wheel. A tick before now counts as now. */
static inline void base_wheel_add(struct base_wheel *w,
                                  struct base_wheel_entry *e, uint64_t tick)
{
    if (tick < w->now)
        tick = w->now;
    if (tick > WHEEL_MAX)
        tick = WHEEL_MAX;
    e->tick = tick;
    const uint64_t differs = tick ^ w->now;
    const unsigned level =
        differs == 0 ? 0
                     : (63 - (unsigned)__builtin_clzll(differs)) / WHEEL_BITS;
    const unsigned digit = tick >> (level * WHEEL_BITS) & (WHEEL_SLOTS - 1);
    base_list_append(&w->slots[level][digit], &e->link);
    w->occupied[level] |= UINT64_C(1) << digit;
    w->n++;
}

/* Takes `e`, which is in the wheel or in a list of due ones, out. */
static inline void base_wheel_remove(struct base_wheel *w,
                                     struct base_wheel_entry *e)
{
    struct base_list *prev = e->link.prev;
    struct base_list *next = e->link.next;
    prev->next = next;
    next->prev = prev;
    e->link.next = NULL;
    w->n--;
    if (prev != next)
        return;
    /* Only a head is left: it is a slot's, or that of a list of due ones. */
    const size_t slot = ((uintptr_t)prev - (uintptr_t)w->slots) / sizeof *prev;
    if (slot < WHEEL_LEVELS * WHEEL_SLOTS)
        w->occupied[slot / WHEEL_SLOTS] &= ~(UINT64_C(1) << slot % WHEEL_SLOTS);
}

/*
 * A tick before which no entry is due: exact if it lies in the same 64 ticks as
 * now, else the beginning of a slot (the caller wakes there once too often).
 * UINT64_MAX if the wheel is empty.
 */
uint64_t base_wheel_next(const struct base_wheel *w);

/*
 * Moves now to `tick` and all entries that are due then to the end of `due`, by
 * tick and then by order of adding. They count as held until base_wheel_take
 * or base_wheel_remove takes them.
 */
void base_wheel_advance(struct base_wheel *w, uint64_t tick,
                        struct base_list *due);

/* Takes the first of the due entries, or returns NULL. */
struct base_wheel_entry *base_wheel_take(struct base_wheel *w,
                                         struct base_list *due);

#endif

/*
 * wheel.c - the timer wheel's slow half: moving through time.
 *
 * Read before: wheel_internal.h.
 */
#include "loop/base/wheel_internal.h"

void base_wheel_init(struct base_wheel *w, uint64_t now)
{
    w->now = now;
    w->n = 0;
    for (int level = 0; level < WHEEL_LEVELS; level++) {
        w->occupied[level] = 0;
        for (int i = 0; i < WHEEL_SLOTS; i++)
            base_list_init(&w->slots[level][i]);
    }
}

/*
 * Slots of a level lie ahead of now's digit, and all of a level before those of
 * the next: so the first occupied one of the lowest level is the nearest.
 */
uint64_t base_wheel_next(const struct base_wheel *w)
{
    for (unsigned level = 0; level < WHEEL_LEVELS; level++) {
        if (w->occupied[level] == 0)
            continue;
        const unsigned shift = level * WHEEL_BITS;
        const uint64_t digit = (uint64_t)__builtin_ctzll(w->occupied[level]);
        const uint64_t above = w->now >> shift >> WHEEL_BITS;
        return (above << WHEEL_BITS | digit) << shift;
    }
    return UINT64_MAX;
}

/* Takes all entries of a slot, in order, into `list`. */
static void empty_slot(struct base_wheel *w, unsigned level, unsigned digit,
                       struct base_list *list)
{
    base_list_splice(list, &w->slots[level][digit]);
    w->occupied[level] &= ~(UINT64_C(1) << digit);
}

/* now has come to the beginning of this slot. */
static void cascade(struct base_wheel *w, unsigned level, unsigned digit)
{
    struct base_list entries;
    base_list_init(&entries);
    empty_slot(w, level, digit, &entries);
    struct base_list *link;
    while ((link = base_list_take(&entries)) != NULL) {
        struct base_wheel_entry *e =
            base_container(link, struct base_wheel_entry, link);
        w->n--;
        base_wheel_add(w, e, e->tick);
    }
}

/* now is at the nearest occupied slot: brings down what stands above it. */
static void arrive(struct base_wheel *w, struct base_list *due)
{
    for (unsigned level = WHEEL_LEVELS - 1; level > 0; level--) {
        const unsigned digit =
            w->now >> (level * WHEEL_BITS) & (WHEEL_SLOTS - 1);
        if (w->occupied[level] & UINT64_C(1) << digit)
            cascade(w, level, digit);
    }
    empty_slot(w, 0, w->now & (WHEEL_SLOTS - 1), due);
}

void base_wheel_advance(struct base_wheel *w, uint64_t tick,
                        struct base_list *due)
{
    uint64_t next;
    while ((next = base_wheel_next(w)) <= tick) {
        w->now = next;
        arrive(w, due);
    }
    if (tick > w->now)
        w->now = tick < WHEEL_MAX ? tick : WHEEL_MAX;
}

struct base_wheel_entry *base_wheel_take(struct base_wheel *w,
                                         struct base_list *due)
{
    if (base_list_empty(due))
        return NULL;
    struct base_wheel_entry *e =
        base_container(due->next, struct base_wheel_entry, link);
    base_wheel_remove(w, e);
    return e;
}

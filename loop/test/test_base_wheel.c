/*
 * test_base_wheel.c - the timer wheel against its oracle, a list sorted by tick
 * and order of adding: random operations on both, the same entries at the same
 * time and in the same order.
 *
 * SEED and OPS in the environment choose the seed and the number of operations;
 * a failure prints the command that repeats it.
 *
 * Read before: base/wheel_internal.h. Read after: test_core_timer.c.
 * Rests on: cmocka.
 */
#include "loop/base/wheel_internal.h"
#include "loop/test/random.h"

#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

enum { ENTRIES = 300, OPS = 400000, A_WORLD = 5000 };

/* --- the oracle: an array in the order in which entries come due ---------- */

struct oracle {
    uint64_t now;
    struct {
        uint64_t tick;
        int entry;
    } sorted[ENTRIES];
    int n;
};

/* Behind all of the same tick. */
static void oracle_add(struct oracle *o, int entry, uint64_t tick)
{
    if (tick < o->now)
        tick = o->now;
    if (tick > WHEEL_MAX)
        tick = WHEEL_MAX;
    int i = o->n++;
    for (; i > 0 && o->sorted[i - 1].tick > tick; i--)
        o->sorted[i] = o->sorted[i - 1];
    o->sorted[i].tick = tick;
    o->sorted[i].entry = entry;
}

/* Returns where it stood. */
static int oracle_remove(struct oracle *o, int entry)
{
    int place = 0;
    while (o->sorted[place].entry != entry)
        place++;
    o->n--;
    for (int i = place; i < o->n; i++)
        o->sorted[i] = o->sorted[i + 1];
    return place;
}

/* --- both, side by side --------------------------------------------------- */

struct world {
    uint64_t seed, random, done;
    struct base_wheel wheel;
    struct oracle oracle;
    struct base_wheel_entry entries[ENTRIES];
};

#define CHECK(w, condition)                                                    \
    check(w, condition, #condition " (line " TEXT(__LINE__) ")")
#define TEXT(x)  TEXT_(x)
#define TEXT_(x) #x

static void check(const struct world *w, bool condition, const char *what)
{
    if (!condition)
        fail_msg("%s does not hold after %llu operations; repeat it with:\n"
                 "  SEED=%llu OPS=%d build/loop/test/test_base_wheel",
                 what, (unsigned long long)w->done, (unsigned long long)w->seed,
                 A_WORLD);
}

static void add(struct world *w, int i, uint64_t tick)
{
    base_wheel_add(&w->wheel, &w->entries[i], tick);
    oracle_add(&w->oracle, i, tick);
}

/* True if it was one of the first `due`. */
static bool drop(struct world *w, int i, int due)
{
    base_wheel_remove(&w->wheel, &w->entries[i]);
    return oracle_remove(&w->oracle, i) < due;
}

static void check_slot(const struct world *w, unsigned level, unsigned digit)
{
    const struct base_list *slot = &w->wheel.slots[level][digit];
    const bool occupied = w->wheel.occupied[level] >> digit & 1;
    CHECK(w, occupied == !base_list_empty(slot));
    const unsigned shift = level * WHEEL_BITS;
    for (const struct base_list *l = slot->next; l != slot; l = l->next) {
        const struct base_wheel_entry *e =
            base_container(l, struct base_wheel_entry, link);
        CHECK(w, (e->tick >> shift & (WHEEL_SLOTS - 1)) == digit);
        CHECK(w, e->tick >> shift >> WHEEL_BITS ==
                     w->wheel.now >> shift >> WHEEL_BITS);
    }
}

static void check_state(const struct world *w)
{
    const struct oracle *o = &w->oracle;
    const uint64_t now = w->wheel.now;
    CHECK(w, now == o->now);
    CHECK(w, w->wheel.n == (size_t)o->n);
    const uint64_t next = base_wheel_next(&w->wheel);
    if (o->n == 0) {
        CHECK(w, next == UINT64_MAX);
    } else {
        CHECK(w, now <= next && next <= o->sorted[0].tick);
        if (o->sorted[0].tick / WHEEL_SLOTS == now / WHEEL_SLOTS)
            CHECK(w, next == o->sorted[0].tick);
    }
    for (unsigned level = 0; level < WHEEL_LEVELS; level++)
        for (unsigned digit = 0; digit < WHEEL_SLOTS; digit++)
            check_slot(w, level, digit);
}

/* --- random operations ---------------------------------------------------- */

/* How far: any number of digits. */
static uint64_t distance(struct world *w, unsigned max_bits)
{
    const unsigned bits = random_below(&w->random, max_bits + 1);
    if (random_below(&w->random, 4) == 0)
        return random_below(&w->random, 3);
    return random_next(&w->random) & ((UINT64_C(1) << bits) - 1);
}

/* The last tick before a slot of some level begins, or one of the next two. */
static uint64_t edge(struct world *w)
{
    const unsigned shift = WHEEL_BITS * random_below(&w->random, WHEEL_LEVELS);
    const uint64_t tick = w->oracle.now + distance(w, 49);
    return (tick | ((UINT64_C(1) << shift) - 1)) + random_below(&w->random, 3);
}

/* Ahead, behind, equal to another's, at the end of time and beyond. */
static uint64_t some_tick(struct world *w)
{
    const struct oracle *o = &w->oracle;
    switch (random_below(&w->random, 16)) {
    case 0:
        return o->now - random_below(&w->random, 100);
    case 1:
    case 2:
    case 3:
        return o->n > 0
                   ? o->sorted[random_below(&w->random, (unsigned)o->n)].tick
                   : 0;
    case 4:
        return WHEEL_MAX - random_below(&w->random, 3);
    case 5:
        return UINT64_MAX - random_below(&w->random, 3);
    case 6:
    case 7:
        return edge(w);
    default:
        return o->now + distance(w, 49);
    }
}

/* Adds an entry, or drops it: true if it was one of the first `due`. */
static bool add_or_drop(struct world *w, int due)
{
    const int i = (int)random_below(&w->random, ENTRIES);
    w->done++;
    if (base_wheel_holds(&w->entries[i]))
        return drop(w, i, due);
    add(w, i, some_tick(w));
    return false;
}

/* Moves to `tick` and takes what is due; others are added and dropped then. */
static void advance(struct world *w, uint64_t tick)
{
    struct oracle *o = &w->oracle;
    struct base_list due;
    base_list_init(&due);
    base_wheel_advance(&w->wheel, tick, &due);
    if (tick > o->now)
        o->now = tick < WHEEL_MAX ? tick : WHEEL_MAX;
    int left = 0;
    while (left < o->n && o->sorted[left].tick <= tick)
        left++;
    struct base_wheel_entry *e;
    while ((e = base_wheel_take(&w->wheel, &due)) != NULL) {
        CHECK(w, left > 0 && e == &w->entries[o->sorted[0].entry]);
        CHECK(w, e->tick == o->sorted[0].tick && !base_wheel_holds(e));
        oracle_remove(o, o->sorted[0].entry);
        left--;
        if (random_below(&w->random, 2) == 0)
            left -= add_or_drop(w, left);
    }
    CHECK(w, left == 0);
}

/* By a step, by a leap, to what is next, or (which does nothing) back. */
static void some_advance(struct world *w)
{
    const struct oracle *o = &w->oracle;
    const unsigned one_tick = random_below(&w->random, 2);
    w->done++;
    switch (random_below(&w->random, 16)) {
    case 0:
        advance(w, o->now - (o->now > 0 ? one_tick : 0));
        break;
    case 1:
        advance(w, o->now + distance(w, 44));
        break;
    case 2:
    case 3:
    case 4:
    case 5:
    case 6:
        advance(w, o->n > 0 && o->sorted[0].tick > o->now
                       ? o->sorted[0].tick - one_tick
                       : o->now);
        break;
    default:
        advance(w, o->now + distance(w, 14));
        break;
    }
}

/* --- the tests ------------------------------------------------------------ */

/* A world begins anywhere, ends at the end of time, and leaves nothing. */
static void run_world(uint64_t seed, uint64_t ops)
{
    struct world *w = base_alloc(sizeof *w);
    w->seed = w->random = seed;
    w->oracle.now = distance(w, 46);
    base_wheel_init(&w->wheel, w->oracle.now);
    while (w->done < ops) {
        if (random_below(&w->random, 4) == 0)
            some_advance(w);
        else
            add_or_drop(w, 0);
        check_state(w);
    }
    while (w->oracle.n > 0) /* those that are added meanwhile need more */
        advance(w, WHEEL_MAX);
    check_state(w);
    free(w);
}

static void the_wheel_agrees_with_a_sorted_list(void **state)
{
    (void)state;
    const uint64_t seed = random_setting("SEED", 1);
    const uint64_t ops = random_setting("OPS", OPS);
    print_message("seed %llu, %llu operations\n", (unsigned long long)seed,
                  (unsigned long long)ops);
    for (uint64_t done = 0, world = 0; done < ops; done += A_WORLD, world++)
        run_world(seed + world, A_WORLD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_wheel_agrees_with_a_sorted_list),
    };
    return cmocka_run_group_tests_name("wheel", tests, NULL, NULL);
}

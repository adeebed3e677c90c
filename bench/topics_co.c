/*
 * topics_co.c - the questions that the report puts to the benchmarks of
 * coroutines, in the order of the page. See figures.h.
 */
#include "figures.h"

#include <stdio.h>

static struct name show_ns(double ns)
{
    struct name out;
    snprintf(out.text, sizeof out.text, "%.30s ns", words_number(ns).text);
    return out;
}

#define OFTEN_SAME                                                             \
    "Ratios to the barest switch travel well; absolute times are your "        \
    "machine's. A wide band means that another program used the caches. "

#define AS_LONG                                                                \
    "takes as long with {best} as with the best of the others, {worst}, "      \
    "within the spread: {value} and {other}."

/* --- switch --------------------------------------------------------------- */

static const struct topic switch_pair = {
    .name = "switch-pair",
    .query = {"switch", NULL, "pair", "pair", NULL, NULL},
    .kind = PLOT_DOTS,
    .x_label = "ns to resume a coroutine and to be back",
    .x_title = "coroutines",
    .scale = PLOT_BY_DATA,
    .show = show_ns,
    .hero = "loop/co",
    .differ = "To resume a coroutine and to be back takes {value} with {best}, "
              "{other} with the best of the others, {worst}.",
    .equal = "To resume a coroutine and to be back " AS_LONG,
    .look_at =
        "raw/jump and raw/ret differ in one instruction: a CPU predicts where "
        "a return goes from the calls that it saw, and a switch breaks that. "
        "raw/stackless is a function with a <code>switch</code> in it, hardly "
        "dearer than a call, but it cannot wait within what it calls. "
        "ucontext makes a system call a switch; threads go through the "
        "kernel's "
        "scheduler.",
    .if_different = OFTEN_SAME "On a CPU that predicts returns in another way, "
                               "raw/ret may be as fast as raw/jump.",
};

static const struct topic switch_yield = {
    .name = "switch-yield",
    .query = {"switch", NULL, "yield", "yield", NULL, NULL},
    .x = 2,
    .kind = PLOT_DOTS,
    .x_label = "ns a yield, two tasks in turn",
    .x_title = "tasks",
    .scale = PLOT_BY_DATA,
    .show = show_ns,
    .hero = "loop/co",
    .differ = "A yield through the scheduler takes {value} with {best}, "
              "{other} with the best of the others, {worst}.",
    .equal = "A yield through the scheduler " AS_LONG,
    .look_at = "The distance to raw/jump, which takes the next of an array: a "
               "queue of those that are ready, a look at the clock now and "
               "then, and each 256 yields a pass of the loop, for tasks must "
               "not keep it from its descriptors.",
    .if_different = OFTEN_SAME,
};

static const struct topic switch_many = {
    .name = "switch-1000",
    .query = {"switch", NULL, "yield", "yield", NULL, NULL},
    .x = 1000,
    .kind = PLOT_DOTS,
    .x_label = "ns a yield, 1,000 tasks in turn",
    .x_title = "tasks",
    .scale = PLOT_BY_DATA,
    .show = show_ns,
    .hero = "loop/co",
    .differ = "With {x} tasks in turn a yield takes {value} with {best}, "
              "{other} with the best of the others, {worst}.",
    .equal = "With {x} tasks in turn a yield " AS_LONG,
    .look_at = "What is added to the plot before is the CPU's caches: 1,000 "
               "stacks do not fit into the fastest one.",
    .if_different = OFTEN_SAME,
};

/* --- spawn ---------------------------------------------------------------- */

static const struct topic spawn = {
    .name = "spawn",
    .query = {"spawn", NULL, NULL, "spawn", NULL, NULL},
    .kind = PLOT_DOTS,
    .x_label = "ns to create a coroutine, run it and end it",
    .x_title = "coroutines",
    .scale = PLOT_BY_DATA,
    .show = show_ns,
    .hero = "loop/co",
    .differ = "To create one, run it and end it takes {value} with {best}, "
              "{other} with the best of the others, {worst}.",
    .equal = "To create one, run it and end it " AS_LONG,
    .look_at =
        "Where the stack comes from. raw/jump has a list of used ones; "
        "raw/mmap asks the kernel each time, for addresses and then, at the "
        "first touch, for memory; loop/co-cold keeps addresses alone. boost "
        "and ucontext know no tasks: they make a place to begin, always on "
        "one stack, and nobody runs it but the caller.",
    .if_different = OFTEN_SAME "What the kernel does (mmap, threads) differs "
                               "more between machines than the rest.",
};

/* --- messages ------------------------------------------------------------- */

static const struct topic channel_none = {
    .name = "channel-0",
    .query = {"channel", NULL, "room for 0", "message", NULL, NULL},
    .kind = PLOT_DOTS,
    .x_label = "ns a message, a channel that holds none",
    .x_title = "capacity",
    .scale = PLOT_BY_DATA,
    .show = show_ns,
    .hero = "loop/co",
    .differ = "Where a sender waits for its receiver, a message takes {value} "
              "with {best}, {other} with the best of the others, {worst}.",
    .equal = "Where a sender waits for its receiver, a message " AS_LONG,
    .look_at = "Each message is a switch here, so threads pay for the kernel's "
               "scheduler each time.",
    .if_different = OFTEN_SAME,
};

static const struct topic channel_many = {
    .name = "channel-128",
    .query = {"channel", NULL, "room for 128", "message", NULL, NULL},
    .kind = PLOT_DOTS,
    .x_label = "ns a message, a channel for 128",
    .x_title = "capacity",
    .scale = PLOT_BY_DATA,
    .show = show_ns,
    .hero = "loop/co",
    .differ = "With {x} messages under way, one takes {value} with {best}, "
              "{other} with the best of the others, {worst}.",
    .equal = "With {x} messages under way, one " AS_LONG,
    .look_at = "A switch is shared by many messages, and threads come near: "
               "what is left is a lock for each message, or a system call "
               "(pipe).",
    .if_different = OFTEN_SAME,
};

static const struct topic fan_in = {
    .name = "fan-in",
    .query = {"fan", NULL, "fan-in", "message", NULL, NULL},
    .x_label = "tasks that send to one",
    .x_title = "tasks",
    .y_label = "ns a message",
    .x_log = true,
    .scale = PLOT_BY_DATA,
    .show = show_ns,
    .hero = "loop/co",
    .differ = "From {x} tasks to one, a message takes {value} with {best}, "
              "{other} with the best of the others, {worst}.",
    .equal = "From {x} tasks to one, a message " AS_LONG,
    .look_at = "Whether the line stays flat: who waits stands in a list, in "
               "order, so that a thousand cost no more than ten but for the "
               "memory of their stacks.",
    .if_different = OFTEN_SAME,
};

static const struct topic fan_out = {
    .name = "fan-out",
    .query = {"fan", NULL, "fan-out", "message", NULL, NULL},
    .x_label = "tasks that receive from one",
    .x_title = "tasks",
    .y_label = "ns a message",
    .x_log = true,
    .scale = PLOT_BY_DATA,
    .show = show_ns,
    .hero = "loop/co",
    .differ = "From one task to {x}, a message takes {value} with {best}, "
              "{other} with the best of the others, {worst}.",
    .equal = "From one task to {x}, a message " AS_LONG,
    .look_at = "As before, the other way round.",
    .if_different = OFTEN_SAME,
};

/* --- memory --------------------------------------------------------------- */

#define PAGES                                                                  \
    "Memory comes in pages, mostly of 4,096 bytes: a machine with larger "     \
    "ones "                                                                    \
    "shows larger stacks."

/* E14: against threads; languages that grow or copy stacks are a matter of
 * their own. */
static const struct topic memory_threads = {
    .name = "memory-threads",
    .query = {"memory", NULL, "parked", "resident", NULL, NULL},
    .x = 10000,
    .kind = PLOT_DOTS,
    .x_label = "bytes resident of one that waits",
    .x_title = "tasks",
    .show = words_bytes,
    .hero = "loop/co",
    .without = "go python",
    .differ = "Of {x} that wait, each takes {value} of memory with {best}, "
              "{other} with {worst}.",
    .equal = "Of {x} that wait, each takes as much memory with {best} as with "
             "{worst}, within the spread: {value} and {other}.",
    .look_at = "A stack of its own takes at least a page. Of a thread the "
               "kernel keeps another stack, which does not count here: the "
               "numbers tell of it (<code>kernel</code> in "
               "<code>build/bench/memory.tsv</code>).",
    .if_different = PAGES,
};

static const struct topic memory_million = {
    .name = "memory-million",
    .query = {"memory", NULL, "parked", "resident", NULL, NULL},
    .x = 1000000,
    .x_label = "tasks that wait",
    .x_title = "tasks",
    .y_label = "bytes resident of one",
    .x_log = true,
    .show = words_bytes,
    .hero = "loop/co",
    .without = "loop/co-mprotect",
    .differ = "Of {x} tasks that wait, each takes {value} with {best}, {other} "
              "with {worst}.",
    .equal = "Of {x} tasks that wait, each takes as much with {best} as with "
             "{worst}, within the spread: {value} and {other}.",
    .look_at =
        "How far a line goes, and that it stays flat. Python's tasks have no "
        "stack: what lives over a wait lies in an object. Go's stacks begin "
        "with 2 KiB and are copied to a larger place when they are full, "
        "which C cannot do: a pointer into them would be wrong.",
    .if_different = PAGES " A point is left out where not enough memory is "
                          "available.",
};

static const struct topic memory_make = {
    .name = "memory-make",
    .query = {"memory", NULL, "parked", "make", NULL, NULL},
    .x = 10000,
    .kind = PLOT_DOTS,
    .x_label = "ns to make one that waits, and to park it",
    .x_title = "tasks",
    .scale = PLOT_BY_DATA,
    .show = show_ns,
    .hero = "loop/co",
    .differ = "To make one of {x} that wait takes {value} with {best}, {other} "
              "with the best of the others, {worst}.",
    .equal = "To make one of {x} that wait " AS_LONG,
    .look_at = "Compare with the time to create one whose stack was used "
               "before: the rest is the kernel, which finds a page and clears "
               "it.",
    .if_different = "In a virtual machine memory that was never touched is "
                    "dearer at first; the median of the rounds hides that.",
};

const struct topic *const topics_co[] = {
    &switch_pair,    &switch_yield,   &switch_many, &spawn,
    &channel_none,   &channel_many,   &fan_in,      &fan_out,
    &memory_threads, &memory_million, &memory_make, NULL,
};

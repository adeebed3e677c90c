/*
 * topics_loop.c - the questions that the report puts to the benchmarks of the
 * loop, in the order of the page. See figures.h.
 */
#include "figures.h"

#include <stdio.h>

static struct name show_millions(double value)
{
    struct name out;
    snprintf(out.text, sizeof out.text, "%.30s million",
             words_number(value / 1e6).text);
    return out;
}

static struct name show_ns(double ns)
{
    struct name out;
    snprintf(out.text, sizeof out.text, "%.30s ns", words_number(ns).text);
    return out;
}

#define OFTEN_SAME                                                             \
    "Ratios to the loop written by hand travel well; absolute times are your " \
    "machine's. A wide band means that another program used the caches. "

/* --- ring ----------------------------------------------------------------- */

#define NO_SCANS "loop/select loop/poll loop/epoll-ops loop/uring-ops"

static const struct topic ring_scan = {
    .name = "ring-scan",
    .query = {"ring", NULL, "1 active", "event", NULL, NULL},
    .x = 1000,
    .x_label = "pipes, one of them active",
    .x_title = "pipes",
    .y_label = "us an event",
    .x_log = true,
    .scale = PLOT_BY_DATA,
    .show = words_time,
    .differ = "With one of {x} pipes active an event takes {value} with "
              "{best}, {other} with {worst}.",
    .equal = "With one of {x} pipes active an event takes as long with all, "
             "within the spread: {value} to {other}.",
    .look_at = "Two bundles of lines. select and poll pay for every pipe that "
               "is watched, at every event; epoll and io_uring for those that "
               "have something to say.",
    .if_different = OFTEN_SAME "select ends where descriptors reach "
                               "FD_SETSIZE.",
};

static const struct topic ring_one = {
    .name = "ring-1",
    .query = {"ring", NULL, "1 active", "event", "raw/epoll", NULL},
    .x = 1000,
    .x_label = "pipes, one of them active",
    .x_title = "pipes",
    .y_label = "times a loop written by hand",
    .x_log = true,
    .show = words_ratio,
    .hero = "loop/epoll",
    .without = NO_SCANS,
    .differ = "With one of {x} pipes active an event costs {value} times a "
              "hand-written loop's with {best}; the best of the other "
              "libraries, {worst}, takes {other} times.",
    .equal = "With one of {x} pipes active {best} and the best of the other "
             "libraries, {worst}, cost as much for an event, within the "
             "spread: {value} and {other} times a loop written by hand.",
    .look_at = "The distance to 1, which is a loop on epoll written by hand "
               "for this benchmark alone: what a library adds is calling "
               "back, looking up, and keeping count.",
    .if_different = OFTEN_SAME,
};

static const struct topic ring_hundred = {
    .name = "ring-100",
    .query = {"ring", NULL, "100 active", "event", "raw/epoll", NULL},
    .x = 1000,
    .x_label = "pipes, 100 of them active",
    .x_title = "pipes",
    .y_label = "times a loop written by hand",
    .x_log = true,
    .show = words_ratio,
    .hero = "loop/epoll",
    .without = NO_SCANS,
    .differ = "With 100 of {x} pipes active an event costs {value} times a "
              "hand-written loop's with {best}; the best of the other "
              "libraries, {worst}, takes {other} times.",
    .equal = "With 100 of {x} pipes active {best} and the best of the other "
             "libraries, {worst}, cost as much for an event, within the "
             "spread: {value} and {other} times a loop written by hand.",
    .look_at = "One wait reports many events here, so its price is shared, "
               "and what a library does for each event weighs more.",
    .if_different = OFTEN_SAME,
};

static const struct topic ring_sockets = {
    .name = "ring-sockets",
    .query = {"ring", NULL, "100 active, sockets", "event", "raw/epoll", NULL},
    .kind = PLOT_DOTS,
    .x_label = "times a loop on epoll written by hand, on sockets",
    .x_title = "pairs of sockets",
    .show = words_ratio,
    .differ = "With 100 of {x} pairs of sockets active, an event costs {value} "
              "times a hand-written epoll loop's with {best}, {other} times "
              "with {worst}.",
    .equal = "With 100 of {x} pairs of sockets active, all cost as much for an "
             "event, within the spread: {value} to {other} times a loop on "
             "epoll written by hand.",
    .look_at = "uring-ops: the kernel itself receives and sends, and the loop "
               "enters it once for all that is ready.",
    .if_different = OFTEN_SAME,
};

/* --- timers --------------------------------------------------------------- */

#define TIMERS_LOOK                                                            \
    "Whether the line rises with the number of timers. A wheel does the same " \
    "few steps for each; a heap sinks them by level. What rises in both is "   \
    "the memory: a million timers do not fit into the caches."

#define TIMERS_EQUAL                                                           \
    " {best} and the best of the other libraries, {worst}, as much, within "   \
    "the spread: {value} and {other}."

static const struct topic timers_cancel = {
    .name = "timers-cancel",
    .query = {"timers", NULL, "random", "cancel", NULL, NULL},
    .x_label = "timers outstanding",
    .x_title = "timers",
    .y_label = "ns",
    .x_log = true,
    .scale = PLOT_BY_DATA,
    .show = show_ns,
    .hero = "loop/epoll",
    .differ = "Beside {x} timers, to start one and cancel it takes {value} "
              "with {best}; the best of the other libraries, {worst}, takes "
              "{other}.",
    .equal = "Beside {x} timers, to start one and cancel it takes" TIMERS_EQUAL,
    .look_at = TIMERS_LOOK,
    .if_different = OFTEN_SAME,
};

static const struct topic timers_rearm = {
    .name = "timers-rearm",
    .query = {"timers", NULL, "random", "rearm", NULL, NULL},
    .x_label = "timers outstanding",
    .x_title = "timers",
    .y_label = "ns",
    .x_log = true,
    .scale = PLOT_BY_DATA,
    .show = show_ns,
    .hero = "loop/epoll",
    .differ = "To move a random one of {x} timers takes {value} with {best}; "
              "the best of the other libraries, {worst}, takes {other}.",
    .equal = "To move a random one of {x} timers takes" TIMERS_EQUAL,
    .look_at = "A server does this at every sign of life of a connection. "
               "Which timer is not known before, so its memory has to be "
               "fetched first.",
    .if_different = OFTEN_SAME,
};

static const struct topic timers_fire = {
    .name = "timers-fire",
    .query = {"timers", NULL, "random", "fire", NULL, NULL},
    .x_label = "timers, deadlines at random",
    .x_title = "timers",
    .y_label = "ns",
    .x_log = true,
    .scale = PLOT_BY_DATA,
    .show = show_ns,
    .hero = "loop/epoll",
    .differ = "Of {x} timers with random deadlines, to start and to fire one "
              "takes {value} with {best}; the best of the other libraries, "
              "{worst}, takes {other}.",
    .equal = "Of {x} timers with random deadlines, to start and to fire one "
             "takes" TIMERS_EQUAL,
    .look_at = TIMERS_LOOK,
    .if_different = OFTEN_SAME,
};

static const struct topic timers_expire = {
    .name = "timers-expire",
    .query = {"timers", NULL, "random", "expire", NULL, NULL},
    .x_label = "timers, started by rising deadline",
    .x_title = "timers",
    .y_label = "ns",
    .x_log = true,
    .scale = PLOT_BY_DATA,
    .show = show_ns,
    .hero = "loop/epoll",
    .differ = "Of {x} timers started in the order of their deadlines, to start "
              "and to fire one takes {value} with {best}; the best of the "
              "other libraries, {worst}, takes {other}.",
    .equal = "Of {x} timers started in the order of their deadlines, to start "
             "and to fire one takes" TIMERS_EQUAL,
    .look_at = "The same work as in the plot before, but memory is walked "
               "through in order: the difference is the caches'.",
    .if_different = OFTEN_SAME,
};

/* --- wakeup, footprint, echo ---------------------------------------------- */

static const struct topic wakeup_trip = {
    .name = "wakeup-trip",
    .query = {"wakeup", NULL, NULL, "trip", NULL, NULL},
    .kind = PLOT_DOTS,
    .x_label = "us from a thread's post to the loop's answer",
    .x_title = "threads",
    .show = words_time,
    .hero = "loop/epoll",
    .differ = "From a thread's post to the loop's answer it takes {value} with "
              "{best}; with the best of the other libraries, {worst}, {other}.",
    .equal = "From a thread's post to the loop's answer it takes as long with "
             "{best} and the best of the other libraries, {worst}, within the "
             "spread: {value} and {other}.",
    .look_at = "How little they differ: nearly all of it is the kernel, which "
               "puts one thread to sleep and wakes the other, twice.",
    .if_different = OFTEN_SAME,
};

static const struct topic wakeup_rate = {
    .name = "wakeup-rate",
    .query = {"wakeup", NULL, NULL, "rate", NULL, NULL},
    .more_is_better = true,
    .kind = PLOT_DOTS,
    .x_label = "million posts a second",
    .x_title = "threads",
    .scale = PLOT_BY_DATA,
    .factor = 1e-6,
    .show = show_millions,
    .hero = "loop/epoll",
    .differ = "A thread hands {value} posts a second to {best}, {other} to the "
              "best of the other libraries, {worst}.",
    .equal = "A thread hands as many posts a second to {best} and to the best "
             "of the other libraries, {worst}, within the spread: {value} and "
             "{other}.",
    .look_at = "What a lock costs. libloop's posts take none; the others wake "
               "a loop but carry no messages, and got a queue with a mutex.",
    .if_different = "Two CPUs pass memory to and fro here, by the clock: the "
                    "most restless of these figures, and wide on a busy "
                    "machine.",
};

static const struct topic footprint = {
    .name = "footprint",
    .query = {"footprint", NULL, NULL, "resident", NULL, NULL},
    .kind = PLOT_DOTS,
    .x_label = "bytes resident of a loop with one watcher",
    .x_title = "watchers",
    .scale = PLOT_BY_DATA,
    .show = words_bytes,
    .hero = "loop/epoll",
    .differ = "An empty loop takes {value} of memory with {best}, {other} "
              "with {worst}, the smallest of the other libraries.",
    .equal = "An empty loop takes as much memory with {best} and with {worst}, "
             "the smallest of the other libraries: {value} and {other}.",
    .look_at = "uring: most of it are the two rings, which it shares with the "
               "kernel.",
    .if_different = "Memory comes in pages, mostly of 4,096 bytes.",
};

static const struct topic echo = {
    .name = "echo-calls",
    .query = {"echo", NULL, NULL, "calls", NULL, NULL},
    .x = 64,
    .x_label = "messages ready at once",
    .x_title = "messages",
    .y_label = "system calls a message",
    .x_log = true,
    .scale = PLOT_BY_DATA,
    .show = words_number,
    .differ = "With {x} messages ready at once, {best} makes {value} system "
              "calls to echo one, {worst} {other}.",
    .equal = "With {x} messages ready at once, all back ends make as many "
             "system calls to echo one: {value} to {other}.",
    .look_at = "On select, poll and epoll two calls are the least: one to "
               "receive, one to send. On uring one call hands over and "
               "collects all that is ready.",
    .if_different = "These are counts; they should not differ.",
};

const struct topic *const topics_loop[] = {
    &ring_scan,    &ring_one,    &ring_hundred,  &ring_sockets, &timers_cancel,
    &timers_rearm, &timers_fire, &timers_expire, &wakeup_trip,  &wakeup_rate,
    &footprint,    &echo,        NULL,
};

/*
 * topics.c - the questions that the report puts to the results, in the order
 * of the page. See figures.h.
 */
#include "figures.h"

#include <string.h>

#define SAME_EVERYWHERE                                                        \
    "The absolute height is your machine's; the order of the lines and where " \
    "they bend should be the same. "

static struct name show_rate(double value)
{
    return words_number(value);
}

static struct name show_seconds(double value)
{
    return words_time(value * 1e6);
}

const struct topic topic_throughput = {
    .name = "throughput-connections",
    .query = {"connections", NULL, "keep-alive", "rate", NULL, NULL},
    .more_is_better = true,
    .x = 64,
    .x_label = "connections, keep-alive",
    .y_label = "requests/s",
    .x_log = true,
    .show = show_rate,
    .differ = "At {x} connections {best} answers {value} requests/s, {worst} "
              "{other}.",
    .equal = "At {x} connections all servers answer as many requests/s, "
             "within the spread: {other} to {value}.",
    .look_at =
        "Where the line ends, and whether a mark is open: an open mark is a "
        "point where some connections got no answer at all, however high it "
        "stands. All servers do the same work for a request, so the distance "
        "to the floor is the price of the model.",
    .if_different = SAME_EVERYWHERE
    "If all lines lie on each other, the load generator is the bottleneck: "
    "compare CPU per request instead. If a band is wide, another program "
    "was using the machine.",
};

const struct topic topic_idle = {
    .name = "throughput-idle",
    .query = {"idle", NULL, "keep-alive", "rate", NULL, NULL},
    .more_is_better = true,
    .x_label = "idle connections",
    .y_label = "requests/s",
    .x_log = true,
    .show = show_rate,
    .differ = "Beside {x} idle connections {best} answers {value} requests/s, "
              "{worst} {other}.",
    .equal = "Beside {x} idle connections all servers answer as many "
             "requests/s, within the spread: {other} to {value}.",
    .look_at =
        "Whether the line falls. 50 connections are active at every point; "
        "only idle ones are added. A server that is told who is ready pays "
        "for the 50; one that asks about all of them pays for all.",
    .if_different = SAME_EVERYWHERE
    "If the line ends early, the limit of open descriptors may be low: "
    "<code>ulimit -Hn</code> tells; the table says why a point is missing.",
};

const struct topic topic_fetch = {
    .name = "fetch-wall",
    .query = {"fetch", NULL, NULL, "wall", NULL, NULL},
    .against_worst = true,
    .x_label = "pages, each 100 ms away",
    .y_label = "seconds",
    .show = show_seconds,
    .differ = "{x} pages take {value} with {best}, {other} with {worst}.",
    .equal = "{x} pages take as long with every client, within the spread: "
             "{value} to {other}.",
    .look_at =
        "The slope. A client that waits for one page at a time needs 100 ms "
        "more for each; one that waits for all at once stays flat.",
    .if_different =
        "This plot hardly depends on the machine, because nearly all of the "
        "time is waiting. If the flat line rises, the client asks for fewer "
        "pages at once than there are.",
};

static const struct topic p99 = {
    .name = "p99-connections",
    .query = {"connections", NULL, "keep-alive", "p99", NULL, NULL},
    .starved_count = true,
    .x = 64,
    .x_label = "connections, keep-alive",
    .y_label = "ms",
    .x_log = true,
    .scale = PLOT_LOG,
    .factor = 1e-3,
    .show = words_time,
    .differ = "At {x} connections one request in a hundred takes longer than "
              "{value} with {best}, and longer than {other} with {worst}.",
    .equal = "At {x} connections one request in a hundred takes longer than "
             "{value} to {other}: no difference outside the spread.",
    .look_at =
        "The open marks at the top: the wait of a connection that never got "
        "an answer counts, with the whole time that it has waited. wrk stops "
        "asking while a server stalls, and does not show this.",
    .if_different =
        "Latency is the first thing that a busy machine spoils. If the lines "
        "jump, close other programs and measure again.",
};

static const struct topic closing = {
    .name = "throughput-close",
    .query = {"connections", NULL, "close", "rate", NULL, NULL},
    .more_is_better = true,
    .x = 64,
    .x_label = "connections, one request each",
    .y_label = "requests/s",
    .x_log = true,
    .show = show_rate,
    .differ = "With one request a connection and {x} at a time, {best} answers "
              "{value} requests/s, {worst} {other}.",
    .equal = "With one request a connection and {x} at a time, all servers "
             "answer as many requests/s, within the spread: {other} to "
             "{value}.",
    .look_at =
        "Compare with the plot of keep-alive: the handshake and the accept "
        "are paid for every request here, and a process or a thread too, "
        "where the server makes one. Nobody starves: connections end.",
    .if_different = SAME_EVERYWHERE
    "If all lines sink together after a while, local ports have run out: "
    "wait a minute and measure again.",
};

static const struct topic idle_cpu = {
    .name = "cpu-idle",
    .query = {"idle", NULL, "keep-alive", "cpu", NULL, NULL},
    .x_label = "idle connections",
    .y_label = "us of CPU a request",
    .x_log = true,
    .scale = PLOT_BY_DATA,
    .show = words_time,
    .differ = "Beside {x} idle connections {best} uses {value} of CPU for a "
              "request, {worst} {other}.",
    .equal = "Beside {x} idle connections all servers use as much CPU for a "
             "request, within the spread: {value} to {other}.",
    .look_at = "The same run as throughput beside idle connections, seen from "
               "the server's processor: the price of looking at descriptors "
               "that have nothing to say.",
    .if_different =
        "CPU time holds on a busy machine. A line that grows where it "
        "should be flat is worth a look with <code>strace -c</code>.",
};

static const struct topic cpu = {
    .name = "cpu-connections",
    .query = {"connections", NULL, "keep-alive", "cpu", NULL, NULL},
    .x = 64,
    .x_label = "connections, keep-alive",
    .y_label = "us of CPU a request",
    .x_log = true,
    .scale = PLOT_BY_DATA,
    .show = words_time,
    .differ = "At {x} connections {best} uses {value} of CPU for a request, "
              "{worst} {other}.",
    .equal = "At {x} connections all servers use as much CPU for a request, "
             "within the spread: {value} to {other}.",
    .look_at =
        "The server's user and system time over the requests it answered. "
        "This figure holds on a busy machine, where requests/s do not, and it "
        "shows differences where the load generator is the bottleneck.",
    .if_different =
        "Lines may change places by a little; a busy loop should stand out "
        "on every machine.",
};

static const struct topic cpu_ratio = {
    .name = "cpu-ratio",
    .query = {"connections", NULL, "keep-alive", "cpu", "floor", NULL},
    .x = 64,
    .kind = PLOT_DOTS,
    .x_label = "CPU a request, times the floor's",
    .scale = PLOT_BY_DATA,
    .show = words_ratio,
    .differ = "For the same request {best} uses {value} times the floor's CPU, "
              "{worst} {other} times.",
    .equal = "For the same request every server uses as much CPU, within the "
             "spread: {value} to {other} times the floor's.",
    .look_at =
        "The floor is a loop that reads and writes without looking at the "
        "request: 1 is what the kernel costs. Ratios are taken within each "
        "round, so they can be compared between machines.",
    .if_different = "These ratios travel well: a server that is far from the "
                    "reference's ratio has changed, or the kernel has.",
};

static const struct topic calls_topic = {
    .name = "calls",
    .query = {"calls", NULL, NULL, "calls", NULL, NULL},
    .x = 64,
    .kind = PLOT_DOTS,
    .x_label = "system calls a request",
    .scale = PLOT_BY_DATA,
    .show = words_number,
    .differ =
        "{best} makes {value} system calls for a request, {worst} {other}.",
    .equal = "All servers make as many system calls for a request, within the "
             "spread: {value} to {other}.",
    .look_at =
        "One call to receive and one to send are the least. The rest asks who "
        "is ready, and a loop that finds many ready at once shares that call "
        "among them.",
    .if_different = "Fewer calls than the reference mean that more connections "
                    "were ready at each turn of the loop: your machine was "
                    "busier, or slower.",
};

static const struct topic memory = {
    .name = "memory-idle",
    .query = {"idle", NULL, "keep-alive", "memory", NULL, NULL},
    .kind = PLOT_DOTS,
    .x_label = "bytes of memory an idle connection",
    .scale = PLOT_BY_DATA,
    .show = words_bytes,
    .differ =
        "Of {x} idle connections each takes {value} of memory with {best}, "
        "{other} with {worst}.",
    .equal = "Of {x} idle connections each takes as much memory with every "
             "server, within the spread: {value} to {other}.",
    .look_at = "What must be kept for a client that says nothing: a process, "
               "a thread's stack, or a small struct. The kernel's own buffers "
               "are not counted.",
    .if_different = "The size of pages and of the C library's stacks shows "
                    "here; the order should be the same.",
};

static const struct topic fetch_cpu = {
    .name = "fetch-cpu",
    .query = {"fetch", NULL, NULL, "cpu", NULL, NULL},
    .x_label = "pages, each 100 ms away",
    .y_label = "ms of the client's CPU",
    .scale = PLOT_BY_DATA,
    .factor = 1e3,
    .show = show_seconds,
    .differ = "To fetch {x} pages, {best} uses {value} of CPU and {worst} "
              "{other}.",
    .equal = "To fetch {x} pages, every client uses as much CPU, within the "
             "spread: {value} to {other}.",
    .look_at = "Waiting should cost nothing. A client that asks again and "
               "again whether something has come burns the processor for as "
               "long as it waits.",
    .if_different = "Times of a few milliseconds are near the precision of the "
                    "clock; only large distances mean something.",
};

const struct topic *const topics_together[] = {
    &p99,       &closing,     &topic_idle,  &idle_cpu,  &memory, &cpu,
    &cpu_ratio, &calls_topic, &topic_fetch, &fetch_cpu, NULL,
};

static const struct topic *named(const struct topic *const *topics,
                                 const char *name)
{
    while (*topics != NULL && strcmp((*topics)->name, name) != 0)
        topics++;
    return *topics;
}

const struct topic *figures_topic(const char *name)
{
    if (strcmp(name, topic_throughput.name) == 0)
        return &topic_throughput;
    const struct topic *t = named(topics_together, name);
    return t != NULL ? t : named(topics_co, name);
}

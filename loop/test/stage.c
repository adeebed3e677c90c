/*
 * stage.c - see stage.h.
 */
#include "loop/test/stage.h"
#include "loop/test/each.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int64_t now_ns;
static char text[8192];

static int64_t clock_ns(void *arg)
{
    (void)arg;
    return now_ns;
}

struct loop *stage_open(const struct loop *like)
{
    struct loop *loop;
    const struct loop_options options = {.backend = loop_backend(like),
                                         .clock_ns = clock_ns};
    now_ns = 1000 * LOOP_SECOND;
    *text = '\0';
    assert_int_equal(loop_new(&loop, &options), 0);
    return loop;
}

void stage_close(struct loop *loop)
{
    struct co_stats stats;
    co_stats(loop, &stats);
    loop_free(loop);
    assert_int_equal(stats.tasks, 0);
    stage_expect("");
}

struct co_task *stage_go_named(struct loop *loop, co_fn *fn, const char *name,
                               const char *place)
{
    struct co_task *t =
        co_spawn_named(loop, fn, (void *)(uintptr_t)name, place);
    assert_non_null(t);
    co_detach(t);
    return t;
}

static uint64_t switches(const struct loop *loop)
{
    struct co_stats stats;
    co_stats(loop, &stats);
    return stats.switches;
}

/* A pass may end before all have run; but it runs one at least. */
void stage_settle(struct loop *loop)
{
    uint64_t before;
    do {
        before = switches(loop);
        assert_true(loop_run_once(loop, 0) >= 0);
    } while (switches(loop) != before);
}

void stage_advance(struct loop *loop, int64_t ns)
{
    now_ns += ns;
    assert_true(loop_run_once(loop, 0) >= 0);
}

void stage_note(const char *format, ...)
{
    const size_t len = strlen(text);
    const int space = len > 0;
    if (len > sizeof text - 80)
        return; /* so the comparison fails */
    va_list args;
    va_start(args, format);
    if (space)
        strcpy(text + len, " ");
    vsnprintf(text + len + space, sizeof text - len - 1, format, args);
    va_end(args);
}

const char *stage_word(int result)
{
    switch (result) {
    case 0:
        return "ok";
    case -ETIMEDOUT:
        return "late";
    case -ECANCELED:
        return "cancelled";
    case -EPERM:
        return "refused";
    case -EAGAIN:
        return "later";
    case -EPIPE:
        return "closed";
    default:
        return strerror(-result);
    }
}

void stage_expect_at(const char *expected, const char *file, int line)
{
    static char seen[sizeof text];
    strcpy(seen, text);
    *text = '\0';
    _assert_string_equal(seen, expected, file, line);
}

/* gallery.c - see gallery.h. */
#include "gallery.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { BEAT_MS = 50 };

bool mended;

static void parse(int argc, char **argv, const char *about)
{
    const struct base_option rows[] = {
        {"mended", "without the mistake", .flag = &mended},
        {0},
    };
    struct base_options *options = base_options_new(about, NULL);
    base_options_define(options, rows);
    base_options_start(options, argc, argv);
    base_options_free(options);
}

int gallery_main_named(int argc, char **argv, const char *about, co_fn *first,
                       const char *place)
{
    parse(argc, argv, about);
    setvbuf(stdout, NULL, _IOLBF, 0); /* in order with what the log says */
    struct loop *loop;
    int error = loop_new(&loop, NULL);
    if (error == 0)
        error = co_dump_on(loop, SIGQUIT);
    if (error == 0)
        error = co_run_named(loop, first, NULL, place);
    loop_free(loop);
    return error < 0;
}

/* --- a beat --------------------------------------------------------------- */

/* Until it is cancelled. */
static int beat(void *arg)
{
    (void)arg;
    int error;
    while ((error = co_sleep(BEAT_MS * LOOP_MS)) == 0) {
        putchar('.');
        fflush(stdout);
    }
    return error;
}

static void mark(char bracket)
{
    putchar(bracket);
    fflush(stdout);
}

int beside_a_beat(co_fn *work)
{
    struct co_task *others = co_spawn(loop_current(), beat, NULL);
    if (others == NULL)
        return -ENOMEM;
    printf("a beat each %d ms, and in brackets the work: ", BEAT_MS);
    fflush(stdout);
    co_sleep(5 * BEAT_MS * LOOP_MS);
    mark('[');
    const int result = work(NULL);
    mark(']');
    co_sleep(LOOP_MS); /* the loop has the time of before the work */
    co_sleep(5 * BEAT_MS * LOOP_MS);
    putchar('\n');
    co_cancel(others);
    const int error = co_join(others, NULL);
    return result != 0 ? result : error;
}

/* --- tasks that hang ------------------------------------------------------ */

static void dump_and_cancel(struct co_task *const tasks[], int n)
{
    puts("they hang:");
    co_dump(loop_current(), STDOUT_FILENO);
    for (int i = 0; i < n; i++)
        co_cancel(tasks[i]);
}

int join_or_dump(struct co_task *const tasks[], int n)
{
    struct co_deadline patience;
    int error = 0, result, joined = 0;
    co_deadline_begin(&patience, loop_now(loop_current()) + LOOP_SECOND);
    for (; joined < n && co_join(tasks[joined], &result) == 0; joined++)
        error = result < 0 ? result : error;
    co_deadline_end(&patience);
    if (joined == n)
        return error;
    dump_and_cancel(tasks + joined, n - joined);
    for (; joined < n; joined++)
        co_join(tasks[joined], NULL);
    return -EDEADLK;
}

/*
 * test_co_trace.c - tasks in the trace: JSON; a lane each, used again; in it a
 * slice from spawn to end, filled without gaps by what the task does and what
 * it waits for. And the watchdog: the function of a task that blocks is named.
 *
 * Read before: co/trace_task.c, json_check.h, test_core_trace.c.
 */
#include "loop/co.h"
#include "loop/test/each.h"
#include "loop/test/json_check.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define N(array) (sizeof(array) / sizeof(array)[0])

/* --- reading a trace ----------------------------------------------------- */

static char path[] = "/tmp/test_co_trace.XXXXXX";

struct picture {
    struct base_arena arena;
    const struct json *events; /* the first of them */
};

/* A loop with the back end of `like` that writes a trace. */
static struct loop *traced(const struct loop *like)
{
    struct loop *loop;
    const struct loop_options options = {.backend = loop_backend(like),
                                         .trace = path};
    assert_int_equal(loop_new(&loop, &options), 0);
    return loop;
}

/* Frees the loop, and reads what it has written. */
static struct picture picture_of(struct loop *loop)
{
    struct picture p;
    const char *wrong;
    char *text = NULL;
    size_t size = 0;
    loop_free(loop);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    const ssize_t len = getdelim(&text, &size, '\0', file);
    fclose(file);
    assert_true(len > 0);
    base_arena_init(&p.arena, 65536);
    const struct base_slice all = {text, (size_t)len};
    const struct json *array = json_read(&p.arena, all, &wrong);
    if (array == NULL)
        fail_msg("%s:\n%s", wrong, text);
    p.events = array->first;
    free(text);
    return p;
}

static bool is(const struct json *event, const char *key, const char *value)
{
    return strcmp(json_string(json_get(event, key)), value) == 0;
}

/* The lane of that name; -1: there is none. */
static double lane_named(const struct picture *p, const char *name)
{
    for (const struct json *e = p->events; e != NULL; e = e->next)
        if (is(e, "name", "thread_name") &&
            is(json_get(e, "args"), "name", name))
            return json_number(json_get(e, "tid"));
    return -1;
}

/*
 * What stands in a lane, in order, as a text: "(fetch (ready) (run) (wait:recv)
 * (run))". Times must not go back, and what begins must end.
 */
static const char *lane_text(const struct picture *p, const char *name)
{
    static char text[4096];
    const double lane = lane_named(p, name);
    double last = 0;
    int depth = 0;
    size_t len = 0;
    text[0] = '\0';
    for (const struct json *e = p->events; e != NULL; e = e->next) {
        if (json_number(json_get(e, "tid")) != lane || is(e, "ph", "M"))
            continue;
        const double at = json_number(json_get(e, "ts"));
        assert_true(at >= last);
        last = at;
        const bool begins = is(e, "ph", "B");
        assert_true(begins || is(e, "ph", "E"));
        depth += begins ? 1 : -1;
        assert_true(depth >= 0);
        len += (size_t)snprintf(text + len, sizeof text - len,
                                begins ? "%s(%s%s" : ")", len > 0 ? " " : "",
                                is(e, "cat", "wait") ? "wait:" : "",
                                json_string(json_get(e, "name")));
        assert_true(len < sizeof text);
    }
    assert_int_equal(depth, 0);
    return text;
}

static void assert_lane(const struct picture *p, const char *name,
                        const char *expected)
{
    assert_string_equal(lane_text(p, name), expected);
}

/* --- tasks --------------------------------------------------------------- */

static int finish(void *arg)
{
    (void)arg;
    return 0;
}

static int yield_and_sleep(void *arg)
{
    (void)arg;
    co_yield_turn();
    co_sleep(LOOP_MS);
    return 0;
}

static int receive(void *arg)
{
    char byte;
    return (int)co_recv(*(int *)arg, &byte, 1);
}

struct talk {
    struct co_event event;
    int pair[2];
};

static int wait_for_event(void *arg)
{
    struct talk *talk = arg;
    return co_event_wait(&talk->event);
}

static int lead(void *arg)
{
    struct talk *talk = arg;
    struct loop *loop = loop_current();
    struct co_task *first = co_spawn(loop, receive, &talk->pair[0]);
    struct co_task *second = co_spawn(loop, wait_for_event, talk);
    co_sleep(LOOP_MS);
    assert_int_equal(write(talk->pair[1], "x", 1), 1);
    co_join(first, NULL);
    co_event_set(&talk->event);
    co_join(second, NULL);
    return 0;
}

static void slices_say_what_a_task_does(struct loop *each)
{
    struct loop *loop = traced(each);
    assert_int_equal(co_run(loop, yield_and_sleep, NULL), 0);
    struct picture p = picture_of(loop);
    assert_lane(&p, "task 1",
                "(yield_and_sleep (ready) (run) (ready) (run) (wait:sleep) "
                "(run))");
    base_arena_fini(&p.arena);
}

static void each_task_has_a_lane(struct loop *each)
{
    struct talk talk = {.event = {.is_set = false}};
    struct loop *loop = traced(each);
    each_pair(talk.pair);
    assert_int_equal(co_run(loop, lead, &talk), 0);
    struct picture p = picture_of(loop);
    assert_lane(&p, "task 1",
                "(lead (ready) (run) (wait:sleep) (run) (wait:end) (run) "
                "(wait:end) (run))");
    assert_lane(&p, "task 2", "(receive (ready) (run) (wait:recv) (run))");
    assert_lane(&p, "task 3",
                "(wait_for_event (ready) (run) (wait:event) (run))");
    assert_true(lane_named(&p, "task 4") == -1);
    base_arena_fini(&p.arena);
    close(talk.pair[0]);
    close(talk.pair[1]);
}

static void a_slice_says_where_the_task_was_spawned(struct loop *each)
{
    struct loop *loop = traced(each);
    const int line = __LINE__ + 1;
    assert_int_equal(co_run(loop, finish, NULL), 0);
    char place[200];
    bool found = false;
    snprintf(place, sizeof place, "%s:%d", __FILE__, line);
    struct picture p = picture_of(loop);
    for (const struct json *e = p.events; e != NULL; e = e->next)
        found |= is(e, "name", "finish") &&
                 is(json_get(e, "args"), "place", place) &&
                 json_number(json_get(e, "tid")) == lane_named(&p, "task 1");
    assert_true(found);
    base_arena_fini(&p.arena);
}

static void lanes_are_used_again(struct loop *each)
{
    struct loop *loop = traced(each);
    struct co_task *tasks[3];
    for (int i = 0; i < 3; i++)
        assert_int_equal(co_run(loop, finish, NULL), 0);
    for (int i = 0; i < 3; i++)
        tasks[i] = co_spawn(loop, finish, NULL);
    assert_true(loop_run_once(loop, 0) >= 0);
    for (int i = 0; i < 3; i++)
        co_join(tasks[i], NULL);
    assert_int_equal(co_run(loop, finish, NULL), 0);
    struct picture p = picture_of(loop);
    assert_true(lane_named(&p, "task 3") > 0);
    assert_true(lane_named(&p, "task 4") == -1);
    int n = 0;
    char name[32];
    for (int i = 1; i <= 3; i++) {
        snprintf(name, sizeof name, "task %d", i);
        for (const char *at = lane_text(&p, name);
             (at = strstr(at, "(finish (ready) (run))")) != NULL; at++)
            n++;
    }
    assert_int_equal(n, 7);
    base_arena_fini(&p.arena);
}

/* Those that are left end with the loop, and so does the picture. */
static void tasks_that_are_left_end_in_the_picture(struct loop *each)
{
    struct talk talk = {.event = {.is_set = false}};
    struct loop *loop = traced(each);
    for (int i = 0; i < 20; i++)
        assert_int_equal(co_go(loop, wait_for_event, &talk), 0);
    for (int i = 0; i < 20; i++) /* a pass may run only some of them */
        assert_true(loop_run_once(loop, 0) >= 0);
    base_log_set_level(BASE_GENERAL, BASE_NONE);
    struct picture p = picture_of(loop);
    base_log_set_level(BASE_GENERAL, BASE_INFO);
    assert_lane(&p, "task 20",
                "(wait_for_event (ready) (run) (wait:event) (run))");
    base_arena_fini(&p.arena);
}

/* A task that a callback starts runs inside the callback's slice. */
static void on_call(struct loop_call *c)
{
    assert_int_equal(co_start(c->arg, yield_and_sleep, NULL), 0);
}

static void a_started_task_runs_at_once(struct loop *each)
{
    struct loop *loop = traced(each);
    struct loop_call call = {0};
    struct co_stats stats;
    loop_defer(loop, &call, on_call, loop);
    do {
        assert_true(loop_run_once(loop, loop_now(loop) + LOOP_MS) >= 0);
        co_stats(loop, &stats);
    } while (stats.tasks > 0);
    struct picture p = picture_of(loop);
    assert_lane(&p, "task 1",
                "(yield_and_sleep (ready) (run) (ready) (run) (wait:sleep) "
                "(run))");
    base_arena_fini(&p.arena);
}

/* --- the watchdog -------------------------------------------------------- */

#ifdef LOOP_CO_UCONTEXT
enum { BACKTRACE_ENDS = true };
#else
enum { BACKTRACE_ENDS = false };
#endif

/* A function's frame is looked for by its name, which -rdynamic exports. */
__attribute__((noinline)) int block_until_logged(const char *what);

static struct {
    pthread_mutex_t lock;
    pthread_cond_t added;
    char text[65536];
    size_t len;
} logged = {.lock = PTHREAD_MUTEX_INITIALIZER,
            .added = PTHREAD_COND_INITIALIZER};

static void on_log(enum base_logger logger, enum base_level level,
                   const char *message, void *arg)
{
    (void)logger;
    (void)level;
    (void)arg;
    pthread_mutex_lock(&logged.lock);
    logged.len +=
        (size_t)snprintf(logged.text + logged.len,
                         sizeof logged.text - logged.len, "%s\n", message);
    if (logged.len >= sizeof logged.text)
        logged.len = sizeof logged.text - 1;
    pthread_cond_broadcast(&logged.added);
    pthread_mutex_unlock(&logged.lock);
}

/* Blocks the thread; gives up after 10 s, and the test fails. */
int block_until_logged(const char *what)
{
    struct timespec end;
    int error = 0;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += 10;
    pthread_mutex_lock(&logged.lock);
    while (strstr(logged.text, what) == NULL && error == 0)
        error = pthread_cond_timedwait(&logged.added, &logged.lock, &end);
    pthread_mutex_unlock(&logged.lock);
    return -error;
}

static int be_stuck(void *arg)
{
    (void)arg;
    co_yield_turn();
    const int error = block_until_logged("main");
    return error;
}

/* The frames: those of the task, and below them those of the loop. */
static void a_task_that_blocks_is_named(struct loop *each)
{
    struct base_log_config config = base_log_default;
    struct loop *loop;
    if (BACKTRACE_ENDS)
        each_skip(each, "behind makecontext(3) there are no frames");
    logged.len = 0;
    logged.text[0] = '\0';
    config.sink = on_log;
    assert_int_equal(base_log_open(&config), 0);
    setenv("LOOP_WATCHDOG", "5", 1);
    const struct loop_options options = {.backend = loop_backend(each)};
    assert_int_equal(loop_new(&loop, &options), 0);
    unsetenv("LOOP_WATCHDOG");
    const int error = co_run(loop, be_stuck, NULL);
    loop_free(loop);
    base_log_close();
    if (error != 0)
        fail_msg("no frame of main in:\n%s", logged.text);
    assert_non_null(strstr(logged.text, "be_stuck (" __FILE__ ":"));
    assert_non_null(strstr(logged.text, ") has held the loop for "));
    const char *inner = strstr(logged.text, "block_until_logged");
    assert_non_null(inner);
    const char *outer = strstr(inner, "co_run_named");
    assert_non_null(outer);
    assert_non_null(strstr(outer, "main"));
}

int main(void)
{
    const struct each_test tests[] = {
        EACH(slices_say_what_a_task_does),
        EACH(each_task_has_a_lane),
        EACH(a_slice_says_where_the_task_was_spawned),
        EACH(lanes_are_used_again),
        EACH(tasks_that_are_left_end_in_the_picture),
        EACH(a_started_task_runs_at_once),
        EACH(a_task_that_blocks_is_named),
    };
    const int fd = mkstemp(path);
    close(fd);
    const int failed = each_backend(tests, N(tests));
    unlink(path);
    return failed;
}

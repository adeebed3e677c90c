/*
 * test_core_trace.c - a trace is JSON that a strict reader takes; its slices
 * are balanced, in order and in their lanes; they say which callback ran, and
 * where it was given. A trace that cannot be written ends nothing but itself.
 *
 * Read before: core/trace.c, json_check.h. Rests on: core/trace_internal.h.
 */
#include "loop/core/core_internal.h"
#include "loop/core/trace_internal.h"
#include "loop/test/each.h"
#include "loop/test/json_check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define N(array) (sizeof(array) / sizeof(array)[0])

static char folder[] = "/tmp/test_core_trace.XXXXXX";

/* The path of a file in the test's folder; valid until the next call but one.
 */
static const char *path_of(const char *name)
{
    static char paths[2][128];
    static int turn;
    turn = !turn;
    snprintf(paths[turn], sizeof paths[turn], "%s/%s", folder, name);
    return paths[turn];
}

/* A loop with the back end of `like` that writes a trace. */
static struct loop *traced(const struct loop *like, const char *path)
{
    struct loop *loop;
    const struct loop_options options = {
        .backend = loop_backend(like), .trace = path, .pool_threads = 2};
    assert_int_equal(loop_new(&loop, &options), 0);
    return loop;
}

/* --- reading a trace ----------------------------------------------------- */

enum { MOST_LANES = 16, MOST_DEPTH = 8 };

/* A double holds microseconds since the start to less than this. */
#define ROUNDING 0.01

struct picture {
    struct base_arena arena;
    const struct json *events; /* the first of them */
};

static char *contents(const char *path, size_t *len)
{
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    char *text = NULL;
    size_t size = 0;
    const ssize_t n = getdelim(&text, &size, '\0', file);
    *len = n > 0 ? (size_t)n : 0;
    fclose(file);
    return text;
}

/* Reads a file, to which `end` is added. */
static struct picture read_picture(const char *path, const char *end)
{
    struct picture p;
    size_t len;
    const char *wrong;
    base_arena_init(&p.arena, 65536);
    char *text = contents(path, &len);
    text = base_realloc(text, len + strlen(end) + 1);
    memcpy(text + len, end, strlen(end) + 1);
    const struct json *all = json_read(
        &p.arena, (struct base_slice){text, len + strlen(end)}, &wrong);
    if (all == NULL)
        fail_msg("%s: %s:\n%s", path, wrong, text);
    assert_int_equal(all->kind, JSON_ARRAY);
    p.events = all->first;
    free(text);
    return p;
}

static bool is(const struct json *event, const char *key, const char *value)
{
    return strcmp(json_string(json_get(event, key)), value) == 0;
}

static const struct json *arg_of(const struct json *event, const char *name)
{
    return json_get(json_get(event, "args"), name);
}

/* The n-th event (from 0) of that phase and name, which must be there. */
static const struct json *find(const struct picture *p, const char *phase,
                               const char *name, int n)
{
    for (const struct json *e = p->events; e != NULL; e = e->next)
        if (is(e, "ph", phase) && is(e, "name", name) && n-- == 0)
            return e;
    fail_msg("no event %s %s", phase, name);
    return NULL;
}

static int count(const struct picture *p, const char *phase, const char *name)
{
    int n = 0;
    for (const struct json *e = p->events; e != NULL; e = e->next)
        n += is(e, "ph", phase) && is(e, "name", name);
    return n;
}

/* The slices that are open in a lane while the file is walked through. */
struct lane {
    double tid, latest, latest_whole;
    bool named;
    int depth;
    const struct json *open[MOST_DEPTH];
    int waits; /* in the pass that is open */
};

static double number(const struct json *event, const char *key)
{
    const struct json *v = json_get(event, key);
    assert_true(v != NULL && v->kind == JSON_NUMBER);
    return json_number(v);
}

static struct lane *lane_of(struct lane *lanes, const struct json *event)
{
    const double tid = number(event, "tid");
    for (int i = 0; i < MOST_LANES; i++) {
        if (lanes[i].tid == 0)
            lanes[i].tid = tid;
        if (lanes[i].tid == tid)
            return &lanes[i];
    }
    fail_msg("more than %d lanes", MOST_LANES);
    return NULL;
}

static void check_order(struct lane *lane, const struct json *e)
{
    assert_true(number(e, "ts") >= lane->latest);
    lane->latest = number(e, "ts");
}

/* A pass stands in nothing. */
static void check_begin(struct lane *lane, const struct json *e)
{
    check_order(lane, e);
    assert_true(json_get(e, "name")->kind == JSON_STRING);
    if (is(e, "name", "pass")) {
        assert_int_equal(lane->depth, 0);
        lane->waits = 0;
    }
    assert_true(lane->depth < MOST_DEPTH);
    lane->open[lane->depth++] = e;
}

static void check_end(struct lane *lane, const struct json *e)
{
    check_order(lane, e);
    assert_true(lane->depth > 0);
    if (is(lane->open[--lane->depth], "name", "pass"))
        assert_int_equal(lane->waits, 1);
}

/* A wait stands in a pass, and no callback of this pass overlaps it. */
static void check_wait(struct lane *lane, const struct json *wait)
{
    const double begin = number(wait, "ts"), end = begin + number(wait, "dur");
    assert_true(json_number(arg_of(wait, "events")) >= 0);
    assert_int_equal(lane->depth, 1);
    const struct json *pass = lane->open[0];
    assert_true(is(pass, "name", "pass") && begin >= number(pass, "ts"));
    for (const struct json *e = pass->next; e != wait; e = e->next) {
        if (!is(e, "ph", "B") && !is(e, "ph", "E"))
            continue;
        const double ts = number(e, "ts");
        assert_true(ts <= begin + ROUNDING || ts >= end - ROUNDING);
    }
    lane->waits++;
}

static void check_whole(struct lane *lane, const struct json *e)
{
    assert_true(is(e, "ph", "X"));
    assert_true(number(e, "dur") >= 0);
    assert_true(number(e, "ts") >= lane->latest_whole);
    lane->latest_whole = number(e, "ts");
    if (is(e, "name", "wait"))
        check_wait(lane, e);
}

/* Checks all of a complete trace, and reads it. */
static struct picture check_picture(const char *path)
{
    struct picture p = read_picture(path, "");
    struct lane lanes[MOST_LANES] = {0};
    for (const struct json *e = p.events; e != NULL; e = e->next) {
        assert_true(number(e, "pid") == getpid());
        if (is(e, "name", "process_name"))
            continue;
        struct lane *lane = lane_of(lanes, e);
        if (is(e, "ph", "M")) {
            assert_true(is(e, "name", "thread_name"));
            lane->named = true;
            continue;
        }
        assert_true(lane->named);
        if (is(e, "ph", "B"))
            check_begin(lane, e);
        else if (is(e, "ph", "E"))
            check_end(lane, e);
        else
            check_whole(lane, e);
    }
    for (int i = 0; i < MOST_LANES; i++)
        assert_int_equal(lanes[i].depth, 0);
    return p;
}

static void close_picture(struct picture *p)
{
    base_arena_fini(&p->arena);
}

/* --- what is in it ------------------------------------------------------- */

/* One of every kind, each of which adds one to `done`. */
struct work {
    struct loop *loop;
    int pair[2];
    int done;
    struct loop_watcher watcher;
    struct loop_timer timer;
    struct loop_call call;
    struct loop_post post;
    struct loop_op op;
    struct loop_signal signal;
    struct loop_job job;
};

static void on_watcher(struct loop_watcher *w, unsigned events)
{
    (void)events;
    loop_watcher_stop(w);
    ((struct work *)w->arg)->done++;
}

static void on_timer(struct loop_timer *t)
{
    ((struct work *)t->arg)->done++;
}

static void on_call(struct loop_call *c)
{
    ((struct work *)c->arg)->done++;
}

static void on_post(struct loop *loop, struct loop_post *post)
{
    (void)loop;
    ((struct work *)post->arg)->done++;
}

static void on_sent(struct loop_op *op, ssize_t result)
{
    assert_int_equal(result, 2);
    ((struct work *)op->arg)->done++;
}

static void on_signal(struct loop_signal *s, const struct signalfd_siginfo *i)
{
    (void)i;
    loop_signal_stop(s);
    ((struct work *)s->arg)->done++;
}

static void compute(struct loop_job *job)
{
    (void)job;
}

static void on_computed(struct loop_job *job, int result)
{
    assert_int_equal(result, 0);
    ((struct work *)job->arg)->done++;
}

static bool all_done(void *arg)
{
    return ((struct work *)arg)->done == CALL_TASK; /* those come from above */
}

static void start_all(struct work *w)
{
    struct loop *loop = w->loop;
    struct loop_mailbox *mailbox = loop_mailbox_hold(loop);
    each_pair(w->pair);
    assert_int_equal(loop_watcher_start(loop, &w->watcher, w->pair[0],
                                        LOOP_WRITE, on_watcher, w),
                     0);
    loop_timer_start(loop, &w->timer, loop_now(loop) + LOOP_MS, on_timer, w);
    loop_defer(loop, &w->call, on_call, w);
    assert_int_equal(loop_post(mailbox, &w->post, on_post, w), 0);
    assert_int_equal(
        loop_send(loop, &w->op, w->pair[1], base_slice_of("hi"), on_sent, w),
        0);
    assert_int_equal(loop_signal_start(loop, &w->signal, SIGUSR1, on_signal, w),
                     0);
    raise(SIGUSR1);
    assert_int_equal(
        loop_job_start(loop, NULL, &w->job, compute, on_computed, w), 0);
    loop_mailbox_release(mailbox);
}

static void every_callback_has_name_and_place(struct loop *each)
{
    static const char *const expected[][2] = {
        {"watcher", "on_watcher"}, {"timer", "on_timer"},
        {"deferred", "on_call"},   {"post", "on_post"},
        {"operation", "on_sent"},  {"signal", "on_signal"},
        {"job", "compute"},
    };
    struct work w = {.loop = traced(each, path_of("all"))};
    start_all(&w);
    each_until(w.loop, all_done, &w, "one callback of every kind");
    loop_close(w.loop, w.pair[1]);
    loop_free(w.loop);
    close(w.pair[0]);
    struct picture p = check_picture(path_of("all"));
    for (size_t i = 0; i < N(expected); i++) {
        const struct json *e = find(&p, "B", expected[i][1], 0);
        const char *place = json_string(arg_of(e, "place"));
        assert_string_equal(json_string(json_get(e, "cat")), expected[i][0]);
        assert_int_equal(strncmp(place, __FILE__ ":", sizeof __FILE__), 0);
        assert_true(atoi(place + sizeof __FILE__) > 0);
        assert_int_equal(count(&p, "B", expected[i][1]), 1);
    }
    close_picture(&p);
}

static void passes_hold_a_wait_each(struct loop *each)
{
    struct loop *loop = traced(each, path_of("waits"));
    struct work w = {.loop = loop};
    each_pair(w.pair);
    assert_int_equal(loop_run_once(loop, 0), 0);
    loop_watcher_start(loop, &w.watcher, w.pair[0], LOOP_WRITE, on_watcher, &w);
    assert_int_equal(loop_run_once(loop, LOOP_NEVER), 1);
    assert_int_equal(loop_run_once(loop, 0), 0);
    loop_free(loop);
    close(w.pair[0]);
    close(w.pair[1]);
    struct picture p = check_picture(path_of("waits"));
    assert_int_equal(count(&p, "B", "pass"), 3);
    assert_int_equal(count(&p, "X", "wait"), 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(
            json_number(arg_of(find(&p, "X", "wait", i), "events")), i == 1);
    close_picture(&p);
}

static double clock_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

struct timed {
    struct loop_job job;
    double begun_us, ended_us;
    bool done;
};

static void note_times(struct loop_job *job)
{
    struct timed *t = job->arg;
    t->begun_us = clock_us();
    do
        t->ended_us = clock_us();
    while (t->ended_us - t->begun_us < 100);
}

static void on_noted(struct loop_job *job, int result)
{
    assert_int_equal(result, 0);
    ((struct timed *)job->arg)->done = true;
}

static bool is_done(void *arg)
{
    return ((struct timed *)arg)->done;
}

static void a_job_lies_in_its_thread_s_lane(struct loop *each)
{
    struct loop *loop = traced(each, path_of("job"));
    struct timed t = {.done = false};
    const double before_us = clock_us();
    loop_job_start(loop, NULL, &t.job, note_times, on_noted, &t);
    each_until(loop, is_done, &t, "a job");
    const double after_us = clock_us();
    loop_free(loop);
    struct picture p = check_picture(path_of("job"));
    const struct json *e = find(&p, "X", "note_times", 0);
    const double ts = number(e, "ts"), end = ts + number(e, "dur");
    assert_true(ts > before_us - ROUNDING && ts < t.begun_us + ROUNDING);
    assert_true(end > t.ended_us - ROUNDING && end < after_us + ROUNDING);
    const double lane = number(e, "tid");
    const struct json *name = find(&p, "M", "thread_name", 1);
    assert_true(number(name, "tid") == lane);
    assert_string_equal(json_string(arg_of(name, "name")), "worker 1");
    assert_true(lane != number(find(&p, "B", "pass", 0), "tid"));
    close_picture(&p);
}

static void pools_have_lanes_of_their_own(struct loop *each)
{
    struct loop *loop = traced(each, path_of("pools"));
    struct loop_pool *here = loop_pool_new(0, 1), *there = loop_pool_new(1, 1);
    struct timed t[3] = {{.done = false}};
    loop_job_start(loop, here, &t[0].job, note_times, on_noted, &t[0]);
    each_until(loop, is_done, &t[0], "a job of the loop's thread");
    loop_job_start(loop, there, &t[1].job, note_times, on_noted, &t[1]);
    each_until(loop, is_done, &t[1], "a job of a pool");
    loop_job_start(loop, NULL, &t[2].job, note_times, on_noted, &t[2]);
    each_until(loop, is_done, &t[2], "a job of the other pool");
    loop_free(loop);
    loop_pool_free(here);
    loop_pool_free(there);
    struct picture p = check_picture(path_of("pools"));
    double tids[3];
    for (int i = 0; i < 3; i++)
        tids[i] = number(find(&p, "X", "note_times", i), "tid");
    assert_true(tids[0] != tids[1] && tids[1] != tids[2] && tids[2] != tids[0]);
    close_picture(&p);
}

static void names_are_escaped(struct loop *each)
{
    struct loop *loop = traced(each, path_of("names"));
    struct work w = {.loop = loop};
    struct loop_call calls[4] = {{.arg = NULL}};
    char lengthy[2000];
    memset(lengthy, '\x01', sizeof lengthy);
    lengthy[sizeof lengthy - 1] = '\0';
    loop_defer_named(loop, &calls[0], on_call, &w,
                     "f(\"\\x\", '\n') \xc3\xa9\xff (a (b) \"c\".c:1)");
    loop_defer_named(loop, &calls[1], on_call, &w, "no place");
    loop_defer_named(loop, &calls[2], on_call, &w, lengthy);
    loop_defer_named(loop, &calls[3], on_call, &w, NULL);
    loop_run_once(loop, 0);
    assert_int_equal(w.done, 4);
    loop_free(loop);
    struct picture p = check_picture(path_of("names"));
    const struct json *e =
        find(&p, "B", "f(\"\\x\", '\n') \xc3\xa9\xef\xbf\xbd", 0);
    assert_string_equal(json_string(arg_of(e, "place")), "a (b) \"c\".c:1");
    assert_null(json_get(find(&p, "B", "no place", 0), "args"));
    lengthy[256] = '\0'; /* a name is cut there */
    find(&p, "B", lengthy, 0);
    find(&p, "B", "?", 0);
    close_picture(&p);
}

/* As tasks will do it: a slice in their lane, inside a callback of the loop. */
static void on_resume(struct loop_call *c)
{
    struct work *w = c->arg;
    struct trace *t = w->loop->trace;
    trace_begin(t, w->done, "task", "fetch (crawl.c:7)");
    trace_end(t, w->done);
}

static void a_task_can_have_a_lane(struct loop *each)
{
    struct loop *loop = traced(each, path_of("task"));
    struct work w = {.loop = loop};
    char name[] = "task \"1\"";
    w.done = trace_lane(loop->trace, name);
    memset(name, 'x', sizeof name - 1); /* it was copied */
    assert_int_not_equal(trace_lane(loop->trace, "another"), w.done);
    loop_defer(loop, &w.call, on_resume, &w);
    loop_run_once(loop, 0);
    loop_free(loop);
    struct picture p = check_picture(path_of("task"));
    const struct json *e = find(&p, "B", "fetch", 0);
    assert_true(is(e, "cat", "task"));
    const struct json *lane = find(&p, "M", "thread_name", 1);
    assert_string_equal(json_string(arg_of(lane, "name")), "task \"1\"");
    assert_true(number(lane, "tid") == number(e, "tid"));
    close_picture(&p);
}

/* More than fits in the buffer, in one pass. */
static void a_long_pass_is_whole(struct loop *each)
{
    enum { CALLS = 3000 };
    struct loop *loop = traced(each, path_of("long"));
    struct work w = {.loop = loop};
    struct loop_call *calls = base_alloc_array(CALLS, sizeof *calls);
    for (int i = 0; i < CALLS; i++)
        loop_defer(loop, &calls[i], on_call, &w);
    loop_run_once(loop, 0);
    assert_int_equal(w.done, CALLS);
    loop_free(loop);
    free(calls);
    struct picture p = check_picture(path_of("long"));
    assert_int_equal(count(&p, "B", "on_call"), CALLS);
    close_picture(&p);
}

/* --- its file ------------------------------------------------------------ */

static void nothing_is_written_when_off(struct loop *loop)
{
    assert_false(loop->observed);
    assert_null(loop->trace);
}

/* What is in the file when the loop sleeps is what remains if it is killed. */
static void it_can_be_read_before_its_end(struct loop *each)
{
    struct loop *loop = traced(each, path_of("dead"));
    struct work w = {.loop = loop};
    for (int i = 0; i < 3; i++) {
        loop_defer(loop, &w.call, on_call, &w);
        loop_run_once(loop, 0);
        struct picture p = read_picture(path_of("dead"), "]");
        assert_int_equal(count(&p, "B", "on_call"), i + 1);
        assert_int_equal(count(&p, "X", "wait"), i);
        close_picture(&p);
    }
    loop_free(loop);
}

static void loops_do_not_share_a_file(struct loop *each)
{
    char path[128], name[32];
    snprintf(name, sizeof name, "%%p-of-%%p.json");
    struct loop *first = traced(each, path_of(name));
    struct loop *second = traced(each, path_of(name));
    loop_run_once(first, 0);
    loop_run_once(second, 0);
    loop_free(second);
    loop_run_once(first, 0);
    loop_free(first);
    snprintf(name, sizeof name, "%d-of-%d.json", getpid(), getpid());
    struct picture p = check_picture(path_of(name));
    assert_int_equal(count(&p, "B", "pass"), 2);
    close_picture(&p);
    snprintf(path, sizeof path, "%s.2", path_of(name));
    p = check_picture(path);
    assert_int_equal(count(&p, "B", "pass"), 1);
    close_picture(&p);
    /* When its loop has gone the file is free, and begins anew. */
    loop_free(traced(each, path_of(name)));
    p = check_picture(path_of(name));
    assert_int_equal(count(&p, "B", "pass"), 0);
    close_picture(&p);
}

static void the_environment_may_name_it(struct loop *each)
{
    struct loop *loop;
    const struct loop_options options = {.backend = loop_backend(each)};
    setenv("LOOP_TRACE", path_of("env"), 1);
    assert_int_equal(loop_new(&loop, &options), 0);
    unsetenv("LOOP_TRACE");
    loop_run_once(loop, 0);
    loop_free(loop);
    struct picture p = check_picture(path_of("env"));
    assert_int_equal(count(&p, "B", "pass"), 1);
    close_picture(&p);
}

static void a_file_that_cannot_be_opened_is_an_error(struct loop *each)
{
    struct loop *loop = each;
    struct loop_options options = {.backend = loop_backend(each)};
    options.trace = path_of("missing/trace");
    assert_int_equal(loop_new(&loop, &options), -ENOENT);
    assert_null(loop);
    options.trace = folder;
    assert_int_equal(loop_new(&loop, &options), -EISDIR);
}

/* --- a file that fails --------------------------------------------------- */

static void on_log(enum base_logger logger, enum base_level level,
                   const char *message, void *arg)
{
    (void)logger;
    if (level >= BASE_WARNING && strstr(message, "the trace") != NULL)
        ++*(int *)arg;
}

/* Counts the log's lines on traces in *lines until base_log_close. */
static void count_lines(int *lines)
{
    struct base_log_config config = base_log_default;
    config.sink = on_log;
    config.sink_arg = lines;
    *lines = 0;
    assert_int_equal(base_log_open(&config), 0);
}

/* Runs passes with callbacks, which all have to come. */
static void run_passes(struct loop *loop, int n)
{
    struct work w = {.loop = loop};
    for (int i = 0; i < n; i++) {
        loop_defer(loop, &w.call, on_call, &w);
        assert_int_equal(loop_run_once(loop, 0), 1);
    }
    assert_int_equal(w.done, n);
}

static void a_full_disk_ends_the_trace_alone(struct loop *each)
{
    int lines;
    count_lines(&lines);
    struct loop *loop = traced(each, "/dev/full");
    run_passes(loop, 5);
    trace_begin(loop->trace, trace_lane(loop->trace, "x"), "task", "y");
    loop_free(loop);
    base_log_close();
    assert_int_equal(lines, 1);
}

/* The system would send SIGXFSZ, which ends a program. */
static void a_limit_of_size_leaves_whole_events(struct loop *each)
{
    struct rlimit before, small;
    int lines;
    count_lines(&lines);
    struct loop *loop = traced(each, path_of("small"));
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 3000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    run_passes(loop, 50);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    loop_free(loop);
    base_log_close();
    assert_int_equal(lines, 1);
    struct picture p = read_picture(path_of("small"), "]");
    assert_true(count(&p, "B", "pass") > 1);
    close_picture(&p);
}

static void a_reader_that_goes_ends_nothing_else(struct loop *each)
{
    int lines;
    count_lines(&lines);
    assert_int_equal(mkfifo(path_of("fifo"), 0600), 0);
    const int fd = open(path_of("fifo"), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    struct loop *loop = traced(each, path_of("fifo"));
    close(fd);
    run_passes(loop, 5);
    loop_free(loop);
    base_log_close();
    assert_int_equal(lines, 1);
    unlink(path_of("fifo"));
}

static void a_closed_descriptor_ends_nothing_else(struct loop *each)
{
    int lines;
    count_lines(&lines);
    struct loop *loop = each_other(each);
    const int fd = dup(0); /* the lowest number, which the trace gets */
    close(fd);
    assert_int_equal(trace_open(loop, path_of("closed")), 0);
    close(fd);
    run_passes(loop, 5);
    loop_free(loop);
    base_log_close();
    assert_int_equal(lines, 1);
}

static void a_child_leaves_the_file_to_its_parent(struct loop *each)
{
    struct loop *loop = traced(each, path_of("fork"));
    run_passes(loop, 1);
    const pid_t pid = fork();
    if (pid == 0) {
        loop_free(loop);
        _exit(7);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WEXITSTATUS(status), 7);
    run_passes(loop, 2);
    loop_free(loop);
    struct picture p = check_picture(path_of("fork"));
    assert_int_equal(count(&p, "B", "pass"), 3);
    close_picture(&p);
}

static void remove_folder(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", folder);
    if (system(command) != 0)
        print_message("%s is left over\n", folder);
}

int main(void)
{
    static const struct each_test tests[] = {
        EACH(every_callback_has_name_and_place),
        EACH(passes_hold_a_wait_each),
        EACH(a_job_lies_in_its_thread_s_lane),
        EACH(pools_have_lanes_of_their_own),
        EACH(names_are_escaped),
        EACH(a_task_can_have_a_lane),
        EACH(a_long_pass_is_whole),
        EACH(nothing_is_written_when_off),
        EACH(it_can_be_read_before_its_end),
        EACH(loops_do_not_share_a_file),
        EACH(the_environment_may_name_it),
        EACH(a_file_that_cannot_be_opened_is_an_error),
        EACH(a_full_disk_ends_the_trace_alone),
        EACH(a_limit_of_size_leaves_whole_events),
        EACH(a_reader_that_goes_ends_nothing_else),
        EACH(a_closed_descriptor_ends_nothing_else),
        EACH(a_child_leaves_the_file_to_its_parent),
    };
    if (mkdtemp(folder) == NULL)
        return 1;
    const int failed = each_backend(tests, N(tests));
    remove_folder();
    return failed;
}

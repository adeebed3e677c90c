/*
 * hang_tasks.c - who stands, and in which call: the threads of a process and
 * of all that descend from it.
 *
 * One look does not tell a busy loop from a program that happens to run, so
 * each is looked at until it has slept a few times, or has used a stretch of
 * processor time without: the thread's own clock counts. On a machine under
 * load, whatever the time on the wall, a thread that spins sees it pass slowly.
 *
 * Read before: hang_parts.h, hang_calls.c. Read after: hang_fds.c.
 * Rests on: proc(5): stat, schedstat, syscall, children.
 */
#include "hang_parts.h"

#include "crowd.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
    TASKS_MAX = 1024,
    TEXT_MAX = 1 << 16,
    ROUNDS = 300,
    PAUSE_NS = 10 * 1000 * 1000,
    ASLEEP_ENOUGH = 4,
    BUSY_ENOUGH_NS = 2 * PAUSE_NS,
};

/* --- one task ------------------------------------------------------------- */

static void read_stat(struct hang_task *t)
{
    struct crowd_stat s = {.state = '\0'};
    if (crowd_stat(t->pid, t->tid, &s))
        t->cpu_ns = (uint64_t)s.cpu_ns;
    t->state = s.state;
}

/* The same in nanoseconds, where the kernel keeps them. */
static void read_cpu(struct hang_task *t, struct base_buf *text)
{
    base_buf_clear(text);
    if (hang_slurp(text, "/proc/%d/task/%d/schedstat", t->pid, t->tid) != 0)
        return;
    const long long ns = hang_field(base_buf_slice(text), "", 10, 0);
    if (ns > 0)
        t->cpu_ns = (uint64_t)ns;
}

/* "230 0x0 0x1 ...", or "running", or "-1 ..." outside of any call. */
static int read_call(struct hang_task *t, struct base_buf *text)
{
    base_buf_clear(text);
    t->number = -1;
    int error = hang_slurp(text, "/proc/%d/task/%d/syscall", t->pid, t->tid);
    if (error == 0)
        error = base_buf_append(text, (struct base_slice){"", 1});
    if (error != 0)
        return error;
    char *at = base_buf_slice(text).ptr[0] == 'r' ? NULL : text->memory;
    if (at == NULL)
        return 0;
    t->number = strtol(at, &at, 10);
    for (int i = 0; i < HANG_ARGS; i++)
        t->args[i] = strtoull(at, &at, 16);
    return 0;
}

/*
 * After SIGSTOP and SIGCONT a wait with a time limit goes on as this call; the
 * registers still hold the arguments, and the kernel knows where it sleeps.
 */
static void see_through_restart(struct hang_task *t, struct base_buf *text)
{
    static const struct {
        const char *place, *name;
    } places[] = {
        {"poll", "poll"}, {"nanosleep", "clock_nanosleep"}, {"futex", "futex"}};
    base_buf_clear(text);
    if (hang_slurp(text, "/proc/%d/task/%d/wchan", t->pid, t->tid) != 0)
        return;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (base_slice_find(base_buf_slice(text),
                            base_slice_of(places[i].place)) >= 0)
            t->number = hang_call_named(places[i].name)->number;
}

static int look(struct hang_task *t)
{
    struct base_buf text;
    base_buf_init(&text, TEXT_MAX);
    read_stat(t);
    read_cpu(t, &text);
    const int error = read_call(t, &text);
    if (hang_call_is_restart(t->number))
        see_through_restart(t, &text);
    t->call = hang_call_of(t->number);
    base_buf_fini(&text);
    return error;
}

void hang_task_look(struct hang_task *t)
{
    look(t);
}

/* The last of "NSpid: 4121 7": the number in the innermost namespace. */
static pid_t inner_number(pid_t pid, pid_t tid)
{
    struct base_buf text;
    base_buf_init(&text, TEXT_MAX);
    hang_slurp(&text, "/proc/%d/task/%d/status", pid, tid);
    struct base_slice rest = base_buf_slice(&text);
    uint64_t number = (uint64_t)tid;
    while (rest.len > 0) {
        struct base_slice line = base_slice_cut(&rest, '\n', NULL);
        if (!base_slice_starts(line, base_slice_of("NSpid:")))
            continue;
        while (line.len > 0)
            base_slice_to_uint(base_slice_cut(&line, '\t', NULL), &number);
    }
    base_buf_fini(&text);
    return (pid_t)number;
}

/* --- all of them ---------------------------------------------------------- */

static void add_process(struct hang_tasks *tasks, pid_t pid);

static void add_children(struct hang_tasks *tasks, pid_t pid, pid_t tid)
{
    struct base_buf text;
    base_buf_init(&text, TEXT_MAX);
    hang_slurp(&text, "/proc/%d/task/%d/children", pid, tid);
    struct base_slice rest = base_buf_slice(&text);
    while (rest.len > 0) {
        uint64_t child;
        if (base_slice_to_uint(base_slice_cut(&rest, ' ', NULL), &child) == 0 &&
            (pid_t)child != getpid())
            add_process(tasks, (pid_t)child);
    }
    base_buf_fini(&text);
}

static void add_task(struct hang_tasks *tasks, pid_t pid, pid_t tid)
{
    if (tasks->n == TASKS_MAX)
        return;
    struct hang_task *t = &tasks->at[tasks->n];
    *t = (struct hang_task){.pid = pid, .tid = tid};
    const int error = look(t);
    if (t->state == '\0' || t->state == 'Z' || t->state == 'X')
        return; /* it has ended */
    if (error != 0) {
        tasks->error = error;
        return;
    }
    t->cpu_first_ns = t->cpu_ns;
    t->inner = inner_number(pid, tid);
    tasks->n++;
}

static void add_process(struct hang_tasks *tasks, pid_t pid)
{
    char path[32];
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *dir = opendir(path);
    if (dir == NULL) {
        if (errno != ENOENT)
            tasks->error = -errno;
        return;
    }
    const struct dirent *e;
    while ((e = readdir(dir)) != NULL) {
        const pid_t tid = (pid_t)strtol(e->d_name, NULL, 10);
        if (tid <= 0 || tasks->n == TASKS_MAX)
            continue;
        add_task(tasks, pid, tid);
        add_children(tasks, pid, tid);
    }
    closedir(dir);
}

/* True if nothing more is to be learnt from another look. */
static bool is_decided(struct hang_task *t)
{
    if (t->state == 'R')
        t->spins = t->cpu_ns - t->cpu_first_ns >= BUSY_ENOUGH_NS;
    else
        t->asleep++;
    return t->spins || t->asleep >= ASLEEP_ENOUGH || t->state == 'T';
}

static void watch(struct hang_tasks *tasks)
{
    bool decided = false;
    for (int round = 0; round < ROUNDS && !decided; round++) {
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
        decided = true;
        for (size_t i = 0; i < tasks->n; i++) {
            struct hang_task *t = &tasks->at[i];
            if (t->spins || t->state == '\0')
                continue;
            hang_task_look(t);
            decided = is_decided(t) && decided;
        }
    }
}

void hang_tasks_list(struct hang_tasks *tasks, pid_t pid)
{
    *tasks = (struct hang_tasks){
        .at = base_alloc_array(TASKS_MAX, sizeof(struct hang_task)),
        .asked = pid,
    };
    add_process(tasks, pid);
}

double hang_task_sleeps_s(const struct hang_task *t)
{
    struct timespec time;
    if (t->call->class != CALL_SLEEP ||
        !hang_peek(t->pid, t->args[t->call->time_arg], &time, sizeof time))
        return -1;
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/*
 * A thread beside the first that sleeps again and again for a short time goes
 * on, and is seldom the student's: the sanitizers have one, to watch over the
 * memory.
 */
static bool ticks(const struct hang_task *t)
{
    const double s = hang_task_sleeps_s(t);
    return t->tid != t->pid && s >= 0 && s <= 1;
}

static void leave_out_tickers(struct hang_tasks *tasks)
{
    size_t n = 0;
    for (size_t i = 0; i < tasks->n; i++)
        if (!ticks(&tasks->at[i]))
            tasks->at[n++] = tasks->at[i];
    tasks->n = n;
}

void hang_tasks_init(struct hang_tasks *tasks, pid_t pid)
{
    hang_tasks_list(tasks, pid);
    watch(tasks);
    leave_out_tickers(tasks);
}

void hang_tasks_fini(struct hang_tasks *tasks)
{
    free(tasks->at);
    *tasks = (struct hang_tasks){0};
}

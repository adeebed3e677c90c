/*
 * class_pool.c - see class_pool.h: workers, each with a pipe, an end and a time
 * limit, as three things that one loop waits for.
 *
 *     pipe readable    a piece of the answer        on_bytes
 *     pidfd readable   the worker has ended         on_worker_end
 *     timer            it has had its time          on_limit
 *     signal           Ctrl-C: end all, say which   on_signal
 *
 * The end of the worker ends the task, not the end of the pipe: a process that
 * the worker has left behind could hold the pipe open.
 *
 * Each worker leads a process group, so that Ctrl-C at the terminal reaches us
 * alone, and what it starts can be ended with it. (Programs of students live in
 * sessions of their own and end with their keeper, see ../check/jail.h.) If we
 * are killed, the kernel ends the workers.
 *
 * Read before: class_pool.h, ../../loop/core/child.c. Read after: class.h.
 * Rests on: setpgid(2), waitid(2) P_PIDFD.
 */
#include "class_pool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct run;

struct worker {
    struct run *run;
    bool busy;
    size_t task;
    pid_t pid;
    int pidfd, pipe;
    struct loop_watcher bytes, ended;
    struct loop_timer limit;
    struct base_buf answer;
    enum class_end end; /* why we have ended it; CLASS_ANSWERED: we have not */
};

struct run {
    const struct class_pool *pool;
    const struct class_task *tasks;
    size_t n;
    size_t next;   /* the first task that may not have been started */
    bool alone;    /* now those that are beside no other */
    size_t n_busy; /* workers */
    int signo;     /* that has stopped us */
    struct loop *loop;
    struct worker *workers;
    struct loop_call fill;
};

static void on_fill(struct loop_call *call);

/* --- the worker ----------------------------------------------------------- */

/*
 * What the loop has blocked, what we ignore, and where standard streams lead is
 * not for it: programs that it starts would inherit that.
 */
static void settle_in(pid_t parent)
{
    sigset_t none;
    sigemptyset(&none);
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1); /* it has gone before the line above */
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (nothing == -1 || dup2(nothing, STDIN_FILENO) == -1 ||
        dup2(STDERR_FILENO, STDOUT_FILENO) == -1)
        _exit(1);
}

/* Starts the worker of w->task; its pipe's other end is in w->pipe. */
static int start_process(struct worker *w)
{
    const struct class_pool *pool = w->run->pool;
    const pid_t parent = getpid();
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) == -1)
        return -errno;
    w->pid = fork();
    if (w->pid == 0) {
        close(fds[0]);
        settle_in(parent);
        _exit(pool->work(w->task, fds[1], pool->arg));
    }
    const int error = w->pid == -1 ? -errno : 0;
    close(fds[1]);
    w->pipe = fds[0];
    if (error != 0)
        close(fds[0]);
    else
        setpgid(w->pid, w->pid); /* whoever comes first: then it is certain */
    return error;
}

static void kill_group(const struct worker *w)
{
    kill(-w->pid, SIGKILL);
}

static int reap(const struct worker *w)
{
    siginfo_t info = {0};
    while (waitid(P_PID, (id_t)w->pid, &info, WEXITED) == -1 && errno == EINTR)
        ;
    return info.si_code == CLD_EXITED ? info.si_status : -info.si_status;
}

/* --- while it works ------------------------------------------------------- */

static void end_it(struct worker *w, enum class_end why)
{
    if (w->end == CLASS_ANSWERED)
        w->end = why;
    kill_group(w);
}

/* Takes what is in the pipe; false if there is no more to come, or too much. */
static bool take_bytes(struct worker *w)
{
    enum { CHUNK = 64 << 10 };
    ssize_t n;
    do {
        const size_t room = w->answer.limit - base_buf_len(&w->answer);
        if (room == 0) {
            end_it(w, CLASS_TOO_MUCH);
            return false;
        }
        const size_t size = room < CHUNK ? room : CHUNK;
        n = read(w->pipe, base_buf_reserve(&w->answer, size), size);
        base_buf_commit(&w->answer, n > 0 ? (size_t)n : 0);
    } while (n > 0 || (n == -1 && errno == EINTR));
    return n == -1 && errno == EAGAIN;
}

static void on_bytes(struct loop_watcher *watcher, unsigned events)
{
    struct worker *w = watcher->arg;
    if (events == LOOP_ERROR || !take_bytes(w))
        loop_watcher_stop(watcher);
}

static void on_limit(struct loop_timer *t)
{
    end_it(t->arg, CLASS_TOO_LONG);
}

/* Gives back all that the worker has had, which has ended; its status. */
static int clear_up(struct worker *w)
{
    loop_timer_stop(&w->limit);
    loop_watcher_stop(&w->bytes);
    loop_watcher_stop(&w->ended);
    kill_group(w); /* what it has left behind; the number is not free yet */
    const int status = reap(w);
    close(w->pidfd);
    close(w->pipe);
    w->busy = false;
    w->run->n_busy--;
    return status;
}

static void on_worker_end(struct loop_watcher *watcher, unsigned events)
{
    struct worker *w = watcher->arg;
    struct run *run = w->run;
    if (events == LOOP_ERROR)
        kill_group(w); /* its end cannot be watched, so it is made */
    take_bytes(w);
    struct class_answer answer = {.end = w->end, .status = clear_up(w)};
    answer.bytes = base_buf_slice(&w->answer);
    if (answer.end == CLASS_ANSWERED && answer.status != 0)
        answer.end = CLASS_DIED;
    if (run->signo == 0)
        run->pool->on_end(w->task, &answer, run->pool->arg);
    base_buf_fini(&w->answer);
    loop_defer(run->loop, &run->fill, on_fill, run);
}

/* --- all of them ---------------------------------------------------------- */

/* Has the loop wait for all that can come of a worker that has been forked. */
static int watch(struct worker *w)
{
    struct loop *loop = w->run->loop;
    w->pidfd = pidfd_open(w->pid, 0);
    if (w->pidfd == -1 || fcntl(w->pipe, F_SETFL, O_NONBLOCK) == -1)
        return -errno;
    const int error = loop_watcher_start(loop, &w->ended, w->pidfd, LOOP_READ,
                                         on_worker_end, w);
    return error != 0 ? error
                      : loop_watcher_start(loop, &w->bytes, w->pipe, LOOP_READ,
                                           on_bytes, w);
}

static int start_worker(struct worker *w, size_t task)
{
    struct run *run = w->run;
    *w = (struct worker){.run = run, .task = task, .pidfd = -1};
    int error = start_process(w);
    if (error != 0)
        return error;
    w->busy = true;
    run->n_busy++;
    /* One byte more than allowed is too much. */
    base_buf_init(&w->answer, run->pool->answer_max + 1);
    error = watch(w);
    if (error != 0) {
        kill_group(w);
        clear_up(w);
        return error;
    }
    loop_timer_start(run->loop, &w->limit,
                     loop_now(run->loop) + run->tasks[task].limit_ns, on_limit,
                     w);
    return 0;
}

/* The next task that may be started now; false: none, or not yet. */
static bool next_task(struct run *run, size_t *task)
{
    const size_t places = run->alone ? 1 : (size_t)run->pool->jobs;
    for (; run->next < run->n; run->next++) {
        *task = run->next;
        if (run->tasks[run->next].alone == run->alone)
            return run->n_busy < places;
    }
    if (run->alone || run->n_busy > 0)
        return false;
    run->alone = true;
    run->next = 0;
    return next_task(run, task);
}

static struct worker *find_place(struct run *run)
{
    struct worker *w = run->workers;
    while (w->busy)
        w++;
    return w;
}

/*
 * Starts what there is place for. If no process can be had, the task waits for
 * the end of another; if there is none to wait for, it is given up.
 */
static void on_fill(struct loop_call *call)
{
    struct run *run = call->arg;
    const struct class_pool *pool = run->pool;
    size_t task;
    while (run->signo == 0 && next_task(run, &task)) {
        const int error = start_worker(find_place(run), task);
        if (error != 0 && run->n_busy > 0)
            return;
        run->next++;
        if (error != 0)
            pool->on_end(task,
                         &(struct class_answer){.end = CLASS_NOT_STARTED,
                                                .status = -error},
                         pool->arg);
        else if (pool->on_start != NULL)
            pool->on_start(task, pool->arg);
    }
    if (run->n_busy == 0)
        loop_stop(run->loop);
}

static void on_signal(struct loop_signal *s,
                      const struct signalfd_siginfo *info)
{
    (void)info;
    struct run *run = s->arg;
    run->signo = s->signo;
    for (int i = 0; i < run->pool->jobs; i++)
        if (run->workers[i].busy)
            kill_group(&run->workers[i]);
    loop_defer(run->loop, &run->fill, on_fill, run);
}

static void on_second(struct loop_periodic *p)
{
    const struct run *run = p->arg;
    run->pool->on_second(run->pool->arg);
}

int class_pool_run(const struct class_pool *pool,
                   const struct class_task *tasks, size_t n)
{
    static const int signals[] = {SIGINT, SIGTERM};
    enum { SIGNALS = sizeof signals / sizeof signals[0] };
    struct run run = {.pool = pool, .tasks = tasks, .n = n};
    struct loop_signal watchers[SIGNALS] = {0};
    struct loop_periodic second = {0};
    int error = loop_new(&run.loop, NULL);
    if (error != 0)
        return error;
    run.workers = base_alloc_array((size_t)pool->jobs, sizeof *run.workers);
    for (int i = 0; i < pool->jobs; i++)
        run.workers[i].run = &run;
    for (int i = 0; i < SIGNALS && error == 0; i++)
        error = loop_signal_start(run.loop, &watchers[i], signals[i], on_signal,
                                  &run);
    if (pool->on_second != NULL && error == 0)
        error = loop_periodic_start(run.loop, &second, LOOP_SECOND, 0,
                                    on_second, &run);
    if (error == 0) {
        loop_defer(run.loop, &run.fill, on_fill, &run);
        error = loop_run(run.loop);
    }
    loop_periodic_stop(&second);
    for (int i = 0; i < SIGNALS; i++)
        loop_signal_stop(&watchers[i]);
    loop_free(run.loop);
    free(run.workers);
    return error != 0 ? error : run.signo;
}

/*
 * test_core_pool.c - jobs: where they run, what is refused, what can be taken
 * back, and that each has exactly one callback.
 */
#include "loop/test/each.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* A job that may wait in the middle of its work until the test opens a gate. */
struct task {
    struct loop_job job;
    sem_t *begun, *gate; /* may be NULL */
    pthread_t worker;
    atomic_int n_work;
    int n_done, result;
    pthread_t called_in;
    int *order, position; /* counts callbacks; which one this was */
};

static void wait_at(sem_t *sem)
{
    while (sem_wait(sem) == -1)
        ;
}

static void work(struct loop_job *job)
{
    struct task *t = job->arg;
    atomic_fetch_add(&t->n_work, 1);
    t->worker = pthread_self();
    if (t->begun != NULL)
        sem_post(t->begun);
    if (t->gate != NULL)
        wait_at(t->gate);
}

static void on_done(struct loop_job *job, int result)
{
    struct task *t = job->arg;
    t->n_done++;
    t->result = result;
    t->called_in = pthread_self();
    if (t->order != NULL)
        t->position = ++*t->order;
}

static int try_start(struct loop *loop, struct loop_pool *pool, struct task *t)
{
    return loop_job_start(loop, pool, &t->job, work, on_done, t);
}

static void start(struct loop *loop, struct loop_pool *pool, struct task *t)
{
    assert_int_equal(try_start(loop, pool, t), 0);
}

static bool is_done(void *arg)
{
    return ((struct task *)arg)->n_done > 0;
}

static void until_done(struct loop *loop, struct task *t)
{
    each_until(loop, is_done, t, "a job");
    assert_int_equal(t->n_done, 1);
}

static bool is_idle(void *arg)
{
    return loop_active(arg) == 0;
}

/* A pool of one thread that is busy until `gate` is posted. */
struct busy {
    struct loop_pool *pool;
    struct task task;
    sem_t begun, gate;
};

static void busy_make(struct loop *loop, struct busy *b, int queue_limit)
{
    memset(b, 0, sizeof *b);
    sem_init(&b->begun, 0, 0);
    sem_init(&b->gate, 0, 0);
    b->pool = loop_pool_new(1, queue_limit);
    b->task.begun = &b->begun;
    b->task.gate = &b->gate;
    start(loop, b->pool, &b->task);
    wait_at(&b->begun);
}

static void busy_end(struct loop *loop, struct busy *b)
{
    sem_post(&b->gate);
    each_until(loop, is_idle, loop, "all jobs");
    assert_int_equal(b->task.n_done, 1);
    assert_int_equal(b->task.result, 0);
    loop_pool_free(b->pool);
    sem_destroy(&b->begun);
    sem_destroy(&b->gate);
}

/* --- running ------------------------------------------------------------- */

static void a_job_runs_elsewhere_and_calls_back_here(struct loop *loop)
{
    struct task t = {0};
    const uint64_t jobs = loop_stats(loop)->jobs;
    const uint64_t posts = loop_stats(loop)->posts;
    start(loop, NULL, &t);
    assert_int_equal(loop_active(loop), 1);
    assert_int_equal(t.n_done, 0);
    until_done(loop, &t);
    assert_int_equal(t.result, 0);
    assert_int_equal(t.n_work, 1);
    assert_false(pthread_equal(t.worker, pthread_self()));
    assert_true(pthread_equal(t.called_in, pthread_self()));
    assert_true(t.job.thread > 0);
    assert_true(t.job.begun_ns > 0 && t.job.begun_ns <= t.job.ended_ns);
    assert_int_equal(loop_stats(loop)->jobs, jobs + 1);
    assert_int_equal(loop_stats(loop)->posts, posts);
    assert_int_equal(loop_active(loop), 0);
}

static void without_threads_the_caller_works(struct loop *loop)
{
    struct loop_pool *pool = loop_pool_new(0, 0);
    struct task t = {0};
    start(loop, pool, &t);
    assert_int_equal(t.n_work, 1);
    assert_int_equal(t.n_done, 0);
    assert_true(pthread_equal(t.worker, pthread_self()));
    assert_int_equal(loop_job_cancel(&t.job), -EBUSY);
    until_done(loop, &t);
    assert_int_equal(t.result, 0);
    loop_pool_free(pool);
    loop_pool_free(NULL);
}

/* Each opens the other's gate: one thread after the other would never end. */
static void opens_others(struct loop_job *job)
{
    struct task *t = job->arg;
    sem_post(t->begun);
    wait_at(t->gate);
}

static void pair_of_jobs(struct loop *loop, struct loop_pool *pool)
{
    sem_t gates[2];
    struct task tasks[2];
    memset(tasks, 0, sizeof tasks);
    for (int i = 0; i < 2; i++) {
        sem_init(&gates[i], 0, 0);
        tasks[i].gate = &gates[i];
        tasks[i].begun = &gates[1 - i];
    }
    for (int i = 0; i < 2; i++)
        assert_int_equal(loop_job_start(loop, pool, &tasks[i].job, opens_others,
                                        on_done, &tasks[i]),
                         0);
    until_done(loop, &tasks[0]);
    if (tasks[1].n_done == 0)
        until_done(loop, &tasks[1]);
    for (int i = 0; i < 2; i++)
        sem_destroy(&gates[i]);
}

static void two_jobs_that_wait_for_each_other_both_end(struct loop *loop)
{
    struct loop_pool *pool = loop_pool_new(2, 0);
    struct task t = {0};
    start(loop, pool, &t); /* a thread that is, or soon will be, free */
    for (int i = 0; i < 100; i++) {
        if (t.n_done == 0)
            until_done(loop, &t);
        pair_of_jobs(loop, pool);
    }
    loop_pool_free(pool);
    pair_of_jobs(loop, NULL);
}

static void one_job_after_the_other_needs_one_thread(struct loop *loop)
{
    struct loop_pool *pool = loop_pool_new(5, 5);
    for (int i = 0; i < 20; i++) {
        struct task t = {0};
        start(loop, pool, &t);
        until_done(loop, &t);
        assert_int_equal(t.job.thread, 1);
    }
    loop_pool_free(pool);
}

static void read_mask(struct loop_job *job)
{
    pthread_sigmask(SIG_BLOCK, NULL, job->arg);
}

static void count_done(struct loop_job *job, int result)
{
    assert_int_equal(result, 0);
    job->arg = NULL;
}

static void threads_take_no_signals(struct loop *loop)
{
    sigset_t mask, here;
    struct loop_job job = {0};
    pthread_sigmask(SIG_BLOCK, NULL, &here);
    assert_int_equal(
        loop_job_start(loop, NULL, &job, read_mask, count_done, &mask), 0);
    each_until(loop, is_idle, loop, "the job");
    static const int blocked[] = {SIGTERM, SIGINT,  SIGCHLD,
                                  SIGUSR1, SIGPROF, SIGALRM};
    for (size_t i = 0; i < sizeof blocked / sizeof *blocked; i++)
        assert_int_equal(sigismember(&mask, blocked[i]), 1);
    assert_int_equal(sigismember(&mask, SIGSEGV), 0);
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    assert_int_equal(sigismember(&mask, SIGTERM), sigismember(&here, SIGTERM));
}

/* --- the bound, and taking back ------------------------------------------ */

static void a_full_queue_refuses(struct loop *loop)
{
    struct busy b;
    struct task queued[2], more;
    memset(queued, 0, sizeof queued);
    memset(&more, 0, sizeof more);
    busy_make(loop, &b, 2);
    start(loop, b.pool, &queued[0]);
    start(loop, b.pool, &queued[1]);
    for (int i = 0; i < 3; i++)
        assert_int_equal(try_start(loop, b.pool, &more), -EAGAIN);
    assert_int_equal(loop_active(loop), 3);
    /* What was taken back leaves room. */
    assert_int_equal(loop_job_cancel(&queued[1].job), 0);
    start(loop, b.pool, &more);
    busy_end(loop, &b);
    assert_int_equal(queued[0].n_work + more.n_work, 2);
    assert_int_equal(queued[1].n_work, 0);
}

/* Jobs that cannot wait are refused only when all threads have one. */
static void a_queue_of_none(struct loop *loop)
{
    struct loop_pool *pool = loop_pool_new(2, 0);
    sem_t gate;
    sem_init(&gate, 0, 0);
    struct task a = {.gate = &gate}, b = {.gate = &gate}, c = {0};
    start(loop, pool, &a);
    start(loop, pool, &b);
    assert_int_equal(try_start(loop, pool, &c), -EAGAIN);
    sem_post(&gate);
    sem_post(&gate);
    until_done(loop, &a);
    start(loop, pool, &c);
    until_done(loop, &c);
    if (b.n_done == 0)
        until_done(loop, &b);
    loop_pool_free(pool);
    sem_destroy(&gate);
}

static void cancelled_before_it_begins(struct loop *loop)
{
    struct busy b;
    struct task t = {0};
    busy_make(loop, &b, 5);
    start(loop, b.pool, &t);
    assert_int_equal(loop_job_cancel(&t.job), 0);
    assert_int_equal(t.n_done, 0);
    assert_int_equal(loop_job_cancel(&t.job), -EBUSY);
    until_done(loop, &t); /* while the thread is still busy */
    assert_int_equal(t.result, -ECANCELED);
    assert_int_equal(t.n_work, 0);
    assert_int_equal(loop_job_cancel(&t.job), -EBUSY);
    busy_end(loop, &b);
    assert_int_equal(t.n_done, 1);
}

static void cancelled_while_it_runs(struct loop *loop)
{
    struct busy b;
    busy_make(loop, &b, 5);
    assert_int_equal(loop_job_cancel(&b.task.job), -EBUSY);
    busy_end(loop, &b); /* expects the result 0 */
}

/* First, middle and last of the queue go; those that stay keep their order. */
static void cancelling_keeps_the_order_of_the_rest(struct loop *loop)
{
    enum { N = 7 };
    struct busy b;
    struct task tasks[N], last = {0};
    int order = 0;
    memset(tasks, 0, sizeof tasks);
    busy_make(loop, &b, 2 * N);
    for (int i = 0; i < N; i++) {
        tasks[i].order = &order;
        start(loop, b.pool, &tasks[i]);
    }
    assert_int_equal(loop_job_cancel(&tasks[N - 1].job), 0);
    assert_int_equal(loop_job_cancel(&tasks[3].job), 0);
    assert_int_equal(loop_job_cancel(&tasks[0].job), 0);
    last.order = &order;
    start(loop, b.pool, &last);
    sem_post(&b.gate);
    until_done(loop, &last);
    static const int positions[N] = {3, 4, 5, 2, 6, 7, 1};
    for (int i = 0; i < N; i++) {
        assert_int_equal(tasks[i].n_done, 1);
        assert_int_equal(tasks[i].position, positions[i]);
    }
    assert_int_equal(last.position, N + 1);
    busy_end(loop, &b);
}

static void start_again(struct loop_job *job, int result)
{
    struct task *t = job->arg;
    struct loop *loop = loop_current();
    assert_int_equal(result, 0);
    if (++t->n_done < 50)
        assert_int_equal(
            loop_job_start(loop, job->pool, job, work, start_again, t), 0);
}

static bool did_50(void *arg)
{
    return ((struct task *)arg)->n_done == 50;
}

static void a_callback_may_start_its_job_again(struct loop *loop)
{
    struct loop_pool *pool = loop_pool_new(1, 0);
    struct task t = {0};
    assert_int_equal(loop_job_start(loop, pool, &t.job, work, start_again, &t),
                     0);
    each_until(loop, did_50, &t, "a job that starts itself");
    assert_int_equal(t.n_work, 50);
    loop_pool_free(pool);
}

/* --- the end of a loop --------------------------------------------------- */

static void *open_gate(void *gate)
{
    for (int i = 0; i < 1000; i++)
        sched_yield();
    sem_post(gate);
    return NULL;
}

static void start_in_vain(struct loop_job *job, int result)
{
    struct task *t = job->arg;
    on_done(job, result);
    t->position = try_start(loop_current(), NULL, t);
}

static void free_waits_for_what_runs_and_cancels_the_rest(struct loop *loop)
{
    struct loop *other = each_other(loop);
    struct busy b;
    struct task queued = {0}, again = {0};
    pthread_t opener;
    busy_make(other, &b, 5);
    start(other, b.pool, &queued);
    assert_int_equal(
        loop_job_start(other, b.pool, &again.job, work, start_in_vain, &again),
        0);
    assert_int_equal(pthread_create(&opener, NULL, open_gate, &b.gate), 0);
    loop_free(other);
    pthread_join(opener, NULL);
    assert_int_equal(b.task.n_done, 1);
    assert_int_equal(queued.n_done, 1);
    assert_int_equal(queued.result, -ECANCELED);
    assert_int_equal(queued.n_work, 0);
    assert_int_equal(again.n_done, 1);
    assert_int_equal(again.position, -ESHUTDOWN);
    busy_end(loop, &b);
}

static void free_ends_the_loops_own_pool(struct loop *loop)
{
    struct loop *other = each_other(loop);
    struct task tasks[20];
    memset(tasks, 0, sizeof tasks);
    for (int i = 0; i < 20; i++)
        start(other, NULL, &tasks[i]);
    loop_free(other);
    for (int i = 0; i < 20; i++)
        assert_int_equal(tasks[i].n_done, 1);
}

/* The child has no threads, so it must not wait for them. */
static void the_child_of_a_fork_waits_for_nobody(struct loop *loop)
{
    struct loop *other = each_other(loop);
    sem_t begun, gate;
    sem_init(&begun, 0, 0);
    sem_init(&gate, 0, 0);
    struct task t = {.begun = &begun, .gate = &gate}, ended = {0};
    start(other, NULL, &t);
    wait_at(&begun);
    start(other, NULL, &ended); /* so one thread is busy and one is not */
    until_done(other, &ended);
    const pid_t pid = fork();
    if (pid == 0) {
        alarm(60); /* against a hang only */
        loop_free(other);
        _exit(t.n_done);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    sem_post(&gate);
    loop_free(other);
    assert_int_equal(t.n_done, 1);
    sem_destroy(&begun);
    sem_destroy(&gate);
}

/* --- many ---------------------------------------------------------------- */

enum { MANY = 2000, SLOTS = 16 };

/* A loop in a thread of its own, that keeps a shared pool busy. */
struct party {
    const struct loop *like;
    struct loop_pool *pool;
    struct loop *loop;
    struct task tasks[SLOTS];
    int n_done, n_cancelled, n_refused;
    unsigned seed;
    bool strange; /* something was not as it should be */
};

static void on_party_job(struct loop_job *job, int result)
{
    struct party *p = job->arg;
    p->n_done++;
    p->n_cancelled += result == -ECANCELED;
    p->strange |= loop_current() != p->loop;
}

static void nothing(struct loop_job *job)
{
    (void)job;
}

static void party_step(struct party *p)
{
    for (int i = 0; i < SLOTS; i++) {
        struct loop_job *job = &p->tasks[i].job;
        const int dice = rand_r(&p->seed) % 8;
        if (job->loop != NULL) {
            if (dice == 0)
                loop_job_cancel(job);
        } else if (loop_job_start(p->loop, p->pool, job, nothing, on_party_job,
                                  p) != 0) {
            p->n_refused++;
        }
    }
}

static void *party_main(void *arg)
{
    struct party *p = arg;
    p->loop = each_other(p->like);
    while (p->n_done < MANY) {
        party_step(p);
        loop_run_once(p->loop, 0);
    }
    int pending = 0;
    for (int i = 0; i < SLOTS; i++)
        pending += p->tasks[i].job.loop != NULL;
    const int before = p->n_done;
    loop_free(p->loop);
    p->strange |= p->n_done != before + pending;
    return NULL;
}

static void loops_of_two_threads_share_a_pool(struct loop *loop)
{
    struct party parties[2];
    pthread_t threads[2];
    struct loop_pool *pool = loop_pool_new(3, SLOTS);
    memset(parties, 0, sizeof parties);
    for (int i = 0; i < 2; i++) {
        parties[i].like = loop;
        parties[i].pool = pool;
        parties[i].seed = 7 + (unsigned)i;
        assert_int_equal(
            pthread_create(&threads[i], NULL, party_main, &parties[i]), 0);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        assert_false(parties[i].strange);
        assert_true(parties[i].n_done >= MANY);
    }
    loop_pool_free(pool);
}

int main(void)
{
    static const struct each_test tests[] = {
        EACH(a_job_runs_elsewhere_and_calls_back_here),
        EACH(without_threads_the_caller_works),
        EACH(two_jobs_that_wait_for_each_other_both_end),
        EACH(one_job_after_the_other_needs_one_thread),
        EACH(threads_take_no_signals),
        EACH(a_full_queue_refuses),
        EACH(a_queue_of_none),
        EACH(cancelled_before_it_begins),
        EACH(cancelled_while_it_runs),
        EACH(cancelling_keeps_the_order_of_the_rest),
        EACH(a_callback_may_start_its_job_again),
        EACH(free_waits_for_what_runs_and_cancels_the_rest),
        EACH(free_ends_the_loops_own_pool),
        EACH(the_child_of_a_fork_waits_for_nobody),
        EACH(loops_of_two_threads_share_a_pool),
    };
    return each_backend(tests, sizeof tests / sizeof *tests);
}

/*
 * pool.c - threads for work that blocks: jobs go out to a pool, and come back
 * as callbacks in the loop.
 *
 * A loop may never wait, but some work cannot be done without: a file that is
 * read, a library that knows only blocking calls, a long computation. So it is
 * handed to a thread, and the loop goes on.
 *
 *      loop's thread               pool                   thread of the pool
 *     loop_job_start --queue--> [job] [job] [job] --take--> job->work(job)
 *                                                                |
 *     job->fn(job, 0) <--mailbox----------------- hand_back -----+
 *
 * A job knows where it is:
 *
 *     idle --start--> queued --take--> running --work returns--> ended --.
 *      ^                 `---cancel--> cancelled --.                     |
 *      `----------------- callback, in the loop <--+---------------------'
 *
 * The lock guards the queue, the counts and the jobs' states. The loop's own
 * list of jobs belongs to its thread. A queued job is linked through the post
 * that brings it back later: it is never in the queue and in the mailbox.
 *
 * Threads are started when a job comes and none is free for it, up to the
 * pool's number: jobs that wait for each other run at the same time as long as
 * there are threads, and a program that needs two never pays for twenty. A free
 * thread stays. The threads take no signals, so that those of the process reach
 * the loop (signal.c).
 *
 * The bound. A pool of t threads with a queue of q takes t + q jobs. It does
 * not count threads that happen to have woken up, so whether a job is refused
 * does not depend on timing.
 *
 * Who ends. A thread posts under the lock, after which the job is not its own:
 * the loop that sees "ended" under the lock knows that the post is in its
 * mailbox. The loop outlives its jobs, since loop_free waits for them; the
 * mailbox is held besides, as the post may wake the loop and let it end before
 * the thread has left it.
 *
 * After a fork the child has none of the threads. A pool that has started some
 * stays with the parent, and the child's loop_free forgets the jobs.
 *
 * Left out: priorities, and threads that leave when they are idle.
 *
 * Read before: mailbox.c. Read after: file.c.
 * Rests on: pthreads(7), pthread_sigmask(3).
 */
#include "loop/core/core_internal.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

enum job_state { JOB_QUEUED, JOB_RUNNING, JOB_ENDED, JOB_CANCELLED };

struct loop_pool {
    int max_threads, queue_limit;
    unsigned born; /* of the threads, see core_forks */
    pthread_mutex_t lock;
    pthread_cond_t arrived, ended;
    /* All that follows, and the jobs' states, under the lock. */
    struct loop_post *first, **last; /* of the queued jobs */
    int n_queued, n_running;
    int n_threads, n_free; /* free: without a job, or not yet begun */
    int n_begun;
    bool closing;
    pthread_t *threads;
};

static struct loop_job *job_of(struct loop_post *post)
{
    return base_container(post, struct loop_job, post);
}

/* --- the queue ----------------------------------------------------------- */

static void enqueue(struct loop_pool *pool, struct loop_job *job)
{
    job->state = JOB_QUEUED;
    job->post.next = NULL;
    *pool->last = &job->post;
    pool->last = &job->post.next;
    pool->n_queued++;
}

/* From the front in one step; else its predecessor is searched. */
static void dequeue(struct loop_pool *pool, struct loop_job *job)
{
    struct loop_post **link = &pool->first;
    while (*link != &job->post)
        link = &(*link)->next;
    *link = job->post.next;
    if (pool->last == &job->post.next)
        pool->last = link;
    pool->n_queued--;
}

/* --- back to the loop ---------------------------------------------------- */

/*
 * The last callback, in the loop's thread. A job without a place is the loop's
 * own (file.c), and its function sees to the rest.
 */
static void deliver(struct loop *loop, struct loop_post *post)
{
    struct loop_job *job = job_of(post);
    const int result = job->state == JOB_CANCELLED ? -ECANCELED : 0;
    base_list_remove(&job->link);
    job->loop = NULL;
    if (job->place == NULL) {
        job->fn(job, result);
        return;
    }
    loop->n_active--;
    loop->stats.jobs++;
    if (loop->trace != NULL && result == 0)
        trace_job(loop, job);
    callback_begin(loop, CALL_JOB, job->place);
    job->fn(job, result);
    callback_end(loop, CALL_JOB);
}

/* From any thread; the job belongs to the loop afterwards. */
static void hand_back(struct loop_job *job, enum job_state state)
{
    struct loop_mailbox *mailbox = job->loop->mailbox;
    job->state = (int)state;
    loop_post_named(mailbox, &job->post, deliver, job->post.arg, NULL);
    loop_mailbox_release(mailbox);
}

/* --- threads ------------------------------------------------------------- */

static void work(struct loop_job *job, int thread)
{
    job->thread = thread;
    job->begun_ns = core_monotonic_ns();
    job->work(job);
    job->ended_ns = core_monotonic_ns();
}

/* The next job, or NULL when the pool is freed. */
static struct loop_job *take(struct loop_pool *pool)
{
    while (pool->first == NULL && !pool->closing)
        pthread_cond_wait(&pool->arrived, &pool->lock);
    if (pool->first == NULL)
        return NULL;
    struct loop_job *job = job_of(pool->first);
    dequeue(pool, job);
    job->state = JOB_RUNNING;
    return job;
}

static void *thread_main(void *arg)
{
    struct loop_pool *pool = arg;
    pthread_mutex_lock(&pool->lock);
    const int number = ++pool->n_begun;
    struct loop_job *job;
    while ((job = take(pool)) != NULL) {
        pool->n_free--;
        pool->n_running++;
        pthread_mutex_unlock(&pool->lock);
        work(job, number);
        pthread_mutex_lock(&pool->lock);
        pool->n_running--;
        pool->n_free++;
        hand_back(job, JOB_ENDED);
        pthread_cond_broadcast(&pool->ended);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

/* Blocked are all signals but those that say that this very thread is wrong. */
static int thread_start(struct loop_pool *pool)
{
    sigset_t mask, before;
    sigfillset(&mask);
    sigdelset(&mask, SIGSEGV);
    sigdelset(&mask, SIGBUS);
    sigdelset(&mask, SIGFPE);
    sigdelset(&mask, SIGILL);
    pthread_sigmask(SIG_SETMASK, &mask, &before);
    const int error = pthread_create(&pool->threads[pool->n_threads], NULL,
                                     thread_main, pool);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error != 0)
        return -error;
    pool->born = atomic_load(&core_forks);
    pool->n_threads++;
    pool->n_free++;
    return 0;
}

/* --- a pool's life ------------------------------------------------------- */

struct loop_pool *loop_pool_new(int threads, int queue_limit)
{
    assert(threads >= 0 && queue_limit >= 0);
    struct loop_pool *pool = base_alloc(sizeof *pool);
    pool->max_threads = threads;
    pool->queue_limit = queue_limit;
    pool->last = &pool->first;
    pool->threads = base_alloc_array((size_t)threads, sizeof *pool->threads);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->arrived, NULL);
    pthread_cond_init(&pool->ended, NULL);
    return pool;
}

static void end_threads(struct loop_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    assert(pool->n_queued == 0);
    pool->closing = true;
    pthread_cond_broadcast(&pool->arrived);
    pthread_mutex_unlock(&pool->lock);
    for (int i = 0; i < pool->n_threads; i++)
        pthread_join(pool->threads[i], NULL);
    pthread_cond_destroy(&pool->ended);
    pthread_cond_destroy(&pool->arrived);
    pthread_mutex_destroy(&pool->lock);
}

void loop_pool_free(struct loop_pool *pool)
{
    if (pool == NULL)
        return;
    if (pool->n_threads == 0 || pool->born == atomic_load(&core_forks))
        end_threads(pool);
    free(pool->threads);
    free(pool);
}

/* --- jobs ---------------------------------------------------------------- */

static struct loop_pool *own_pool(struct loop *loop)
{
    if (loop->pool == NULL)
        loop->pool =
            loop_pool_new(loop->options.pool_threads, loop->options.pool_queue);
    return loop->pool;
}

/* Under the lock: -EAGAIN if there is no room. */
static int make_room(struct loop_pool *pool)
{
    if (pool->n_queued + pool->n_running >=
        pool->max_threads + pool->queue_limit)
        return -EAGAIN;
    if (pool->n_queued < pool->n_free || pool->n_threads == pool->max_threads)
        return 0;
    const int error = thread_start(pool);
    /* Where the system allows no more threads, those that we have must do. */
    return pool->n_threads > 0 ? 0 : error;
}

static int submit(struct loop_pool *pool, struct loop_job *job)
{
    pthread_mutex_lock(&pool->lock);
    const int error = make_room(pool);
    if (error == 0) {
        enqueue(pool, job);
        pthread_cond_signal(&pool->arrived);
    }
    pthread_mutex_unlock(&pool->lock);
    return error;
}

static void run_here(struct loop_job *job)
{
    job->state = JOB_RUNNING;
    work(job, 0);
    hand_back(job, JOB_ENDED);
}

/* job->post.arg is left as it is: future.c keeps its future there. */
int loop_job_start_named(struct loop *loop, struct loop_pool *pool,
                         struct loop_job *job, loop_work_fn *work_fn,
                         loop_job_fn *fn, void *arg, const char *place)
{
    assert(job->loop == NULL);
    if (loop->closing)
        return -ESHUTDOWN;
    job->work = work_fn;
    job->fn = fn;
    job->arg = arg;
    job->place = place;
    job->loop = loop;
    job->pool = pool != NULL ? pool : own_pool(loop);
    loop_mailbox_hold(loop);
    if (job->pool->max_threads > 0) {
        const int error = submit(job->pool, job);
        if (error != 0) {
            loop_mailbox_release(loop->mailbox);
            job->loop = NULL;
            return error;
        }
    }
    base_list_append(&loop->jobs, &job->link);
    loop->n_active += place != NULL;
    if (job->pool->max_threads == 0)
        run_here(job);
    return 0;
}

int loop_job_cancel(struct loop_job *job)
{
    if (job->loop == NULL)
        return -EBUSY;
    struct loop_pool *pool = job->pool;
    pthread_mutex_lock(&pool->lock);
    const bool queued = job->state == JOB_QUEUED;
    if (queued) {
        dequeue(pool, job);
        hand_back(job, JOB_CANCELLED);
    }
    pthread_mutex_unlock(&pool->lock);
    return queued ? 0 : -EBUSY;
}

/* --- the end of a loop --------------------------------------------------- */

static void wait_for(struct loop_job *job)
{
    struct loop_pool *pool = job->pool;
    pthread_mutex_lock(&pool->lock);
    while (job->state == JOB_RUNNING)
        pthread_cond_wait(&pool->ended, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
}

static void end_jobs(struct loop *loop)
{
    struct base_list *jobs = &loop->jobs, *link;
    for (link = jobs->next; link != jobs; link = link->next)
        loop_job_cancel(base_container(link, struct loop_job, link));
    for (link = jobs->next; link != jobs; link = link->next)
        wait_for(base_container(link, struct loop_job, link));
    mailbox_deliver(loop); /* all of them are in it now */
}

/* In the child of a fork: the threads are the parent's, and so are the jobs. */
static void forget_jobs(struct loop *loop)
{
    struct base_list *link;
    while ((link = base_list_take(&loop->jobs)) != NULL)
        base_container(link, struct loop_job, link)->loop = NULL;
}

void pool_close(struct loop *loop)
{
    if (loop->born == atomic_load(&core_forks))
        end_jobs(loop);
    else
        forget_jobs(loop);
    loop_pool_free(loop->pool);
    loop->pool = NULL;
}

/*
 * test_core_future.c - futures: what Tornado's tests of its own ask for
 * (MiscFutureTest, ChainFutureTest, GeneratorCapClientTest, RunOnExecutorTest),
 * and waiting.
 */
#include "loop/test/each.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* A waiter that notes what it found. */
struct note {
    struct loop_waiter waiter;
    int n;
    enum loop_future_state state;
    int error;
    void *value;
    int *order, position;
};

static void on_settled(struct loop_waiter *w)
{
    struct note *note = w->arg;
    note->n++;
    note->state = w->future->state;
    note->error = w->future->error;
    note->value = w->future->value;
    if (note->order != NULL)
        note->position = ++*note->order;
}

static void expect(struct loop_future *f, struct note *note)
{
    loop_future_then(f, &note->waiter, on_settled, note);
}

static void pass(struct loop *loop)
{
    assert_true(loop_run_once(loop, 0) >= 0);
}

/* --- settling ------------------------------------------------------------ */

static void a_value_is_told_in_the_next_pass(struct loop *loop)
{
    struct loop_future f;
    struct note early = {0}, late = {0};
    int value;
    loop_future_init(loop, &f);
    assert_int_equal(f.state, LOOP_PENDING);
    expect(&f, &early);
    pass(loop);
    assert_int_equal(early.n, 0);
    assert_true(loop_future_set(&f, &value));
    assert_int_equal(early.n, 0);
    expect(&f, &late);
    assert_int_equal(late.n, 0);
    pass(loop);
    assert_int_equal(early.n, 1);
    assert_int_equal(early.state, LOOP_DONE);
    assert_int_equal(early.error, 0);
    assert_ptr_equal(early.value, &value);
    assert_int_equal(late.n, 1);
    assert_ptr_equal(late.value, &value);
    pass(loop);
    assert_int_equal(early.n + late.n, 2);
}

static void an_error_is_told(struct loop *loop)
{
    struct loop_future f;
    struct note note = {0};
    loop_future_init(loop, &f);
    expect(&f, &note);
    assert_true(loop_future_fail(&f, -EPIPE));
    pass(loop);
    assert_int_equal(note.state, LOOP_FAILED);
    assert_int_equal(note.error, -EPIPE);
    assert_null(note.value);
}

static void to_set_a_cancelled_future_does_nothing(struct loop *loop)
{
    struct loop_future f;
    struct note note = {0};
    int value;
    loop_future_init(loop, &f);
    expect(&f, &note);
    assert_true(loop_future_cancel(&f));
    assert_false(loop_future_set(&f, &value));
    assert_false(loop_future_fail(&f, -EPIPE));
    assert_false(loop_future_cancel(&f));
    pass(loop);
    assert_int_equal(note.n, 1);
    assert_int_equal(note.state, LOOP_CANCELLED);
    assert_int_equal(note.error, -ECANCELED);
    assert_null(note.value);
}

static void the_first_to_settle_wins(struct loop *loop)
{
    struct loop_future f;
    int a, b;
    loop_future_init(loop, &f);
    assert_true(loop_future_set(&f, &a));
    assert_false(loop_future_set(&f, &b));
    assert_false(loop_future_cancel(&f));
    assert_int_equal(f.state, LOOP_DONE);
    assert_ptr_equal(f.value, &a);
}

static void waiters_are_called_in_order(struct loop *loop)
{
    struct loop_future f;
    struct note notes[5];
    int order = 0;
    memset(notes, 0, sizeof notes);
    loop_future_init(loop, &f);
    for (int i = 0; i < 5; i++) {
        notes[i].order = &order;
        expect(&f, &notes[i]);
    }
    loop_future_forget(&notes[2].waiter);
    loop_future_set(&f, NULL);
    loop_future_forget(&notes[3].waiter); /* it is on its way already */
    loop_future_forget(&notes[3].waiter);
    pass(loop);
    static const int positions[] = {1, 2, 0, 0, 3};
    for (int i = 0; i < 5; i++)
        assert_int_equal(notes[i].position, positions[i]);
    loop_future_forget(&notes[4].waiter);
    struct loop_waiter never = {0};
    loop_future_forget(&never);
}

/* A callback that sets the next future does not run its waiters inside. */
struct step {
    struct loop_future f;
    struct loop_waiter waiter;
    struct loop_future *next;
    int *depth, *deepest;
};

static void set_next(struct loop_waiter *w)
{
    struct step *s = w->arg;
    if (++*s->depth > *s->deepest)
        *s->deepest = *s->depth;
    if (s->next != NULL)
        loop_future_set(s->next, NULL);
    --*s->depth;
}

static void a_row_of_futures_does_not_nest(struct loop *loop)
{
    enum { STEPS = 50 };
    struct step steps[STEPS];
    int depth = 0, deepest = 0;
    memset(steps, 0, sizeof steps);
    for (int i = 0; i < STEPS; i++) {
        steps[i].next = i + 1 < STEPS ? &steps[i + 1].f : NULL;
        steps[i].depth = &depth;
        steps[i].deepest = &deepest;
        loop_future_init(loop, &steps[i].f);
        loop_future_then(&steps[i].f, &steps[i].waiter, set_next, &steps[i]);
    }
    loop_future_set(&steps[0].f, NULL);
    int passes = 0;
    for (; steps[STEPS - 1].f.state == LOOP_PENDING; passes++)
        pass(loop);
    assert_int_equal(passes, STEPS - 1);
    assert_int_equal(deepest, 1);
    pass(loop); /* the last one's waiter */
}

/* --- chains -------------------------------------------------------------- */

static void a_chain_copies_every_outcome(struct loop *loop)
{
    struct loop_future from[3], to[3];
    struct loop_waiter links[3];
    int value;
    memset(links, 0, sizeof links);
    for (int i = 0; i < 3; i++) {
        loop_future_init(loop, &from[i]);
        loop_future_init(loop, &to[i]);
        loop_future_chain(&from[i], &to[i], &links[i]);
    }
    loop_future_set(&from[0], &value);
    loop_future_fail(&from[1], -EIO);
    loop_future_cancel(&from[2]);
    for (int i = 0; i < 3; i++)
        assert_int_equal(to[i].state, LOOP_PENDING);
    pass(loop);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(to[i].state, from[i].state);
        assert_int_equal(to[i].error, from[i].error);
    }
    assert_ptr_equal(to[0].value, &value);
}

static void a_chain_respects_what_is_settled(struct loop *loop)
{
    struct loop_future from, to;
    struct loop_waiter link = {0};
    int value;
    loop_future_init(loop, &from);
    loop_future_init(loop, &to);
    loop_future_chain(&from, &to, &link);
    loop_future_cancel(&to);
    loop_future_set(&from, &value);
    pass(loop);
    assert_int_equal(to.state, LOOP_CANCELLED);
    assert_null(to.value);
}

static void a_chain_from_a_settled_future(struct loop *loop)
{
    struct loop_future from, to;
    struct loop_waiter link = {0};
    loop_future_init(loop, &from);
    loop_future_init(loop, &to);
    loop_future_fail(&from, -EIO);
    loop_future_chain(&from, &to, &link);
    assert_int_equal(to.state, LOOP_PENDING);
    pass(loop);
    assert_int_equal(to.error, -EIO);
}

/* --- jobs ---------------------------------------------------------------- */

/* What a job gets, and leaves in its place. */
struct sum {
    int a, b, result;
    pthread_t worker;
};

static void add(struct loop_job *job)
{
    struct sum *sum = job->arg;
    sum->result = sum->a + sum->b;
    sum->worker = pthread_self();
    job->arg = &sum->result;
}

static void the_pool_is_chosen_call_by_call(struct loop *loop)
{
    struct loop_pool *pools[] = {loop_pool_new(1, 1), loop_pool_new(1, 1),
                                 loop_pool_new(0, 0), NULL};
    struct sum sums[4];
    for (int i = 0; i < 4; i++) {
        struct loop_future f;
        struct loop_job job = {0};
        sums[i] = (struct sum){.a = i, .b = 40};
        loop_future_init(loop, &f);
        assert_int_equal(loop_future_run(&f, pools[i], &job, add, &sums[i]), 0);
        assert_int_equal(loop_future_wait(&f, LOOP_NEVER), 0);
        assert_ptr_equal(f.value, &sums[i].result);
        assert_int_equal(sums[i].result, 40 + i);
    }
    assert_true(pthread_equal(sums[2].worker, pthread_self()));
    assert_false(pthread_equal(sums[0].worker, pthread_self()));
    assert_false(pthread_equal(sums[0].worker, sums[1].worker));
    for (int i = 0; i < 3; i++)
        loop_pool_free(pools[i]);
}

static void gate(struct loop_job *job)
{
    while (sem_wait(job->arg) == -1)
        ;
}

/* Between futures of the pool and of the loop, both ways, and cancelled. */
static void a_chain_across_pool_and_loop(struct loop *loop)
{
    sem_t open;
    sem_init(&open, 0, 0);
    struct loop_pool *pool = loop_pool_new(1, 1);
    struct loop_future ran, cancelled, plain[2];
    struct loop_waiter links[2];
    struct note notes[2];
    struct loop_job jobs[3];
    memset(links, 0, sizeof links);
    memset(notes, 0, sizeof notes);
    memset(jobs, 0, sizeof jobs);
    loop_future_init(loop, &ran);
    loop_future_init(loop, &cancelled);
    for (int i = 0; i < 2; i++) {
        loop_future_init(loop, &plain[i]);
        expect(&plain[i], &notes[i]);
    }
    assert_int_equal(loop_future_run(&ran, pool, &jobs[0], gate, &open), 0);
    assert_int_equal(loop_future_run(&cancelled, pool, &jobs[1], gate, &open),
                     0);
    assert_int_equal(loop_future_run(&cancelled, pool, &jobs[2], gate, &open),
                     -EAGAIN);
    assert_int_equal(cancelled.state, LOOP_PENDING);
    loop_future_chain(&ran, &plain[0], &links[0]);
    loop_future_chain(&cancelled, &plain[1], &links[1]);
    assert_int_equal(loop_job_cancel(&jobs[1]), 0);
    assert_int_equal(loop_future_wait(&plain[1], LOOP_NEVER), -ECANCELED);
    assert_int_equal(notes[1].state, LOOP_CANCELLED);
    assert_int_equal(notes[0].n, 0);
    sem_post(&open);
    assert_int_equal(loop_future_wait(&plain[0], LOOP_NEVER), 0);
    assert_int_equal(notes[0].state, LOOP_DONE);
    assert_ptr_equal(notes[0].value, &open);
    loop_pool_free(pool);
    sem_destroy(&open);
}

/* The job ends after its future has been cancelled: that stays cancelled. */
static void a_job_comes_too_late(struct loop *loop)
{
    sem_t open;
    sem_init(&open, 0, 0);
    struct loop_future f;
    struct loop_job job = {0};
    loop_future_init(loop, &f);
    assert_int_equal(loop_future_run(&f, NULL, &job, gate, &open), 0);
    loop_future_cancel(&f);
    sem_post(&open);
    while (job.loop != NULL)
        assert_true(loop_run_once(loop, LOOP_NEVER) >= 0);
    assert_int_equal(f.state, LOOP_CANCELLED);
    assert_null(f.value);
    sem_destroy(&open);
}

/* --- from another thread: by the mailbox --------------------------------- */

struct parcel {
    struct loop_post post;
    struct loop_mailbox *mailbox;
    struct loop_future f;
    int value;
};

static void on_parcel(struct loop *loop, struct loop_post *post)
{
    (void)loop;
    struct parcel *p = post->arg;
    loop_future_set(&p->f, &p->value);
}

static void *send_parcel(void *arg)
{
    struct parcel *p = arg;
    p->value = 42;
    loop_post(p->mailbox, &p->post, on_parcel, p);
    loop_mailbox_release(p->mailbox);
    return NULL;
}

static void a_thread_settles_through_the_loop(struct loop *loop)
{
    struct parcel p = {.mailbox = loop_mailbox_hold(loop)};
    pthread_t thread;
    loop_future_init(loop, &p.f);
    assert_int_equal(pthread_create(&thread, NULL, send_parcel, &p), 0);
    assert_int_equal(loop_future_wait(&p.f, LOOP_NEVER), 0);
    assert_int_equal(*(int *)p.f.value, 42);
    pthread_join(thread, NULL);
}

/* --- a client in futures (Tornado's GeneratorCapClientTest) -------------- */

/* Sends a line to a server and gets it back in capitals, or an error. */
struct client {
    struct loop *loop;
    struct loop_op send, recv;
    struct loop_future *f;
    char answer[32];
};

static void on_answer(struct loop_op *op, ssize_t result)
{
    struct client *c = op->arg;
    if (result > 0 && result < (ssize_t)sizeof c->answer) {
        memcpy(c->answer, op->data.ptr, (size_t)result);
        c->answer[result] = '\0';
        if (strncmp(c->answer, "error", 5) == 0)
            loop_future_fail(c->f, -EPROTO);
        else
            loop_future_set(c->f, c->answer);
        loop_cancel(op);
    } else if (result <= 0) {
        loop_future_fail(c->f, result < 0 ? (int)result : -EPIPE);
    }
}

static void on_sent(struct loop_op *op, ssize_t result)
{
    struct client *c = op->arg;
    if (result < 0)
        loop_future_fail(c->f, (int)result);
}

static void capitalise(struct client *c, int fd, const char *line)
{
    assert_int_equal(loop_recv(c->loop, &c->recv, fd, on_answer, c), 0);
    assert_int_equal(
        loop_send(c->loop, &c->send, fd, base_slice_of(line), on_sent, c), 0);
}

/* Answers one line; what is in capitals already is an error. */
static void *cap_server(void *arg)
{
    const int fd = *(int *)arg;
    char line[32];
    const ssize_t n = recv(fd, line, sizeof line, 0);
    bool changed = false;
    for (ssize_t i = 0; i < n; i++) {
        if (line[i] < 'a' || line[i] > 'z')
            continue;
        line[i] = (char)(line[i] - 'a' + 'A');
        changed = true;
    }
    if (changed)
        send(fd, line, (size_t)n, MSG_NOSIGNAL);
    else
        send(fd, "error", 5, MSG_NOSIGNAL);
    return NULL;
}

static int ask(struct loop *loop, const char *line, char answer[32])
{
    int pair[2];
    pthread_t server;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair),
                     0);
    assert_int_equal(pthread_create(&server, NULL, cap_server, &pair[1]), 0);
    struct loop_future f;
    struct client c = {.loop = loop, .f = &f};
    loop_future_init(loop, &f);
    capitalise(&c, pair[0], line);
    const int error = loop_future_wait(&f, LOOP_NEVER);
    while (c.recv.loop != NULL || c.send.loop != NULL)
        assert_true(loop_run_once(loop, LOOP_NEVER) >= 0);
    memcpy(answer, c.answer, sizeof c.answer);
    pthread_join(server, NULL);
    loop_close(loop, pair[0]);
    close(pair[1]);
    return error;
}

static void a_client_returns_its_answer_or_error(struct loop *loop)
{
    char answer[32];
    assert_int_equal(ask(loop, "hello", answer), 0);
    assert_string_equal(answer, "HELLO");
    assert_int_equal(ask(loop, "HELLO!", answer), -EPROTO);
}

/* --- waiting ------------------------------------------------------------- */

static void settle_it(struct loop_call *c)
{
    loop_future_set(c->arg, c->arg);
}

static void fail_it(struct loop_call *c)
{
    loop_future_fail(c->arg, -EIO);
}

static void stop_it(struct loop_call *c)
{
    loop_stop(c->arg);
}

static void wait_returns_the_outcome(struct loop *loop)
{
    struct loop_future f;
    struct loop_call call = {0};
    loop_future_init(loop, &f);
    loop_defer(loop, &call, settle_it, &f);
    assert_int_equal(loop_future_wait(&f, LOOP_NEVER), 0);
    assert_ptr_equal(f.value, &f);
    assert_int_equal(loop_future_wait(&f, 0), 0);

    loop_future_init(loop, &f);
    loop_defer(loop, &call, fail_it, &f);
    assert_int_equal(loop_future_wait(&f, LOOP_NEVER), -EIO);

    loop_future_init(loop, &f);
    loop_future_cancel(&f);
    assert_int_equal(loop_future_wait(&f, LOOP_NEVER), -ECANCELED);
}

static void wait_gives_up(struct loop *loop)
{
    struct loop_future f;
    struct loop_call call = {0};
    loop_future_init(loop, &f);
    assert_int_equal(loop_future_wait(&f, loop_now(loop)), -ETIMEDOUT);
    loop_defer(loop, &call, stop_it, loop);
    assert_int_equal(loop_future_wait(&f, LOOP_NEVER), -EINTR);
    assert_true(base_list_empty(&f.waiters));
    /* And the loop is as before: the next run is not stopped. */
    loop_defer(loop, &call, settle_it, &f);
    assert_int_equal(loop_future_wait(&f, LOOP_NEVER), 0);
    assert_int_equal(loop_run_until(loop, 0), -ETIMEDOUT);
}

struct inside {
    struct loop_call call;
    struct loop_future *f;
    int error;
};

static void wait_inside(struct loop_call *c)
{
    struct inside *in = c->arg;
    in->error = loop_future_wait(in->f, LOOP_NEVER);
}

static void wait_in_a_callback_is_refused(struct loop *loop)
{
    struct loop_future f;
    struct inside in = {.f = &f};
    loop_future_init(loop, &f);
    loop_defer(loop, &in.call, wait_inside, &in);
    pass(loop);
    assert_int_equal(in.error, -EBUSY);
    assert_int_equal(f.state, LOOP_PENDING);
    assert_true(base_list_empty(&f.waiters));
}

int main(void)
{
    static const struct each_test tests[] = {
        EACH(a_value_is_told_in_the_next_pass),
        EACH(an_error_is_told),
        EACH(to_set_a_cancelled_future_does_nothing),
        EACH(the_first_to_settle_wins),
        EACH(waiters_are_called_in_order),
        EACH(a_row_of_futures_does_not_nest),
        EACH(a_chain_copies_every_outcome),
        EACH(a_chain_respects_what_is_settled),
        EACH(a_chain_from_a_settled_future),
        EACH(the_pool_is_chosen_call_by_call),
        EACH(a_chain_across_pool_and_loop),
        EACH(a_job_comes_too_late),
        EACH(a_thread_settles_through_the_loop),
        EACH(a_client_returns_its_answer_or_error),
        EACH(wait_returns_the_outcome),
        EACH(wait_gives_up),
        EACH(wait_in_a_callback_is_refused),
    };
    return each_backend(tests, sizeof tests / sizeof *tests);
}

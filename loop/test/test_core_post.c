/*
 * test_core_post.c - posts from threads and signal handlers, on every back end;
 * also built with the thread sanitizer.
 */
#include "loop/test/each.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

static int n_posts;

static void count(struct loop *loop, struct loop_post *post)
{
    (void)loop;
    (void)post;
    n_posts++;
}

/* --- one thread ---------------------------------------------------------- */

static struct loop_mailbox *mailbox;

static void post_again(struct loop *loop, struct loop_post *post)
{
    (void)loop;
    if (++n_posts < 3)
        loop_post(mailbox, post, post_again, NULL);
}

static void a_post_in_a_post_waits_for_the_next_pass(struct loop *loop)
{
    struct loop_post post = {0};
    mailbox = loop_mailbox_hold(loop);
    n_posts = 0;
    assert_int_equal(loop_post(mailbox, &post, post_again, NULL), 0);
    for (int i = 1; i <= 3; i++) {
        assert_int_equal(loop_run_once(loop, LOOP_NEVER), 1);
        assert_int_equal(n_posts, i);
    }
    assert_int_equal(loop_run_once(loop, 0), 0);
    loop_mailbox_release(mailbox);
}

/* --- many threads -------------------------------------------------------- */

enum { THREADS = 4, EACH_POSTS = 20000 };

struct producer {
    pthread_t thread;
    int next; /* number of the post that has to come next */
    struct loop_post *posts;
};

static struct producer producers[THREADS];
static int n_left;

static void on_number(struct loop *loop, struct loop_post *post)
{
    struct producer *p = post->arg;
    assert_int_equal(post - p->posts, p->next);
    p->next++;
    if (--n_left == 0)
        loop_stop(loop);
}

static void *produce(void *arg)
{
    struct producer *p = arg;
    for (int i = 0; i < EACH_POSTS; i++)
        loop_post(mailbox, &p->posts[i], on_number, p);
    return NULL;
}

static void
posts_of_each_thread_come_in_order_and_none_is_lost(struct loop *loop)
{
    mailbox = loop_mailbox_hold(loop);
    n_left = THREADS * EACH_POSTS;
    for (int i = 0; i < THREADS; i++) {
        producers[i].next = 0;
        producers[i].posts =
            base_alloc_array(EACH_POSTS, sizeof(struct loop_post));
        pthread_create(&producers[i].thread, NULL, produce, &producers[i]);
    }
    assert_int_equal(loop_run(loop), 0);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(producers[i].thread, NULL);
        assert_int_equal(producers[i].next, EACH_POSTS);
        free(producers[i].posts);
    }
    assert_int_equal(loop_stats(loop)->posts, THREADS * EACH_POSTS);
    loop_mailbox_release(mailbox);
}

/* --- a sleeping loop is woken -------------------------------------------- */

static void stop(struct loop *loop, struct loop_post *post)
{
    (void)post;
    loop_stop(loop);
}

static void *post_one(void *post)
{
    loop_post(mailbox, post, stop, NULL);
    return NULL;
}

/* It sleeps without a deadline: the test ends only if it is woken. */
static void a_post_wakes_the_loop(struct loop *loop)
{
    struct loop_post post = {0};
    pthread_t thread;
    mailbox = loop_mailbox_hold(loop);
    for (int i = 0; i < 100; i++) {
        pthread_create(&thread, NULL, post_one, &post);
        assert_int_equal(loop_run(loop), 0);
        pthread_join(thread, NULL);
    }
    loop_mailbox_release(mailbox);
}

/* --- signal handlers ----------------------------------------------------- */

static struct loop_post from_handler;

static void handler(int signo)
{
    (void)signo;
    loop_post(mailbox, &from_handler, stop, NULL);
}

static void a_signal_handler_may_post(struct loop *loop)
{
    const struct sigaction action = {.sa_handler = handler};
    struct sigaction before;
    mailbox = loop_mailbox_hold(loop);
    sigaction(SIGUSR1, &action, &before);
    for (int i = 0; i < 100; i++) {
        errno = 4711;
        raise(SIGUSR1);
        assert_int_equal(errno, 4711);
        assert_int_equal(loop_run(loop), 0);
    }
    sigaction(SIGUSR1, &before, NULL);
    loop_mailbox_release(mailbox);
}

/* --- the loop goes -------------------------------------------------------- */

static void a_post_after_the_end_is_refused(struct loop *loop)
{
    struct loop *other = each_other(loop);
    struct loop_mailbox *box = loop_mailbox_hold(other);
    struct loop_post accepted = {0}, late = {0};
    n_posts = 0;
    assert_int_equal(loop_post(box, &accepted, count, NULL), 0);
    loop_free(other); /* calls what was accepted */
    assert_int_equal(n_posts, 1);
    assert_int_equal(loop_post(box, &late, count, NULL), -ESHUTDOWN);
    assert_int_equal(n_posts, 1);
    loop_mailbox_release(box);
}

static struct loop_timer late_timer;
static struct loop_call late_call;

static void never_timer(struct loop_timer *t)
{
    (void)t;
    fail_msg("a timer was called while its loop was freed");
}

static void never_call(struct loop_call *c)
{
    (void)c;
    fail_msg("a call came while its loop was freed");
}

static void start_more(struct loop *loop, struct loop_post *post)
{
    (void)post;
    n_posts++;
    assert_ptr_equal(loop_current(), loop);
    loop_timer_start(loop, &late_timer, 0, never_timer, NULL);
    loop_defer(loop, &late_call, never_call, NULL);
}

static void a_post_of_the_end_starts_nothing(struct loop *loop)
{
    struct loop *other = each_other(loop);
    struct loop_mailbox *box = loop_mailbox_hold(other);
    struct loop_post post = {0};
    n_posts = 0;
    loop_post(box, &post, start_more, NULL);
    loop_free(other);
    assert_int_equal(n_posts, 1);
    assert_false(loop_timer_active(&late_timer));
    assert_null(late_call.loop);
    loop_timer_stop(&late_timer);
    loop_defer_cancel(&late_call);
    loop_mailbox_release(box);
}

struct racer {
    struct loop_mailbox *box;
    struct loop_post post;
    int result;
};

static void *race(void *arg)
{
    struct racer *r = arg;
    r->result = loop_post(r->box, &r->post, count, NULL);
    loop_mailbox_release(r->box);
    return NULL;
}

/* FEATURES 1.11, 7: accepted and called, or refused; 1,000 times. */
static void a_post_may_race_with_the_end(struct loop *loop)
{
    for (int i = 0; i < 1000; i++) {
        struct loop *other = each_other(loop);
        struct racer racer = {.box = loop_mailbox_hold(other)};
        pthread_t thread;
        n_posts = 0;
        pthread_create(&thread, NULL, race, &racer);
        loop_free(other);
        pthread_join(thread, NULL);
        assert_int_equal(n_posts, racer.result == 0 ? 1 : 0);
    }
}

int main(void)
{
    const struct each_test tests[] = {
        EACH(a_post_in_a_post_waits_for_the_next_pass),
        EACH(posts_of_each_thread_come_in_order_and_none_is_lost),
        EACH(a_post_wakes_the_loop),
        EACH(a_signal_handler_may_post),
        EACH(a_post_after_the_end_is_refused),
        EACH(a_post_of_the_end_starts_nothing),
        EACH(a_post_may_race_with_the_end),
    };
    return each_backend(tests, sizeof tests / sizeof *tests);
}

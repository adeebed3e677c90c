/*
 * mailbox.c - posts: how other threads and signal handlers reach the loop.
 *
 * The mailbox is a stack to which anybody adds with one compare-and-swap, and
 * which the loop takes whole and turns round: no lock, so that a signal handler
 * may interrupt anything, even another post. Who finds it empty also writes to
 * an eventfd, which the loop watches like any descriptor; the others know that
 * the loop has been woken and has not looked yet.
 *
 *     thread  --push-->  [c] -> [b] -> [a]   --take all, reverse-->  a b c
 *             --write--> eventfd             --readable---------->  loop
 *
 * A post that races with loop_free finds the stack either open, and is
 * delivered, or closed, and is told so. The mailbox itself is counted by those
 * who hold it, so that the last post never writes into freed memory, or into a
 * descriptor that has been given to somebody else.
 *
 * Read before: call.c. Read after: pool.c.
 * Rests on: eventfd(2), signal-safety(7), C11 section 7.17.
 */
#include "loop/core/core_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct loop_mailbox {
    _Atomic(struct loop_post *) top;
    atomic_int holders;
    int fd;
};

static struct loop_post closed; /* on top of a stack: nothing goes in */

void mailbox_wake(struct loop_mailbox *mailbox)
{
    const int saved = errno;
    eventfd_write(mailbox->fd, 1); /* fails only at 2^64 - 1: awake already */
    errno = saved;
}

int loop_post_named(struct loop_mailbox *mailbox, struct loop_post *post,
                    loop_post_fn *fn, void *arg, const char *place)
{
    post->fn = fn;
    post->arg = arg;
    post->place = place;
    struct loop_post *top =
        atomic_load_explicit(&mailbox->top, memory_order_relaxed);
    do {
        if (top == &closed)
            return -ESHUTDOWN;
        post->next = top;
    } while (!atomic_compare_exchange_weak_explicit(
        &mailbox->top, &top, post, memory_order_release, memory_order_relaxed));
    if (top == NULL)
        mailbox_wake(mailbox);
    return 0;
}

/* Takes all posts, oldest first, and leaves `left` on top. */
static struct loop_post *take_all(struct loop_mailbox *mailbox,
                                  struct loop_post *left)
{
    struct loop_post *post =
        atomic_exchange_explicit(&mailbox->top, left, memory_order_acquire);
    struct loop_post *first = NULL;
    while (post != NULL) {
        struct loop_post *next = post->next;
        post->next = first;
        first = post;
        post = next;
    }
    return first;
}

static void call(struct loop *loop, struct loop_post *post)
{
    if (post->place == NULL) { /* a job that ended: it is counted as such */
        post->fn(loop, post);
        return;
    }
    loop->stats.posts++;
    callback_begin(loop, CALL_POST, post->place);
    post->fn(loop, post);
    callback_end(loop, CALL_POST);
}

static void call_all(struct loop *loop, struct loop_post *post)
{
    while (post != NULL) {
        struct loop_post *next = post->next; /* the callback may free it */
        call(loop, post);
        post = next;
    }
}

void mailbox_deliver(struct loop *loop)
{
    call_all(loop, take_all(loop->mailbox, NULL));
}

/* Emptied before the posts are taken: one that comes between wakes us again. */
static void on_mail(struct loop_watcher *w, unsigned events)
{
    (void)events;
    eventfd_t count;
    eventfd_read(w->fd, &count);
    mailbox_deliver(w->loop);
}

struct loop_mailbox *loop_mailbox_hold(struct loop *loop)
{
    atomic_fetch_add(&loop->mailbox->holders, 1);
    return loop->mailbox;
}

void loop_mailbox_release(struct loop_mailbox *mailbox)
{
    if (atomic_fetch_sub(&mailbox->holders, 1) != 1)
        return;
    close(mailbox->fd);
    free(mailbox);
}

int mailbox_open(struct loop *loop)
{
    const int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (fd == -1)
        return -errno;
    const int error =
        watcher_start_internal(loop, &loop->mail, fd, on_mail, NULL);
    if (error != 0) {
        close(fd);
        return error;
    }
    loop->mailbox = base_alloc(sizeof *loop->mailbox);
    loop->mailbox->fd = fd;
    loop->mailbox->holders = 1;
    return 0;
}

void mailbox_close(struct loop *loop)
{
    if (loop->mailbox == NULL)
        return;
    loop_watcher_stop(&loop->mail);
    struct loop_post *left = take_all(loop->mailbox, &closed);
    if (loop->born == core_forks) /* in a child they are its parent's */
        call_all(loop, left);
    loop_mailbox_release(loop->mailbox);
    loop->mailbox = NULL;
}

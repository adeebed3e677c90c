/*
 * fetch.c - gets N pages with blocking calls, in threads: C of them at once.
 *
 * Lesson 01's fetch waits for each page before it asks for the next. Here each
 * thread does so, and the kernel runs another thread while one sleeps. Nothing
 * in this program knows of tasks or loops; that is the point of it. Run it
 *
 *     build/lessons/08-coroutines/monkey/fetch -n 10 -c 10 URL
 *     LD_PRELOAD=$PWD/build/lessons/08-coroutines/monkey/monkey.so \
 *         build/lessons/08-coroutines/monkey/fetch -n 10 -c 10 URL
 *
 * and count its threads meanwhile: ls /proc/PID/task.
 *
 * Read before: ../../01-blocking/fetch.c. Read after: monkey.h.
 * Rests on: pthread_create(3), connect(2), recv(2).
 */
#include "../../common/common.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PARALLEL_MAX = 1000 };

static struct target target;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct tally tally; /* lock must be held when these are used: */
static int left;

/* What a thread has of its own. */
struct visit {
    struct page page;
    unsigned long n_calls;
};

static bool send_request(int fd, struct visit *v)
{
    while (v->page.sent < target.request_len) {
        const ssize_t n = send(fd, target.request + v->page.sent,
                               target.request_len - v->page.sent, MSG_NOSIGNAL);
        v->n_calls++;
        if (n == -1)
            return false;
        v->page.sent += (size_t)n;
    }
    return true;
}

static bool receive_page(int fd, struct visit *v)
{
    char bytes[4096];
    for (;;) {
        const ssize_t n = recv(fd, bytes, sizeof bytes, 0);
        v->n_calls++;
        if (n <= 0)
            return n == 0;
        page_received(&v->page, bytes, (size_t)n);
    }
}

/* Gets one page; returns NULL, or what went wrong. */
static const char *get_page(struct visit *v)
{
    const int fd = socket(target.addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd == -1)
        return strerrordesc_np(errno);
    const char *failure = NULL;
    if (connect(fd, (const struct sockaddr *)&target.addr, target.addr_len) ==
            -1 ||
        !send_request(fd, v) || !receive_page(fd, v))
        failure = strerrordesc_np(errno);
    else
        failure = page_verdict(&v->page);
    close(fd);
    v->n_calls += 3; /* socket, connect, close */
    return failure;
}

static void *get_pages(void *arg)
{
    pthread_mutex_lock(&lock);
    while (left > 0) {
        left--;
        pthread_mutex_unlock(&lock);
        struct visit v = {.n_calls = 0};
        const char *failure = get_page(&v);
        pthread_mutex_lock(&lock);
        calls += v.n_calls;
        tally_page(&tally, &v.page, failure);
    }
    pthread_mutex_unlock(&lock);
    return arg;
}

int main(int argc, char **argv)
{
    int n = 1, parallel = 10;
    const char *url = NULL;
    const struct option options[] = {
        {"n", "pages to get", &n, 1, 1000000, NULL, NULL},
        {"c", "threads", &parallel, 1, PARALLEL_MAX, NULL, NULL},
        {"URL", "where the pages are", NULL, 0, 0, &url, NULL},
        {.name = NULL},
    };
    parse_options(argc, argv, "Gets a page N times, with a thread for each.",
                  options);
    target_parse(&target, url);
    left = n;
    tally_start(&tally);
    pthread_t threads[PARALLEL_MAX];
    for (int i = 0; i < parallel; i++) {
        const int error = pthread_create(&threads[i], NULL, get_pages, NULL);
        if (error != 0)
            die(error, "less for -c", "cannot start thread %d", i + 1);
    }
    for (int i = 0; i < parallel; i++)
        pthread_join(threads[i], NULL);
    return tally_print(&tally);
}

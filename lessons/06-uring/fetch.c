/*
 * fetch.c - gets N pages at once by completions.
 *
 * A transfer is a row of operations: socket, connect, send, receive until the
 * end, close. Each is asked for when the one before is done. None is a system
 * call of its own: all that became due in a turn go to the kernel together.
 *
 *     begin all   submit and wait.......... step each that is done   ...
 *
 * The steps of a transfer: begin, step at each completion, end.
 *
 * What epoll's fetch had once, on the stack, each transfer has here: a buffer
 * to receive into. It belongs to the kernel while the receive is in flight, so
 * it cannot be shared.
 *
 * Read before: ../05-epoll/fetch.c, server.c. Read after: claims.c.
 * Rests on: io_uring(7), io_uring_prep_socket(3) (Linux 5.19).
 */
#include "../common/common.h"
#include "uring.h"

#include <stdlib.h>
#include <string.h>

enum { ENTRIES = 256 }; /* operations that fit into one submission */

/* What the one operation in flight of a transfer does. */
enum stage { SOCKET, CONNECT, SEND, RECEIVE };

struct transfer {
    int fd;
    enum stage stage;
    struct page page;
    char bytes[4096];
};

static struct target target;
static struct tally tally;
static struct io_uring ring;
static int left, active; /* pages not begun; transfers under way */

/* arm: asks for the operation of the stage. */
static void arm(struct transfer *t)
{
    struct io_uring_sqe *sqe = uring_sqe(&ring);
    const struct page *page = &t->page;
    switch (t->stage) {
    case SOCKET:
        io_uring_prep_socket(sqe, AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0, 0);
        break;
    case CONNECT:
        io_uring_prep_connect(sqe, t->fd, (const struct sockaddr *)&target.addr,
                              target.addr_len);
        break;
    case SEND:
        io_uring_prep_send(sqe, t->fd, target.request + page->sent,
                           target.request_len - page->sent, MSG_NOSIGNAL);
        break;
    case RECEIVE:
        io_uring_prep_recv(sqe, t->fd, t->bytes, sizeof t->bytes, 0);
        break;
    }
    io_uring_sqe_set_data(sqe, t);
}

static void begin(struct transfer *t)
{
    t->page = (struct page){.sent = 0};
    t->stage = SOCKET;
    t->fd = -1;
    arm(t);
}

/* end: counts the page, and closes. Returns false, for step to return. */
static bool end(struct transfer *t, const char *failure)
{
    tally_page(&tally, &t->page, failure);
    if (t->fd == -1)
        return false;
    struct io_uring_sqe *sqe = uring_sqe(&ring);
    io_uring_prep_close(sqe, t->fd);
    sqe->flags |= IOSQE_CQE_SKIP_SUCCESS; /* nobody waits for it */
    io_uring_sqe_set_data(sqe, NULL);
    return false;
}

/* step: its operation has ended with `result`; false if the transfer has. */
static bool step(struct transfer *t, int result)
{
    struct page *page = &t->page;
    if (result < 0)
        return end(t, strerror(-result));
    switch (t->stage) {
    case SOCKET:
        t->fd = result;
        t->stage = CONNECT;
        break;
    case CONNECT:
        t->stage = SEND;
        break;
    case SEND:
        page->sent += (size_t)result;
        if (page->sent == target.request_len)
            t->stage = RECEIVE;
        break;
    case RECEIVE:
        if (result == 0)
            return end(t, page_verdict(page));
        page_received(page, t->bytes, (size_t)result);
        break;
    }
    arm(t);
    return true;
}

/* Begins the next page in the place of `t`; false if there is none. */
static bool begin_next(struct transfer *t)
{
    if (left == 0)
        return false;
    left--;
    begin(t);
    return true;
}

/* One turn: submit and wait, then step each transfer whose operation ended. */
static void turn(void)
{
    uring_check(CALL(io_uring_submit_and_wait(&ring, 1)));
    struct io_uring_cqe *cqe;
    unsigned head, n = 0;
    io_uring_for_each_cqe(&ring, head, cqe)
    {
        struct transfer *t = io_uring_cqe_get_data(cqe);
        if (t != NULL && !step(t, cqe->res))
            active -= !begin_next(t);
        n++;
    }
    io_uring_cq_advance(&ring, n);
}

static void fetch_all(int parallel)
{
    struct transfer *transfers = allocate_array(parallel, sizeof *transfers);
    for (int i = 0; i < parallel; i++)
        active += begin_next(&transfers[i]);
    while (active > 0)
        turn();
    free(transfers); /* none is in flight: no operation names them */
}

int main(int argc, char **argv)
{
    int n = 1, parallel = 0;
    const char *url = NULL;
    const struct option options[] = {
        {"n", "pages to get", &n, 1, 1000000, NULL, NULL},
        {"c", "at once; 0: all", &parallel, 0, 1000000, NULL, NULL},
        {"URL", "where the pages are", NULL, 0, 0, &url, NULL},
        {.name = NULL},
    };
    parse_options(argc, argv, "Gets a page N times at once, with io_uring.",
                  options);
    target_parse(&target, url);
    parallel = pages_at_once(n, parallel, raise_descriptor_limit());

    tally_start(&tally);
    uring_open(&ring, ENTRIES);
    left = n;
    fetch_all(parallel);
    const int status = tally_print(&tally);
    io_uring_queue_exit(&ring);
    return status;
}

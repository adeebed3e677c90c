/*
 * rings.c - the two rings of io_uring(7) by bare system calls, without
 * liburing.
 *
 * io_uring_setup makes two queues in memory that the process and the kernel
 * share. Each is a ring: an array, and two numbers that only grow; a number
 * modulo the array's size is a place. Who puts in moves the tail, who takes out
 * moves the head.
 *
 *     submission queue (SQ)              completion queue (CQ)
 *     we move the tail: "do this"        the kernel moves the tail: "is done"
 *     the kernel moves the head          we move the head: "seen"
 *
 * Each end is moved by one side alone, so no lock is needed, but an order is:
 * an entry must be written before the tail says so (release), and the tail must
 * be read before the entry (acquire). Else the other side sees a tail that has
 * moved, and an old entry there.
 *
 * The program hands three reads to the kernel at once: of a file, and of two
 * pipes that are empty still. It never calls read(2).
 *
 * Read before: 05-epoll/server.c. Read after: server.c.
 * Rests on: io_uring_setup(2), io_uring_enter(2), C11 section 7.17.3.
 */
#include "../common/common.h"
#include "uring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ENTRIES = 4, READS = 3, SIZE = 16 };

/* Where the two rings lie in the shared memory. */
static struct {
    int fd;
    _Atomic unsigned *sq_head, *sq_tail, *cq_head, *cq_tail;
    unsigned sq_mask, cq_mask; /* size - 1: place = number & mask */
    unsigned *sq_array;        /* place in SQ -> which of `sqes` */
    struct io_uring_sqe *sqes; /* operations */
    struct io_uring_cqe *cqes; /* completions */
} ring;

static const char *const names[READS] = {"file", "pipe 1", "pipe 2"};
static char buffers[READS][SIZE]; /* the kernel's, until the completion */

static void *map(size_t size, off_t what)
{
    void *at = CALL(mmap(NULL, size, PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_POPULATE, ring.fd, what));
    if (at == MAP_FAILED)
        die(errno, NULL, "cannot map the ring");
    return at;
}

/* The kernel tells where in its memory each part begins. */
static void open_ring(void)
{
    struct io_uring_params params = {.flags = 0};
    ring.fd = (int)CALL(syscall(SYS_io_uring_setup, ENTRIES, &params));
    if (ring.fd == -1)
        uring_refused(errno);
    if (!(params.features & IORING_FEAT_SINGLE_MMAP))
        uring_refused(EINVAL); /* before Linux 5.4 */
    const struct io_sqring_offsets *sq = &params.sq_off;
    const struct io_cqring_offsets *cq = &params.cq_off;
    const size_t sq_size = sq->array + params.sq_entries * sizeof(unsigned);
    const size_t cq_size =
        cq->cqes + params.cq_entries * sizeof(struct io_uring_cqe);
    char *both = map(sq_size > cq_size ? sq_size : cq_size, IORING_OFF_SQ_RING);
    ring.sqes =
        map(params.sq_entries * sizeof(struct io_uring_sqe), IORING_OFF_SQES);
    ring.sq_head = (_Atomic unsigned *)(void *)(both + sq->head);
    ring.sq_tail = (_Atomic unsigned *)(void *)(both + sq->tail);
    ring.sq_mask = params.sq_entries - 1;
    ring.sq_array = (unsigned *)(void *)(both + sq->array);
    ring.cq_head = (_Atomic unsigned *)(void *)(both + cq->head);
    ring.cq_tail = (_Atomic unsigned *)(void *)(both + cq->tail);
    ring.cq_mask = params.cq_entries - 1;
    ring.cqes = (struct io_uring_cqe *)(void *)(both + cq->cqes);
    printf("a ring for %u operations and %u completions\n", params.sq_entries,
           params.cq_entries);
}

/* Prints where the four ends stand, and what the kernel was asked so far. */
static void show(const char *what)
{
    printf("%-30s SQ head %u tail %u   CQ head %u tail %u   %2lu calls\n", what,
           atomic_load(ring.sq_head), atomic_load(ring.sq_tail),
           atomic_load(ring.cq_head), atomic_load(ring.cq_tail), calls);
}

/* arm: writes the i-th read into the SQ. This is no system call. */
static void push_read(unsigned i, int fd)
{
    /* We alone move the tail, so we know it; the queue has room for all. */
    const unsigned tail =
        atomic_load_explicit(ring.sq_tail, memory_order_relaxed);
    const unsigned place = tail & ring.sq_mask;
    ring.sqes[place] = (struct io_uring_sqe){
        .opcode = IORING_OP_READ,
        .fd = fd,
        .addr = (uintptr_t)buffers[i],
        .len = SIZE,
        .user_data = i, /* comes back in the completion */
    };
    ring.sq_array[place] = place;
    atomic_store_explicit(ring.sq_tail, tail + 1, memory_order_release);
}

/* wait: the one call of the loop hands over what is new, and sleeps. */
static void enter(unsigned submit, unsigned wait_for)
{
    if (CALL(syscall(SYS_io_uring_enter, ring.fd, submit, wait_for,
                     IORING_ENTER_GETEVENTS, NULL, 0)) == -1)
        die(errno, NULL, "io_uring_enter failed");
}

/* take: the next completion; its bytes lie in our buffer already. */
static void take(void)
{
    const unsigned head =
        atomic_load_explicit(ring.cq_head, memory_order_relaxed);
    while (head == atomic_load_explicit(ring.cq_tail, memory_order_acquire))
        enter(0, 1); /* nothing there: sleep */
    const struct io_uring_cqe *cqe = &ring.cqes[head & ring.cq_mask];
    const uint64_t i = cqe->user_data;
    const int result = cqe->res;
    atomic_store_explicit(ring.cq_head, head + 1, memory_order_release);
    if (result < 0)
        die(-result, NULL, "the read of %s failed", names[i]);
    printf("  %s: %d bytes, \"%.*s\"\n", names[i], result,
           (int)strcspn(buffers[i], ":\n"), buffers[i]);
}

static void write_to(int fd, const char *text)
{
    if (CALL(write(fd, text, strlen(text))) == -1)
        die(errno, NULL, "cannot write");
}

int main(int argc, char **argv)
{
    static const char path[] = "/etc/passwd"; /* each system has one */
    parse_options(argc, argv, "Shows the two rings while they move.",
                  (struct option[]){{.name = NULL}});
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    int first[2], second[2];
    if (file == -1 || pipe2(first, O_CLOEXEC) == -1 ||
        pipe2(second, O_CLOEXEC) == -1)
        die(errno, NULL, "cannot open %s and two pipes", path);
    open_ring();
    show("opened");
    push_read(0, file);
    push_read(1, first[0]);
    push_read(2, second[0]);
    show("3 reads written into the SQ");
    enter(READS, 1);
    show("io_uring_enter, waits for 1");
    take();
    show("taken");
    write_to(second[1], "to the second\n");
    show("write(2) to pipe 2");
    take();
    write_to(first[1], "to the first\n");
    show("write(2) to pipe 1");
    take();
    show("taken");
    close(ring.fd);
}

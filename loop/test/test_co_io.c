/*
 * test_co_io.c - sockets and pipes for tasks: every byte comes once and in
 * order, however it is sent, received and cut; the end and errors are told; a
 * task that always finds bytes lets the others run.
 *
 * Read before: co/io.c, seen.h. Read after: test_co_io_early.c.
 */
#include "loop/co.h"
#include "loop/test/random.h"
#include "loop/test/seen.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define N(array) (sizeof(array) / sizeof(array)[0])

static void run(struct loop *loop, co_fn *fn, void *arg)
{
    assert_int_equal(co_run(loop, fn, arg), 0);
}

static void close_both(const int pair[2])
{
    loop_close(loop_current(), pair[0]);
    loop_close(loop_current(), pair[1]);
}

/* --- connecting and accepting -------------------------------------------- */

struct place {
    int listener;
    struct sockaddr_storage addr;
    socklen_t len;
};

static int connect_to(const struct place *p, int fd)
{
    return co_connect(fd, (const struct sockaddr *)&p->addr, p->len);
}

enum { CLIENTS = 20 };

static void echo(int fd)
{
    char bytes[512];
    ssize_t n;
    while ((n = co_recv(fd, bytes, sizeof bytes)) > 0)
        assert_int_equal(co_send(fd, bytes, (size_t)n), n);
    assert_int_equal(n, 0);
}

static int serve(void *arg)
{
    const struct place *p = arg;
    for (int i = 0; i < CLIENTS; i++) {
        const int fd = co_accept(p->listener);
        assert_true(fd >= 0);
        assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
        assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
        echo(fd);
        loop_close(loop_current(), fd);
    }
    return 0;
}

static void recv_text(int fd, size_t len)
{
    char bytes[5000];
    assert_true(len <= sizeof bytes);
    for (size_t got = 0; got < len;) {
        const ssize_t n = co_recv(fd, bytes + got, len - got);
        assert_true(n > 0);
        got += (size_t)n;
    }
    assert_memory_equal(bytes, seen_text(), len);
}

static int ask(void *arg)
{
    const struct place *p = arg;
    char byte;
    const int fd = seen_tcp_socket();
    assert_int_equal(connect_to(p, fd), 0);
    assert_int_equal(co_send(fd, seen_text(), 5000), 5000);
    recv_text(fd, 5000);
    shutdown(fd, SHUT_WR);
    assert_int_equal(co_recv(fd, &byte, 1), 0);
    loop_close(loop_current(), fd);
    return 0;
}

static int serve_and_ask(void *arg)
{
    struct co_group g;
    co_group_begin(&g);
    co_group_go(&g, serve, arg);
    for (int i = 0; i < CLIENTS; i++)
        co_group_go(&g, ask, arg);
    return co_group_wait(&g);
}

static void servers_and_clients_meet(struct loop *loop)
{
    struct place p;
    p.listener = each_listener(&p.addr, &p.len);
    run(loop, serve_and_ask, &p);
    loop_close(loop, p.listener);
}

static int connect_in_vain(void *arg)
{
    struct place *p = arg;
    const int fd = seen_tcp_socket();
    assert_int_equal(connect_to(p, fd), -ECONNREFUSED);
    p->len = sizeof p->addr + 1;
    assert_int_equal(connect_to(p, fd), -EINVAL);
    p->len = 1;
    assert_int_equal(connect_to(p, fd), -EINVAL);
    loop_close(loop_current(), fd);
    return 0;
}

static void a_refused_connection_is_told(struct loop *loop)
{
    struct place p;
    close(each_listener(&p.addr, &p.len));
    run(loop, connect_in_vain, &p);
}

/* A listener whose queue is full answers no more: see listen(2). */
static int connect_to_the_full(void *arg)
{
    const struct place *p = arg;
    const int first = seen_tcp_socket(), fd = seen_tcp_socket();
    struct co_deadline d;
    assert_int_equal(connect_to(p, first), 0);
    co_deadline_begin(&d, loop_now(loop_current()) + 20 * LOOP_MS);
    assert_int_equal(connect_to(p, fd), -ETIMEDOUT);
    assert_true(co_deadline_end(&d));
    loop_close(loop_current(), first);
    loop_close(loop_current(), fd);
    return 0;
}

static void a_connection_to_a_full_listener_can_time_out(struct loop *loop)
{
    struct place p;
    p.listener = each_listener(&p.addr, &p.len);
    assert_int_equal(listen(p.listener, 0), 0);
    run(loop, connect_to_the_full, &p);
    loop_close(loop, p.listener);
}

enum { AT_THE_DOOR = 200 };

/* The passes that it took. */
static int accept_all(void *arg)
{
    const struct place *p = arg;
    const uint64_t before = loop_stats(loop_current())->passes;
    for (int i = 0; i < AT_THE_DOOR; i++) {
        const int fd = co_accept(p->listener);
        assert_true(fd >= 0);
        assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
        assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
        close(fd);
    }
    return (int)(loop_stats(loop_current())->passes - before);
}

/* On uring each is an operation, and a pass is the least that takes. */
static void those_at_the_door_are_accepted_without_a_wait(struct loop *loop)
{
    struct place p;
    int clients[AT_THE_DOOR];
    p.listener = each_listener(&p.addr, &p.len);
    for (int i = 0; i < AT_THE_DOOR; i++) {
        clients[i] = seen_tcp_socket();
        (void)connect(clients[i], (struct sockaddr *)&p.addr, p.len);
        struct pollfd connected = {.fd = clients[i], .events = POLLOUT};
        assert_int_equal(poll(&connected, 1, -1), 1);
    }
    const int passes = co_run(loop, accept_all, &p);
    const bool is_uring = strcmp(loop_backend(loop), "uring") == 0;
    assert_in_range(passes, 1, is_uring ? 2 * AT_THE_DOOR : AT_THE_DOOR / 4);
    for (int i = 0; i < AT_THE_DOOR; i++)
        close(clients[i]);
    loop_close(loop, p.listener);
}

struct shortage {
    struct place place;
    int spare;
    int before; /* that are accepted before there are none left */
    struct loop *loop;
};

static int close_spare(void *arg)
{
    const struct shortage *s = arg;
    const uint64_t before = loop_stats(s->loop)->accept_pauses;
    while (loop_stats(s->loop)->accept_pauses == before)
        assert_int_equal(co_sleep(LOOP_MS), 0);
    loop_close(s->loop, s->spare);
    return 0;
}

/* No descriptor above those that are open; returns what was allowed. */
static rlim_t forbid_more(void)
{
    struct rlimit limit;
    const int lowest = dup(STDIN_FILENO);
    close(lowest);
    getrlimit(RLIMIT_NOFILE, &limit);
    const rlim_t before = limit.rlim_cur;
    limit.rlim_cur = (rlim_t)lowest;
    setrlimit(RLIMIT_NOFILE, &limit);
    return before;
}

static void allow(rlim_t n)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = n;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static int accept_in_shortage(void *arg)
{
    struct shortage *s = arg;
    for (int i = 0; i < s->before; i++)
        close(co_accept(s->place.listener));
    struct co_deadline patience;
    const rlim_t allowed = forbid_more();
    assert_int_equal(co_go(s->loop, close_spare, s), 0);
    co_deadline_begin(&patience, loop_now(s->loop) + 10 * LOOP_SECOND);
    const int fd = co_accept(s->place.listener);
    co_deadline_end(&patience);
    allow(allowed);
    assert_true(fd >= 0);
    close(fd);
    return 0;
}

/* Also where the listener is known to be ready, and is asked at once. */
static void out_of_descriptors_accepting_pauses(struct loop *loop)
{
    for (int before = 0; before < 2; before++) {
        struct shortage s = {.loop = loop, .before = before};
        int clients[2];
        s.place.listener = each_listener(&s.place.addr, &s.place.len);
        for (int i = 0; i <= before; i++) {
            clients[i] = seen_tcp_socket();
            (void)connect(clients[i], (struct sockaddr *)&s.place.addr,
                          s.place.len);
        }
        s.spare = dup(clients[0]);
        run(loop, accept_in_shortage, &s);
        for (int i = 0; i <= before; i++)
            close(clients[i]);
        loop_close(loop, s.place.listener);
        seen_passes(loop, 3); /* so that its number is free */
    }
}

/* --- all ways to send and to receive ------------------------------------- */

/* Cuts `len` bytes of the text at random, some pieces of them empty. */
static int cut(struct iovec *iov, int most, char *text, size_t len,
               uint64_t *random)
{
    int n = 0;
    for (; n < most - 1 && len > 0; n++) {
        size_t piece = random_below(random, 3000);
        piece = piece < len ? piece : len;
        iov[n] = (struct iovec){text, piece};
        text += piece;
        len -= piece;
    }
    iov[n++] = (struct iovec){text, len};
    return n;
}

enum { PIECES = 1500 }; /* more than a system call takes */

static ssize_t sendv(int fd, const void *bytes, size_t len)
{
    static struct iovec iov[PIECES];
    uint64_t random = 1;
    return co_sendv(fd, iov, cut(iov, PIECES, (char *)bytes, len, &random));
}

static ssize_t writev_all(int fd, const void *bytes, size_t len)
{
    static struct iovec iov[PIECES];
    uint64_t random = 2;
    return co_writev(fd, iov, cut(iov, PIECES, (char *)bytes, len, &random));
}

static ssize_t readv_some(int fd, void *memory, size_t len)
{
    struct iovec iov[] = {{memory, len / 3},
                          {(char *)memory + len / 3, len - len / 3}};
    return co_readv(fd, iov, 2);
}

/* As a library that has its own calls: asks, then reads. */
static ssize_t wait_and_read(int fd, void *memory, size_t len)
{
    for (;;) {
        const ssize_t n = read(fd, memory, len);
        if (n != -1)
            return n;
        assert_int_equal(errno, EAGAIN);
        assert_int_equal(co_wait_fd(fd, LOOP_READ), 0);
    }
}

static ssize_t wait_and_write(int fd, const void *bytes, size_t len)
{
    size_t sent = 0;
    while (sent < len) {
        const ssize_t n = write(fd, (const char *)bytes + sent, len - sent);
        if (n == -1) {
            assert_int_equal(errno, EAGAIN);
            assert_int_equal(co_wait_fd(fd, LOOP_WRITE), 0);
        } else {
            sent += (size_t)n;
        }
    }
    return (ssize_t)sent;
}

typedef ssize_t output_fn(int fd, const void *bytes, size_t len);
typedef ssize_t input_fn(int fd, void *memory, size_t len);

static output_fn *const outputs[] = {co_write, writev_all, wait_and_write,
                                     co_send, sendv};
static input_fn *const inputs[] = {co_read, readv_some, wait_and_read, co_recv};
enum {
    PIPE_OUTPUTS = 3,
    PIPE_INPUTS = 3
}; /* these are for all, the rest is
      for sockets */

struct flow {
    int ends[2]; /* from 1 to 0 */
    output_fn *output;
    input_fn *input;
    size_t len;
    uint64_t random;
};

static int flow_out(void *arg)
{
    const struct flow *f = arg;
    assert_int_equal(f->output(f->ends[1], seen_text(), f->len), f->len);
    loop_close(loop_current(), f->ends[1]);
    return 0;
}

/* Slowly: so that the other end has to wait for room. */
static int flow_in(void *arg)
{
    struct flow *f = arg;
    char bytes[9000];
    size_t got = 0;
    for (;;) {
        const size_t len = 1 + random_below(&f->random, sizeof bytes);
        const ssize_t n = f->input(f->ends[0], bytes, len);
        assert_true(n >= 0);
        if (n == 0)
            break;
        assert_memory_equal(bytes, seen_text() + got, (size_t)n);
        got += (size_t)n;
        for (unsigned i = random_below(&f->random, 4); i > 0; i--)
            co_yield_turn();
    }
    assert_int_equal(got, f->len);
    return 0;
}

static int flow(void *arg)
{
    const struct flow *f = arg;
    struct co_group g;
    co_group_begin(&g);
    co_group_go(&g, flow_out, arg);
    co_group_go(&g, flow_in, arg);
    const int error = co_group_wait(&g);
    loop_close(loop_current(), f->ends[0]);
    return error;
}

static void flow_by(struct loop *loop, void (*open)(int ends[2]),
                    size_t n_outputs, size_t n_inputs)
{
    for (size_t out = 0; out < n_outputs; out++)
        for (size_t in = 0; in < n_inputs; in++) {
            struct flow f = {.output = outputs[out],
                             .input = inputs[in],
                             .len = SEEN_MUCH / 2,
                             .random = out * 10 + in};
            open(f.ends);
            run(loop, flow, &f);
        }
}

static void bytes_arrive_through_tcp(struct loop *loop)
{
    flow_by(loop, seen_tcp_pair, N(outputs), N(inputs));
}

static void bytes_arrive_through_unix_sockets(struct loop *loop)
{
    flow_by(loop, each_pair, N(outputs), N(inputs));
}

static void bytes_arrive_through_pipes(struct loop *loop)
{
    flow_by(loop, seen_pipe, PIPE_OUTPUTS, PIPE_INPUTS);
}

/* Both ways at once: one reads and one writes, of the same descriptor. */
struct both {
    struct flow there, back;
};

static int there_and_back(void *arg)
{
    struct both *b = arg;
    struct co_group g;
    co_group_begin(&g);
    co_group_go(&g, flow_in, &b->back);
    co_group_go(&g, flow_in, &b->there);
    assert_int_equal(co_send(b->there.ends[1], seen_text(), b->there.len),
                     b->there.len);
    shutdown(b->there.ends[1], SHUT_WR);
    assert_int_equal(co_send(b->back.ends[1], seen_text(), b->back.len),
                     b->back.len);
    shutdown(b->back.ends[1], SHUT_WR);
    const int error = co_group_wait(&g);
    close_both(b->there.ends);
    return error;
}

static void a_socket_carries_both_ways(struct loop *loop)
{
    struct both b;
    int pair[2];
    seen_tcp_pair(pair);
    b.there =
        (struct flow){{pair[0], pair[1]}, .input = co_recv, .len = 300000};
    b.back = (struct flow){{pair[1], pair[0]}, .input = co_recv, .len = 200000};
    run(loop, there_and_back, &b);
}

/* --- what is there already, and what comes in pieces --------------------- */

static int read_what_is_there(void *arg)
{
    const int *pair = arg;
    char bytes[100];
    assert_int_equal(co_recv(pair[0], bytes, 40), 40);
    assert_int_equal(co_read(pair[0], bytes + 40, 60), 60);
    assert_memory_equal(bytes, seen_text(), 100);
    assert_int_equal(co_recv(pair[0], bytes, 1), 0);
    assert_int_equal(co_read(pair[0], bytes, 1), 0);
    close_both(pair);
    return 0;
}

static void bytes_from_before_the_first_call_are_read(struct loop *loop)
{
    int pair[2];
    each_pair(pair);
    seen_feed(pair[1], 0, 100);
    shutdown(pair[1], SHUT_WR);
    run(loop, read_what_is_there, pair);
}

/* A writer that neither side of the loop knows of. */
struct pieces {
    int ends[2];
    uint64_t seed;
    size_t total;
};

static int write_pieces(void *arg)
{
    const struct pieces *p = arg;
    uint64_t random = p->seed;
    size_t sent = 0;
    while (sent < p->total) {
        size_t n = 1 + random_below(&random, 200);
        n = n < p->total - sent ? n : p->total - sent;
        const ssize_t wrote = write(p->ends[1], seen_text() + sent, n);
        if (wrote > 0)
            sent += (size_t)wrote;
        else
            assert_int_equal(errno, EAGAIN);
        for (unsigned i = random_below(&random, 5); i > 0; i--)
            co_yield_turn();
        if (random_below(&random, 100) == 0)
            co_sleep(LOOP_MS);
    }
    close(p->ends[1]);
    return 0;
}

static int read_pieces(void *arg)
{
    const struct pieces *p = arg;
    uint64_t random = p->seed + 1;
    char bytes[300];
    size_t got = 0;
    for (;;) {
        const size_t len = 1 + random_below(&random, sizeof bytes);
        input_fn *input = inputs[random_below(&random, N(inputs))];
        const ssize_t n = input(p->ends[0], bytes, len);
        assert_true(n >= 0);
        if (n == 0)
            break;
        assert_memory_equal(bytes, seen_text() + got, (size_t)n);
        got += (size_t)n;
        for (unsigned i = random_below(&random, 5); i > 0; i--)
            co_yield_turn();
    }
    assert_int_equal(got, p->total);
    loop_close(loop_current(), p->ends[0]);
    return 0;
}

static int pieces(void *arg)
{
    struct co_group g;
    struct co_deadline d;
    co_deadline_begin(&d, loop_now(loop_current()) + 60 * LOOP_SECOND);
    co_group_begin(&g);
    co_group_go(&g, read_pieces, arg);
    co_group_go(&g, write_pieces, arg);
    const int error = co_group_wait(&g);
    assert_false(co_deadline_end(&d)); /* it hung */
    return error;
}

/*
 * What the loop knows of readiness, by events and by short reads, must never
 * be less than the truth: else a reader waits for ever. Random sizes, ways to
 * read, and turns in between; SEED=n tries others.
 */
static void pieces_in_random_order_never_hang(struct loop *loop)
{
    const uint64_t seed = random_setting("SEED", 1);
    const uint64_t rounds = random_setting("ROUNDS", 6);
    for (uint64_t i = 0; i < rounds; i++) {
        struct pieces p = {.seed = seed + i, .total = 30000};
        if (i % 2 == 0)
            seen_tcp_pair(p.ends);
        else
            each_pair(p.ends);
        run(loop, pieces, &p);
    }
}

/* --- the end, errors ----------------------------------------------------- */

static int meet_a_reset(void *arg)
{
    const int *pair = arg;
    const struct linger hard = {.l_onoff = 1};
    char byte;
    setsockopt(pair[1], SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close(pair[1]);
    assert_int_equal(co_recv(pair[0], &byte, 1), -ECONNRESET);
    assert_int_equal(co_recv(pair[0], &byte, 1), 0);
    assert_int_equal(co_send(pair[0], &byte, 1), -EPIPE); /* not SIGPIPE */
    loop_close(loop_current(), pair[0]);
    return 0;
}

static void a_reset_is_told(struct loop *loop)
{
    int pair[2];
    seen_tcp_pair(pair);
    run(loop, meet_a_reset, pair);
}

static int send_to_nobody(void *arg)
{
    const int *pair = arg;
    struct iovec iov[] = {{seen_text(), 10}, {seen_text(), 10}};
    close(pair[1]);
    assert_int_equal(co_send(pair[0], seen_text(), SEEN_MUCH), -EPIPE);
    assert_int_equal(co_sendv(pair[0], iov, 2), -EPIPE);
    loop_close(loop_current(), pair[0]);
    return 0;
}

/* The signal would end the program. */
static void a_peer_that_has_gone_is_an_error_and_no_signal(struct loop *loop)
{
    int pair[2];
    each_pair(pair);
    run(loop, send_to_nobody, pair);
}

static int reader(void *arg)
{
    char byte;
    return (int)co_recv(*(int *)arg, &byte, 1);
}

static int writer(void *arg)
{
    const ssize_t n = co_send(*(int *)arg, seen_text(), SEEN_MUCH);
    return n < 0 ? (int)n : 0;
}

/* A read, a write and an accept for which another task waits already. */
static int be_second(void *arg)
{
    int *pair = arg, result;
    struct loop *loop = loop_current();
    char byte;
    struct iovec iov[] = {{&byte, 1}, {&byte, 1}};
    struct co_task *first = co_spawn(loop, reader, &pair[0]);
    struct co_task *second = co_spawn(loop, writer, &pair[0]);
    co_yield_turn();
    co_yield_turn();
    assert_int_equal(co_recv(pair[0], &byte, 1), -EBUSY);
    assert_int_equal(co_readv(pair[0], iov, 2), -EBUSY);
    assert_int_equal(co_accept(pair[0]), -EBUSY);
    assert_int_equal(co_wait_fd(pair[0], LOOP_READ), -EBUSY);
    assert_int_equal(co_send(pair[0], &byte, 1), -EBUSY);
    assert_int_equal(co_writev(pair[0], iov, 2), -EBUSY);
    assert_int_equal(co_wait_fd(pair[0], LOOP_WRITE), -EBUSY);
    seen_feed(pair[1], 0, 1);
    assert_int_equal(co_join(first, &result), 0);
    assert_int_equal(result, 1);
    close_both(pair);
    assert_int_equal(co_join(second, &result), 0);
    assert_int_equal(result, -ECANCELED);
    return 0;
}

static int wait_to_read(void *arg)
{
    return co_wait_fd(*(int *)arg, LOOP_READ);
}

/* Also where bytes are there, which the first has not been told of yet. */
static int be_second_to_bytes(void *arg)
{
    int *pair = arg, result;
    char byte;
    assert_int_equal(co_recv(pair[0], &byte, 1), 1);
    struct co_task *first = co_spawn(loop_current(), wait_to_read, &pair[0]);
    co_yield_turn();
    if (!co_ended(first)) /* the loop had no turn between */
        assert_int_equal(co_recv(pair[0], &byte, 1), -EBUSY);
    assert_int_equal(co_join(first, &result), 0);
    assert_int_equal(result, 0);
    assert_int_equal(co_recv(pair[0], &byte, 1), 1);
    close_both(pair);
    return 0;
}

static void the_second_at_a_descriptor_is_refused(struct loop *loop)
{
    int pair[2];
    each_pair(pair);
    run(loop, be_second, pair);
    each_pair(pair);
    seen_feed(pair[1], 0, 2);
    run(loop, be_second_to_bytes, pair);
}

static void on_watched(struct loop_watcher *w, unsigned events)
{
    (void)w;
    (void)events;
}

static int make_mistakes(void *arg)
{
    int *pair = arg;
    char byte = 0;
    struct iovec iov = {&byte, 1};
    struct loop_watcher w = {0};
    struct sockaddr_in in = {.sin_family = AF_INET};
    assert_int_equal(co_recv(-1, &byte, 1), -EBADF);
    assert_int_equal(co_send(-1, &byte, 1), -EBADF);
    assert_int_equal(co_readv(-1, &iov, 1), -EBADF);
    assert_int_equal(co_accept(-1), -EBADF);
    assert_int_equal(co_wait_fd(-1, LOOP_READ), -EBADF);
    assert_int_equal(co_connect(-1, (struct sockaddr *)&in, sizeof in), -EBADF);
    assert_int_equal(co_readv(pair[0], &iov, -1), -EINVAL);
    assert_int_equal(co_sendv(pair[0], &iov, -1), -EINVAL);
    assert_int_equal(co_wait_fd(pair[0], LOOP_READ | LOOP_WRITE), -EINVAL);
    assert_int_equal(co_wait_fd(pair[0], 0), -EINVAL);
    assert_int_equal(co_readv(pair[0], NULL, 0), 0);
    assert_int_equal(co_writev(pair[0], NULL, 0), 0);
    assert_int_equal(co_send(pair[0], NULL, 0), 0);
    loop_watcher_start(loop_current(), &w, pair[0], LOOP_READ, on_watched,
                       NULL);
    assert_int_equal(co_recv(pair[0], &byte, 1), -EEXIST);
    assert_int_equal(co_send(pair[0], &byte, 1), -EEXIST);
    loop_watcher_stop(&w);
    close_both(pair);
    return 0;
}

static void mistakes_are_errors(struct loop *loop)
{
    int pair[2];
    each_pair(pair);
    seen_feed(pair[1], 0, 1); /* for readv, which would wait for it */
    run(loop, make_mistakes, pair);
}

static int use_a_pipe_as_a_socket(void *arg)
{
    const int *ends = arg;
    char byte = 0;
    assert_int_equal(co_recv(ends[0], &byte, 1), -ENOTSOCK);
    assert_int_equal(co_send(ends[1], &byte, 1), -ENOTSOCK);
    assert_int_equal(co_read(ends[0], &byte, 1), 1);
    close_both(ends);
    return 0;
}

static void a_pipe_is_no_socket(struct loop *loop)
{
    int ends[2];
    seen_pipe(ends);
    seen_feed(ends[1], 0, 1);
    run(loop, use_a_pipe_as_a_socket, ends);
}

static void outside_of_tasks_it_is_not_permitted(struct loop *loop)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    char byte;
    struct iovec iov = {&byte, 1};
    int pair[2];
    each_pair(pair);
    const int fd = pair[0];
    assert_int_equal(co_wait_fd(fd, LOOP_READ), -EPERM);
    assert_int_equal(co_accept(fd), -EPERM);
    assert_int_equal(co_connect(fd, (struct sockaddr *)&in, sizeof in), -EPERM);
    assert_int_equal(co_recv(fd, &byte, 1), -EPERM);
    assert_int_equal(co_read(fd, &byte, 1), -EPERM);
    assert_int_equal(co_readv(fd, &iov, 1), -EPERM);
    assert_int_equal(co_send(fd, &byte, 1), -EPERM);
    assert_int_equal(co_sendv(fd, &iov, 1), -EPERM);
    assert_int_equal(co_write(fd, &byte, 1), -EPERM);
    assert_int_equal(co_writev(fd, &iov, 1), -EPERM);
    assert_int_equal(co_sendfile(fd, fd, 0, 1), -EPERM);
    assert_int_equal(co_file_open("/", 0, 0), -EPERM);
    assert_int_equal(co_file_read(fd, &byte, 1, 0), -EPERM);
    assert_int_equal(co_file_write(fd, &byte, 1, 0), -EPERM);
    assert_int_equal(co_file_sync(fd), -EPERM);
    close(pair[0]);
    close(pair[1]);
    (void)loop;
}

/* --- turns --------------------------------------------------------------- */

enum { READS = 2000, AT_ONCE = 64 };

struct greed {
    int ends[2];
    int turns; /* of the other task */
    bool over;
};

static int count_turns(void *arg)
{
    struct greed *g = arg;
    for (; !g->over; g->turns++)
        co_yield_turn();
    return 0;
}

static int read_greedily(void *arg)
{
    struct greed *g = arg;
    char byte;
    for (int i = 0; i < READS; i++)
        assert_int_equal(co_read(g->ends[0], &byte, 1), 1);
    g->over = true;
    close_both(g->ends);
    return 0;
}

static int write_greedily(void *arg)
{
    struct greed *g = arg;
    for (int i = 0; i < READS; i++)
        assert_int_equal(co_write(g->ends[1], "", 1), 1);
    g->over = true;
    close_both(g->ends);
    return 0;
}

static int be_greedy(void *arg)
{
    struct greed *g = arg;
    struct co_group group;
    co_group_begin(&group);
    co_group_go(&group, count_turns, g);
    co_group_go(&group, g->turns < 0 ? write_greedily : read_greedily, g);
    g->turns = 0;
    return co_group_wait(&group);
}

static void who_always_finds_bytes_lets_others_run(struct loop *loop)
{
    for (int way = -1; way <= 0; way++) {
        struct greed g = {.turns = way};
        seen_pipe(g.ends);
        if (way == 0)
            seen_feed(g.ends[1], 0, READS);
        run(loop, be_greedy, &g);
        assert_true(g.turns >= READS / AT_ONCE - 1);
    }
}

/* What is there does not suspend, where the loop can know it. */
static int read_without_a_turn(void *arg)
{
    struct greed *g = arg;
    char byte;
    const bool completes = co_read(g->ends[0], &byte, 1) != 1;
    assert_false(completes);
    const int turns = g->turns;
    for (int i = 1; i < AT_ONCE / 2; i++)
        assert_int_equal(co_read(g->ends[0], &byte, 1), 1);
    if (strcmp(loop_backend(loop_current()), "uring") != 0)
        assert_int_equal(g->turns, turns);
    g->over = true;
    close_both(g->ends);
    return 0;
}

static int read_beside_another(void *arg)
{
    struct co_group group;
    co_group_begin(&group);
    co_group_go(&group, count_turns, arg);
    co_group_go(&group, read_without_a_turn, arg);
    return co_group_wait(&group);
}

static void what_is_known_to_be_there_does_not_suspend(struct loop *loop)
{
    struct greed g = {.turns = 0};
    seen_pipe(g.ends);
    seen_feed(g.ends[1], 0, AT_ONCE);
    run(loop, read_beside_another, &g);
}

int main(void)
{
    const struct each_test tests[] = {
        EACH(servers_and_clients_meet),
        EACH(a_refused_connection_is_told),
        EACH(a_connection_to_a_full_listener_can_time_out),
        EACH(those_at_the_door_are_accepted_without_a_wait),
        EACH(out_of_descriptors_accepting_pauses),
        EACH(bytes_arrive_through_tcp),
        EACH(bytes_arrive_through_unix_sockets),
        EACH(bytes_arrive_through_pipes),
        EACH(a_socket_carries_both_ways),
        EACH(bytes_from_before_the_first_call_are_read),
        EACH(pieces_in_random_order_never_hang),
        EACH(a_reset_is_told),
        EACH(a_peer_that_has_gone_is_an_error_and_no_signal),
        EACH(the_second_at_a_descriptor_is_refused),
        EACH(mistakes_are_errors),
        EACH(a_pipe_is_no_socket),
        EACH(outside_of_tasks_it_is_not_permitted),
        EACH(who_always_finds_bytes_lets_others_run),
        EACH(what_is_known_to_be_there_does_not_suspend),
    };
    return each_backend(tests, N(tests));
}

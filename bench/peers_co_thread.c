/*
 * peers_co_thread.c - threads, which the kernel switches: the same works, all
 * on one CPU, as the process is pinned to one.
 *
 *     thread/futex     the turn goes round in a ring of threads: each waits for
 *                      its own word, and wakes the next
 *     thread/condvar   the same for two, and channels, with a mutex and
 *                      conditions
 *     thread/pipe      a channel by a pipe, a packet a message: it holds as
 *                      many as it has pages
 *
 * Read before: peers_co_loop.c. Read after: peers_co_ucontext.c.
 * Rests on: futex(2), pthread_cond_wait(3), pipe(7).
 */
#include "peers_co.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { STACK = 65536 };

static pthread_t *threads;
static int n_threads;

static void join_all(void)
{
    for (int i = 0; i < n_threads; i++)
        pthread_join(threads[i], NULL);
    free(threads);
    threads = NULL;
    n_threads = 0;
}

static bool start_thread(pthread_t *thread, void *(*fn)(void *), void *arg)
{
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(
        &attr, PTHREAD_STACK_MIN > STACK ? (size_t)PTHREAD_STACK_MIN : STACK);
    const int error = pthread_create(thread, &attr, fn, arg);
    pthread_attr_destroy(&attr);
    return error == 0;
}

/* As many as can be: `n_threads` then says how many. */
static const char *start_all(int n, void *(*fn)(void *))
{
    threads = base_alloc_array((size_t)n, sizeof *threads);
    for (n_threads = 0; n_threads < n; n_threads++)
        if (!start_thread(&threads[n_threads], fn, (void *)(intptr_t)n_threads))
            return "no more threads could be started";
    return NULL;
}

/* --- the turn in a ring: futex -------------------------------------------- */

enum { WAITS, HAS_TURN, ENDS };

/* Each in a line of the cache of its own. Thread 0 is main's. */
struct place {
    _Alignas(64) _Atomic uint32_t turn;
};

static struct place *places;
static int n_places;

static void futex(_Atomic uint32_t *word, int op, uint32_t value)
{
    syscall(SYS_futex, word, op | FUTEX_PRIVATE_FLAG, value, NULL, NULL, 0);
}

static void give_turn(int to, uint32_t turn)
{
    atomic_store(&places[to].turn, turn);
    futex(&places[to].turn, FUTEX_WAKE, 1);
}

static uint32_t await_turn(int i)
{
    uint32_t turn;
    while ((turn = atomic_load(&places[i].turn)) == WAITS)
        futex(&places[i].turn, FUTEX_WAIT, WAITS);
    atomic_store(&places[i].turn, WAITS);
    return turn;
}

static void *pass_turns(void *arg)
{
    const int i = (int)(intptr_t)arg + 1;
    while (await_turn(i) == HAS_TURN)
        give_turn((i + 1) % n_places, HAS_TURN);
    return NULL;
}

static void close_places(void)
{
    for (int i = 1; i <= n_threads; i++)
        give_turn(i, ENDS);
    join_all();
    free(places);
}

static const char *open_places(int n)
{
    n_places = n;
    places = aligned_alloc(64, (size_t)n * sizeof *places);
    if (places == NULL)
        return "no memory";
    for (int i = 0; i < n; i++)
        atomic_init(&places[i].turn, WAITS);
    const char *reason = start_all(n - 1, pass_turns);
    if (reason != NULL)
        close_places();
    return reason;
}

static const char *open_two(int x)
{
    (void)x;
    return open_places(2);
}

static void go_round(void)
{
    give_turn(1 % n_places, HAS_TURN);
    await_turn(0);
}

static long rounds(long times)
{
    for (long i = 0; i < times; i++)
        go_round();
    return times;
}

/* One round is a turn of each. */
static long turns(long times)
{
    const long n = times / n_places + 1;
    return rounds(n) * n_places;
}

static const struct co_ops futex_pair = {open_two, rounds, close_places};
static const struct co_ops futex_yield = {open_places, turns, close_places};

/* --- a channel: mutex and conditions -------------------------------------- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t room = PTHREAD_COND_INITIALIZER,
                      news = PTHREAD_COND_INITIALIZER,
                      taken = PTHREAD_COND_INITIALIZER;
static struct {
    uint64_t *messages;
    int capacity, head, n;
    bool meets; /* a sender waits until its message is taken */
    bool closed;
} ring;
static uint64_t last, sum;

static bool send_one(uint64_t message)
{
    pthread_mutex_lock(&mutex);
    while (ring.n == ring.capacity && !ring.closed)
        pthread_cond_wait(&room, &mutex);
    if (!ring.closed) {
        ring.messages[(ring.head + ring.n++) % ring.capacity] = message;
        pthread_cond_signal(&news);
        if (ring.meets)
            pthread_cond_wait(&taken, &mutex);
    }
    const bool open = !ring.closed;
    pthread_mutex_unlock(&mutex);
    return open;
}

static bool receive_one(uint64_t *message)
{
    pthread_mutex_lock(&mutex);
    while (ring.n == 0 && !ring.closed)
        pthread_cond_wait(&news, &mutex);
    const bool open = !ring.closed;
    if (open) {
        *message = ring.messages[ring.head];
        ring.head = (ring.head + 1) % ring.capacity;
        ring.n--;
        pthread_cond_signal(&room);
        if (ring.meets)
            pthread_cond_signal(&taken);
    }
    pthread_mutex_unlock(&mutex);
    return open;
}

static void *send_on(void *arg)
{
    uint64_t message = (uint64_t)(intptr_t)arg;
    while (send_one(message))
        message++;
    return NULL;
}

static void *receive_on(void *arg)
{
    (void)arg;
    uint64_t message, got = 0;
    while (receive_one(&message))
        got += message;
    return (void *)(uintptr_t)got; /* so that it is not optimised away */
}

static void close_ring(void)
{
    pthread_mutex_lock(&mutex);
    ring.closed = true;
    pthread_cond_broadcast(&room);
    pthread_cond_broadcast(&news);
    pthread_cond_broadcast(&taken);
    pthread_mutex_unlock(&mutex);
    join_all();
    free(ring.messages);
}

static const char *open_ring(int n, int capacity, void *(*fn)(void *))
{
    ring.meets = capacity == 0;
    ring.capacity = capacity > 0 ? capacity : 1;
    ring.head = ring.n = 0;
    ring.closed = false;
    ring.messages =
        base_alloc_array((size_t)ring.capacity, sizeof *ring.messages);
    const char *reason = start_all(n, fn);
    if (reason != NULL)
        close_ring();
    return reason;
}

static const char *open_channel(int capacity)
{
    return open_ring(1, capacity, send_on);
}

static const char *open_fan_in(int n)
{
    return open_ring(n, 0, send_on);
}

static const char *open_fan_out(int n)
{
    return open_ring(n, 0, receive_on);
}

static long receive_often(long times)
{
    uint64_t message;
    for (long i = 0; i < times && receive_one(&message); i++)
        sum += message;
    return times;
}

static long send_often(long times)
{
    for (long i = 0; i < times; i++)
        send_one(++last);
    return times;
}

static const struct co_ops channel = {open_channel, receive_often, close_ring};
static const struct co_ops fan_in = {open_fan_in, receive_often, close_ring};
static const struct co_ops fan_out = {open_fan_out, send_often, close_ring};

/* --- a pair by conditions ------------------------------------------------- */

/* The turn is main's or the other's; -1: the other ends. */
static int whose;

static void await_whose(pthread_cond_t *condition, int mine)
{
    while (whose == 1 - mine)
        pthread_cond_wait(condition, &mutex);
}

static void *hand_over(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&mutex);
    for (await_whose(&news, 1); whose != -1; await_whose(&news, 1)) {
        whose = 0;
        pthread_cond_signal(&room);
    }
    pthread_mutex_unlock(&mutex);
    return NULL;
}

static const char *open_hands(int x)
{
    (void)x;
    whose = 0;
    return start_all(1, hand_over);
}

static long hand_often(long times)
{
    pthread_mutex_lock(&mutex);
    for (long i = 0; i < times; i++) {
        whose = 1;
        pthread_cond_signal(&news);
        await_whose(&room, 0);
    }
    pthread_mutex_unlock(&mutex);
    return times;
}

static void close_hands(void)
{
    pthread_mutex_lock(&mutex);
    whose = -1;
    pthread_cond_signal(&news);
    pthread_mutex_unlock(&mutex);
    join_all();
}

static const struct co_ops hands = {open_hands, hand_often, close_hands};

/* --- a channel by a pipe -------------------------------------------------- */

static int ends[2];

static void *write_on(void *arg)
{
    (void)arg;
    uint64_t message = 0;
    while (write(ends[1], &message, sizeof message) == sizeof message)
        message++;
    return NULL;
}

/* It says that it is full by blocking, and that nobody reads by EPIPE. */
static const char *open_pipe(int capacity)
{
    if (capacity == 0)
        return "a pipe holds at least one";
    if (pipe2(ends, O_CLOEXEC | O_DIRECT) == -1)
        return "no pipe could be made";
    if (fcntl(ends[1], F_SETPIPE_SZ, capacity * (int)sysconf(_SC_PAGESIZE)) ==
        -1) {
        close(ends[0]);
        close(ends[1]);
        return "a pipe may not be as large";
    }
    signal(SIGPIPE, SIG_IGN);
    return start_all(1, write_on);
}

static long read_often(long times)
{
    uint64_t message;
    for (long i = 0; i < times; i++)
        if (read(ends[0], &message, sizeof message) == sizeof message)
            sum += message;
    return times;
}

static void close_pipe(void)
{
    close(ends[0]);
    join_all();
    close(ends[1]);
}

static const struct co_ops pipes = {open_pipe, read_often, close_pipe};

/* --- spawn, park ---------------------------------------------------------- */

static void *end(void *arg)
{
    return arg;
}

static const char *open_nothing(int x)
{
    (void)x;
    return NULL;
}

static void close_nothing(void)
{
}

static long create_often(long times)
{
    for (long i = 0; i < times; i++) {
        pthread_t thread;
        if (!start_thread(&thread, end, NULL))
            abort();
        pthread_join(thread, NULL);
    }
    return times;
}

static const struct co_ops create = {open_nothing, create_often, close_nothing};

static const char *park(int n)
{
    return open_places(n + 1); /* the first is main's */
}

static const struct co_ops parked = {park, NULL, close_places};

const struct co_peer co_thread_futex = {.name = "thread/futex",
                                        .works = {[CO_PAIR] = &futex_pair,
                                                  [CO_YIELD] = &futex_yield,
                                                  [CO_SPAWN] = &create,
                                                  [CO_PARK] = &parked},
                                        .parks_most = 10000};
const struct co_peer co_thread_condvar = {.name = "thread/condvar",
                                          .works = {[CO_PAIR] = &hands,
                                                    [CO_CHANNEL] = &channel,
                                                    [CO_FAN_IN] = &fan_in,
                                                    [CO_FAN_OUT] = &fan_out}};
const struct co_peer co_thread_pipe = {.name = "thread/pipe",
                                       .works = {[CO_CHANNEL] = &pipes}};

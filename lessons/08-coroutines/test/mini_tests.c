/*
 * mini_tests.c - tests of minico, a part of test.c, which includes it.
 *
 * Most tests let tasks say letters, and compare the word: see said.h.
 */
/* NOLINTNEXTLINE(bugprone-suspicious-include): to mend it after a failure */
#include "../minico.c"

#include "../../common/common.h"
#include "../../common/test/client.h"
#include "../../common/test/said.h"

#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static struct miniloop the_loop;
static int open_before;

/* *state: the name of the test. */
static int begin_loop(void **state)
{
    said_begin(*state);
    int next;
    open_before = open_descriptors(&next);
    return mini_init(&the_loop);
}

/* Not 0, which fails the test, if a descriptor was left open. */
static int end_loop(void **state)
{
    (void)state;
    said_end();
    /* A test that failed has left its tasks where they stood. */
    loop = NULL;
    current = NULL;
    tasks.next = tasks.prev = &tasks;
    n_running = 0;
    the_loop.running = false;
    mini_fini(&the_loop);
    int next;
    return open_descriptors(&next) - open_before;
}

/* True if ThreadSanitizer looks on: it allocates memory for each task. */
static bool skipped_for_threads(void)
{
#ifdef __SANITIZE_THREAD__
    print_message("# skipped: ThreadSanitizer maps memory for each task\n");
    return true;
#else
    return false;
#endif
}

static void run_first(task_function *first)
{
    assert_int_equal(mini_main(&the_loop, first, NULL), 0);
}

static struct task *spawn(task_function *function, void *arg)
{
    struct task *t;
    assert_int_equal(mini_spawn(&t, function, arg), 0);
    return t;
}

/* Joins a task that ends with this result. */
static void expect_result(struct task *t, int expected)
{
    int result = INT_MIN;
    assert_int_equal(mini_join(t, &result), 0);
    assert_int_equal(result, expected);
}

/* A pair of non-blocking sockets. */
static void connect_pair(struct descriptor pair[2])
{
    int fds[2];
    assert_int_equal(
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds),
        0);
    pair[0] = (struct descriptor){.fd = fds[0]};
    pair[1] = (struct descriptor){.fd = fds[1]};
}

static void close_pair(struct descriptor pair[2])
{
    for (int i = 0; i < 2; i++) {
        mini_forget(&pair[i]);
        close(pair[i].fd);
    }
}

/* --- who runs when -------------------------------------------------------- */

/* What a task says, and whether it yields after each of five steps. */
struct speaker {
    char letter;
    bool yields[5];
};

/* Each step receives a byte, which is there already. */
static int speak(void *arg)
{
    const struct speaker *s = arg;
    struct descriptor pair[2];
    connect_pair(pair);
    client_send(pair[1].fd, "12345");
    for (int i = 0; i < 5; i++) {
        char byte;
        assert_int_equal(mini_recv(&pair[0], &byte, 1), 1);
        assert_int_equal(byte, '1' + i);
        say(s->letter);
        if (s->yields[i])
            assert_int_equal(mini_yield(), 0);
    }
    close_pair(pair);
    return s->letter;
}

static struct speaker speaker_a, speaker_b;

static int two_speak(void *arg)
{
    (void)arg;
    struct task *a = spawn(speak, &speaker_a), *b = spawn(speak, &speaker_b);
    expect_result(a, 'a');
    expect_result(b, 'b');
    return 0;
}

static void what_is_ready_does_not_switch(void **state)
{
    (void)state;
    speaker_a = (struct speaker){.letter = 'a'};
    speaker_b = (struct speaker){.letter = 'b'};
    run_first(two_speak);
    expect_said("aaaaabbbbb");
}

static void yields_take_turns(void **state)
{
    (void)state;
    speaker_a = (struct speaker){'a', {true, true, true, true, true}};
    speaker_b = (struct speaker){'b', {true, true, true, true, true}};
    run_first(two_speak);
    expect_said("ababababab");
}

static void one_yield_lets_the_other_run_through(void **state)
{
    (void)state;
    speaker_a = (struct speaker){'a', {true}};
    speaker_b = (struct speaker){.letter = 'b'};
    run_first(two_speak);
    expect_said("abbbbbaaaa");
}

/* Says `depth` letters from as many calls deep, and comes back through all. */
static int dive(int depth)
{
    volatile int mine = depth; /* a local variable in each of the frames */
    if (depth == 0)
        return 0;
    say((char)('0' + mine));
    mini_yield();
    const int below = dive(depth - 1);
    mini_yield();
    say((char)('0' + mine));
    return below + mine;
}

static int dive_three(void *arg)
{
    (void)arg;
    return dive(3);
}

static int two_dive(void *arg)
{
    (void)arg;
    struct task *a = spawn(dive_three, NULL), *b = spawn(dive_three, NULL);
    expect_result(a, 6);
    expect_result(b, 6);
    return 0;
}

static void locals_live_in_nested_calls(void **state)
{
    (void)state;
    run_first(two_dive);
    expect_said("332211112233");
}

/* Floating point too: registers that a call must keep. */
static int sum_of_halves(void *arg)
{
    double sum = 0, half = 1;
    for (int i = 0; i < 50; i++) {
        half /= 2;
        mini_yield();
        sum += half * *(int *)arg;
    }
    return (int)(sum + 0.5);
}

static int many_sums(void *arg)
{
    (void)arg;
    enum { N = 20 };
    int numbers[N];
    struct task *sums[N];
    for (int i = 0; i < N; i++) {
        numbers[i] = 1000 + i;
        sums[i] = spawn(sum_of_halves, &numbers[i]);
    }
    for (int i = 0; i < N; i++)
        expect_result(sums[i], numbers[i]);
    return 0;
}

static void registers_survive_switches(void **state)
{
    (void)state;
    run_first(many_sums);
}

static int frames;

static int look_back(void *arg)
{
    (void)arg;
    void *addresses[64];
    mini_yield();
    frames = backtrace(addresses, 64);
    return 0;
}

/* A debugger finds the first function of the task, and no further. */
static void a_backtrace_ends(void **state)
{
    (void)state;
    run_first(look_back);
    assert_in_range(frames, 2, 10);
}

/* --- begin and end -------------------------------------------------------- */

static int say_and_return(void *arg)
{
    say(*(char *)arg);
    return *(char *)arg;
}

static int spawn_joined(void *arg)
{
    (void)arg;
    struct task *a = spawn(say_and_return, "a");
    say('1'); /* it begins in the next pass */
    mini_yield();
    say('2');
    expect_result(a, 'a'); /* has ended: no switch */
    struct task *b = spawn(say_and_return, "b");
    assert_int_equal(mini_join(b, NULL), 0);
    say('3');
    return 0;
}

static void join_waits_and_gets_the_result(void **state)
{
    (void)state;
    run_first(spawn_joined);
    expect_said("1a2b3");
}

static int leave_others(void *arg)
{
    (void)arg;
    assert_int_equal(mini_spawn(NULL, say_and_return, "x"), 0);
    spawn(say_and_return, "y"); /* nobody joins it */
    say('1');
    return 0;
}

/* The first task has ended, others have not even begun. */
static void main_waits_for_the_last(void **state)
{
    (void)state;
    run_first(leave_others);
    expect_said("1xy");
    run_first(leave_others); /* and can be called again */
    expect_said("1xy1xy");
}

static int count_mappings(void)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    assert_non_null(maps);
    int n = 0;
    for (int c; (c = fgetc(maps)) != EOF;)
        n += c == '\n';
    fclose(maps);
    return n;
}

enum { CROWD = 1000 };

static int mappings_before;

static int count_one(void *arg)
{
    mini_yield();
    ++*(int *)arg;
    return 0;
}

static int crowd(void *arg)
{
    (void)arg;
    int n = 0;
    struct task *all[CROWD];
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < CROWD; i++)
            all[i] = spawn(count_one, &n);
        for (int i = 0; i < CROWD; i++)
            assert_int_equal(mini_join(all[i], NULL), 0);
        /* Most of the stacks have gone back; each is two mappings. */
        assert_in_range(count_mappings(), 0,
                        mappings_before + 2 * STACKS_KEPT_MAX + 20);
    }
    assert_int_equal(n, 3 * CROWD);
    return 0;
}

static void a_crowd_leaves_no_stacks(void **state)
{
    (void)state;
    if (skipped_for_threads())
        skip();
    mappings_before = count_mappings();
    run_first(crowd);
    assert_in_range(count_mappings(), 0, mappings_before + 20);
}

static int spawn_in_vain(void *arg)
{
    (void)arg;
    struct task *t = NULL;
    struct rlimit before, tight;
    assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
    tight = before;
    tight.rlim_cur = 1 << 20;
    assert_int_equal(setrlimit(RLIMIT_AS, &tight), 0);
    const int error = mini_spawn(&t, count_one, NULL);
    assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
    assert_int_equal(error, -ENOMEM);
    assert_null(t);
    return 0;
}

static void without_room_for_a_stack(void **state)
{
    (void)state;
    if (skipped_for_threads())
        skip();
    run_first(spawn_in_vain);
}

static int fill_the_stack(int depth)
{
    volatile char frame[1024];
    frame[0] = (char)depth;
    if (depth == INT_MAX)
        return 0;
    return fill_the_stack(depth + 1) + frame[0];
}

static char *guard;

/* Ends the program by the same signal again, if it was the guard. */
static void on_overflow(int signo, siginfo_t *info, void *context)
{
    (void)context;
    const char *at = info->si_addr;
    if (at < guard || at >= guard + GUARD_SIZE)
        _exit(1);
    signal(signo, SIG_DFL);
}

static int overflow(void *arg)
{
    (void)arg;
    guard = stack_of(current) - GUARD_SIZE;
    return fill_the_stack(0);
}

/* In a child; the handler needs a stack of its own, as that one is full. */
static noreturn void run_and_overflow(void)
{
    static char stack[65536];
    const struct rlimit no_core = {.rlim_cur = 0};
    setrlimit(RLIMIT_CORE, &no_core);
    sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof stack}, NULL);
    const struct sigaction action = {.sa_sigaction = on_overflow,
                                     .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigaction(SIGSEGV, &action, NULL);
    mini_main(&the_loop, overflow, NULL);
    _exit(0);
}

static void an_overflow_ends_the_program(void **state)
{
    (void)state;
    const pid_t child = fork();
    if (child == 0)
        run_and_overflow();
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSEGV);
}

/* --- cancel --------------------------------------------------------------- */

/* Waits in one of the ways, twice; both errors as one number. */
static int sleep_twice(void *arg)
{
    (void)arg;
    say('s');
    const int first = mini_sleep(INT_MAX), second = mini_sleep(0);
    say('S');
    return first * 1000 + second;
}

static int await_twice(void *arg)
{
    struct descriptor *pair = arg;
    say('r');
    const int first = mini_await(&pair[0], EPOLLIN);
    const int second = mini_await(&pair[0], EPOLLOUT);
    say('R');
    return first * 1000 + second;
}

static int suspend_and_yield(void *arg)
{
    (void)arg;
    say('p');
    const int first = mini_suspend(), second = mini_yield();
    say('P');
    return first * 1000 + second;
}

static int join_and_sleep(void *arg)
{
    say('j');
    const int first = mini_join(arg, NULL), second = mini_sleep(0);
    say('J');
    return first * 1000 + second;
}

static int cancel_each(void *arg)
{
    (void)arg;
    struct descriptor pair[2];
    connect_pair(pair);
    struct task *slow = spawn(sleep_twice, NULL);
    struct task *const all[] = {
        spawn(sleep_twice, NULL),
        spawn(await_twice, pair),
        spawn(suspend_and_yield, NULL),
        spawn(join_and_sleep, slow),
    };
    mini_yield();
    expect_said("ssrpj");
    for (int i = 0; i < 4; i++)
        mini_cancel(all[i]);
    expect_said("ssrpj"); /* each learns of it in the next pass */
    for (int i = 0; i < 4; i++)
        expect_result(all[i], -ECANCELED * 1000); /* told once */
    mini_cancel(slow); /* its joiner has gone; it is joined by another */
    expect_result(slow, -ECANCELED * 1000);
    close_pair(pair);
    return 0;
}

static void cancel_ends_each_kind_of_wait_once(void **state)
{
    (void)state;
    run_first(cancel_each);
}

/* Cancelled while ready: the wait it had won; the next one is told. */
static int cancel_the_ready(void *arg)
{
    (void)arg;
    struct task *t = spawn(sleep_twice, NULL);
    mini_cancel(t); /* has not even begun */
    expect_result(t, -ECANCELED * 1000);
    t = spawn(suspend_and_yield, NULL);
    mini_yield();
    mini_wake(t, 7);
    mini_cancel(t);
    expect_result(t, 7 * 1000 - ECANCELED);
    t = spawn(say_and_return, "e");
    mini_yield();
    mini_cancel(t); /* has ended: harmless */
    expect_result(t, 'e');
    return 0;
}

static void cancel_of_the_ready_is_told_at_the_next_wait(void **state)
{
    (void)state;
    run_first(cancel_the_ready);
    expect_said("sSpPe");
}

static int cancel_all(void *arg)
{
    (void)arg;
    struct task *all[10];
    for (int i = 0; i < 10; i++)
        all[i] = spawn(sleep_twice, NULL);
    mini_yield();
    mini_cancel_all();
    assert_int_equal(mini_sleep(0), 0); /* but not the one that calls */
    for (int i = 0; i < 10; i++)
        expect_result(all[i], -ECANCELED * 1000);
    return 0;
}

static void all_but_one_are_cancelled(void **state)
{
    (void)state;
    run_first(cancel_all);
}

/* --- deadlines, sleep, suspend -------------------------------------------- */

static int wait_with_a_deadline(void *arg)
{
    (void)arg;
    struct descriptor pair[2];
    connect_pair(pair);
    mini_deadline(1);
    assert_int_equal(mini_await(&pair[0], EPOLLIN), -ETIMEDOUT);
    assert_int_equal(mini_yield(), -ETIMEDOUT); /* until there is another */
    assert_int_equal(mini_sleep(0), -ETIMEDOUT);
    mini_deadline(INT_MAX);
    assert_int_equal(mini_sleep(0), 0);
    mini_deadline(0);
    assert_int_equal(mini_suspend(), -ETIMEDOUT);
    mini_deadline(1);
    mini_deadline(-1);
    assert_int_equal(mini_sleep(3), 0); /* there was none */
    close_pair(pair);
    return 0;
}

static void a_deadline_ends_waits_until_it_is_replaced(void **state)
{
    (void)state;
    run_first(wait_with_a_deadline);
}

/* A task that ends before its deadline takes that with it. */
static int end_early(void *arg)
{
    (void)arg;
    mini_deadline(1);
    return 0;
}

static int outlive(void *arg)
{
    (void)arg;
    for (int i = 0; i < 3; i++)
        expect_result(spawn(end_early, NULL), 0);
    return mini_sleep(3);
}

static void a_deadline_ends_with_its_task(void **state)
{
    (void)state;
    run_first(outlive);
}

struct sleeper {
    char letter;
    int ms;
};

static int sleep_and_say(void *arg)
{
    const struct sleeper *s = arg;
    assert_int_equal(mini_sleep(s->ms), 0);
    say(s->letter);
    return 0;
}

/* E16: they are joined in the order of spawning, and end in that of time. */
static int sleepers(void *arg)
{
    (void)arg;
    static struct sleeper who[] = {{'c', 60}, {'a', 20}, {'b', 40}};
    struct task *all[3];
    for (int i = 0; i < 3; i++)
        all[i] = spawn(sleep_and_say, &who[i]);
    for (int i = 0; i < 3; i++)
        expect_result(all[i], 0);
    return 0;
}

static void sleepers_wake_by_deadline(void **state)
{
    (void)state;
    run_first(sleepers);
    expect_said("abc");
}

static int suspend_once(void *arg)
{
    (void)arg;
    return mini_suspend();
}

static struct task *suspended;

static void wake_by_callback(void *arg)
{
    (void)arg;
    assert_null(mini_self());
    mini_wake(suspended, 42);
    mini_wake(suspended, 43); /* too late */
}

static int wake_in_two_ways(void *arg)
{
    (void)arg;
    suspended = spawn(suspend_once, NULL);
    mini_wake(suspended, 1); /* does not wait yet: harmless, and forgotten */
    mini_yield();
    mini_wake(suspended, 2);
    expect_result(suspended, 2);
    suspended = spawn(suspend_once, NULL);
    struct timer timer = {.call = {.function = wake_by_callback}};
    mini_timer_start(&the_loop, &timer, 1);
    expect_result(suspended, 42);
    return 0;
}

static void the_first_to_wake_says_the_result(void **state)
{
    (void)state;
    run_first(wake_in_two_ways);
}

/* --- descriptors ---------------------------------------------------------- */

static int read_lines(void *arg)
{
    struct descriptor *d = arg;
    char byte;
    ssize_t n;
    while ((n = mini_recv(d, &byte, 1)) == 1)
        say(byte);
    return (int)n;
}

static int talk(void *arg)
{
    (void)arg;
    struct descriptor pair[2];
    connect_pair(pair);
    struct task *reader = spawn(read_lines, &pair[0]);
    mini_yield();
    for (int i = 0; i < 3; i++) {
        assert_int_equal(mini_send(&pair[1], &"abc"[i], 1), 0);
        say('.');
        mini_sleep(0);
    }
    assert_int_equal(shutdown(pair[1].fd, SHUT_WR), 0);
    expect_result(reader, 0); /* the end of what is to be received */
    close_pair(pair);
    return 0;
}

static void a_reader_waits_for_its_writer(void **state)
{
    (void)state;
    run_first(talk);
    expect_said(".a.b.c");
}

enum { MUCH = 4 << 20 };

static int read_much(void *arg)
{
    char bytes[10000];
    int sum = 0;
    for (ssize_t n; (n = mini_recv(arg, bytes, sizeof bytes)) > 0;)
        sum += (int)n;
    return sum;
}

/* More than the kernel's buffers hold: the writer has to wait, too. */
static int send_much(void *arg)
{
    (void)arg;
    struct descriptor pair[2];
    connect_pair(pair);
    struct task *reader = spawn(read_much, &pair[0]);
    char *bytes = allocate_array(1, MUCH);
    assert_int_equal(mini_send(&pair[1], bytes, MUCH), 0);
    free(bytes);
    shutdown(pair[1].fd, SHUT_WR);
    expect_result(reader, MUCH);
    /* To a peer that is gone: an error, and no SIGPIPE. */
    mini_forget(&pair[0]);
    close(pair[0].fd);
    assert_int_equal(mini_send(&pair[1], "x", 1), -EPIPE);
    mini_forget(&pair[1]);
    close(pair[1].fd);
    return 0;
}

static void a_writer_waits_for_its_reader(void **state)
{
    (void)state;
    run_first(send_much);
}

/* What is ready, and nobody's business now, does not keep the loop awake. */
static int neglect(void *arg)
{
    (void)arg;
    struct descriptor pair[2];
    connect_pair(pair);
    assert_int_equal(mini_await(&pair[0], EPOLLOUT), 0);
    assert_int_equal(mini_await(&pair[0], EPOLLOUT), 0);
    calls = 0;
    assert_int_equal(mini_sleep(30), 0);
    /* epoll_wait finds it, epoll_ctl stops it, epoll_wait sleeps. */
    expect_calls(3);
    assert_int_equal(mini_await(&pair[0], EPOLLOUT), 0);
    close_pair(pair);
    return 0;
}

static void a_descriptor_without_a_waiter_lets_the_loop_sleep(void **state)
{
    (void)state;
    run_first(neglect);
}

/* The watcher stays: a wait for the same costs one epoll_wait and no more. */
static int await_often(void *arg)
{
    (void)arg;
    struct descriptor pair[2];
    connect_pair(pair);
    assert_int_equal(mini_await(&pair[0], EPOLLOUT), 0);
    calls = 0;
    for (int i = 0; i < 10; i++)
        assert_int_equal(mini_await(&pair[0], EPOLLOUT), 0);
    expect_calls(10);
    close_pair(pair);
    return 0;
}

static void a_second_wait_costs_one_call(void **state)
{
    (void)state;
    run_first(await_often);
}

static int fail_to_wait(void *arg)
{
    (void)arg;
    struct descriptor file = {.fd =
                                  open("/proc/self/exe", O_RDONLY | O_CLOEXEC)};
    assert_int_equal(mini_await(&file, EPOLLIN), -EPERM);
    mini_forget(&file); /* harmless */
    close(file.fd);
    char byte;
    assert_int_equal(mini_recv(&(struct descriptor){.fd = -1}, &byte, 1),
                     -EBADF);
    assert_int_equal(mini_send(&(struct descriptor){.fd = -1}, "", 1), -EBADF);
    return 0;
}

static void waiting_in_vain_is_an_error(void **state)
{
    (void)state;
    run_first(fail_to_wait);
}

static int connect_twice(void *arg)
{
    (void)arg;
    int listener = listen_on(0, SOCK_NONBLOCK);
    struct sockaddr_storage addr;
    socklen_t len = sizeof addr;
    assert_int_equal(getsockname(listener, (struct sockaddr *)&addr, &len), 0);
    const int expected[] = {0, -ECONNREFUSED};
    for (int i = 0; i < 2; i++) {
        struct descriptor d = {
            .fd =
                socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
        assert_int_equal(mini_connect(&d, (struct sockaddr *)&addr, len),
                         expected[i]);
        mini_forget(&d);
        close(d.fd);
        if (i == 0)
            close(listener);
    }
    return 0;
}

static void connect_tells_what_became_of_it(void **state)
{
    (void)state;
    run_first(connect_twice);
}

/* --- all of it ------------------------------------------------------------ */

enum { WILD = 100, STEPS = 200 };

static struct task *wild[WILD]; /* NULL: has ended */
static struct descriptor wild_pairs[WILD][2];
static unsigned seed;

/* Numbers that are the same in each run: linear congruential, as rand(3). */
static int random_below(int n)
{
    seed = seed * 1103515245 + 12345;
    return (int)(seed >> 16 & 0x7fff) % n;
}

/* Waits for this and that, and cancels and wakes others meanwhile. */
static int go_wild(void *arg)
{
    const int me = *(int *)arg;
    int told = 0;
    for (int i = 0; i < STEPS; i++) {
        struct task *other = wild[random_below(WILD)];
        int error = 0;
        switch (random_below(6)) {
        case 0:
            error = mini_yield();
            break;
        case 1:
            error = mini_sleep(random_below(2));
            break;
        case 2:
            error = mini_await(&wild_pairs[me][0], EPOLLOUT);
            break;
        case 3:
            mini_deadline(random_below(3));
            error = mini_await(&wild_pairs[me][0], EPOLLIN);
            mini_deadline(-1);
            assert_true(error < 0); /* nobody sends */
            break;
        case 4:
            if (other != NULL)
                mini_cancel(other);
            break;
        default:
            if (other != NULL)
                mini_cancel(mini_self());
            error = mini_yield();
            assert_true(other == NULL || error == -ECANCELED);
        }
        told += error == -ECANCELED;
        assert_true(error == 0 || error == -ECANCELED || error == -ETIMEDOUT);
    }
    wild[me] = NULL;
    return told;
}

static int let_them_go_wild(void *arg)
{
    (void)arg;
    static int numbers[WILD];
    struct task *all[WILD];
    for (int i = 0; i < WILD; i++) {
        numbers[i] = i;
        connect_pair(wild_pairs[i]);
        all[i] = wild[i] = spawn(go_wild, &numbers[i]);
    }
    for (int i = 0; i < WILD; i++) {
        int told;
        assert_int_equal(mini_join(all[i], &told), 0);
        assert_true(told > 0);
        close_pair(wild_pairs[i]);
    }
    return 0;
}

static void many_tasks_wait_and_cancel_at_random(void **state)
{
    (void)state;
    for (seed = 1; seed < 4; seed++) {
        const unsigned first = seed;
        run_first(let_them_go_wild);
        seed = first;
    }
}

#define MINI_TEST(name)                                                        \
    cmocka_unit_test_prestate_setup_teardown(name, begin_loop, end_loop,       \
                                             (void *)#name)

static const struct CMUnitTest mini_tests[] = {
    MINI_TEST(what_is_ready_does_not_switch),
    MINI_TEST(yields_take_turns),
    MINI_TEST(one_yield_lets_the_other_run_through),
    MINI_TEST(locals_live_in_nested_calls),
    MINI_TEST(registers_survive_switches),
    MINI_TEST(a_backtrace_ends),
    MINI_TEST(join_waits_and_gets_the_result),
    MINI_TEST(main_waits_for_the_last),
    MINI_TEST(a_crowd_leaves_no_stacks),
    MINI_TEST(without_room_for_a_stack),
    MINI_TEST(an_overflow_ends_the_program),
    MINI_TEST(cancel_ends_each_kind_of_wait_once),
    MINI_TEST(cancel_of_the_ready_is_told_at_the_next_wait),
    MINI_TEST(all_but_one_are_cancelled),
    MINI_TEST(a_deadline_ends_waits_until_it_is_replaced),
    MINI_TEST(a_deadline_ends_with_its_task),
    MINI_TEST(sleepers_wake_by_deadline),
    MINI_TEST(the_first_to_wake_says_the_result),
    MINI_TEST(a_reader_waits_for_its_writer),
    MINI_TEST(a_writer_waits_for_its_reader),
    MINI_TEST(a_descriptor_without_a_waiter_lets_the_loop_sleep),
    MINI_TEST(a_second_wait_costs_one_call),
    MINI_TEST(waiting_in_vain_is_an_error),
    MINI_TEST(connect_tells_what_became_of_it),
    MINI_TEST(many_tasks_wait_and_cancel_at_random),
};

enum { MINI_TESTS = sizeof mini_tests / sizeof mini_tests[0] };

/*
 * test_co_overflow.c - a task that runs out of its stack ends the program by
 * SIGSEGV, with a line that names it; other faults are not called so, and
 * whoever handled the signal before is asked.
 *
 * Each fault is for a child process, whose stderr is read. Tasks run only
 * there: the first in a process takes the signal, and cmocka would take it
 * back.
 *
 * Read before: co/overflow.c, co/stack.c. Read after: test_co_stack.c.
 * Rests on: sigaltstack(2), wait(2).
 */
#include "loop/co.h"
#include "loop/test/each.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define N(array) (sizeof(array) / sizeof(array)[0])

#if defined __has_feature && !defined __SANITIZE_ADDRESS__
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#if defined __has_feature && !defined __SANITIZE_THREAD__
#if __has_feature(thread_sanitizer)
#define __SANITIZE_THREAD__ 1
#endif
#endif

/* AddressSanitizer ends a program with words of its own. */
#ifdef __SANITIZE_ADDRESS__
enum { SANITIZED = true };
#else
enum { SANITIZED = false };
#endif

/* ThreadSanitizer as well, and it takes its time for them. */
#ifdef __SANITIZE_THREAD__
enum { LEFT_OUT = true };
#else
enum { LEFT_OUT = false };
#endif

/* --- a child that faults ------------------------------------------------- */

#define TASK(fn) .task = (fn), .place = LOOP_PLACE(fn)

struct fault {
    const struct loop *like;
    enum co_guard guard;
    co_fn *task;
    const char *place;    /* of the task */
    void (*before)(void); /* in the child, first of all; may be NULL */
    void (*main)(void);   /* instead of a task; may be NULL */
    /* what came of it: */
    char said[4096];
    int status;
};

static int finish(void *arg)
{
    (void)arg;
    return 0;
}

static void be_child(const struct fault *f, int to)
{
    const struct rlimit none = {0};
    const struct co_options options = {.guard = f->guard};
    setrlimit(RLIMIT_CORE, &none);
    dup2(to, STDERR_FILENO);
    signal(SIGSEGV, SIG_DFL); /* cmocka has a handler */
    if (f->before != NULL)
        f->before();
    struct loop *loop = each_other(f->like);
    if (co_setup(loop, &options) != 0)
        _exit(99);
    if (f->main != NULL) {
        co_run(loop, finish, NULL);
        f->main();
    } else {
        co_run_named(loop, f->task, NULL, f->place);
    }
    _exit(98);
}

static void play(struct fault *f)
{
    int ends[2];
    size_t len = 0;
    ssize_t n;
    assert_int_equal(pipe(ends), 0);
    const pid_t pid = fork();
    assert_int_not_equal(pid, -1);
    if (pid == 0) {
        alarm(30);
        be_child(f, ends[1]);
    }
    close(ends[1]);
    while ((n = read(ends[0], f->said + len, sizeof f->said - 1 - len)) > 0)
        len += (size_t)n;
    f->said[len] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(pid, &f->status, 0), pid);
}

static void assert_died(const struct fault *f)
{
    if (SANITIZED) { /* by their hand, or the signal's */
        assert_false(WIFEXITED(f->status) && WEXITSTATUS(f->status) >= 98);
        return;
    }
    if (!WIFSIGNALED(f->status) || WTERMSIG(f->status) != SIGSEGV)
        fail_msg("ended with status %x, saying: %s", f->status, f->said);
}

static void assert_says(const struct fault *f, const char *text)
{
    if (!SANITIZED && strstr(f->said, text) == NULL)
        fail_msg("it does not say \"%s\" but: %s", text, f->said);
}

static void assert_not_called_overflow(const struct fault *f)
{
    if (strstr(f->said, "in the task") != NULL)
        fail_msg("it says: %s", f->said);
}

/* --- ways to fault ------------------------------------------------------- */

static volatile char sink;

__attribute__((noinline)) static int recurse(volatile int n)
{
    volatile char frame[200];
    frame[n % 200] = (char)n;
    sink = frame[(n + 7) % 200];
    return n == 0 ? 0 : recurse(n - 1) + frame[n % 200];
}

static int recurse_for_ever(void *arg)
{
    (void)arg;
    return recurse(1 << 30);
}

/* Much larger than a guard: only a probe of each page meets it. */
__attribute__((noinline)) static int use_array(volatile int at)
{
    volatile char array[900000];
    array[at] = 1;
    return array[at];
}

static int use_large_array(void *arg)
{
    (void)arg;
    return use_array(0);
}

static int use_large_array_later(void *arg)
{
    (void)arg;
    co_yield_turn();
    co_set_name("greedy");
    return use_array(0);
}

static int overflow_after_a_wait(void *arg)
{
    (void)arg;
    co_sleep(LOOP_MS);
    co_set_name("deep one");
    return recurse(1 << 30);
}

static char *volatile nowhere = (char *)4096; /* nothing is mapped there */

static int write_nowhere(void *arg)
{
    (void)arg;
    *nowhere = 1;
    return 0;
}

/* Mapped before the stacks, and so, as Linux does it, above them. */
static char *forbidden;

static void map_forbidden(void)
{
    forbidden = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static int write_above(void *arg)
{
    (void)arg;
    *(volatile char *)forbidden = 1;
    return 0;
}

static void write_nowhere_in_main(void)
{
    *nowhere = 1;
}

/* --- tests --------------------------------------------------------------- */

static const enum co_guard guards[] = {CO_GUARD_BEST, CO_GUARD_MPROTECT};

static void a_recursion_is_named(struct loop *loop)
{
    for (size_t i = 0; i < N(guards); i++) {
        struct fault f = {
            .like = loop, .guard = guards[i], TASK(recurse_for_ever)};
        play(&f);
        assert_died(&f);
        assert_says(&f, "stack overflow in the task recurse_for_ever (" __FILE__
                        ":");
        assert_says(&f, "co_options.stack_size\n");
    }
}

static void an_array_does_not_leap_over_the_guard(struct loop *loop)
{
    for (size_t i = 0; i < N(guards); i++) {
        struct fault f = {
            .like = loop, .guard = guards[i], TASK(use_large_array)};
        play(&f);
        assert_died(&f);
        assert_says(&f, "stack overflow in the task use_large_array (");
    }
}

static void a_task_that_has_a_name_is_called_by_it(struct loop *loop)
{
    struct fault f = {.like = loop, TASK(overflow_after_a_wait)};
    play(&f);
    assert_died(&f);
    assert_says(&f, "stack overflow in the task deep one:");
    f.task = use_large_array_later;
    play(&f);
    assert_died(&f);
    assert_says(&f, "stack overflow in the task greedy:");
}

static int spawn_and_overflow(void *arg)
{
    struct co_group g;
    (void)arg;
    co_group_begin(&g);
    for (int i = 0; i < 200; i++) /* more than a slab of stacks */
        co_group_go(&g, i == 150 ? overflow_after_a_wait : finish, NULL);
    return co_group_wait(&g);
}

static void one_of_many_is_named(struct loop *loop)
{
    struct fault f = {.like = loop, TASK(spawn_and_overflow)};
    play(&f);
    assert_died(&f);
    assert_says(&f, "stack overflow in the task deep one:");
}

static void other_faults_are_not_called_so(struct loop *loop)
{
    struct fault in_task = {.like = loop, TASK(write_nowhere)};
    struct fault above = {
        .like = loop, .before = map_forbidden, TASK(write_above)};
    struct fault outside = {.like = loop, .main = write_nowhere_in_main};
    play(&above);
    assert_died(&above);
    assert_not_called_overflow(&above);
    play(&in_task);
    assert_died(&in_task);
    assert_not_called_overflow(&in_task);
    play(&outside);
    assert_died(&outside);
    assert_not_called_overflow(&outside);
}

/* --- a function that is compiled without probes -------------------------- */

static size_t left; /* of the stack, when the C library is called */

/* Its stack is below the one that overflows. */
static int victim(void *arg)
{
    (void)arg;
    return co_sleep(LOOP_MS);
}

/* stderr has no buffer: the library makes one, of 8 KiB, in its own frame. */
static int use_stack(size_t n)
{
    volatile char *bytes = __builtin_alloca(n);
    for (size_t i = 0; i < n; i += 512)
        bytes[i] = 1;
    fprintf(stderr, "%d left\n", (int)left);
    return bytes[0];
}

static int print_with_little_left(void *arg)
{
    struct co_stats stats;
    (void)arg;
    co_stats(loop_current(), &stats);
    return use_stack(stats.stack_size - left);
}

static int print_above_another(void *arg)
{
    struct loop *loop = loop_current();
    struct co_task *below = co_spawn(loop, victim, arg);
    co_yield_turn();
    co_go(loop, print_with_little_left, arg);
    return co_join(below, NULL);
}

static void the_library_s_frames_do_not_leap_over_the_guard(struct loop *loop)
{
    if (SANITIZED)
        each_skip(loop, "a sanitizer has frames of its own");
    for (left = 3000; left <= 9000; left += 500) {
        struct fault f = {.like = loop, TASK(print_above_another)};
        play(&f);
        if (WIFEXITED(f.status) && WEXITSTATUS(f.status) == 98)
            continue; /* there was room for it */
        assert_died(&f);
        assert_says(&f, "stack overflow in the task print_with_little_left (");
    }
}

/* --- the signal without a fault ------------------------------------------ */

static void send_it(void)
{
    kill(getpid(), SIGSEGV);
}

static int send_it_to_oneself(void *arg)
{
    (void)arg;
    send_it();
    return 0;
}

static void who_is_sent_the_signal_ends_by_it(struct loop *loop)
{
    struct fault in_task = {.like = loop, TASK(send_it_to_oneself)};
    struct fault outside = {.like = loop, .main = send_it};
    play(&in_task);
    assert_died(&in_task);
    assert_not_called_overflow(&in_task);
    play(&outside);
    assert_died(&outside);
    assert_not_called_overflow(&outside);
}

/* --- who handled the signal before --------------------------------------- */

static void say(const char *text)
{
    const ssize_t n = write(STDERR_FILENO, text, strlen(text));
    (void)n;
}

static void on_fault(int signo)
{
    say(signo == SIGSEGV ? "the program's own handler\n" : "?\n");
    _exit(7);
}

static void on_fault_with_info(int signo, siginfo_t *info, void *context)
{
    (void)context;
    say(signo == SIGSEGV && info->si_addr != NULL ? "with the address\n"
                                                  : "?\n");
    _exit(8);
}

static void handle(void)
{
    signal(SIGSEGV, on_fault);
}

static void handle_with_info(void)
{
    const struct sigaction action = {.sa_sigaction = on_fault_with_info,
                                     .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, NULL);
}

static void ignore(void)
{
    signal(SIGSEGV, SIG_IGN); /* the kernel does not, for a fault */
}

static void the_handler_from_before_is_called(struct loop *loop)
{
    struct fault f = {.like = loop, TASK(recurse_for_ever), .before = handle};
    play(&f);
    assert_true(WIFEXITED(f.status));
    assert_int_equal(WEXITSTATUS(f.status), 7);
    assert_non_null(strstr(f.said, "stack overflow in the task recurse_for"));
    assert_non_null(strstr(f.said, "the program's own handler\n"));
    f.before = handle_with_info;
    play(&f);
    assert_int_equal(WEXITSTATUS(f.status), 8);
    assert_non_null(strstr(f.said, "with the address\n"));
    f.before = ignore;
    play(&f);
    assert_died(&f);
    f.before = handle;
    f.task = write_nowhere;
    play(&f);
    assert_int_equal(WEXITSTATUS(f.status), 7);
    assert_not_called_overflow(&f);
}

/* --- several loops ------------------------------------------------------- */

static void free_another_loop(void)
{
    struct loop *loop;
    if (loop_new(&loop, NULL) != 0)
        _exit(97);
    co_run(loop, finish, NULL);
    loop_free(loop);
}

static int overflow_inside(void *arg)
{
    (void)arg;
    return recurse(1 << 30);
}

/* The first loop of a thread has gone, and the second needs the handler. */
static int overflow_in_a_second_loop(void *arg)
{
    (void)arg;
    struct loop *second;
    if (loop_new(&second, NULL) != 0)
        _exit(97);
    co_run(second, overflow_inside, NULL);
    return 0;
}

static void overflow_when_the_first_loop_has_gone(void)
{
    struct loop *first, *second;
    if (loop_new(&first, NULL) != 0 || loop_new(&second, NULL) != 0)
        _exit(97);
    co_run(first, finish, NULL);
    co_run(second, finish, NULL);
    loop_free(first);
    co_run(second, recurse_for_ever, NULL);
}

static void a_second_loop_keeps_the_handler_s_stack(struct loop *loop)
{
    struct fault f = {.like = loop,
                      .main = overflow_when_the_first_loop_has_gone};
    play(&f);
    assert_died(&f);
    assert_says(&f, "stack overflow in the task recurse_for_ever (");
    f.main = NULL;
    f.before = free_another_loop;
    f.task = overflow_in_a_second_loop;
    play(&f);
    assert_died(&f);
    assert_says(&f, "stack overflow in the task overflow_inside (");
}

static void *run_in_thread(void *arg)
{
    (void)arg;
    free_another_loop();
    struct loop *loop;
    if (loop_new(&loop, NULL) != 0)
        _exit(97);
    co_run(loop, recurse_for_ever, NULL);
    return NULL;
}

static void overflow_in_a_thread(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, run_in_thread, NULL);
    pthread_join(thread, NULL);
}

static void a_task_of_another_thread_is_named(struct loop *loop)
{
    struct fault f = {.like = loop, .main = overflow_in_a_thread};
    play(&f);
    assert_died(&f);
    assert_says(&f, "stack overflow in the task recurse_for_ever (");
}

static void compare_handler_s_stack(void)
{
    stack_t before, after;
    sigaltstack(NULL, &before);
    free_another_loop();
    sigaltstack(NULL, &after);
    _exit(before.ss_sp == after.ss_sp && before.ss_flags == after.ss_flags ? 5
                                                                           : 6);
}

static void nothing_is_left_in_the_thread(struct loop *loop)
{
    struct fault f = {.like = loop, .before = compare_handler_s_stack};
    play(&f);
    assert_true(WIFEXITED(f.status));
    assert_int_equal(WEXITSTATUS(f.status), 5);
}

int main(void)
{
    const struct each_test tests[] = {
        EACH(a_recursion_is_named),
        EACH(an_array_does_not_leap_over_the_guard),
        EACH(a_task_that_has_a_name_is_called_by_it),
        EACH(one_of_many_is_named),
        EACH(other_faults_are_not_called_so),
        EACH(the_library_s_frames_do_not_leap_over_the_guard),
        EACH(who_is_sent_the_signal_ends_by_it),
        EACH(the_handler_from_before_is_called),
        EACH(a_second_loop_keeps_the_handler_s_stack),
        EACH(a_task_of_another_thread_is_named),
        EACH(nothing_is_left_in_the_thread),
    };
    if (LEFT_OUT) {
        puts("1..0 # SKIP ThreadSanitizer handles the signal itself");
        return 0;
    }
    return each_backend(tests, N(tests));
}

/*
 * test_core_watchdog.c - a callback that holds the loop is reported while it
 * does, with its place and the stack that it blocks on; one that does not is
 * not reported.
 *
 * No time decides: a callback that blocks does so until its report is in the
 * log. A test that waits for a report that never comes fails after 10 s.
 *
 * Read before: core/watchdog.c.
 */
#include "loop/core/core_internal.h"
#include "loop/test/each.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define N(array) (sizeof(array) / sizeof(array)[0])

#if defined(__has_feature) && !defined(__SANITIZE_THREAD__)
#if __has_feature(thread_sanitizer)
#define __SANITIZE_THREAD__ 1
#endif
#endif
#ifdef __SANITIZE_THREAD__
enum { SIGNALS_WAIT_FOR_READ = true };
#else
enum { SIGNALS_WAIT_FOR_READ = false };
#endif

/* A function's frame is looked for by its name, which -rdynamic exports. */
__attribute__((noinline)) void block_in_condition(const char *what);
__attribute__((noinline)) ssize_t block_in_read(int fd);

/* --- the log, line by line ----------------------------------------------- */

enum { LOG_SIZE = 1 << 20 };

static struct {
    pthread_mutex_t lock;
    pthread_cond_t added;
    char text[LOG_SIZE];
    size_t len;
    int wake; /* a byte is written here when the first frame is logged; or -1 */
} logged = {.lock = PTHREAD_MUTEX_INITIALIZER, .wake = -1};

static void on_log(enum base_logger logger, enum base_level level,
                   const char *message, void *arg)
{
    (void)logger;
    (void)level;
    (void)arg;
    const size_t len = strlen(message);
    pthread_mutex_lock(&logged.lock);
    if (len + 2 <= LOG_SIZE - logged.len) {
        memcpy(logged.text + logged.len, message, len);
        logged.len += len;
        memcpy(logged.text + logged.len, "\n", 2);
        logged.len++;
    }
    if (logged.wake != -1 && strstr(message, "  #0 ") != NULL)
        if (write(logged.wake, "x", 1) != 1)
            abort();
    pthread_cond_broadcast(&logged.added);
    pthread_mutex_unlock(&logged.lock);
}

static void open_log(void)
{
    struct base_log_config config = base_log_default;
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&logged.added, &attr);
    pthread_condattr_destroy(&attr);
    logged.len = 0;
    logged.text[0] = '\0';
    logged.wake = -1;
    config.sink = on_log;
    assert_int_equal(base_log_open(&config), 0);
}

static void close_log(void)
{
    base_log_close();
    pthread_cond_destroy(&logged.added);
}

/* How often `what` has been logged. */
static int count(const char *what)
{
    int n = 0;
    pthread_mutex_lock(&logged.lock);
    for (const char *at = logged.text; (at = strstr(at, what)) != NULL; at++)
        n++;
    pthread_mutex_unlock(&logged.lock);
    return n;
}

/* Waits until `what` is logged; returns false after `ns`. */
static bool wait_for(const char *what, int64_t ns)
{
    struct timespec deadline;
    int error = 0;
    clock_gettime(CLOCK_MONOTONIC, &deadline);
    ns += deadline.tv_nsec;
    deadline.tv_sec += ns / LOOP_SECOND;
    deadline.tv_nsec = ns % LOOP_SECOND;
    pthread_mutex_lock(&logged.lock);
    while (strstr(logged.text, what) == NULL && error == 0)
        error = pthread_cond_timedwait(&logged.added, &logged.lock, &deadline);
    pthread_mutex_unlock(&logged.lock);
    return error == 0;
}

static struct loop *watched(const struct loop *like, int64_t limit_ns)
{
    struct loop *loop;
    const struct loop_options options = {.backend = loop_backend(like),
                                         .watchdog_ns = limit_ns};
    assert_int_equal(loop_new(&loop, &options), 0);
    return loop;
}

/* --- a callback that blocks ---------------------------------------------- */

void block_in_condition(const char *what)
{
    if (!wait_for(what, 10 * LOOP_SECOND))
        print_message("not logged in 10 s: %s\n", what);
}

static void on_stuck(struct loop_call *c)
{
    block_in_condition(c->arg);
}

static void it_is_reported_while_it_blocks(struct loop *each)
{
    struct loop_call call = {.arg = NULL};
    char first_frame[] = "  #0 ";
    open_log();
    struct loop *loop = watched(each, 5 * LOOP_MS);
    loop_defer(loop, &call, on_stuck, first_frame);
    assert_int_equal(loop_run_once(loop, 0), 1);
    assert_int_equal(loop_stats(loop)->slow, 1);
    loop_free(loop);
    close_log();
    const char *place = "on_stuck (" __FILE__ ":";
    const char *begin = strstr(logged.text, place);
    assert_ptr_equal(begin, logged.text);
    assert_non_null(strstr(begin, ") has held the loop for "));
    assert_non_null(strstr(begin, "block_in_condition"));
    assert_non_null(strstr(begin, "loop_run_once"));
    const char *end = strstr(begin, ") held the loop for ");
    assert_non_null(end);
    assert_true(atoi(end + strlen(") held the loop for ")) >= 5);
}

ssize_t block_in_read(int fd)
{
    char byte;
    return read(fd, &byte, 1);
}

struct reading {
    int fd;
    ssize_t result;
};

static void on_reading(struct loop_call *c)
{
    struct reading *r = c->arg;
    r->result = block_in_read(r->fd);
}

static void a_system_call_is_shown_and_goes_on(struct loop *each)
{
    struct loop_call call = {.arg = NULL};
    int fds[2];
    if (SIGNALS_WAIT_FOR_READ)
        each_skip(each, "ThreadSanitizer holds signals in read");
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    open_log();
    logged.wake = fds[1];
    struct loop *loop = watched(each, LOOP_MS);
    struct reading reading = {.fd = fds[0]};
    loop_defer(loop, &call, on_reading, &reading);
    loop_run_once(loop, 0);
    loop_free(loop);
    close_log();
    close(fds[0]);
    close(fds[1]);
    assert_non_null(strstr(logged.text, "block_in_read"));
    assert_int_equal(reading.result, 1); /* interrupted, it went on */
}

static void on_stuck_for_long(struct loop_call *c)
{
    block_in_condition(c->arg);
    /* Nothing logs an empty line: blocks on for many times the threshold. */
    wait_for("\n\n", 100 * LOOP_MS);
}

/* Reported once, however long it goes on. */
static void it_is_reported_once(struct loop *each)
{
    struct loop_call call = {.arg = NULL};
    char first_frame[] = "  #0 ";
    open_log();
    struct loop *loop = watched(each, 5 * LOOP_MS);
    loop_defer(loop, &call, on_stuck_for_long, first_frame);
    loop_run_once(loop, 0);
    assert_int_equal(loop_stats(loop)->slow, 1);
    loop_free(loop);
    close_log();
    assert_int_equal(count("has held the loop"), 1);
    assert_int_equal(count(") held the loop"), 1);
    assert_int_equal(count("  #0 "), 1);
}

static void on_other(struct loop_timer *t)
{
    block_in_condition(t->arg);
}

static void each_is_reported_under_its_name(struct loop *each)
{
    struct loop_call call = {.arg = NULL};
    struct loop_timer timer = {.arg = NULL};
    char stuck[] = "on_stuck (", other[] = "on_other (";
    open_log();
    struct loop *loop = watched(each, LOOP_MS);
    loop_defer(loop, &call, on_stuck, stuck);
    loop_timer_start(loop, &timer, 0, on_other, other);
    assert_int_equal(loop_run_once(loop, 0), 2);
    assert_int_equal(loop_stats(loop)->slow, 2);
    loop_free(loop);
    close_log();
    assert_int_equal(count("on_stuck (" __FILE__), 2);
    assert_int_equal(count("on_other (" __FILE__), 2);
    assert_int_equal(count("has held the loop"), 2);
}

/* --- what is not reported ------------------------------------------------ */

static void on_quick(struct loop_call *c)
{
    ++*(int *)c->arg;
}

static void a_quick_one_is_not_reported(struct loop *each)
{
    struct loop_call call = {.arg = NULL};
    int n = 0;
    open_log();
    struct loop *loop = watched(each, 3600 * LOOP_SECOND);
    for (int i = 0; i < 1000; i++) {
        loop_defer(loop, &call, on_quick, &n);
        loop_run_once(loop, 0);
    }
    assert_int_equal(n, 1000);
    assert_int_equal(loop_stats(loop)->slow, 0);
    loop_free(loop);
    close_log();
    assert_string_equal(logged.text, "");
}

/*
 * A loop that waits blocks as well, and that is what it is for. (The callback
 * before may be slow by accident, and then it may be reported.)
 */
static void waiting_is_not_reported(struct loop *each)
{
    struct loop_call call = {.arg = NULL};
    int n = 0;
    open_log();
    struct loop *loop = watched(each, LOOP_MS);
    loop_defer(loop, &call, on_quick, &n);
    loop_run_once(loop, 0);
    assert_int_equal(loop_run_once(loop, loop_now(loop) + 50 * LOOP_MS), 0);
    const int slow = (int)loop_stats(loop)->slow;
    loop_free(loop);
    close_log();
    assert_true(count("has held the loop") <= slow);
}

static void on_edge(struct loop_call *c)
{
    struct timespec begin, now;
    int64_t ns;
    (void)c;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    do {
        clock_gettime(CLOCK_MONOTONIC, &now);
        ns = (now.tv_sec - begin.tv_sec) * LOOP_SECOND + now.tv_nsec -
             begin.tv_nsec;
    } while (ns < LOOP_MS - 20000);
}

/*
 * Callbacks that end just when they would be reported. Whichever wins: no more
 * of them are reported than were slow, and nothing else is.
 */
static void one_that_ends_just_then_is_no_trouble(struct loop *each)
{
    struct loop_call call = {.arg = NULL}, quick = {.arg = NULL};
    int n = 0;
    open_log();
    struct loop *loop = watched(each, LOOP_MS);
    for (int i = 0; i < 300; i++) {
        loop_defer(loop, &call, on_edge, NULL);
        loop_defer(loop, &quick, on_quick, &n);
        loop_run_once(loop, 0);
    }
    const int slow = (int)loop_stats(loop)->slow;
    loop_free(loop);
    close_log();
    assert_int_equal(count(") held the loop for "), slow);
    assert_true(count("on_edge (") <= 2 * count("on_edge (" __FILE__));
    assert_true(count(") has held the loop for ") <= slow);
    assert_true(count("  #0 ") <= count(") has held the loop for "));
}

/* --- the signal ---------------------------------------------------------- */

static void on_deaf(struct loop_call *c)
{
    sigset_t all;
    sigfillset(&all);
    sigdelset(&all, SIGTERM); /* a test that hangs can be ended */
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    block_in_condition(c->arg);
}

/* The signal that nobody took must not end the program afterwards. */
static void a_thread_without_signals_is_reported(struct loop *each)
{
    struct loop_call call = {.arg = NULL};
    char report[] = "has held the loop";
    sigset_t before;
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    open_log();
    struct loop *loop = watched(each, LOOP_MS);
    loop_defer(loop, &call, on_deaf, report);
    loop_run_once(loop, 0);
    loop_free(loop);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close_log();
    assert_int_equal(count("  #0 "), 0);
    assert_int_equal(count(report), 1);
}

static void on_own_signal(int signo);

/* The real-time signal that a watchdog has taken; 0: none. */
static int taken_signal(void)
{
    for (int signo = SIGRTMAX; signo >= SIGRTMIN; signo--) {
        struct sigaction now;
        if (sigaction(signo, NULL, &now) == 0 && now.sa_handler != SIG_DFL &&
            now.sa_handler != on_own_signal)
            return signo;
    }
    return 0;
}

/* Waits until that signal is pending; false after 10 s. */
static bool wait_for_signal(int signo)
{
    struct timespec pause = {.tv_nsec = LOOP_MS};
    for (int ms = 0; ms < 10000; ms++) {
        sigset_t pending;
        sigpending(&pending);
        if (sigismember(&pending, signo))
            return true;
        nanosleep(&pause, NULL);
    }
    return false;
}

/* The stack of what comes after a callback is not the callback's. */
static void a_signal_that_comes_too_late_gets_no_stack(struct loop *each)
{
    struct loop_call call = {.arg = NULL};
    char report[] = "has held the loop";
    sigset_t before;
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    open_log();
    struct loop *loop = watched(each, 200 * LOOP_MS);
    loop_defer(loop, &call, on_deaf, report);
    loop_run_once(loop, 0);
    const bool came = wait_for_signal(taken_signal());
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    loop_free(loop);
    close_log();
    assert_true(came);
    assert_int_equal(count(report), 1);
    assert_int_equal(count("  #0 "), 0);
}

static atomic_int n_taken;

static void on_own_signal(int signo)
{
    (void)signo;
    n_taken++;
}

static void the_program_s_signals_are_left_alone(struct loop *each)
{
    const struct sigaction own = {.sa_handler = on_own_signal};
    struct sigaction now;
    struct loop_call call = {.arg = NULL};
    char first_frame[] = "  #0 ";
    n_taken = 0;
    open_log();
    struct loop *loop = watched(each, LOOP_MS);
    const int wanted = taken_signal();
    loop_free(loop);
    assert_int_not_equal(wanted, 0);
    assert_int_equal(taken_signal(), 0); /* given back */
    assert_int_equal(sigaction(wanted, &own, NULL), 0);
    loop = watched(each, LOOP_MS);
    const int other = taken_signal();
    assert_int_not_equal(other, 0);
    loop_defer(loop, &call, on_stuck, first_frame);
    loop_run_once(loop, 0);
    assert_int_equal(n_taken, 0);
    raise(wanted);
    assert_int_equal(n_taken, 1);
    raise(other); /* is ignored if somebody else sends it */
    loop_free(loop);
    close_log();
    assert_int_equal(taken_signal(), 0);
    sigaction(wanted, NULL, &now);
    assert_true(now.sa_handler == on_own_signal);
    signal(wanted, SIG_DFL);
}

/* The watchdog's thread takes none that is meant for the process. */
static void signals_reach_the_program_s_threads(struct loop *each)
{
    sigset_t mask, before, pending;
    struct loop *loop = watched(each, LOOP_MS);
    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR2);
    signal(SIGUSR2, on_own_signal);
    n_taken = 0;
    pthread_sigmask(SIG_BLOCK, &mask, &before);
    kill(getpid(), SIGUSR2);
    loop_free(loop);
    sigpending(&pending);
    const int stays = sigismember(&pending, SIGUSR2);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    signal(SIGUSR2, SIG_DFL);
    assert_int_equal(stays, 1);
    assert_int_equal(n_taken, 1);
}

/* --- several loops ------------------------------------------------------- */

/* Two threads, each with a loop. */
struct two {
    const struct loop *like;
    pthread_barrier_t both;
};

static void block_together(struct two *two, const char *report)
{
    pthread_barrier_wait(&two->both);
    block_in_condition(report);
    pthread_barrier_wait(&two->both);
}

static void on_first(struct loop_call *c)
{
    block_together(c->arg, "on_first (");
}

static void on_second(struct loop_call *c)
{
    block_together(c->arg, "on_second (");
}

static void *run_second(void *arg)
{
    struct two *two = arg;
    struct loop_call call = {.arg = NULL};
    struct loop *loop = watched(two->like, LOOP_MS);
    loop_defer(loop, &call, on_second, two);
    loop_run_once(loop, 0);
    loop_free(loop);
    return NULL;
}

static void loops_of_two_threads_are_both_reported(struct loop *each)
{
    struct loop_call call = {.arg = NULL};
    struct two two = {.like = each};
    pthread_t thread;
    open_log();
    pthread_barrier_init(&two.both, NULL, 2);
    struct loop *loop = watched(each, LOOP_MS);
    assert_int_equal(pthread_create(&thread, NULL, run_second, &two), 0);
    loop_defer(loop, &call, on_first, &two);
    loop_run_once(loop, 0);
    pthread_join(thread, NULL);
    loop_free(loop);
    pthread_barrier_destroy(&two.both);
    close_log();
    assert_int_equal(count("on_first (" __FILE__), 2);
    assert_int_equal(count("on_second (" __FILE__), 2);
}

static void one_that_closes_leaves_the_signal_to_others(struct loop *each)
{
    struct loop_call call = {.arg = NULL};
    char first_frame[] = "  #0 ";
    open_log();
    struct loop *other = watched(each, LOOP_MS);
    struct loop *loop = watched(each, LOOP_MS);
    loop_free(other);
    loop_defer(loop, &call, on_stuck, first_frame);
    loop_run_once(loop, 0);
    loop_free(loop);
    close_log();
    assert_int_equal(count(first_frame), 1);
}

static void a_child_can_free_the_loop(struct loop *each)
{
    struct loop_call call = {.arg = NULL};
    char first_frame[] = "  #0 ";
    open_log();
    struct loop *loop = watched(each, LOOP_MS);
    const pid_t pid = fork();
    if (pid == 0) {
        loop_free(loop);
        _exit(7);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WEXITSTATUS(status), 7);
    loop_defer(loop, &call, on_stuck, first_frame);
    loop_run_once(loop, 0);
    assert_int_equal(loop_stats(loop)->slow, 1);
    loop_free(loop);
    close_log();
}

/* --- being asked for ----------------------------------------------------- */

static void nobody_watches_unless_asked(struct loop *loop)
{
    assert_false(loop->observed);
    assert_null(loop->watchdog);
}

static void the_environment_may_ask_for_it(struct loop *each)
{
    struct loop *loop;
    const struct loop_options options = {.backend = loop_backend(each)};
    struct loop_call call = {.arg = NULL};
    char first_frame[] = "  #0 ";
    open_log();
    setenv("LOOP_WATCHDOG", "3", 1);
    assert_int_equal(loop_new(&loop, &options), 0);
    unsetenv("LOOP_WATCHDOG");
    loop_defer(loop, &call, on_stuck, first_frame);
    loop_run_once(loop, 0);
    assert_int_equal(loop_stats(loop)->slow, 1);
    loop_free(loop);
    close_log();
}

/* A trace closes without the watchdog, and the other way round. */
static void it_goes_together_with_a_trace(struct loop *each)
{
    struct loop_call call = {.arg = NULL};
    char first_frame[] = "  #0 ";
    open_log();
    struct loop *loop = watched(each, LOOP_MS);
    assert_int_equal(trace_open(loop, "/dev/null"), 0);
    loop_defer(loop, &call, on_stuck, first_frame);
    loop_run_once(loop, 0);
    trace_close(loop);
    assert_true(loop->observed);
    assert_int_equal(loop_stats(loop)->slow, 1);
    watchdog_close(loop);
    assert_false(loop->observed);
    loop_free(loop);
    close_log();
}

int main(void)
{
    static const struct each_test tests[] = {
        EACH(it_is_reported_while_it_blocks),
        EACH(a_system_call_is_shown_and_goes_on),
        EACH(it_is_reported_once),
        EACH(each_is_reported_under_its_name),
        EACH(a_quick_one_is_not_reported),
        EACH(waiting_is_not_reported),
        EACH(one_that_ends_just_then_is_no_trouble),
        EACH(a_thread_without_signals_is_reported),
        EACH(a_signal_that_comes_too_late_gets_no_stack),
        EACH(the_program_s_signals_are_left_alone),
        EACH(signals_reach_the_program_s_threads),
        EACH(loops_of_two_threads_are_both_reported),
        EACH(one_that_closes_leaves_the_signal_to_others),
        EACH(a_child_can_free_the_loop),
        EACH(nobody_watches_unless_asked),
        EACH(the_environment_may_ask_for_it),
        EACH(it_goes_together_with_a_trace),
    };
    return each_backend(tests, N(tests));
}

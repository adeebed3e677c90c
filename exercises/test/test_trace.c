/*
 * test_trace.c - the tracer counts each call once, follows threads, children
 * and what is executed, hands signals on, and writes calls down as strace(1).
 *
 * Rests on: traced/calls.c, which says how often it calls getppid(2).
 */
#include "traced.h"

#include "../check/crowd.h"
#include "../check/pump.h"
#include "../check/trace_internal.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static struct program *run_calls(const char *what)
{
    const char *const options[] = {what, NULL};
    struct program *p = program_start_named(TRACED, "calls", options);
    program_expect_exit(p, 0);
    return p;
}

/* --- counts --------------------------------------------------------------- */

static void count_plain(void)
{
    struct program *p = run_calls("plain");
    check_equal("getppid", 7, trace_count(p, SYS_getppid));
    check_equal("one execve is the warden's", 0, trace_count(p, SYS_execve));
    check_equal("recv", 2, trace_count_named(p, "recvfrom"));
    check_equal("waits", 3,
                trace_count_named(p, "epoll_wait poll ppoll select pselect6 "
                                     "epoll_pwait"));
    check_that(trace_total(p) > 20, "more than 20 calls", "less");
}

static void count_thread(void)
{
    struct program *p = run_calls("thread");
    check_equal("getppid", 7, trace_count(p, SYS_getppid));
    check_equal("threads", 1, trace_of(p)->threads);
    check_equal("children", 0, trace_of(p)->children);
}

static void count_child(void)
{
    struct program *p = run_calls("child");
    check_equal("getppid", 7, trace_count(p, SYS_getppid));
    check_equal("threads", 0, trace_of(p)->threads);
    check_equal("children", 1, trace_of(p)->children);
}

static void count_exec(void)
{
    struct program *p = run_calls("exec");
    check_equal("getppid", 7, trace_count(p, SYS_getppid));
    check_equal("execve", 1, trace_count(p, SYS_execve));
    check_equal("execs", 1, trace_of(p)->execs);
}

static void count_vfork(void)
{
    struct program *p = run_calls("vfork");
    check_equal("getppid", 7, trace_count(p, SYS_getppid));
    check_equal("children", 1, trace_of(p)->children);
    check_equal("execs", 1, trace_of(p)->execs);
}

static void count_signal(void)
{
    struct program *p = run_calls("signal");
    check_equal("getppid", 1, trace_count(p, SYS_getppid));
}

static void run_ok(void (*check)(void))
{
    traced_run(check);
    traced_passed();
}

static void test_counts_each_call_once(void **state)
{
    (void)state;
    run_ok(count_plain);
    run_ok(count_signal);
}

static void test_follows_threads(void **state)
{
    (void)state;
    run_ok(count_thread);
}

static void test_follows_children(void **state)
{
    (void)state;
    run_ok(count_child);
}

static void test_follows_exec(void **state)
{
    (void)state;
    run_ok(count_exec);
    run_ok(count_vfork);
}

static void mark(void)
{
    const char *const options[] = {"mark", NULL};
    struct program *p = program_start_named(TRACED, "calls", options);
    program_expect_said(p, "marked\n");
    check_equal("before the mark", 3, trace_count(p, SYS_getppid));
    trace_mark(p);
    check_equal("at the mark", 0, trace_total(p));
    program_type(p, "go on\n");
    program_expect_exit(p, 0);
    check_equal("after the mark", 4, trace_count(p, SYS_getppid));
}

static void test_counts_anew_from_a_mark(void **state)
{
    (void)state;
    run_ok(mark);
}

/* --- signals -------------------------------------------------------------- */

/* The last call that has ended holds these words. */
static void wait_for_last(struct program *p, const char *words)
{
    while (strstr(trace_last(p, 1), words) == NULL) {
        program_expect_alive(p);
        pump_until(NULL, NULL, -1, 0, pump_clock_ns() + 1000000);
    }
}

static void stop(void)
{
    const char *const options[] = {"stop", NULL};
    struct program *p = program_start_named(TRACED, "calls", options);
    program_expect_said(p, "stopping\n");
    wait_for_last(p, "SIGSTOP) = 0");
    /* If it goes on, it has the time to be seen. */
    pump_until(NULL, NULL, -1, 0, pump_clock_ns() + 50 * INT64_C(1000000));
    check_equal("while it is stopped", 0, trace_count(p, SYS_getppid));
    kill(program_pid(p), SIGCONT);
    program_expect_exit(p, 0);
    check_equal("continued", 1, trace_count(p, SYS_getppid));
}

static void fault(void)
{
    const char *const options[] = {"fault", NULL};
    struct program *p = program_start_named(TRACED, "calls", options);
    check_equal("the signal it ended by", SIGSEGV, WTERMSIG(program_wait(p)));
}

static void test_hands_signals_on(void **state)
{
    (void)state;
    run_ok(stop);
    run_ok(fault);
}

/* --- descriptors ---------------------------------------------------------- */

static const struct trace_fd *descriptor(const struct program *p, int fd)
{
    const struct trace_task *t = trace_tasks;
    while (t != NULL && t->trace != trace_of(p))
        t = t->next;
    return trace_fd(t != NULL ? t->fds : NULL, fd);
}

/* The rounds that a negative number would make take minutes. */
static void ranges(void)
{
    const char *const options[] = {"ranges", NULL};
    struct program *p = program_start_named(TRACED, "calls", options);
    program_expect_said(p, "ranged\n");
    check_equal("marked to be closed", TRACE_FD_SOCKET, descriptor(p, 3)->kind);
    check_equal("closed", TRACE_FD_NONE, descriptor(p, 4)->kind);
    program_type(p, "go on\n");
    program_expect_exit(p, 0);
}

static void test_ranges_of_descriptors(void **state)
{
    (void)state;
    run_ok(ranges);
}

/* --- texts ---------------------------------------------------------------- */

static void says(struct program *p, const char *call)
{
    char *last = trace_last(p, 200);
    if (strstr(last, call) == NULL)
        check_fail(call, last);
}

static void texts(void)
{
    struct program *p = run_calls("plain");
    says(p, "socketpair(AF_UNIX, SOCK_STREAM|SOCK_NONBLOCK, 0, ");
    says(p, "\", 4, MSG_NOSIGNAL, NULL, 0) = 4\n");
    says(p, "sendto(3, \"a\\n\\x01\\\"\", 4, ");
    says(p, "recvfrom(4, \"a\\n\\x01\\\"\", 64, 0, NULL, NULL) = 4\n");
    says(p, ", 64, 0, NULL, NULL) = -1 EAGAIN\n");
    says(p, "sendto(3, \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"..., 40, ");
    says(p, "epoll_create1(O_CLOEXEC) = 5\n");
    says(p, "epoll_ctl(5, EPOLL_CTL_ADD, 4, {EPOLLIN|EPOLLET, data=77}) = 0");
    says(p, "(5, [{EPOLLIN, data=77}], 1, -1");
    says(p, "poll([{4, POLLIN|POLLOUT}], 1, ");
    says(p, ") = 1 ([{4, POLLIN|POLLOUT}])\n");
    says(p, "(5, [3 4], NULL, NULL, {1.");
    says(p, ") = 1 (in [4])\n");
    says(p, "fcntl(3, F_SETFL, 0x800) = 0\n");
    says(p, "AT_FDCWD, \"/nowhere\", O_CLOEXEC, 0x0) = -1 ENOENT\n");
    says(p, "close(3) = 0\n");
    says(p, "exit_group(0) = ?\n");
}

/* Each call is counted once, and has one line. */
static void lines(void)
{
    const struct program *p = run_calls("plain");
    long long n = 0;
    for (const char *at = trace_last(p, 200); (at = strchr(at, '\n')); at++)
        n++;
    check_equal("lines", trace_total(p), n);
}

static void last(void)
{
    struct program *p = run_calls("plain");
    char *two = trace_last(p, 2);
    check_that(strncmp(two, "close(3) = 0\n", 13) == 0 &&
                   strcmp(two + 13, "exit_group(0) = ?\n") == 0,
               "the last two calls", two);
    char *table = trace_table(p);
    check_that(strstr(table, "getppid          7\n") != NULL,
               "getppid in the table, 7 times", table);
}

static void blocked(void)
{
    const char *const options[] = {"mark", NULL};
    struct program *p = program_start_named(TRACED, "calls", options);
    program_expect_said(p, "marked\n");
    wait_for_last(p, "read(0 ...");
}

static void test_writes_calls_as_strace(void **state)
{
    (void)state;
    run_ok(texts);
    run_ok(lines);
    run_ok(last);
    run_ok(blocked);
}

/* --- /proc ---------------------------------------------------------------- */

static void test_a_name_may_look_like_a_state(void **state)
{
    (void)state;
    struct crowd_stat s;
    char name[16];
    prctl(PR_GET_NAME, name);
    prctl(PR_SET_NAME, "a) S 1 1");
    const bool found_it = crowd_stat(getpid(), gettid(), &s);
    prctl(PR_SET_NAME, name);
    assert_true(found_it);
    assert_int_equal(s.state, 'R');
    assert_int_equal(s.parent, getppid());
    assert_int_equal(s.threads, 1);
    assert_false(s.exits);
}

/* --- mistakes of a check -------------------------------------------------- */

static void unknown_name(void)
{
    trace_count_named(run_calls("plain"), "epoll_wait epol_wait");
}

static void not_traced(void)
{
    const char *const options[] = {"plain", NULL};
    trace_total(program_start_named(PLAIN, "calls", options));
}

static void test_errors_of_a_check_are_no_verdicts(void **state)
{
    (void)state;
    traced_run(unknown_name);
    assert_int_equal(found.outcome, OUTCOME_ERROR);
    assert_string_equal(found.came, "no system call is named epol_wait");
    traced_run(not_traced);
    assert_int_equal(found.outcome, OUTCOME_ERROR);
}

static int setup(void **state)
{
    traced_setup(state);
    traced_compile("calls");
    return 0;
}

int main(void)
{
    const struct CMUnitTest all[] = {
        cmocka_unit_test(test_counts_each_call_once),
        cmocka_unit_test(test_follows_threads),
        cmocka_unit_test(test_follows_children),
        cmocka_unit_test(test_follows_exec),
        cmocka_unit_test(test_counts_anew_from_a_mark),
        cmocka_unit_test(test_hands_signals_on),
        cmocka_unit_test(test_ranges_of_descriptors),
        cmocka_unit_test(test_writes_calls_as_strace),
        cmocka_unit_test(test_a_name_may_look_like_a_state),
        cmocka_unit_test(test_errors_of_a_check_are_no_verdicts),
    };
    return cmocka_run_group_tests(all, setup, traced_teardown);
}

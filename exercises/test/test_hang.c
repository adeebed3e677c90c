/*
 * test_hang.c - hangs explained: the stories of play_stories.c, each a test of
 * its own, and what no story tells: programs that are traced, stopped, jailed,
 * gone, or hostile.
 *
 * Read before: ../check/hang.h, play.h. Read after: play_texts.c.
 */
#include "play.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The list that the program's own loop wrote names what the kernel cannot. */
static void test_tasks_of_one_thread(void **state)
{
    (void)state;
    struct hang h;
    char dump[PLAY_TEXT_MAX] = "";
    static const struct play_story s = {
        .program = "tasks", .steps = "", .call = "epoll_wait"};
    play_all(&s);
    const char *line;
    while (strcmp(line = play_hear(), "now") != 0) {
        strcat(dump, line);
        strcat(dump, "\n");
    }
    assert_int_equal(hang_explain(play.pid, dump, &h), 0);
    assert_int_equal(h.kind, HANG_LOCK);
    assert_string_equal(hang_call_of(h.call)->name, "epoll_wait");
    play_assert_has(h.text, "its tasks wait for each other");
    play_assert_has(h.text, "waits: lock held by task 3, back");
    play_assert_has(h.section, "gallery of mistakes");
    free(h.text);
    assert_int_equal(hang_explain(play.pid, NULL, &h), 0);
    assert_int_equal(h.kind, HANG_IDLE); /* all that the kernel knows */
    free(h.text);
}

/* What a program writes may not steer the reader's terminal. */
static void test_hostile_dump(void **state)
{
    (void)state;
    struct hang h;
    char dump[PLAY_TEXT_MAX];
    memset(dump, '\033', sizeof dump - 1);
    dump[sizeof dump - 1] = '\0';
    play_all(play_story_of("never_answers"));
    assert_int_equal(hang_explain(play.pid, dump, &h), 0);
    assert_null(strchr(h.text, '\033'));
    assert_true(strlen(h.text) < 4096);
    free(h.text);
}

static void test_ended(void **state)
{
    (void)state;
    struct hang h;
    const pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    siginfo_t info;
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
    assert_int_equal(hang_explain(pid, NULL, &h), 0); /* a zombie */
    assert_int_equal(h.kind, HANG_GONE);
    assert_non_null(h.text);
    free(h.text);
    assert_int_equal(waitpid(pid, NULL, 0), pid); /* still ours to reap */
    assert_int_equal(hang_explain(pid, NULL, &h), 0);
    assert_int_equal(h.kind, HANG_GONE);
    free(h.text);
}

/* A spinning child is followed for a moment, and then goes on as before. */
static void test_follow_lets_go(void **state)
{
    (void)state;
    struct hang h;
    play_all(play_story_of("busy_again"));
    assert_int_equal(hang_explain(play.pid, NULL, &h), 0);
    assert_int_equal(h.kind, HANG_SPINS);
    free(h.text);
    play_say(play.clients[0], 1); /* it waits for that, and ends */
    int status;
    assert_int_equal(waitpid(play.pid, &status, 0), play.pid);
    assert_true(WIFEXITED(status));
}

/* One that is traced already is explained by what it asked for. */
static void test_traced_already(void **state)
{
    (void)state;
    struct hang h;
    play_all(play_story_of("busy_room"));
    assert_int_equal(ptrace(PTRACE_SEIZE, play.pid, 0, 0), 0);
    assert_int_equal(hang_explain(play.pid, NULL, &h), 0);
    assert_int_equal(h.kind, HANG_SPINS);
    assert_int_equal(h.call, -1); /* nobody but the tracer sees it */
    assert_int_equal(h.fd, 5);
    assert_int_equal(h.other, 4);
    play_assert_has(h.section, "in one set, and out of the other");
    free(h.text);
}

/* ... and may stand in a stop of its tracer, in the middle of a call. */
static void test_stopped_by_tracer(void **state)
{
    (void)state;
    struct hang h;
    int status;
    struct pollfd said;
    static const struct play_story before = {
        .program = "edge_accept", .steps = "cc", .call = "read"};
    play_all(&before);
    said = (struct pollfd){.fd = play.out, .events = POLLIN};
    assert_int_equal(
        ptrace(PTRACE_SEIZE, play.pid, 0, (void *)PTRACE_O_TRACESYSGOOD), 0);
    assert_int_equal(ptrace(PTRACE_INTERRUPT, play.pid, 0, 0), 0);
    play_step("g", &before);
    do { /* until it has said "now", and enters the wait again */
        assert_int_equal(waitpid(play.pid, &status, __WALL), play.pid);
    } while (!(poll(&said, 1, 0) == 1 && play_is_in(play.pid, "epoll_wait")) &&
             ptrace(PTRACE_SYSCALL, play.pid, 0, 0) == 0);
    assert_int_equal(hang_explain(play.pid, NULL, &h), 0);
    assert_int_equal(h.kind, HANG_EDGE);
    assert_int_equal(h.fd, 4);
    assert_int_equal(h.other, 3);
    free(h.text);
}

/* After SIGSTOP and SIGCONT, poll goes on under another call's number. */
static void test_goes_on_after_a_stop(void **state)
{
    (void)state;
    struct hang h;
    static const struct play_story s = {.program = "poll_listener",
                                        .steps = "cnczC",
                                        .call = "poll",
                                        .until = "system call"};
    play_all(&s);
    assert_int_equal(hang_explain(play.pid, NULL, &h), 0);
    assert_int_equal(h.kind, HANG_NOT_ACCEPTED);
    assert_string_equal(hang_call_of(h.call)->name, "poll");
    assert_int_equal(h.other, 3);
    free(h.text);
}

/*
 * Where a descriptor may not be borrowed, TCP is explained as before, and of a
 * UNIX socket the text says what it does not know. In a process of its own: a
 * filter of system calls cannot be taken back.
 */
static int refuse_to_borrow(void)
{
    struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pidfd_getfd, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {4, steps};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

/* Explained there, the kind here; the text is read through the pipe. */
static void explain_without(struct hang *h, char *text, size_t size)
{
    int ends[2], status;
    assert_int_equal(pipe(ends), 0);
    const pid_t pid = fork();
    if (pid == 0) {
        if (refuse_to_borrow() != 0 || hang_explain(play.pid, NULL, h) != 0)
            _exit(99);
        dprintf(ends[1], "%s", h->text);
        _exit((int)h->kind);
    }
    close(ends[1]);
    size_t len = 0;
    ssize_t n;
    while ((n = read(ends[0], text + len, size - 1 - len)) > 0)
        len += (size_t)n;
    text[len] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    h->kind = (enum hang_kind)WEXITSTATUS(status);
}

static void test_without_borrowing(void **state)
{
    (void)state;
    struct hang h;
    static char text[PLAY_TEXT_MAX];
    play_all(play_story_of("edge"));
    explain_without(&h, text, sizeof text);
    assert_int_equal(h.kind, HANG_EDGE);
    play_assert_has(text, "87 bytes lie unread");
    play_end(NULL);
    play_all(play_story_of("unix_other"));
    explain_without(&h, text, sizeof text);
    assert_int_equal(h.kind, HANG_READ);
    play_assert_has(text, "what lies in it is unknown");
    play_assert_has(text, "may not be asked here");
}

/* In a jail the program knows its threads by other numbers than we do. */
static void test_other_namespaces(void **state)
{
    (void)state;
    struct hang h;
    play_jailed = true;
    play_all(play_story_of("deadlock"));
    assert_int_equal(hang_explain(play.pid, NULL, &h), 0);
    assert_int_equal(h.kind, HANG_LOCK);
    play_assert_has(h.text, "waits for a lock that thread");
    play_assert_has(h.text, "a child of the program");
    free(h.text);
}

/* Explaining changes nothing: what is unread stays, nothing is left open. */
static void test_leaves_no_trace(void **state)
{
    (void)state;
    struct hang first, second;
    play_all(play_story_of("edge"));
    struct hang_fds before, after;
    hang_fds_init(&before, getpid(), getpid());
    assert_int_equal(hang_explain(play.pid, NULL, &first), 0);
    assert_int_equal(hang_explain(play.pid, NULL, &second), 0);
    hang_fds_init(&after, getpid(), getpid());
    assert_int_equal(before.n, after.n);
    assert_string_equal(first.text, second.text);
    hang_fds_fini(&before);
    hang_fds_fini(&after);
    free(first.text);
    free(second.text);
}

/* A section that is named is a heading of that page. */
static bool has_heading(const char *section)
{
    char page[256], title[256], line[1024];
    if (sscanf(section, "%255[^,], \"%255[^\"]\"", page, title) != 2)
        return false;
    FILE *f = fopen(page, "re");
    bool found = false;
    while (f != NULL && !found && fgets(line, sizeof line, f) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        const char *words = line + strspn(line, "#");
        found = words > line && *words == ' ' && strcmp(words + 1, title) == 0;
    }
    if (f != NULL)
        fclose(f);
    return found;
}

static void test_sections_exist(void **state)
{
    (void)state;
    assert_false(has_heading("lessons/05-epoll/README.md, \"Not there\""));
    size_t n = 0;
    for (; hang_section_at(n) != NULL; n++)
        if (!has_heading(hang_section_at(n)))
            fail_msg("no such heading: %s", hang_section_at(n));
    assert_true(n > 20);
}

/* --- all of them ---------------------------------------------------------- */

static bool may_look(void)
{
    play_start("child_stays");
    play_hear_now();
    char number[32];
    const int process = (int)syscall(SYS_pidfd_open, play.pid, 0);
    const int copy = (int)syscall(SYS_pidfd_getfd, process, 0, 0);
    const bool may =
        play_reads(play.pid, "syscall", "%31s", number) && copy != -1;
    if (copy != -1)
        close(copy);
    if (process != -1)
        close(process);
    play_end(NULL);
    return may;
}

int main(void)
{
    const struct CMUnitTest own[] = {
        cmocka_unit_test_teardown(play_test_texts, play_end),
        cmocka_unit_test_teardown(test_tasks_of_one_thread, play_end),
        cmocka_unit_test_teardown(test_hostile_dump, play_end),
        cmocka_unit_test_teardown(test_ended, play_end),
        cmocka_unit_test_teardown(test_follow_lets_go, play_end),
        cmocka_unit_test_teardown(test_without_borrowing, play_end),
        cmocka_unit_test_teardown(test_other_namespaces, play_end),
        cmocka_unit_test_teardown(test_traced_already, play_end),
        cmocka_unit_test_teardown(test_stopped_by_tracer, play_end),
        cmocka_unit_test_teardown(test_goes_on_after_a_stop, play_end),
        cmocka_unit_test_teardown(test_leaves_no_trace, play_end),
        cmocka_unit_test(test_sections_exist),
    };
    const size_t n_own = sizeof own / sizeof own[0];
    const size_t n = n_own + play_n_stories;
    struct CMUnitTest *all = base_alloc_array(n, sizeof *all);
    memcpy(all, own, sizeof own);
    for (size_t i = 0; i < play_n_stories; i++)
        all[n_own + i] = (struct CMUnitTest){
            .name = play_stories[i].program,
            .test_func = play_test_story,
            .teardown_func = play_end,
            .initial_state = (void *)&play_stories[i],
        };
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    play_forbidden = !may_look();
    const int failed = _cmocka_run_group_tests("hang", all, n, NULL, NULL);
    free(all);
    return failed;
}

/*
 * jailed_ends.c - the begin and the end of a jail: nothing runs before the gate
 * is open, and nothing is left when it has ended, whoever ended it.
 *
 * Read before: jailed.h. Read after: test_jail.c.
 */
#include "../check/crowd.h"
#include "jailed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { FAMILY = 5 }; /* processes of "family", its dead child included */

/* --- the gate ------------------------------------------------------------- */

static bool has_run(void)
{
    char path[200];
    snprintf(path, sizeof path, "%s/ran", jailed_work);
    return access(path, F_OK) == 0;
}

static bool is_inside(pid_t pid)
{
    char path[64], words[200] = "";
    snprintf(path, sizeof path, "/proc/%d/cmdline", pid);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    const ssize_t n = fd != -1 ? read(fd, words, sizeof words) : 0;
    close(fd);
    return n > 0 && memmem(words, (size_t)n, "marks", 6) != NULL &&
           memmem(words, (size_t)n, "warden", 6) == NULL;
}

static void test_nothing_runs_before_the_gate(void **state)
{
    struct jail_options o = jailed_options_for(jailed_tier_of(state));
    o.writable = true;
    struct jail j;
    char said[JAILED_SAID_MAX], path[200];
    chmod(jailed_work, 0777);
    jailed_start(&j, &o, "marks");
    assert_int_equal(0, jail_look(&j));
    assert_false(has_run());
    assert_false(is_inside(j.pid));
    assert_int_equal(0, jail_go(&j));
    jailed_hear_until(&j, said, "asleep");
    const bool ran = has_run(), inside = is_inside(j.pid);
    jail_end(&j);
    snprintf(path, sizeof path, "%s/ran", jailed_work);
    unlink(path);
    chmod(jailed_work, 0755);
    assert_true(ran);
    assert_true(inside);
}

static void test_tells_why_it_cannot_start(void **state)
{
    const struct jail_options o = jailed_options_for(jailed_tier_of(state));
    const char *const argv[] = {"/usr/nothing", NULL};
    struct jail j;
    assert_int_equal(0, jail_start(&j, &o, argv));
    assert_int_equal(0, jail_go(&j));
    jailed_await_end(&j);
    jail_end(&j);
    assert_int_equal(JAIL_NOEXEC, j.end);
    assert_int_equal(ENOENT, j.status);
}

/* --- the end -------------------------------------------------------------- */

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

/* Which processes there are of a user, or below a process. */
struct herd {
    pid_t pids[64];
    int n;
};

static pid_t parent_of(pid_t pid)
{
    struct crowd_stat s;
    return crowd_stat(pid, 0, &s) && s.state != 'Z' ? s.parent : -1;
}

static bool is_below(pid_t pid, pid_t root)
{
    for (int i = 0; i < 20 && pid > 1; i++) {
        if (pid == root)
            return true;
        pid = parent_of(pid);
    }
    return false;
}

static struct herd herd_of(pid_t root)
{
    struct herd h = {.n = 0};
    DIR *dir = opendir("/proc");
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        const pid_t pid = atoi(e->d_name);
        if (pid > 1 && h.n < 64 && is_below(pid, root))
            h.pids[h.n++] = pid;
    }
    closedir(dir);
    return h;
}

/* Dead ones that nobody has waited for yet are gone, too. */
static bool are_gone(const struct herd *h)
{
    for (int i = 0; i < h->n; i++)
        if (parent_of(h->pids[i]) != -1)
            return false;
    return true;
}

static void expect_gone(const struct herd *h)
{
    const int64_t deadline = now_ms() + JAILED_PATIENCE_MS;
    while (!are_gone(h)) {
        if (now_ms() > deadline)
            fail_msg("some of %d processes live on", h->n);
        poll(NULL, 0, 5);
    }
}

static void test_counts_who_is_left(void **state)
{
    const struct jail_options o = jailed_options_for(jailed_tier_of(state));
    struct jail j;
    jailed_start(&j, &o, "leaves-three");
    const pid_t keeper = j.keeper;
    jail_go(&j);
    jailed_await_end(&j);
    const struct herd left = herd_of(keeper);
    jail_end(&j);
    assert_int_equal(JAIL_EXITED, j.end);
    assert_int_equal(3, j.left);
    expect_gone(&left);
}

static void test_adopts_orphans(void **state)
{
    jailed_expect_line(jailed_look(jailed_tier_of(state), "orphan"),
                       "adopted by the warden");
}

static struct herd start_family(struct jail *j, const struct jail_options *o)
{
    char said[JAILED_SAID_MAX];
    jailed_start(j, o, "family");
    jail_go(j);
    jailed_hear_until(j, said, "asleep");
    const struct herd h = herd_of(j->keeper);
    assert_true(h.n >= FAMILY - 1);
    return h;
}

static void test_ends_all_that_runs(void **state)
{
    const struct jail_options o = jailed_options_for(jailed_tier_of(state));
    struct jail j;
    const struct herd h = start_family(&j, &o);
    jail_end(&j);
    expect_gone(&h);
}

static void test_end_of_the_keeper_ends_all(void **state)
{
    const struct jail_options o = jailed_options_for(jailed_tier_of(state));
    struct jail j;
    const struct herd h = start_family(&j, &o);
    kill(j.keeper, SIGKILL);
    jailed_await_end(&j);
    jail_end(&j);
    assert_int_equal(JAIL_LOST, j.end);
    expect_gone(&h);
}

static void test_end_of_the_caller_ends_all(void **state)
{
    const struct jail_options o = jailed_options_for(jailed_tier_of(state));
    int ends[2];
    assert_int_equal(0, pipe2(ends, O_CLOEXEC));
    const pid_t caller = fork();
    if (caller == 0) {
        struct jail j;
        const struct herd mine = start_family(&j, &o);
        if (write(ends[1], &mine, sizeof mine) == sizeof mine)
            for (;;)
                pause();
        _exit(1);
    }
    struct herd h;
    assert_int_equal(sizeof h, read(ends[0], &h, sizeof h));
    close(ends[0]);
    close(ends[1]);
    kill(caller, SIGKILL);
    assert_int_equal(caller, waitpid(caller, NULL, 0));
    expect_gone(&h);
}

static int descriptors_of_ours(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int n = 0;
    while (readdir(dir) != NULL)
        n++;
    closedir(dir);
    return n;
}

static void test_leaves_us_as_we_were(void **state)
{
    const enum jail_tier tier = jailed_tier_of(state);
    const struct jail_options o = jailed_options_for(tier);
    const char *const nothing[] = {"/usr/nothing", NULL};
    const int before = descriptors_of_ours();
    struct jail j;
    jailed_run(&j, &o, "leaves-three");
    assert_int_equal(0, jail_start(&j, &o, nothing));
    jail_end(&j); /* before the gate */
    start_family(&j, &o);
    jail_end(&j);
    assert_int_equal(before, descriptors_of_ours());
    assert_int_equal(-1, waitpid(-1, NULL, WNOHANG | __WALL));
    assert_int_equal(ECHILD, errno);
}

const struct jailed_test jailed_ends[] = {
    {"nothing runs before the gate", test_nothing_runs_before_the_gate},
    {"tells why it cannot start", test_tells_why_it_cannot_start},
    {"counts who is left", test_counts_who_is_left},
    {"adopts orphans", test_adopts_orphans},
    {"ends all that runs", test_ends_all_that_runs},
    {"the end of the keeper ends all", test_end_of_the_keeper_ends_all},
    {"the end of the caller ends all", test_end_of_the_caller_ends_all},
    {"leaves us as we were", test_leaves_us_as_we_were},
    {.name = NULL},
};

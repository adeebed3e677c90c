/*
 * test_jail.c - each tier of the jail: what a program sees there, where its
 * limits are, and that nothing of it is left. If the tests are run by root they
 * run once more as an ordinary user.
 *
 * What runs inside is a copy of this program, see jail_inside.h.
 *
 * Read before: ../check/jail.h. Read after: jail_inside.c.
 */
#include "../check/crowd.h"
#include "../check/jail.h"
#include "../check/landlock.h"
#include "../grader/scratch.h"
#include "jail_inside.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    SAID_MAX = 1 << 18,
    FAMILY = 5, /* processes of "family", its dead child included */
    PATIENCE_MS = 20000,
    NOBODY = 65534,
};

#ifdef __SANITIZE_ADDRESS__
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif

/* The folder of copies: of the warden, and of this program as work/inside. */
static char folder[] = "/tmp/test_jail.XXXXXX";
static char warden[100], work[100];
static bool there[JAIL_BWRAP + 1]; /* tiers that work here */

/* --- a run in a jail ------------------------------------------------------ */

static struct jail_options options_for(enum jail_tier tier)
{
    static const char *const env[] = {"PATH=/usr/bin:/bin", NULL};
    return (struct jail_options){
        .tier = tier,
        .warden = warden,
        .work = work,
        .env = env,
        .input = -1,
        .limits = {.cpu_s = 10,
                   .wall_s = 60,
                   .memory_mb = 64 + 400 * SANITIZED,
                   .processes = 16,
                   .files = 64,
                   .file_mb = 4,
                   .sanitized = SANITIZED},
    };
}

static void start(struct jail *j, const struct jail_options *o,
                  const char *name)
{
    const char *const argv[] = {jail_path(o, "inside"), "inside", name, NULL};
    assert_int_equal(0, jail_start(j, o, argv));
}

/* Reads what comes, up to `text` or the end. */
static void hear_until(struct jail *j, char *said, const char *text)
{
    size_t len = 0;
    said[0] = '\0';
    for (ssize_t n = 1; n > 0 && (text == NULL || !strstr(said, text));) {
        struct pollfd fd = {.fd = j->output, .events = POLLIN};
        assert_int_equal(1, poll(&fd, 1, PATIENCE_MS * 3));
        n = read(j->output, said + len, SAID_MAX - 1 - len);
        len += n > 0 ? (size_t)n : 0;
        said[len] = '\0';
    }
}

static void await_end(struct jail *j)
{
    struct pollfd fd = {.fd = j->gate, .events = POLLIN};
    while (jail_look(j) != 1)
        assert_int_equal(1, poll(&fd, 1, PATIENCE_MS * 3));
}

/* All of a program's life; returns what it said. */
static const char *run(struct jail *j, const struct jail_options *o,
                       const char *name)
{
    static char said[SAID_MAX];
    start(j, o, name);
    assert_int_equal(0, jail_go(j));
    hear_until(j, said, NULL);
    await_end(j);
    jail_end(j);
    return said;
}

static const char *look(enum jail_tier tier, const char *name)
{
    const struct jail_options o = options_for(tier);
    struct jail j;
    const char *said = run(&j, &o, name);
    assert_int_equal(JAIL_EXITED, j.end);
    assert_int_equal(0, j.status);
    return said;
}

static void skip_unless(bool there_is, const char *why)
{
    if (there_is)
        return;
    printf("# skipped: %s\n", why);
    fflush(stdout);
    skip();
}

static enum jail_tier tier_of(void **state)
{
    const enum jail_tier tier = (enum jail_tier)(intptr_t)*state;
    skip_unless(there[tier], "this tier does not work here");
    return tier;
}

static bool own_files(enum jail_tier tier)
{
    return jail_own_files(tier);
}

/* --- what a program sees -------------------------------------------------- */

static void expect_line(const char *text, const char *line)
{
    if (strstr(text, line) == NULL)
        fail_msg("no line \"%s\" in:\n%s", line, text);
}

static void test_no_privileges(void **state)
{
    const enum jail_tier tier = tier_of(state);
    const char *status = look(tier, "status");
    expect_line(status, "CapInh:\t0000000000000000\n");
    expect_line(status, "CapPrm:\t0000000000000000\n");
    expect_line(status, "CapEff:\t0000000000000000\n");
    expect_line(status, "CapBnd:\t0000000000000000\n");
    expect_line(status, "CapAmb:\t0000000000000000\n");
    expect_line(status, "NoNewPrivs:\t1\n");
    expect_line(status, "Seccomp:\t2\n");
    expect_line(status, own_files(tier) ? "Uid:\t1000\t1000\t1000\t1000\n"
                                        : "Uid:\t18");
    assert_null(strstr(status, "Uid:\t0"));
}

static void test_environment_is_empty(void **state)
{
    const char *status = look(tier_of(state), "status");
    expect_line(status, "env PATH=/usr/bin:/bin\n");
    int n = 0;
    for (const char *at = status; (at = strstr(at, "\nenv ")) != NULL; at++)
        n++;
    /* bwrap tells the folder: /work. */
    assert_int_equal(strstr(status, "\nenv PWD=/work\n") != NULL ? 2 : 1, n);
}

static void test_root_holds_what_is_needed(void **state)
{
    const enum jail_tier tier = tier_of(state);
    skip_unless(own_files(tier), "this tier has no files of its own");
    char *said = strdup(look(tier, "root")), *rest = said;
    static const char known[] = "[.] [..] [bin] [dev] [etc] [lib] [lib32] "
                                "[lib64] [proc] [sbin] [tmp] [usr] [warden] "
                                "[work]";
    for (char *name; (name = strsep(&rest, "\n")) != NULL;)
        if (strstr(known, name) == NULL)
            fail_msg("%s is seen", name);
    free(said);
}

static void test_writes_to_tmp_alone(void **state)
{
    const enum jail_tier tier = tier_of(state);
    skip_unless(own_files(tier) || landlock_works(), "no Landlock here");
    assert_string_equal(own_files(tier) ? "wrote in /tmp\n" : "",
                        look(tier, "writes"));
}

static void test_opens_no_secret(void **state)
{
    const enum jail_tier tier = tier_of(state);
    const char *said = look(tier, "secrets");
    /* Of the test itself, which lies open for all. */
    if (own_files(tier) || landlock_works())
        assert_string_equal("", said);
    else
        assert_null(strstr(said, "shadow"));
}

static void test_has_three_descriptors(void **state)
{
    const char *said = look(tier_of(state), "descriptors");
    int n = 0;
    for (const char *at = said; (at = strchr(at, '[')) != NULL; at++)
        n++;
    assert_int_equal(2 + 4, n); /* . and .., and the folder itself */
}

static void test_sees_no_other_process(void **state)
{
    const enum jail_tier tier = tier_of(state);
    skip_unless(own_files(tier), "this tier has no files of its own");
    const char *said = look(tier, "processes");
    expect_line(said, "[1]\n");
    expect_line(said, "[2]\n");
    for (int pid = 3; pid < 100; pid++) {
        char name[16];
        snprintf(name, sizeof name, "[%d]\n", pid);
        assert_null(strstr(said, name));
    }
}

/* The network is the caller's: so this is one with a network of its own. */
static void test_network_is_loopback(void **state)
{
    const enum jail_tier tier = tier_of(state);
    skip_unless(own_files(tier), "this tier has no files of its own");
    const pid_t caller = fork();
    if (caller == 0) {
        if (jail_own_network(tier) != 0)
            _exit(2);
        const char *said = look(tier, "devices");
        int devices = 0;
        for (const char *at = said; (at = strchr(at, ':')) != NULL; at++)
            devices++;
        _exit(devices == 1 && strstr(said, "lo:") != NULL ? 0 : 1);
    }
    int status;
    assert_int_equal(caller, waitpid(caller, &status, 0));
    assert_int_equal(0, status);
}

/* --- what it may do ------------------------------------------------------- */

static void test_refuses_calls(void **state)
{
    struct jail_options o = options_for(tier_of(state));
    struct jail j;
    const char *said = run(&j, &o, "refused");
    if (!SANITIZED)
        assert_string_equal("all tried\n", said);
    expect_line(said, "all tried\n");
    assert_null(strstr(said, "execve"));
    assert_null(strstr(said, "prlimit"));
}

static void test_executes_if_it_may(void **state)
{
    struct jail_options o = options_for(tier_of(state));
    o.execs = true;
    struct jail j;
    assert_string_equal("executed\n", run(&j, &o, "executes"));
}

static void test_cannot_end_the_warden(void **state)
{
    const struct jail_options o = options_for(tier_of(state));
    struct jail j;
    assert_string_equal("alone\n", run(&j, &o, "kills-all"));
    assert_int_equal(JAIL_EXITED, j.end);
    assert_int_equal(7, WEXITSTATUS(j.status));
}

/* --- limits --------------------------------------------------------------- */

static void expect_end(enum jail_tier tier, const char *name,
                       struct jail_limits limits, enum jail_end end)
{
    struct jail_options o = options_for(tier);
    o.limits = limits;
    struct jail j;
    run(&j, &o, name);
    assert_int_equal(end, j.end);
}

static void test_limits_memory(void **state)
{
    const enum jail_tier tier = tier_of(state);
    const struct jail_limits limits = options_for(tier).limits;
    expect_end(tier, "memory", limits, JAIL_MEMORY);
}

static void test_limits_memory_of_all(void **state)
{
    const enum jail_tier tier = tier_of(state);
    skip_unless(!SANITIZED, "a sanitizer reserves more than the limit");
    expect_end(tier, "memory-of-many", options_for(tier).limits, JAIL_MEMORY);
}

static void test_limits_processor_time(void **state)
{
    const enum jail_tier tier = tier_of(state);
    struct jail_limits limits = options_for(tier).limits;
    limits.cpu_s = 1;
    expect_end(tier, "spins", limits, JAIL_CPU);
}

static void test_limits_processor_time_of_the_gone(void **state)
{
    const enum jail_tier tier = tier_of(state);
    struct jail_limits limits = options_for(tier).limits;
    limits.cpu_s = 1;
    expect_end(tier, "spins-in-children", limits, JAIL_CPU);
}

static void test_limits_time(void **state)
{
    const enum jail_tier tier = tier_of(state);
    struct jail_limits limits = options_for(tier).limits;
    limits.wall_s = 1;
    expect_end(tier, "sleeps", limits, JAIL_WALL);
}

/* At the end of a sanitized program LeakSanitizer starts a process and opens
 * files, for which there is no room left here. */
#ifdef __SANITIZE_ADDRESS__
enum { SANITIZED_TEST = 1 };
#else
enum { SANITIZED_TEST = 0 };
#endif

static void skip_if_sanitized(void)
{
    if (!SANITIZED_TEST)
        return;
    printf("# skipped: LeakSanitizer needs a process and descriptors\n");
    skip();
}

static void test_limits_processes(void **state)
{
    skip_if_sanitized();
    const char *said = look(tier_of(state), "forks");
    const int n = atoi(said);
    assert_true(n > 4 && n <= 16);
    expect_line(said, "Resource temporarily unavailable");
}

static void test_limits_descriptors(void **state)
{
    skip_if_sanitized();
    expect_line(look(tier_of(state), "opens"),
                "64 descriptors, then Too many open files");
}

static void test_limits_a_file(void **state)
{
    const enum jail_tier tier = tier_of(state);
    skip_unless(own_files(tier), "this tier has no files of its own");
    const struct jail_options o = options_for(tier);
    struct jail j;
    run(&j, &o, "fills-file");
    const bool by_signal =
        WIFSIGNALED(j.status) && WTERMSIG(j.status) == SIGXFSZ;
    /* Or the folder is full before, by what its pages hold besides. */
    assert_true(by_signal || WEXITSTATUS(j.status) == 3);
}

static void test_limits_tmp(void **state)
{
    const enum jail_tier tier = tier_of(state);
    skip_unless(own_files(tier), "this tier has no files of its own");
    const int mib = atoi(look(tier, "fills-tmp"));
    assert_true(mib >= 2 && mib <= 4);
}

static void test_limits_inodes(void **state)
{
    const enum jail_tier tier = tier_of(state);
    skip_unless(own_files(tier), "this tier has no files of its own");
    const struct jail_options o = options_for(tier);
    struct jail j;
    run(&j, &o, "fills-inodes");
    assert_true(j.end == JAIL_MEMORY ||
                (j.end == JAIL_EXITED && j.status == 0));
}

/* --- the gate ------------------------------------------------------------- */

static bool has_run(void)
{
    char path[200];
    snprintf(path, sizeof path, "%s/ran", work);
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
    struct jail_options o = options_for(tier_of(state));
    o.writable = true;
    struct jail j;
    char said[SAID_MAX], path[200];
    chmod(work, 0777);
    start(&j, &o, "marks");
    assert_int_equal(0, jail_look(&j));
    assert_false(has_run());
    assert_false(is_inside(j.pid));
    assert_int_equal(0, jail_go(&j));
    hear_until(&j, said, "asleep");
    const bool ran = has_run(), inside = is_inside(j.pid);
    jail_end(&j);
    snprintf(path, sizeof path, "%s/ran", work);
    unlink(path);
    chmod(work, 0755);
    assert_true(ran);
    assert_true(inside);
}

static void test_tells_why_it_cannot_start(void **state)
{
    const struct jail_options o = options_for(tier_of(state));
    const char *const argv[] = {"/usr/nothing", NULL};
    struct jail j;
    assert_int_equal(0, jail_start(&j, &o, argv));
    assert_int_equal(0, jail_go(&j));
    await_end(&j);
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
    const int64_t deadline = now_ms() + PATIENCE_MS;
    while (!are_gone(h)) {
        if (now_ms() > deadline)
            fail_msg("some of %d processes live on", h->n);
        poll(NULL, 0, 5);
    }
}

static void test_counts_who_is_left(void **state)
{
    const struct jail_options o = options_for(tier_of(state));
    struct jail j;
    start(&j, &o, "leaves-three");
    const pid_t keeper = j.keeper;
    jail_go(&j);
    await_end(&j);
    const struct herd left = herd_of(keeper);
    jail_end(&j);
    assert_int_equal(JAIL_EXITED, j.end);
    assert_int_equal(3, j.left);
    expect_gone(&left);
}

static void test_adopts_orphans(void **state)
{
    expect_line(look(tier_of(state), "orphan"), "adopted by the warden");
}

static struct herd start_family(struct jail *j, const struct jail_options *o)
{
    char said[SAID_MAX];
    start(j, o, "family");
    jail_go(j);
    hear_until(j, said, "asleep");
    const struct herd h = herd_of(j->keeper);
    assert_true(h.n >= FAMILY - 1);
    return h;
}

static void test_ends_all_that_runs(void **state)
{
    const struct jail_options o = options_for(tier_of(state));
    struct jail j;
    const struct herd h = start_family(&j, &o);
    jail_end(&j);
    expect_gone(&h);
}

static void test_end_of_the_keeper_ends_all(void **state)
{
    const struct jail_options o = options_for(tier_of(state));
    struct jail j;
    const struct herd h = start_family(&j, &o);
    kill(j.keeper, SIGKILL);
    await_end(&j);
    jail_end(&j);
    assert_int_equal(JAIL_LOST, j.end);
    expect_gone(&h);
}

static void test_end_of_the_caller_ends_all(void **state)
{
    const struct jail_options o = options_for(tier_of(state));
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
    const enum jail_tier tier = tier_of(state);
    const struct jail_options o = options_for(tier);
    const char *const nothing[] = {"/usr/nothing", NULL};
    const int before = descriptors_of_ours();
    struct jail j;
    run(&j, &o, "leaves-three");
    assert_int_equal(0, jail_start(&j, &o, nothing));
    jail_end(&j); /* before the gate */
    start_family(&j, &o);
    jail_end(&j);
    assert_int_equal(before, descriptors_of_ours());
    assert_int_equal(-1, waitpid(-1, NULL, WNOHANG | __WALL));
    assert_int_equal(ECHILD, errno);
}

/* --- all of them ---------------------------------------------------------- */

static const struct {
    const char *name;
    CMUnitTestFunction run;
} tests[] = {
    {"no privileges", test_no_privileges},
    {"an empty environment", test_environment_is_empty},
    {"/ holds what is needed", test_root_holds_what_is_needed},
    {"writes to /tmp alone", test_writes_to_tmp_alone},
    {"opens no secret", test_opens_no_secret},
    {"has three descriptors", test_has_three_descriptors},
    {"sees no other process", test_sees_no_other_process},
    {"the network is loopback", test_network_is_loopback},
    {"refuses calls", test_refuses_calls},
    {"executes if it may", test_executes_if_it_may},
    {"cannot end the warden", test_cannot_end_the_warden},
    {"limits memory", test_limits_memory},
    {"limits memory of all", test_limits_memory_of_all},
    {"limits processor time", test_limits_processor_time},
    {"limits processor time of the gone",
     test_limits_processor_time_of_the_gone},
    {"limits time", test_limits_time},
    {"limits processes", test_limits_processes},
    {"limits descriptors", test_limits_descriptors},
    {"limits a file", test_limits_a_file},
    {"limits /tmp", test_limits_tmp},
    {"limits inodes", test_limits_inodes},
    {"nothing runs before the gate", test_nothing_runs_before_the_gate},
    {"tells why it cannot start", test_tells_why_it_cannot_start},
    {"counts who is left", test_counts_who_is_left},
    {"adopts orphans", test_adopts_orphans},
    {"ends all that runs", test_ends_all_that_runs},
    {"the end of the keeper ends all", test_end_of_the_keeper_ends_all},
    {"the end of the caller ends all", test_end_of_the_caller_ends_all},
    {"leaves us as we were", test_leaves_us_as_we_were},
};

enum { N_TESTS = sizeof tests / sizeof tests[0], N_TIERS = 3 };

static int run_tiers(const char *group)
{
    static struct CMUnitTest all[N_TESTS * N_TIERS];
    static char names[N_TESTS * N_TIERS][100];
    size_t n = 0;
    for (enum jail_tier tier = JAIL_USER; tier <= JAIL_BWRAP; tier++) {
        there[tier] = jail_tier_works(tier, warden);
        if (!there[tier])
            printf("# the tier %s does not work here: its tests are skipped\n",
                   jail_tier_name(tier));
        for (size_t i = 0; i < N_TESTS; i++, n++) {
            snprintf(names[n], sizeof names[n], "%s: %s", jail_tier_name(tier),
                     tests[i].name);
            all[n] =
                (struct CMUnitTest){.name = names[n],
                                    .test_func = tests[i].run,
                                    .initial_state = (void *)(intptr_t)tier};
        }
    }
    fflush(stdout);
    return _cmocka_run_group_tests(group, all, n, NULL, NULL);
}

/* The same as an ordinary user; root has another way through most of it. */
static int run_as_nobody(void)
{
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        char inside[200];
        snprintf(inside, sizeof inside, "%s/inside", work);
        if (setgroups(0, NULL) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0 &&
            setresuid(NOBODY, NOBODY, NOBODY) == 0)
            execl(inside, inside, "as-nobody", warden, NULL);
        _exit(1);
    }
    int status;
    waitpid(child, &status, 0);
    return status == 0 ? 0 : 1;
}

static void copy(const char *from, const char *to)
{
    if (scratch_copy(from, to) != 0 || chmod(to, 0755) == -1) {
        fprintf(stderr, "cannot copy %s\n", from);
        exit(1);
    }
}

/* Copies of what has to be in places that every user can reach. */
static void make_folder(const char *from)
{
    char self[4096] = "", path[200];
    const ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (mkdtemp(folder) == NULL || chmod(folder, 0755) == -1 || n <= 0)
        exit(1);
    snprintf(warden, sizeof warden, "%s/warden", folder);
    snprintf(work, sizeof work, "%s/work", folder);
    mkdir(work, 0755);
    chmod(work, 0755);
    snprintf(path, sizeof path, "%s/inside", work);
    copy(self, path);
    if (from == NULL) {
        /* build/exercises/test/test_jail, build/exercises/check/warden */
        *strrchr(self, '/') = '\0';
        strcpy(strrchr(self, '/'), "/check/warden");
        from = self;
    }
    copy(from, warden);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "inside") == 0)
        return jail_inside(argv[2]);
    const bool again = argc == 3 && strcmp(argv[1], "as-nobody") == 0;
    make_folder(again ? argv[2] : NULL);
    int failed = run_tiers(again ? "jail, as an ordinary user" : "jail");
    if (geteuid() == 0)
        failed += run_as_nobody();
    scratch_remove(folder);
    return failed;
}

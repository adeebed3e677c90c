/*
 * main.c - the check program of an exercise: runs its checks one after the
 * other, each in a process of its own, and skips those whose needs have failed.
 *
 * The grader starts it with a socket as descriptor 3, sends the nonce through
 * it, and reads the findings from it. The nonce is in no argument and no
 * environment, where a student's program might look. By hand, for whoever
 * writes an exercise: --list.
 *
 * Read before: check.h, finding.h. Read after: ../grader/run.c.
 */
#include "check_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    REPORT = 3,
    CHECKS_MAX = 100,
    ALARM_S = FINDING_SECONDS_MAX + 60, /* the check itself hangs */
};

struct setting setting;

static const struct check *all[CHECKS_MAX];
static bool passed[CHECKS_MAX];
static int n_all;

static void gather(const struct check *table)
{
    for (; table->name != NULL && n_all < CHECKS_MAX; table++)
        all[n_all++] = table;
}

static bool in_words(const char *words, const char *name)
{
    struct base_slice rest = base_slice_of(words);
    while (rest.len > 0) {
        bool found;
        if (base_slice_equal(base_slice_cut(&rest, ' ', &found),
                             base_slice_of(name)))
            return true;
    }
    return false;
}

/* The first check that this one needs and that has not passed; or NULL. */
static const char *unmet(const struct check *check)
{
    for (int i = 0; i < n_all && check->needs != NULL; i++)
        if (!passed[i] && in_words(check->needs, all[i]->name))
            return all[i]->name;
    return NULL;
}

/* With --only: this check, and what it needs, directly or not. */
static bool is_wanted(const struct check *check, const char *only)
{
    if (only[0] == '\0' || strcmp(check->name, only) == 0)
        return true;
    for (int i = 0; i < n_all; i++)
        if (all[i] != check && all[i]->needs != NULL &&
            in_words(all[i]->needs, check->name) && is_wanted(all[i], only))
            return true;
    return false;
}

static void skip(const struct check *check, const char *because, uint64_t nonce)
{
    const struct finding f = {
        .check = (char *)check->name,
        .title = (char *)check->title,
        .outcome = OUTCOME_SKIPPED,
        .seed = (uint64_t)setting.seed,
        .came = check_text("it needs \"%s\", which has not passed", because),
    };
    finding_write(REPORT, nonce, &f);
}

/* Writes for a check whose process has ended without a finding. */
static void blame(const struct check *check, int status, uint64_t nonce)
{
    const struct finding f = {
        .check = (char *)check->name,
        .title = (char *)check->title,
        .outcome = OUTCOME_ERROR,
        .seed = (uint64_t)setting.seed,
        .came =
            check_text("the check itself has failed: %s", status_text(status)),
    };
    finding_write(REPORT, nonce, &f);
}

/*
 * Returns whether it has passed. What a check starts ends with it: the jails'
 * keepers see to that.
 */
static bool run_one(const struct check *check, uint64_t nonce)
{
    const pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        alarm(ALARM_S);
        check_limit(FINDING_SECONDS_MAX);
        signal(SIGPIPE, SIG_IGN); /* who does not read is no reason to end */
        if (jail_own_network((enum jail_tier)setting.tier) < 0)
            _exit(CHECK_BROKE);
        prctl(PR_SET_DUMPABLE, 0); /* no student's program may look inside */
        check_run(check, REPORT, nonce);
    }
    int status = CHECK_BROKE;
    while (child > 0 && waitpid(child, &status, 0) == -1 && errno == EINTR)
        ;
    if (WIFEXITED(status) && WEXITSTATUS(status) == CHECK_PASSED)
        return true;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != CHECK_NOT_PASSED)
        blame(check, status, nonce);
    return false;
}

static void run_all(const char *only, uint64_t nonce)
{
    for (int i = 0; i < n_all; i++) {
        if (!is_wanted(all[i], only))
            continue;
        const char *because = unmet(all[i]);
        if (because != NULL)
            skip(all[i], because, nonce);
        else
            passed[i] = run_one(all[i], nonce);
    }
}

static int list(void)
{
    for (int i = 0; i < n_all; i++)
        printf("%s\t%s\t%s\n", all[i]->name, all[i]->title,
               all[i]->needs != NULL ? all[i]->needs : "");
    return 0;
}

int main(int argc, char **argv)
{
    const char *only = "";
    bool wants_list = false, asks = false;
    struct jail_limits *l = &setting.limits;
    const struct base_option rows[] = {
        {"list", "name, title and needs of each check", .flag = &wants_list},
        {"ask", "print the exercise's questions", .flag = &asks},
        {"only", "this check, and what it needs", .string = &only},
        {"exercise", "its name", .string = &setting.exercise},
        {"dir", "its folder", .string = &setting.dir},
        {"work", "the folder of what was built", .string = &setting.work},
        {"program", "the student's program", .string = &setting.program},
        {"answers", "the student's answers", .string = &setting.answers},
        {"own-stacks", "the program has coroutines",
         .flag = &setting.own_stacks},
        {"warden", "that program", .string = &setting.warden},
        {"tier", "of the jail", .number = &setting.tier, .max = JAIL_BWRAP},
        {"seed", "of this run", .large = &setting.seed, .min = INT64_MIN,
         .max = INT64_MAX},
        {"patience", "seconds", .number = &setting.patience_s, .max = 600},
        {"cpu", "seconds", .number = &l->cpu_s, .max = 3600},
        {"wall", "seconds", .number = &l->wall_s, .max = 3600},
        {"memory", "MiB", .number = &l->memory_mb, .max = 1 << 20},
        {"processes", "at most", .number = &l->processes, .max = 1 << 20},
        {"files", "descriptors", .number = &l->files, .max = 1 << 20},
        {"file-mb", "MiB", .number = &l->file_mb, .max = 1 << 20},
        {.name = NULL},
    };
    struct base_options *options = base_options_new(
        "Runs the checks of an exercise for the grader.", NULL);
    base_options_define(options, rows);
    base_options_start(options, argc, argv);
    gather(visible_checks);
    gather(hidden_checks);
    if (wants_list)
        return list();

    if (asks) {
        setting.check = &(struct check){.name = "ask"};
        exercise_ask();
        return 0;
    }
    uint64_t nonce;
    if (read(REPORT, &nonce, sizeof nonce) != sizeof nonce) {
        fprintf(stderr,
                "checks: this is started by the grader\n"
                "  try:     make check EXERCISE=%s\n",
                setting.exercise != NULL ? setting.exercise : "01");
        return 2;
    }
    fcntl(REPORT, F_SETFD, FD_CLOEXEC);
    run_all(only, nonce);
    base_options_free(options);
}

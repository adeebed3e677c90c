/*
 * test_jail.c - each tier of the jail: what a program sees there, where its
 * limits are, and that nothing of it is left. If the tests are run by root they
 * run once more as an ordinary user.
 *
 * What runs inside is a copy of this program, see jail_inside.h.
 *
 * Read before: ../check/jail.h, jailed.h. Read after: jailed_sees.c,
 * jail_inside.c.
 */
#include "../grader/scratch.h"
#include "jail_inside.h"
#include "jailed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <assert.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOBODY = 65534, TESTS_MAX = 300, NAME = 100 };

/* The folder of copies, for all users. */
static char folder[] = "/tmp/test_jail.XXXXXX";

static struct CMUnitTest all[TESTS_MAX];
static size_t n_all;

static void add_tests(enum jail_tier tier, const struct jailed_test *tests)
{
    static char names[TESTS_MAX][NAME];
    for (const struct jailed_test *t = tests; t->name != NULL; t++, n_all++) {
        assert(n_all < TESTS_MAX);
        snprintf(names[n_all], NAME, "%s: %s", jail_tier_name(tier), t->name);
        all[n_all] =
            (struct CMUnitTest){.name = names[n_all],
                                .test_func = t->run,
                                .initial_state = (void *)(intptr_t)tier};
    }
}

static int run_tiers(const char *group)
{
    for (enum jail_tier tier = JAIL_USER; tier <= JAIL_BWRAP; tier++) {
        jailed_there[tier] = jail_tier_works(tier, jailed_warden);
        if (!jailed_there[tier])
            printf("# the tier %s does not work here: its tests are skipped\n",
                   jail_tier_name(tier));
        add_tests(tier, jailed_sees);
        add_tests(tier, jailed_limits);
        add_tests(tier, jailed_ends);
    }
    fflush(stdout);
    return _cmocka_run_group_tests(group, all, n_all, NULL, NULL);
}

/* The same as an ordinary user; root has another way through most of it. */
static int run_as_nobody(void)
{
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        char inside[200];
        snprintf(inside, sizeof inside, "%s/inside", jailed_work);
        if (setgroups(0, NULL) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0 &&
            setresuid(NOBODY, NOBODY, NOBODY) == 0)
            execl(inside, inside, "as-nobody", jailed_warden, NULL);
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
    snprintf(jailed_warden, sizeof jailed_warden, "%s/warden", folder);
    snprintf(jailed_work, sizeof jailed_work, "%s/work", folder);
    mkdir(jailed_work, 0755);
    chmod(jailed_work, 0755);
    snprintf(path, sizeof path, "%s/inside", jailed_work);
    copy(self, path);
    if (from == NULL) {
        /* build/exercises/test/test_jail, build/exercises/check/warden */
        *strrchr(self, '/') = '\0';
        strcpy(strrchr(self, '/'), "/check/warden");
        from = self;
    }
    copy(from, jailed_warden);
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

/*
 * verdict.h - what the checks of 04-catch do again and again: start a server of
 * the kit, let the student's tester judge it, look at the verdict.
 *
 * The tester knows the port and nothing else: the server runs in a jail of its
 * own.
 *
 * Read before: ../check/check.h. Read after: checks.c.
 */
#ifndef CATCH_VERDICT_H
#define CATCH_VERDICT_H

#include "../check/check.h"

#include <signal.h>
#include <sys/wait.h>

enum verdict { GOOD, FAULTY, UNDECIDED };

enum { RUN_S = 10 }; /* so long a run may take, as README.md promises */

/* What to mend follows from how the tester ended; or the check's own cause. */
static inline void tell_causes(void)
{
    check_cause_when("ends within",
                     "Some faulty servers never answer. Whoever waits for one "
                     "needs a time limit, as the functions of client.h have.");
    check_cause_when("exits with 2 (cannot tell)",
                     "2 is for a tester that cannot do its work, and with this "
                     "server all calls succeed: see where your program returns "
                     "it. A promise that is broken is a finding: 1.");
    check_cause_when("ends by itself", "");
    check_cause_when("(good), 1 (faulty) or", "");
}

/* One run of the tester; fails the check if it comes to no verdict. */
static inline enum verdict judge(enum build build, const struct program *server)
{
    const char *const options[] = {
        check_text("%d", program_port(server)),
        NULL,
    };
    struct program *tester = program_start(build, options);
    const int status = program_wait_within(tester, RUN_S);
    if (!WIFEXITED(status) || WEXITSTATUS(status) > UNDECIDED)
        check_fail(
            "the tester exits with 0 (good), 1 (faulty) or 2 (cannot "
            "tell)",
            WIFSIGNALED(status)
                ? check_text("it was ended by signal %d", WTERMSIG(status))
                : check_text("it exited with status %d", WEXITSTATUS(status)));
    check_did("the tester exits with %d", WEXITSTATUS(status));
    return (enum verdict)WEXITSTATUS(status);
}

/* The verdict on a server, which is ended then. */
static inline enum verdict verdict_of(enum build build, const char *name)
{
    check_fresh_network(); /* or the tester could count its runs */
    struct program *server = server_start_named(GIVEN, name, NULL);
    check_command("build/exercises/04-catch/given/%s --port 8000\n"
                  "# in another terminal:\n"
                  "make try EXERCISE=04-catch ARGS=8000",
                  name);
    const enum verdict verdict = judge(build, server);
    kill(program_pid(server), SIGKILL);
    return verdict;
}

static inline void expect_verdict(enum build build, const char *name,
                                  enum verdict expected)
{
    const enum verdict verdict = verdict_of(build, name);
    static const char *const words[] = {"good", "faulty", "cannot tell"};
    if (verdict != expected)
        check_fail(
            check_text("the tester exits with %d (%s) for %s", expected,
                       words[expected], name),
            check_text("it exits with %d (%s)", verdict, words[verdict]));
}

#endif

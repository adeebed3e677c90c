/*
 * check.c - one check in a process of its own: the story that is told as it
 * goes, and the ways in which it ends, each of which writes the finding.
 *
 * Read before: check.h, finding.h. Read after: program.c, main.c.
 */
#include "check_internal.h"

#include "pump.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STORY_MAX = 24 }; /* lines; of a longer story the end is told */

static struct finding finding;
static int report = -1;
static uint64_t nonce;
static int64_t begin_ns;
static char *story[STORY_MAX];
static unsigned long told;
static bool quiet;
static char *notes;

/* --- the story ------------------------------------------------------------ */

static char *vtext(const char *format, va_list args)
{
    char *text;
    if (vasprintf(&text, format, args) == -1)
        text = base_strdup("?");
    return text;
}

static bool muted;

void story_mute(bool mute)
{
    muted = mute;
}

static void tell(char *line)
{
    if (muted) {
        free(line);
        return;
    }
    free(story[told % STORY_MAX]);
    story[told++ % STORY_MAX] = line;
}

void check_quiet(bool yes)
{
    quiet = yes;
}

void story_add(const char *what, ...)
{
    if (quiet)
        return;
    va_list args;
    va_start(args, what);
    tell(vtext(what, args));
    va_end(args);
}

void check_did(const char *what, ...)
{
    va_list args;
    va_start(args, what);
    tell(vtext(what, args));
    va_end(args);
}

char *story_text(void)
{
    struct base_buf b;
    base_buf_init(&b, 1 << 20);
    const unsigned long first = told > STORY_MAX ? told - STORY_MAX : 0;
    if (first > 0)
        base_buf_printf(&b, "... %lu steps before\n", first);
    for (unsigned long i = first; i < told; i++)
        base_buf_printf(&b, "%lu. %s%s", i + 1, story[i % STORY_MAX],
                        i + 1 < told ? "\n" : "");
    return base_slice_dup(base_buf_slice(&b));
}

void check_command(const char *command, ...)
{
    va_list args;
    va_start(args, command);
    finding.command = vtext(command, args);
    va_end(args);
}

void check_cause(const char *cause, const char *section)
{
    if (cause != NULL)
        finding.cause = cause[0] != '\0' ? base_strdup(cause) : NULL;
    if (section != NULL)
        finding.section = base_strdup(section);
}

enum { CAUSES_MAX = 8 };

static struct {
    const char *seen, *cause;
} causes[CAUSES_MAX];
static int n_causes;

void check_cause_when(const char *seen, const char *cause)
{
    if (n_causes == CAUSES_MAX)
        check_error("a check may have %d causes", CAUSES_MAX);
    causes[n_causes].seen = seen;
    causes[n_causes++].cause = cause;
}

/* The check's own, if no other fits to what was seen. */
static const char *cause_of(const struct finding *f)
{
    for (int i = 0; i < n_causes; i++)
        if ((f->expected != NULL && strstr(f->expected, causes[i].seen)) ||
            (f->came != NULL && strstr(f->came, causes[i].seen)) ||
            (f->hang != NULL && strstr(f->hang, causes[i].seen)))
            return causes[i].cause;
    return setting.check->cause;
}

void check_note(const char *what, ...)
{
    va_list args;
    va_start(args, what);
    char *line = vtext(what, args);
    va_end(args);
    notes = notes == NULL ? line : check_text("%s\n%s", notes, line);
}

/* --- the end -------------------------------------------------------------- */

static noreturn void end(enum outcome outcome, double share)
{
    finding.outcome = outcome;
    finding.share = share;
    finding.ms = (pump_clock_ns() - begin_ns) / 1000000;
    finding.note = notes;
    if (report == -1) /* the questions are asked: there is nobody to tell */
        fprintf(stderr, "checks: %s\n", finding.came);
    if (finding_write(report, nonce, &finding) < 0)
        _exit(CHECK_BROKE);
    _exit(outcome == OUTCOME_PASSED ? CHECK_PASSED : CHECK_NOT_PASSED);
}

/* What a failure says beside expected and came, if nobody has said it. */
static void complete(void)
{
    const struct check *check = setting.check;
    finding.did = story_text();
    if (finding.command == NULL && story_command() != NULL)
        finding.command = base_strdup(story_command());
    if (finding.section == NULL && check->section != NULL)
        finding.section = base_strdup(check->section);
    finding.reproduce =
        check_text("make check EXERCISE=%s CHECK=%s SEED=%lld",
                   setting.exercise, check->name, (long long)setting.seed);
    program_evidence(&finding);
    const char *cause = cause_of(&finding);
    if (finding.cause == NULL && cause != NULL)
        finding.cause = base_strdup(cause);
}

noreturn void check_fail(const char *expected, const char *came)
{
    finding.expected = base_strdup(expected);
    finding.came = base_strdup(came);
    complete();
    end(OUTCOME_FAILED, 0);
}

noreturn void check_share(double share, const char *expected, const char *came)
{
    if (share >= 1)
        end(OUTCOME_PASSED, 1);
    if (share <= 0)
        check_fail(expected, came);
    finding.expected = base_strdup(expected);
    finding.came = base_strdup(came);
    complete();
    end(OUTCOME_PARTLY, share);
}

noreturn void check_noisy(const char *why)
{
    check_note("%s", why);
    end(OUTCOME_NOISY, 0);
}

noreturn void check_error(const char *what, ...)
{
    va_list args;
    va_start(args, what);
    finding.came = vtext(what, args);
    va_end(args);
    finding.did = story_text();
    end(OUTCOME_ERROR, 0);
}

void check_that(bool holds, const char *expected, const char *came)
{
    if (!holds)
        check_fail(expected, came);
}

void check_equal(const char *what, long long expected, long long came)
{
    if (expected != came)
        check_fail(check_text("%s: %lld", what, expected),
                   check_text("%lld", came));
}

void check_at_most(const char *what, long long limit, long long came)
{
    if (came > limit)
        check_fail(check_text("%s: at most %lld", what, limit),
                   check_text("%lld", came));
}

noreturn void check_run(const struct check *check, int to, uint64_t proof)
{
    setting.check = check;
    report = to;
    nonce = proof;
    begin_ns = pump_clock_ns();
    finding = (struct finding){.check = base_strdup(check->name),
                               .title = base_strdup(check->title),
                               .seed = (uint64_t)setting.seed};
    check->run();
    end(OUTCOME_PASSED, 1);
}

/*
 * claim.c - see claim.h. Four parts: the runner, numbers, programs, the cost
 * of a turn.
 *
 * A turn is measured in one process and without a network, so that only the
 * waiting differs. SIMPLIFIED: nobody sleeps, for something is always ready; a
 * sleep and the wake-up after it cost the same in all three ways.
 */
#include "claim.h"

#include "common.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* --- the runner -------------------------------------------------------------- */

enum { WIDTH = 78, INDENT = 5, CLAIMS_MAX = 32 };

/* What the command line asks for. */
struct request {
    bool chosen[CLAIMS_MAX]; /* by place in the table; none: all */
    FILE *tsv;
    int done, total; /* of --quiet; total 0: not quiet */
};

static noreturn void help(const char *lesson)
{
    printf("usage: claims [OPTION...] [ID...]\n"
           "Checks by experiments, on this machine, what the course claims in "
           "%s.\n\n"
           "  claims                all of them\n"
           "  claims --list         the IDs and what is claimed\n"
           "  claims --tsv FILE ID  one, and its result appended to FILE\n\n"
           "  --list                list the claims and exit\n"
           "  --tsv FILE            append the results to FILE\n"
           "  --quiet DONE/TOTAL    one line a claim, counted from DONE\n"
           "  --help                print this and exit\n",
           lesson);
    exit(0);
}

static noreturn void list(const struct claim *claims)
{
    for (; claims->id != NULL; claims++)
        printf("%s  %s\n", claims->id, claims->sentence);
    exit(0);
}

static void choose(struct request *request, const struct claim *claims,
                   const char *id)
{
    for (int i = 0; claims[i].id != NULL; i++) {
        if (strcasecmp(claims[i].id, id) == 0) {
            request->chosen[i] = true;
            return;
        }
    }
    die(0, "--list, which lists them", "'%s' is no claim of this lesson", id);
}

/* The value behind an option of the command line. */
static const char *value_of(char **argv, int i)
{
    if (argv[i + 1] == NULL)
        die(0, "--help lists the options", "'%s' needs a value", argv[i]);
    return argv[i + 1];
}

static void parse(struct request *request, char **argv, const char *lesson,
                  const struct claim *claims)
{
    for (int i = 1; argv[i] != NULL; i++) {
        if (strcmp(argv[i], "--help") == 0)
            help(lesson);
        if (strcmp(argv[i], "--list") == 0)
            list(claims);
        if (strcmp(argv[i], "--tsv") == 0) {
            const char *path = value_of(argv, i++);
            request->tsv = fopen(path, "ae");
            if (request->tsv == NULL)
                die(errno, "a folder that is there", "cannot open '%s'", path);
        } else if (strcmp(argv[i], "--quiet") == 0) {
            if (sscanf(value_of(argv, i++), "%d/%d", &request->done,
                       &request->total) != 2 ||
                request->total < 1)
                die(0, "--quiet 0/13", "'%s' is no value of '--quiet'",
                    argv[i]);
        } else if (argv[i][0] == '-') {
            die(0, "--help lists the options", "unknown option '%s'", argv[i]);
        } else {
            choose(request, claims, argv[i]);
        }
    }
}

/* Prints text from column `column` on, where the cursor is, within WIDTH. */
static void print_wrapped(const char *text, int column)
{
    int at = column;
    while (*text != '\0') {
        const int word = (int)strcspn(text, " ");
        if (at > column && at + 1 + word > WIDTH) {
            printf("\n%*s", column, "");
            at = column;
        } else if (at > column) {
            putchar(' ');
            at++;
        }
        at += printf("%.*s", word, text);
        text += word;
        text += strspn(text, " ");
    }
    putchar('\n');
}

static const char *const verdicts[][2] = {
    [CLAIM_FAILS] = {"does not hold here", "does-not-hold"},
    [CLAIM_HOLDS] = {"holds", "holds"},
    [CLAIM_NOT_MEASURED] = {"not measured", "not-measured"},
};

static void print_verdict(const struct claim_result *r, int verdict)
{
    if (verdict == CLAIM_NOT_MEASURED) {
        printf("%*sverdict:  not measured: ", INDENT, "");
        print_wrapped(r->measured, INDENT + 24);
    } else {
        printf("%*smeasured: ", INDENT, "");
        print_wrapped(r->measured, INDENT + 10);
        printf("%*sverdict:  %s\n", INDENT, "", verdicts[verdict][0]);
    }
    putchar('\n');
}

/* Columns: bench server variant x metric value unit round. */
static void write_tsv(FILE *tsv, const char *lesson, const struct claim *claim,
                      int verdict, const char *measured)
{
    fprintf(tsv, "claim\t%s\t%s\t-\tclaim\t-\t%s\t1\n", lesson, claim->id,
            claim->sentence);
    fprintf(tsv, "claim\t%s\t%s\t-\tverdict\t%s\t%s\t1\n", lesson, claim->id,
            verdicts[verdict][1], measured);
}

static int run(const struct claim *claim, struct request *request)
{
    struct claim_result result = {.quiet = request->total > 0};
    if (!result.quiet)
        printf("%s  ", claim->id), print_wrapped(claim->sentence, INDENT);
    else
        printf("[%2d/%d] %s  %s: ", ++request->done, request->total, claim->id,
               claim->sentence);
    fflush(stdout);
    const int64_t start = claim_now_ns();
    const int verdict = claim->run(&result);
    const double seconds = (double)(claim_now_ns() - start) / 1e9;
    if (!result.quiet)
        print_verdict(&result, verdict);
    else
        printf("%s (%.1f s)\n", verdicts[verdict][0], seconds);
    fflush(stdout);
    for (char *at = result.measured; *at != '\0'; at++)
        if (*at == '\t' || *at == '\n')
            *at = ' ';
    return verdict;
}

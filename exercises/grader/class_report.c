/*
 * class_report.c - the last lines of a run: how much was graded, what needs a
 * look and why, where the report is.
 *
 *     graded: 38 of 40, in 83 s; of the 40, 12 are kept from before
 *     need a look: 3
 *       empty    bob 05-drain: nothing was handed in
 *       error    eve 05-drain: the grader's worker ...
 *       left out list.txt: neither folder nor archive
 *     report: build/grades/05-drain/index.html
 *     next:   ...
 *
 * What went as it should is not listed. Many of one kind are cut: the report
 * has all.
 *
 * Read before: class_run.h. Read after: command_class.c.
 */
#include "class_run.h"

#include "escape.h"
#include "message.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { SHOWN = 20, TEXT_MAX = 1 << 16, REASON_MOST = 200 };

/* Prints any bytes as one line of text, cut at `most` bytes. */
static void print_line(const char *text, size_t most)
{
    struct base_buf buf;
    base_buf_init(&buf, TEXT_MAX);
    struct sink to = sink_of(&buf);
    const struct base_slice all = base_slice_of(text);
    const size_t len = all.len > most ? escape_cut_at(all, most) : all.len;
    escape_slice(&to, ESCAPE_TEXT, (struct base_slice){text, len}, true);
    printf("%.*s%s", BASE_SLICE_ARGS(base_buf_slice(&buf)),
           len < all.len ? "..." : "");
    base_buf_fini(&buf);
}

/* Why it is not graded for good; NULL: it is. */
static const char *problem(const struct submission *s)
{
    if (s->state != SUBMISSION_GRADED)
        return s->reason != NULL ? s->reason : "";
    if (!submission_final(s))
        return "some checks could not be scored; grade again";
    return NULL;
}

static void print_problem(const struct submission *s, const char *why,
                          bool color)
{
    const struct base_slice line = message_telling_line(why);
    char *text = base_slice_dup(line);
    const bool red = color && s->state == SUBMISSION_ERROR;
    printf("  %s%-8s%s ", red ? "\033[31m" : "",
           s->state == SUBMISSION_GRADED ? "open"
                                         : submission_state_name(s->state),
           red ? "\033[0m" : "");
    print_line(s->student, 60);
    printf(" %s: ", s->exercise);
    print_line(text, REASON_MOST);
    free(text);
    putchar('\n');
}

/* Those of one state; "open" ones come with SUBMISSION_GRADED. */
static void print_state(const struct class_result *c,
                        enum submission_state state, bool color)
{
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++) {
        const struct submission *s = &c->submissions[i];
        const char *why = s->state == state ? problem(s) : NULL;
        if (why != NULL && n++ < SHOWN)
            print_problem(s, why, color);
    }
    if (n > SHOWN)
        printf("  ... and %zu more\n", n - SHOWN);
}

static size_t count_lines(const char *text)
{
    size_t n = text != NULL && *text != '\0';
    for (; text != NULL && *text != '\0'; text++)
        n += *text == '\n';
    return n;
}

/* What is nobody's, or came twice. */
static void print_left_out(const struct class_result *c)
{
    struct base_slice rest =
        base_slice_of(c->left_out != NULL ? c->left_out : "");
    for (size_t n = 0; rest.len > 0 && n < SHOWN; n++) {
        char *line = base_slice_dup(base_slice_cut(&rest, '\n', NULL));
        fputs("  left out ", stdout);
        print_line(line, REASON_MOST);
        putchar('\n');
        free(line);
    }
    if (rest.len > 0)
        puts("  ... and more");
}

static void print_problems(const struct class_result *c)
{
    const bool color = isatty(STDOUT_FILENO) == 1 && getenv("NO_COLOR") == NULL;
    size_t n = count_lines(c->left_out);
    for (size_t i = 0; i < c->n; i++)
        n += problem(&c->submissions[i]) != NULL;
    if (n == 0)
        return;
    printf("need a look: %zu\n", n);
    for (enum submission_state s = SUBMISSION_GRADED; s <= SUBMISSION_ERROR;
         s++)
        print_state(c, s, color);
    print_left_out(c);
}

void class_report(const struct class_run *run)
{
    const struct class_result *c = &run->result;
    size_t graded = 0;
    bool open = false;
    for (size_t i = 0; i < c->n; i++) {
        graded += c->submissions[i].state == SUBMISSION_GRADED;
        open = open || !submission_final(&c->submissions[i]);
    }
    printf("graded: %zu of %zu, in %.1f s", graded, c->n, c->seconds);
    if (run->progress.kept > 0)
        printf("; of the %zu, %zu are kept from before", c->n,
               run->progress.kept);
    putchar('\n');
    print_problems(c);
    if (run->unkept != 0)
        printf("results could not be kept in %s: %s\n", run->store.dir,
               strerror(-run->unkept));
    printf("report: %s/index.html\n", run->settings->out);
    if (open)
        printf("next:   %s   (grades again what is open)\n",
               run->settings->command);
    else
        printf("next:   xdg-open %s/index.html\n", run->settings->out);
}

/*
 * out_class_html.c - the class on one page, for instructors: what to look at
 * first, the grades, and for each exercise how the scores are spread and which
 * checks failed most.
 *
 * Read before: out_hidden_html.c, class.h, folder.h. Read after: out_save.c.
 * Rests on: SVG 1.1.
 */
#include "class.h"
#include "folder.h"
#include "html.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    BINS = 11, /* tenths of the points, and all */
    CHECKS_MOST = 10,
    REASON_MOST = 200, /* bytes of its first line */
};

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

static void put_link(struct sink *to, const struct submission *s)
{
    sink_put(to, "<a href=\"");
    folder_link(to, s->student, s->exercise);
    sink_put(to, "\">");
}

/* --- what to look at first ------------------------------------------------ */

/* What the intake says is a sentence; the state's name would say it twice. */
static bool is_told_by_reason(const struct submission *s)
{
    return s->reason != NULL &&
           (s->state == SUBMISSION_EMPTY || s->state == SUBMISSION_MISSING ||
            s->state == SUBMISSION_REFUSED);
}

/* The first line, cut. */
static void put_line(struct sink *to, struct base_slice text)
{
    struct base_slice line = base_slice_cut(&text, '\n', NULL);
    if (line.len > REASON_MOST)
        line.len = escape_cut_at(line, REASON_MOST);
    escape_slice(to, ESCAPE_MARKUP, line, true);
}

static void put_item(struct sink *to, const struct submission *s)
{
    sink_put(to, "<li>");
    put_link(to, s);
    html_line(to, s->student);
    sink_put(to, ", ");
    html_line(to, s->exercise);
    sink_put(to, "</a>: ");
    if (is_told_by_reason(s)) {
        put_line(to, base_slice_of(s->reason));
    } else {
        message_sum(to, s);
        if (s->state != SUBMISSION_GRADED && s->reason != NULL) {
            sink_put(to, " <span class=\"soft\">");
            put_line(to, message_telling_line(s->reason));
            sink_put(to, "</span>");
        }
    }
    sink_put(to, "</li>\n");
}

static void put_list(struct sink *to, const struct class_result *c,
                     const char *heading,
                     bool (*belongs)(const struct submission *s))
{
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++) {
        if (!belongs(&c->submissions[i]))
            continue;
        if (n++ == 0)
            sink_printf(to, "<h2>%s</h2>\n<ul>\n", heading);
        put_item(to, &c->submissions[i]);
    }
    sink_put(to, n > 0 ? "</ul>\n" : "");
}

/* What lay among the submissions and is nobody's, or came twice. */
static void put_left_out(struct sink *to, const char *text)
{
    struct base_slice rest = base_slice_of(text != NULL ? text : "");
    if (rest.len == 0)
        return;
    sink_put(to, "<h2>Left out</h2>\n<ul>\n");
    while (rest.len > 0) {
        sink_put(to, "<li>");
        escape_slice(to, ESCAPE_MARKUP, base_slice_cut(&rest, '\n', NULL),
                     true);
        sink_put(to, "</li>\n");
    }
    sink_put(to, "</ul>\n");
}

static bool is_not_final(const struct submission *s)
{
    return !submission_final(s);
}

static bool is_not_graded(const struct submission *s)
{
    return s->state != SUBMISSION_GRADED && submission_final(s);
}

/* --- the grades ----------------------------------------------------------- */

static void put_cell(struct sink *to, const struct submission *s)
{
    sink_put(to, "<td>");
    if (s != NULL) {
        put_link(to, s);
        if (s->state == SUBMISSION_ERROR)
            sink_put(to, "grade again");
        else
            sink_points(to, s->score);
        sink_put(to, "</a>");
        if (s->state == SUBMISSION_GRADED && !submission_final(s))
            sink_put(to, " <span class=\"open\">open</span>");
        else if (is_not_graded(s))
            sink_printf(to, " <span class=\"bad\">%s</span>",
                        submission_state_name(s->state));
    }
    sink_put(to, "</td>");
}

static void put_row(struct sink *to, struct class_row row,
                    const struct class_column *columns, size_t n)
{
    double sum = 0;
    bool final = true;
    sink_put(to, "<tr><td class=\"name\">");
    html_line(to, row.first->student);
    sink_put(to, "</td>");
    for (size_t i = 0; i < n; i++) {
        const struct submission *s = class_find(row, columns[i].exercise);
        put_cell(to, s);
        sum += s != NULL ? s->score : 0;
        final &= s == NULL || submission_final(s);
    }
    if (n > 1) {
        sink_put(to, "<td>");
        sink_points(to, sum);
        sink_put(to,
                 final ? "</td>" : " <span class=\"open\">open</span></td>");
    }
    sink_put(to, "</tr>\n");
}

static void put_table(struct sink *to, const struct class_result *c,
                      const struct class_column *columns, size_t n)
{
    double sum = 0;
    sink_put(to, "<h2>Grades</h2>\n<div class=\"scroll\" tabindex=\"0\">"
                 "<table>\n<thead><tr><th class=\"name\">student</th>");
    for (size_t i = 0; i < n; i++) {
        sink_put(to, "<th>");
        html_line(to, columns[i].exercise);
        sink_put(to, " of ");
        sink_points(to, columns[i].max);
        sink_put(to, "</th>");
        sum += columns[i].max;
    }
    if (n > 1) {
        sink_put(to, "<th>sum of ");
        sink_points(to, sum);
        sink_put(to, "</th>");
    }
    sink_put(to, "</tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < c->n;) {
        const struct class_row row = class_row_at(c, i);
        put_row(to, row, columns, n);
        i += row.n;
    }
    sink_put(to, "</tbody>\n</table></div>\n");
}

/* --- how scores are spread ------------------------------------------------ */

struct spread {
    size_t bins[BINS];
    size_t n, left_out, absent;
    double median;
};

static int by_value(const void *a, const void *b)
{
    const double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static double median_of(double *values, size_t n)
{
    if (n == 0)
        return 0;
    qsort(values, n, sizeof *values, by_value);
    return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

static struct spread spread_of(const struct class_result *c,
                               const struct class_column *column)
{
    struct spread spread = {.n = 0};
    double *scores = base_alloc_array(c->n + 1, sizeof *scores);
    for (size_t i = 0; i < c->n; i++) {
        const struct submission *s = &c->submissions[i];
        if (strcmp(s->exercise, column->exercise) != 0)
            continue;
        if (s->state == SUBMISSION_EMPTY) {
            spread.absent++;
            continue;
        }
        if (!submission_final(s)) {
            spread.left_out++;
            continue;
        }
        const double part = column->max > 0 ? s->score / column->max : 0;
        const size_t bin = (size_t)(part * (BINS - 1) + 1e-9);
        spread.bins[bin < BINS ? bin : BINS - 1]++;
        scores[spread.n++] = s->score;
    }
    spread.median = median_of(scores, spread.n);
    free(scores);
    return spread;
}

enum { BAR = 36, GAP = 4, LEFT = 8, TOP = 24, HIGH = 120 };

static void put_bar(struct sink *to, size_t bin, size_t count, size_t most)
{
    const int x = LEFT + (int)bin * (BAR + GAP);
    const int high = most > 0 ? (int)(count * HIGH / most) : 0;
    sink_printf(to,
                "<rect class=\"bar\" x=\"%d\" y=\"%d\" width=\"%d\" "
                "height=\"%d\"/>",
                x, TOP + HIGH - high, BAR, high);
    if (count > 0)
        sink_printf(to,
                    "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%zu</text>",
                    x + BAR / 2, TOP + HIGH - high - 5, count);
    sink_printf(to,
                "<text class=\"soft\" x=\"%d\" y=\"%d\" "
                "text-anchor=\"middle\">%zu%s</text>\n",
                x + BAR / 2, TOP + HIGH + 18, bin * 10,
                bin == BINS - 1 ? "%" : "");
}

static void put_histogram(struct sink *to, const struct spread *spread)
{
    const int wide = 2 * LEFT + BINS * (BAR + GAP) - GAP;
    size_t most = 0;
    for (size_t i = 0; i < BINS; i++)
        most = spread->bins[i] > most ? spread->bins[i] : most;
    sink_printf(to,
                "<svg viewBox=\"0 0 %d %d\" role=\"img\" "
                "aria-label=\"submissions by tenths of the points:",
                wide, TOP + HIGH + 26);
    for (size_t i = 0; i < BINS; i++)
        sink_printf(to, " %zu%%: %zu", i * 10, spread->bins[i]);
    sink_put(to, "\">\n");
    for (size_t i = 0; i < BINS; i++)
        put_bar(to, i, spread->bins[i], most);
    sink_printf(to,
                "<line class=\"axis\" x1=\"0\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>"
                "\n</svg>\n",
                wide, TOP + HIGH, TOP + HIGH);
}

/* --- which checks failed most --------------------------------------------- */

struct failing {
    const char *check;
    size_t failed, skipped, seen; /* skipped: as another has failed */
};

static int by_failed(const void *a, const void *b)
{
    const struct failing *left = a, *right = b;
    if (left->failed != right->failed)
        return left->failed < right->failed ? 1 : -1;
    if (left->skipped != right->skipped)
        return left->skipped < right->skipped ? 1 : -1;
    return strcmp(left->check, right->check);
}

static void count_check(struct failing *all, size_t *n, const struct mark *mark)
{
    const char *check = mark->finding.check != NULL ? mark->finding.check : "";
    size_t i = 0;
    while (i < *n && strcmp(all[i].check, check) != 0)
        i++;
    if (i == *n)
        all[(*n)++] = (struct failing){.check = check};
    all[i].seen++;
    all[i].failed += message_verdict(mark) == VERDICT_FAILED;
    all[i].skipped += mark->finding.outcome == OUTCOME_SKIPPED;
}

/* The checks of one exercise, those that failed most first. */
static size_t list_failing(const struct class_result *c, const char *exercise,
                           struct failing **list)
{
    size_t most = 1, n = 0;
    for (size_t i = 0; i < c->n; i++)
        most += c->submissions[i].n_marks;
    *list = base_alloc_array(most, sizeof **list);
    for (size_t i = 0; i < c->n; i++) {
        const struct submission *s = &c->submissions[i];
        if (s->state != SUBMISSION_GRADED || strcmp(s->exercise, exercise) != 0)
            continue;
        for (size_t k = 0; k < s->n_marks; k++)
            count_check(*list, &n, &s->marks[k]);
    }
    qsort(*list, n, sizeof **list, by_failed);
    return n;
}

static void put_failed(struct sink *to, const struct failing *check)
{
    html_element(to, "span", check->check);
    sink_printf(to,
                "<svg viewBox=\"0 0 100 1\" preserveAspectRatio=\"none\" "
                "aria-hidden=\"true\"><rect class=\"bar\" width=\"%zu\" "
                "height=\"1\"/></svg><span>%zu of %zu failed",
                check->failed * 100 / check->seen, check->failed, check->seen);
    if (check->skipped > 0)
        sink_printf(to, ", %zu skipped", check->skipped);
    sink_put(to, "</span>\n");
}

static void put_failing(struct sink *to, const struct class_result *c,
                        const char *exercise)
{
    struct failing *list;
    size_t n = list_failing(c, exercise, &list);
    while (n > 0 && list[n - 1].failed + list[n - 1].skipped == 0)
        n--;
    if (n > 0) {
        sink_put(to,
                 "<h3>Checks that failed most</h3>\n<div class=\"bars\">\n");
        for (size_t i = 0; i < n && i < CHECKS_MOST; i++)
            put_failed(to, &list[i]);
        sink_put(to, "</div>\n");
    }
    free(list);
}

static void put_exercise(struct sink *to, const struct class_result *c,
                         const struct class_column *column)
{
    const struct spread spread = spread_of(c, column);
    sink_put(to, "<h2>");
    html_line(to, column->exercise);
    sink_put(to, ": ");
    html_line(to, column->title);
    sink_put(to, "</h2>\n");
    if (spread.n > 0) {
        sink_put(to, "<p>Half of the submissions have ");
        sink_points(to, spread.median);
        sink_put(to, " or more of ");
        sink_points(to, column->max);
        sink_put(to, " points.</p>\n<figure>\n");
        put_histogram(to, &spread);
        sink_printf(to,
                    "<figcaption>%zu submission%s by share of the points: "
                    "0 is less than a tenth, 100%% is all.",
                    spread.n, plural(spread.n));
        if (spread.left_out > 0)
            sink_printf(to, " Left out: %zu without a final score.",
                        spread.left_out);
        if (spread.absent > 0)
            sink_printf(to, " %zu handed in nothing.", spread.absent);
        sink_put(to, "</figcaption>\n</figure>\n");
    }
    put_failing(to, c, column->exercise);
}

/* --- the page ------------------------------------------------------------- */

static void put_tables(struct sink *to, size_t hidden)
{
    sink_printf(to,
                "<p class=\"soft\">Tables: <a href=\"grades.csv\">grades.csv"
                "</a>, <a href=\"gradebook.csv\">gradebook.csv</a>. For you "
                "alone: <a href=\"hidden.html\">what hidden checks said</a>, "
                "%zu failed.</p>\n",
                hidden);
}

static void put_head(struct sink *to, const struct class_result *c,
                     size_t n_columns)
{
    size_t students = 0, handed_in = 0, kept = 0, hidden = 0;
    for (size_t i = 0; i < c->n; i += class_row_at(c, i).n)
        students++;
    for (size_t i = 0; i < c->n; i++) {
        const struct submission *s = &c->submissions[i];
        handed_in += s->state != SUBMISSION_EMPTY;
        kept += s->kept;
        hidden += output_hidden_count(s);
    }
    html_element(to, "h1", c->title);
    sink_printf(to,
                "<p class=\"score\">%zu submission%s: %zu student%s, %zu "
                "exercise%s</p>\n<p class=\"soft\">Graded ",
                handed_in, plural(handed_in), students, plural(students),
                n_columns, plural(n_columns));
    html_line(to, c->started);
    sink_put(to, " in ");
    sink_seconds(to, (int64_t)(c->seconds * 1000));
    sink_put(to, " s");
    if (kept > 0)
        sink_printf(to, ", %zu of them kept from an earlier run", kept);
    sink_put(to, "; grader ");
    html_line(to, c->grader);
    sink_put(to, ".</p>\n");
    put_tables(to, hidden);
}

int output_class_html(const struct class_result *c, struct base_buf *out)
{
    struct sink to = sink_of(out);
    struct class_column *columns = base_alloc_array(c->n + 1, sizeof *columns);
    const size_t n = class_columns(c, columns);
    html_begin(&to, c->title);
    put_head(&to, c, n);
    put_list(&to, c, "Grade again", is_not_final);
    put_table(&to, c, columns, n);
    put_list(&to, c, "Not graded", is_not_graded);
    put_left_out(&to, c->left_out);
    for (size_t i = 0; i < n; i++)
        put_exercise(&to, c, &columns[i]);
    html_end(&to);
    free(columns);
    return to.error;
}

/*
 * out_csv.c - tables for spreadsheets and gradebooks.
 *
 * The long form has a row a check, of every state: what was not graded has its
 * checks too, with the state for a status, so that sums over the rows are the
 * sums of the class. The gradebook has a row a student and a column an
 * exercise, as Canvas imports it; Moodle takes it without the row of possible
 * points, with "SIS Login ID" for the identity. A cell is empty if there is no
 * final grade (an error, a check that is still open), because an empty cell
 * changes nothing there and a 0 would.
 *
 * Read before: escape.h. Read after: out_html.c.
 * Rests on: RFC 4180; Canvas's guide to importing grades.
 */
#include "escape.h"
#include "message.h"

#include <inttypes.h>
#include <stdlib.h>

static void put_cell(struct sink *to, const char *text)
{
    escape_cell(to, text);
    sink_put(to, ",");
}

/* --- the long form -------------------------------------------------------- */

static const char *status(const struct submission *s, const struct mark *mark)
{
    return s->state == SUBMISSION_GRADED ? outcome_name(mark->finding.outcome)
                                         : submission_state_name(s->state);
}

/* A score that is open is no 0: see the gradebook's cells. */
static bool is_known(const struct submission *s, const struct mark *mark)
{
    return s->state != SUBMISSION_ERROR &&
           (s->state != SUBMISSION_GRADED || !mark_is_open(mark));
}

static void put_row(struct sink *to, const struct class_result *c,
                    const struct submission *s, const struct mark *mark)
{
    put_cell(to, s->student);
    put_cell(to, s->exercise);
    put_cell(to, mark->finding.check);
    put_cell(to, mark->hidden ? "hidden" : "visible");
    sink_points(to, mark->max); /* the weight is what the check is worth */
    sink_put(to, ",");
    if (is_known(s, mark))
        sink_points(to, mark->points);
    sink_put(to, ",");
    sink_points(to, mark->max);
    sink_put(to, ",");
    put_cell(to, status(s, mark));
    sink_printf(to, "%" PRId64 ",%" PRIu64 ",", mark->finding.ms,
                mark->finding.seed != 0 ? mark->finding.seed : s->seed);
    put_cell(to, c->grader);
    escape_cell(to, s->sha256);
    sink_put(to, "\r\n");
}

int output_csv(const struct class_result *c, struct base_buf *out)
{
    struct sink to = sink_of(out);
    sink_put(&to, "student,exercise,check,kind,weight,score,max,status,ms,"
                  "seed,grader_version,submission_sha256\r\n");
    for (size_t i = 0; i < c->n; i++)
        for (size_t k = 0; k < c->submissions[i].n_marks; k++)
            put_row(&to, c, &c->submissions[i], &c->submissions[i].marks[k]);
    return to.error;
}

/* --- the gradebook -------------------------------------------------------- */

struct column {
    const char *exercise;
    double max;
};

static int by_exercise(const void *a, const void *b)
{
    const struct column *left = a, *right = b;
    return strcmp(left->exercise, right->exercise);
}

/* The exercises of all submissions, each once, by name. */
static size_t list_columns(const struct class_result *c, struct column *columns)
{
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++)
        columns[i] =
            (struct column){c->submissions[i].exercise, c->submissions[i].max};
    qsort(columns, c->n, sizeof *columns, by_exercise);
    for (size_t i = 0; i < c->n; i++) {
        if (n == 0 || strcmp(columns[n - 1].exercise, columns[i].exercise) != 0)
            columns[n++] = columns[i];
        else if (columns[i].max > columns[n - 1].max)
            columns[n - 1].max = columns[i].max;
    }
    return n;
}

static void put_head(struct sink *to, const struct column *columns, size_t n)
{
    sink_put(to, "Student,ID,SIS User ID,SIS Login ID,Section");
    for (size_t i = 0; i < n; i++) {
        sink_put(to, ",");
        escape_cell(to, columns[i].exercise);
    }
    sink_put(to, "\r\nPoints Possible,,,,");
    for (size_t i = 0; i < n; i++) {
        sink_put(to, ",");
        sink_points(to, columns[i].max);
    }
    sink_put(to, "\r\n");
}

/* The row of the student of `first`, whose `n` submissions follow there. */
static void put_student(struct sink *to, const struct submission *first,
                        size_t n, const struct column *columns,
                        size_t n_columns)
{
    put_cell(to, first->student);
    sink_put(to, ",,");
    put_cell(to, first->student);
    for (size_t i = 0; i < n_columns; i++) {
        sink_put(to, ",");
        for (size_t k = 0; k < n; k++) {
            if (strcmp(first[k].exercise, columns[i].exercise) != 0)
                continue;
            if (submission_final(&first[k]))
                sink_points(to, first[k].score);
            break;
        }
    }
    sink_put(to, "\r\n");
}

int output_gradebook(const struct class_result *c, struct base_buf *out)
{
    struct sink to = sink_of(out);
    struct column *columns = base_alloc_array(c->n + 1, sizeof *columns);
    const size_t n_columns = list_columns(c, columns);
    put_head(&to, columns, n_columns);
    for (size_t i = 0, n; i < c->n; i += n) {
        const struct submission *first = &c->submissions[i];
        for (n = 1; i + n < c->n; n++)
            if (strcmp(first[n].student, first->student) != 0)
                break;
        put_student(&to, first, n, columns, n_columns);
    }
    free(columns);
    return to.error;
}

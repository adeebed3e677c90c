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
#include "class.h"
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

static void put_head(struct sink *to, const struct class_column *columns,
                     size_t n)
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

static void put_student(struct sink *to, struct class_row row,
                        const struct class_column *columns, size_t n)
{
    put_cell(to, row.first->student);
    put_cell(to, row.first->id);
    sink_put(to, ",");
    put_cell(to, row.first->student);
    for (size_t i = 0; i < n; i++) {
        const struct submission *s = class_find(row, columns[i].exercise);
        sink_put(to, ",");
        if (s != NULL && submission_final(s))
            sink_points(to, s->score);
    }
    sink_put(to, "\r\n");
}

int output_gradebook(const struct class_result *c, struct base_buf *out)
{
    struct sink to = sink_of(out);
    struct class_column *columns = base_alloc_array(c->n + 1, sizeof *columns);
    const size_t n = class_columns(c, columns);
    put_head(&to, columns, n);
    for (size_t i = 0; i < c->n;) {
        const struct class_row row = class_row_at(c, i);
        put_student(&to, row, columns, n);
        i += row.n;
    }
    free(columns);
    return to.error;
}

/*
 * outputs.h - writes a result in the formats that others read. All from one
 * run, all with the same totals.
 *
 *     terminal          for the student: the five parts of the first failure
 *     gradescope        results.json, see Gradescope's autograder specification
 *     classroom50       result.json, schema classroom50/result/v1
 *     autolab           two lines of JSON, the last on standard output
 *     tap               TAP version 14
 *     junit             JUnit XML, one <testsuites>
 *     csv               long form, a row a check; and one for a gradebook
 *     html              a page a submission, one for the class with plots, and
 *                       one of what hidden checks said
 *
 * Any name and any text may hold any byte: each writer escapes for its format,
 * and shows what steers a terminal, what the format cannot hold and bad UTF-8
 * as \x1b or \u202e. Long texts are cut with a note. Files are written beside
 * their place and renamed, so that a reader sees the old one or the new one,
 * never half of one.
 *
 * What is open is no 0: a check that was too noisy or that the grader could not
 * run, and a submission in SUBMISSION_ERROR, have an empty cell in tables, no
 * score in Autolab and no status in Gradescope, and say "grade again".
 *
 * Hidden checks: outputs for students give their names and points, and say
 * only "hidden check", unless `show_hidden`. Those for instructors (csv, html
 * of the class) show all.
 *
 * Functions return 0 or a negative errno value.
 * Read before: result.h. Read after: message.h, out_terminal.c.
 */
#ifndef GRADER_OUTPUTS_H
#define GRADER_OUTPUTS_H

#include "result.h"

struct output_options {
    bool show_hidden; /* messages of hidden checks too */
    bool color;       /* terminal only */
    int width;        /* terminal only: columns; 0: 80 */
};

/* To a buffer: these are what the tests look at. */
int output_terminal(const struct submission *s, const struct output_options *o,
                    struct base_buf *out);
int output_gradescope(const struct submission *s,
                      const struct output_options *o, struct base_buf *out);
/* Reads CLASSROOM, ASSIGNMENT, SUBMISSION_TAG, USERNAME, ... of getenv(3). */
int output_classroom50(const struct submission *s,
                       const struct output_options *o, struct base_buf *out);
int output_autolab(const struct submission *s, const struct output_options *o,
                   struct base_buf *out);
int output_tap(const struct submission *s, const struct output_options *o,
               struct base_buf *out);
int output_junit(const struct submission *submissions, size_t n,
                 const struct output_options *o, struct base_buf *out);
int output_csv(const struct class_result *c, struct base_buf *out);
int output_gradebook(const struct class_result *c, struct base_buf *out);
int output_html(const struct submission *s, const struct output_options *o,
                struct base_buf *out);
int output_class_html(const struct class_result *c, struct base_buf *out);
int output_hidden_html(const struct class_result *c, struct base_buf *out);

/* How many hidden checks have failed, as output_hidden_html tells them. */
size_t output_hidden_count(const struct submission *s);

/* Writes `bytes` to `path` at once, or leaves the old file: see rename(2). */
int output_save(const char *path, struct base_slice bytes);

/*
 * Writes all files of one submission into folder `dir`, which is made:
 * results.json, result.json, autolab.txt, report.tap, junit.xml, index.html.
 */
int outputs_submission(const struct submission *s,
                       const struct output_options *o, const char *dir);

/*
 * Writes what is of the class: grades.csv, gradebook.csv, junit.xml,
 * hidden.html and index.html into `dir`, and below STUDENT/EXERCISE/ what
 * outputs_submission writes. A student's name that cannot be a folder's is
 * changed there alone.
 */
int outputs_class(const struct class_result *c, const char *dir);

#endif

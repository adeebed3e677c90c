/*
 * out_junit.c - JUnit XML: one <testsuites>, a <testsuite> a submission, a
 * <testcase> a check.
 *
 * <failure> is the student's, <error> the grader's or that of files that could
 * not be graded, <skipped> what is not known. Points are properties of the
 * suite, since JUnit knows none. Texts are escaped and not put into CDATA,
 * where a "]]>" of a student's would end them.
 *
 * Read before: message.h. Read after: out_csv.c.
 * Rests on: XML 1.0; the JUnit schema that Jenkins and GitLab read.
 */
#include "message.h"

static const struct message_layout layout = {.width = 80, .most = ESCAPE_MAX};

struct counts {
    size_t tests, failures, errors, skipped;
    int64_t ms;
};

static struct counts count(const struct submission *s)
{
    struct counts c = {.ms = s->ms > 0 ? s->ms : 0};
    if (s->state != SUBMISSION_GRADED) {
        c.tests = c.errors = 1;
        return c;
    }
    c.tests = s->n_marks;
    for (size_t i = 0; i < s->n_marks; i++) {
        const enum verdict verdict = message_verdict(&s->marks[i]);
        c.failures += verdict == VERDICT_FAILED;
        c.errors += verdict == VERDICT_ERROR;
        c.skipped += verdict == VERDICT_SKIPPED;
    }
    return c;
}

static void put_attribute(struct sink *to, const char *name, const char *value)
{
    sink_printf(to, " %s=\"", name);
    escape_line(to, ESCAPE_MARKUP, value);
    sink_put(to, "\"");
}

static void put_counts(struct sink *to, const struct counts *c)
{
    sink_printf(to,
                " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\""
                " skipped=\"%zu\" time=\"",
                c->tests, c->failures, c->errors, c->skipped);
    sink_seconds(to, c->ms);
    sink_put(to, "\"");
}

/* <failure message="..." type="...">parts</failure> */
static void put_result(struct sink *to, const char *element,
                       const char *message, const char *type,
                       const struct message_part *parts, size_t n)
{
    sink_printf(to, "      <%s", element);
    put_attribute(to, "message", message);
    if (type != NULL)
        put_attribute(to, "type", type);
    sink_put(to, ">");
    message_put(to, ESCAPE_MARKUP, parts, n, &layout);
    sink_printf(to, "</%s>\n", element);
}

static void put_case_begin(struct sink *to, const struct submission *s,
                           const char *name, int64_t ms)
{
    sink_put(to, "    <testcase");
    put_attribute(to, "classname", s->exercise);
    put_attribute(to, "name", name);
    sink_put(to, " time=\"");
    sink_seconds(to, ms);
    sink_put(to, "\">\n");
}

static void put_check(struct sink *to, const struct submission *s,
                      const struct mark *mark, const struct output_options *o)
{
    struct message_part parts[MESSAGE_PARTS_MAX];
    const size_t n = message_parts(mark, o, parts);
    const char *title = message_title(mark, o);
    const char *outcome = outcome_name(mark->finding.outcome);
    put_case_begin(to, s, mark->finding.check, mark->finding.ms);
    switch (message_verdict(mark)) {
    case VERDICT_OK:
        break;
    case VERDICT_FAILED:
        put_result(to, "failure", title, outcome, parts, n);
        break;
    case VERDICT_SKIPPED:
        put_result(to, "skipped", message_skipped(mark), NULL, parts, 0);
        break;
    case VERDICT_ERROR:
        put_result(to, "error", title, outcome, parts, n);
        break;
    }
    sink_put(to, "    </testcase>\n");
}

static void put_state(struct sink *to, const struct submission *s)
{
    struct message_part parts[MESSAGE_PARTS_MAX];
    const size_t n = message_state_parts(s, parts);
    put_case_begin(to, s, "grading", s->ms);
    put_result(to, "error", message_state(s->state),
               submission_state_name(s->state), parts, n);
    sink_put(to, "    </testcase>\n");
}

static void put_property(struct sink *to, const char *name, const char *value)
{
    sink_put(to, "      <property");
    put_attribute(to, "name", name);
    put_attribute(to, "value", value);
    sink_put(to, "/>\n");
}

static void put_points(struct sink *to, const char *name, double points)
{
    sink_printf(to, "      <property name=\"%s\" value=\"", name);
    sink_points(to, points);
    sink_put(to, "\"/>\n");
}

static void put_suite(struct sink *to, const struct submission *s,
                      const struct output_options *o)
{
    const struct counts c = count(s);
    sink_put(to, "  <testsuite name=\"");
    escape_line(to, ESCAPE_MARKUP, s->student);
    sink_put(to, " ");
    escape_line(to, ESCAPE_MARKUP, s->exercise);
    sink_put(to, "\"");
    put_counts(to, &c);
    sink_put(to, ">\n    <properties>\n");
    put_property(to, "student", s->student);
    put_property(to, "state", submission_state_name(s->state));
    put_points(to, "score", s->score);
    put_points(to, "max", s->max);
    put_property(to, "final", submission_final(s) ? "true" : "false");
    sink_put(to, "    </properties>\n");
    if (s->state != SUBMISSION_GRADED)
        put_state(to, s);
    else
        for (size_t i = 0; i < s->n_marks; i++)
            put_check(to, s, &s->marks[i], o);
    sink_put(to, "  </testsuite>\n");
}

int output_junit(const struct submission *submissions, size_t n,
                 const struct output_options *o, struct base_buf *out)
{
    struct sink to = sink_of(out);
    struct counts all = {0};
    for (size_t i = 0; i < n; i++) {
        const struct counts c = count(&submissions[i]);
        all.tests += c.tests;
        all.failures += c.failures;
        all.errors += c.errors;
        all.skipped += c.skipped;
        all.ms += c.ms;
    }
    sink_put(&to, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
    put_counts(&to, &all);
    sink_put(&to, ">\n");
    for (size_t i = 0; i < n; i++)
        put_suite(&to, &submissions[i], o);
    sink_put(&to, "</testsuites>\n");
    return to.error;
}

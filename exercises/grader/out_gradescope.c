/*
 * out_gradescope.c - Gradescope's results.json.
 *
 * The score is given at the top, so that Gradescope adds nothing up itself. No
 * test is hidden in its sense, which would hide the total from students: a
 * hidden check is shown, without its message. A check that is open (too noisy,
 * or an error) has no score and no status, because Gradescope would show it as
 * failed. What is not graded has a score of 0, as its form asks for, and one
 * test that says why; an error says that this is no grade.
 *
 * Read before: json.h, message.h. Read after: out_classroom50.c.
 * Rests on: Gradescope's autograder specification, "Output format".
 */
#include "json.h"
#include "message.h"

static const struct message_layout layout = {.width = 80, .most = ESCAPE_MAX};

static void put_output(struct json *json, const char *head,
                       const struct message_part *parts, size_t n)
{
    json_string_begin(json, "output");
    escape_line(json->to, ESCAPE_JSON, head);
    escape_text(json->to, ESCAPE_JSON, n > 0 ? "\n\n" : "");
    message_put(json->to, ESCAPE_JSON, parts, n, &layout);
    json_string_end(json);
}

static void put_name(struct json *json, const struct mark *mark)
{
    const enum verdict verdict = message_verdict(mark);
    json_string_begin(json, "name");
    escape_line(json->to, ESCAPE_JSON, mark->finding.check);
    if (verdict == VERDICT_SKIPPED || verdict == VERDICT_ERROR)
        sink_printf(json->to, " (%s)", message_word(mark));
    json_string_end(json);
}

static void put_test(struct json *json, const struct mark *mark,
                     const struct output_options *o)
{
    struct message_part parts[MESSAGE_PARTS_MAX];
    const size_t n = message_parts(mark, o, parts);
    json_open(json, NULL, '{');
    put_name(json, mark);
    if (!mark_is_open(mark)) {
        json_points(json, "score", mark->points);
        json_points(json, "max_score", mark->max);
        json_string(json, "status",
                    message_verdict(mark) == VERDICT_OK ? "passed" : "failed");
    }
    put_output(json, message_title(mark, o), parts, n);
    json_string(json, "visibility", "visible");
    json_close(json);
}

/* The one test of what is not graded: it has all of the points. */
static void put_state(struct json *json, const struct submission *s)
{
    struct message_part parts[MESSAGE_PARTS_MAX];
    const size_t n = message_state_parts(s, parts);
    json_open(json, NULL, '{');
    json_string(json, "name", message_state(s->state));
    if (s->state != SUBMISSION_ERROR) {
        json_points(json, "score", 0);
        json_points(json, "max_score", s->max);
        json_string(json, "status", "failed");
    }
    put_output(json, message_state(s->state), parts, n);
    json_string(json, "visibility", "visible");
    json_close(json);
}

static void put_summary(struct json *json, const struct submission *s)
{
    json_string_begin(json, "output");
    escape_line(json->to, ESCAPE_JSON, s->exercise);
    sink_put(json->to, ": ");
    message_sum(json->to, s);
    if (s->notes != NULL) {
        sink_put(json->to, "\\n");
        escape_text(json->to, ESCAPE_JSON, s->notes);
    }
    if (s->compiler != NULL) {
        escape_text(json->to, ESCAPE_JSON, "\nThe compiler says:\n");
        escape_text(json->to, ESCAPE_JSON, s->compiler);
    }
    json_string_end(json);
}

static void put_extra(struct json *json, const struct submission *s)
{
    json_open(json, "extra_data", '{');
    json_string(json, "student", s->student);
    json_string(json, "exercise", s->exercise);
    json_string(json, "state", submission_state_name(s->state));
    json_bool(json, "final", submission_final(s));
    json_points(json, "max_score", s->max);
    json_string(json, "submission_sha256", s->sha256);
    json_close(json);
}

int output_gradescope(const struct submission *s,
                      const struct output_options *o, struct base_buf *out)
{
    struct sink to = sink_of(out);
    struct json json = {.to = &to};
    json_open(&json, NULL, '{');
    json_points(&json, "score", s->score);
    json_seconds(&json, "execution_time", s->ms);
    put_summary(&json, s);
    json_string(&json, "output_format", "text");
    json_string(&json, "test_output_format", "text");
    json_string(&json, "test_name_format", "text");
    json_string(&json, "visibility", "visible");
    json_string(&json, "stdout_visibility", "hidden");
    put_extra(&json, s);
    json_open(&json, "tests", '[');
    if (s->state != SUBMISSION_GRADED)
        put_state(&json, s);
    else
        for (size_t i = 0; i < s->n_marks; i++)
            put_test(&json, &s->marks[i], o);
    json_close(&json);
    json_close(&json);
    sink_put(&to, "\n");
    return to.error;
}

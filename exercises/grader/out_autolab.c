/*
 * out_autolab.c - what Autolab reads: two lines of JSON, the last the scores.
 *
 * The first line is feedback, a case a check. The second has one score, whose
 * name, the exercise's, must be a problem's name in the course. For an error
 * of the grader it has none: Autolab then changes no grade.
 *
 * Read before: json.h, message.h. Read after: out_tap.c.
 * Rests on: Autolab's guide for lab authors, "Feedback" and "Scores".
 */
#include "json.h"
#include "message.h"

static void put_case(struct json *json, const char *name, bool passed,
                     const char *hint)
{
    json_open(json, name, '{');
    json_bool(json, "passed", passed);
    if (hint != NULL && hint[0] != '\0')
        json_string(json, "hint", hint);
    json_close(json);
}

static void put_check(struct json *json, const struct mark *mark,
                      const struct output_options *o)
{
    const bool ok = message_verdict(mark) == VERDICT_OK;
    const char *cause =
        message_is_shown(mark, o) ? mark->finding.cause : "hidden check";
    if (message_verdict(mark) != VERDICT_FAILED)
        cause = ok ? NULL : message_word(mark);
    put_case(json, mark->finding.check, ok, cause);
}

static void put_feedback(struct sink *to, const struct submission *s,
                         const struct output_options *o)
{
    struct json json = {.to = to, .one_line = true};
    json_open(&json, NULL, '{');
    json_string(&json, "_presentation", "semantic");
    json_open(&json, "stages", '[');
    json_string(&json, NULL, "Checks");
    json_close(&json);
    json_open(&json, "Checks", '{');
    if (s->state != SUBMISSION_GRADED)
        put_case(&json, message_state(s->state), false, s->reason);
    else
        for (size_t i = 0; i < s->n_marks; i++)
            put_check(&json, &s->marks[i], o);
    json_close(&json);
    json_close(&json);
    sink_put(to, "\n");
}

int output_autolab(const struct submission *s, const struct output_options *o,
                   struct base_buf *out)
{
    struct sink to = sink_of(out);
    put_feedback(&to, s, o);
    struct json json = {.to = &to, .one_line = true};
    json_open(&json, NULL, '{');
    json_open(&json, "scores", '{');
    if (s->state != SUBMISSION_ERROR)
        json_points(&json, s->exercise, s->score);
    json_close(&json);
    json_open(&json, "scoreboard", '[');
    if (s->state != SUBMISSION_ERROR)
        json_points(&json, NULL, s->score);
    json_close(&json);
    json_close(&json);
    sink_put(&to, "\n");
    return to.error;
}

/*
 * out_classroom50.c - result.json for Classroom 50, schema
 * classroom50/result/v1.
 *
 * Who and what comes from the environment that its runner sets; what it stamps
 * itself (owner, kind of assignment) is written if it is known. Scores are
 * whole numbers there, and the sum is that of the tests: so each is rounded,
 * and "points" has it exactly. The schema knows passed and not passed alone; a
 * check that is open (too noisy, or an error) is not passed, since nothing
 * proves it, and its name says that it is not scored. An error of the grader is
 * told as a test too, but what counts there is that the runner ends with a
 * status other than 0.
 *
 * Read before: json.h, message.h. Read after: out_autolab.c.
 * Rests on: getenv(3), the field list of classroom50/result/v1.
 */
#include "json.h"
#include "message.h"

#include <stdlib.h>
#include <time.h>

static const struct message_layout layout = {.width = 80, .most = ESCAPE_MAX};

static int64_t whole(double points)
{
    return (result_hundredths(points) + 50) / 100;
}

static void put_points(struct json *json, double points, double max)
{
    json_points(json, "points", points);
    json_points(json, "max-points", max);
}

static void put_scores(struct json *json, double points, double max)
{
    json_integer(json, "score", whole(points));
    json_integer(json, "max-score", whole(max));
    put_points(json, points, max);
}

static void put_message(struct json *json, const struct message_part *parts,
                        size_t n)
{
    if (n == 0)
        return;
    json_string_begin(json, "message");
    message_put(json->to, ESCAPE_JSON, parts, n, &layout);
    json_string_end(json);
}

static void put_test(struct json *json, const struct mark *mark,
                     const struct output_options *o)
{
    struct message_part parts[MESSAGE_PARTS_MAX];
    json_open(json, NULL, '{');
    json_string_begin(json, "test-name");
    escape_line(json->to, ESCAPE_JSON, mark->finding.check);
    sink_put(json->to, mark_is_open(mark) ? " (not scored)" : "");
    json_string_end(json);
    json_bool(json, "passed", message_verdict(mark) == VERDICT_OK);
    put_scores(json, mark->points, mark->max);
    json_string(json, "outcome", outcome_name(mark->finding.outcome));
    json_string(json, "title", message_title(mark, o));
    put_message(json, parts, message_parts(mark, o, parts));
    json_close(json);
}

static void put_state(struct json *json, const struct submission *s)
{
    struct message_part parts[MESSAGE_PARTS_MAX];
    json_open(json, NULL, '{');
    json_string(json, "test-name", message_state(s->state));
    json_bool(json, "passed", false);
    put_scores(json, 0, s->max);
    json_string(json, "outcome", submission_state_name(s->state));
    put_message(json, parts, message_state_parts(s, parts));
    json_close(json);
}

static void put_variable(struct json *json, const char *key, const char *name,
                         const char *otherwise)
{
    const char *value = getenv(name);
    value = value != NULL && value[0] != '\0' ? value : otherwise;
    if (value != NULL)
        json_string(json, key, value);
}

static void put_origin(struct json *json, const struct submission *s)
{
    const char *commit = getenv("COMMIT_URL");
    const time_t now = time(NULL);
    char date[32];
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ",
             gmtime_r(&now, &(struct tm){0}));
    json_string(json, "schema", "classroom50/result/v1");
    put_variable(json, "classroom", "CLASSROOM", "none");
    put_variable(json, "assignment", "ASSIGNMENT", s->exercise);
    put_variable(json, "assignment_type", "ASSIGNMENT_TYPE", NULL);
    put_variable(json, "owner", "OWNER", NULL);
    put_variable(json, "submission", "SUBMISSION_TAG", "none");
    put_variable(json, "commit", "COMMIT_URL", "none");
    put_variable(json, "release", "RELEASE_URL", "none");
    put_variable(json, "review", "REVIEW_URL",
                 commit != NULL && commit[0] != '\0' ? commit : "none");
    json_string(json, "datetime", date);
}

/* The sums of the whole numbers, and the exact ones. */
static void put_sums(struct json *json, const struct submission *s)
{
    int64_t score = 0, max = 0;
    for (size_t i = 0; i < s->n_marks; i++) {
        score += whole(s->marks[i].points);
        max += whole(s->marks[i].max);
    }
    if (s->state != SUBMISSION_GRADED)
        max = whole(s->max);
    json_integer(json, "score", score);
    json_integer(json, "max-score", max);
    put_points(json, s->score, s->max);
}

int output_classroom50(const struct submission *s,
                       const struct output_options *o, struct base_buf *out)
{
    struct sink to = sink_of(out);
    struct json json = {.to = &to};
    json_open(&json, NULL, '{');
    put_origin(&json, s);
    put_sums(&json, s);
    json_string(&json, "state", submission_state_name(s->state));
    json_bool(&json, "final", submission_final(s));
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

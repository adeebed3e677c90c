/*
 * out_tap.c - TAP version 14: a test point a check, and a YAML block where
 * there is something to say.
 *
 *     TAP version 14
 *     1..3
 *     ok 1 - accept
 *     not ok 2 - whole
 *       ---
 *       message: "the whole reply arrives"
 *       severity: fail
 *       points: "0 of 4"
 *       told: |
 *         expected      ...
 *       ...
 *     ok 3 - speed # SKIP too noisy
 *     # points: 2 of 10
 *
 * What is too noisy or was skipped is a SKIP. An error of the grader is a bail
 * out: no count of points may be believed.
 *
 * Read before: message.h. Read after: out_junit.c.
 * Rests on: testanything.org, TAP 14 specification; YAML 1.2 section 8.1.2.
 */
#include "message.h"

static const struct message_layout layout = {.width = 80, .most = ESCAPE_MAX};

static void put_yaml(struct sink *to, const char *key, const char *text)
{
    sink_printf(to, "  %s: \"", key);
    escape_line(to, ESCAPE_JSON, text);
    sink_put(to, "\"\n");
}

/*
 * A literal block of YAML: each line is indented, and so cannot end it. Lines
 * without a character are left out, which some readers take for its end.
 */
static void put_parts(struct sink *to, const struct message_part *parts,
                      size_t n)
{
    struct base_buf text;
    base_buf_init(&text, SIZE_MAX / 4);
    struct sink into = sink_of(&text);
    message_put(&into, ESCAPE_TEXT, parts, n, &layout);
    struct base_slice rest = base_buf_slice(&text);
    sink_put(to, n > 0 ? "  told: |\n" : "");
    while (rest.len > 0) {
        const struct base_slice line = base_slice_cut(&rest, '\n', NULL);
        if (line.len == 0)
            continue;
        sink_put(to, "  ");
        sink_bytes(to, line);
        sink_put(to, "\n");
    }
    base_buf_fini(&text);
}

static void put_points(struct sink *to, double points, double max)
{
    sink_points(to, points);
    sink_put(to, " of ");
    sink_points(to, max);
}

static void put_block(struct sink *to, const struct mark *mark,
                      const struct output_options *o)
{
    struct message_part parts[MESSAGE_PARTS_MAX];
    const enum verdict verdict = message_verdict(mark);
    sink_put(to, "  ---\n");
    put_yaml(to, "message", message_title(mark, o));
    sink_printf(to, "  severity: %s\n",
                verdict == VERDICT_FAILED  ? "fail"
                : verdict == VERDICT_ERROR ? "error"
                                           : "comment");
    sink_put(to, "  points: \"");
    put_points(to, mark->points, mark->max);
    sink_put(to, "\"\n");
    put_parts(to, parts, message_parts(mark, o, parts));
    sink_put(to, "  ...\n");
}

static void put_check(struct sink *to, const struct mark *mark, size_t number,
                      const struct output_options *o)
{
    const enum verdict verdict = message_verdict(mark);
    const bool bad = verdict == VERDICT_FAILED || verdict == VERDICT_ERROR;
    sink_printf(to, "%s %zu - ", bad ? "not ok" : "ok", number);
    escape_line(to, ESCAPE_TAP, mark->finding.check);
    if (verdict == VERDICT_SKIPPED)
        sink_printf(to, " # SKIP %s", message_skipped(mark));
    sink_put(to, "\n");
    put_block(to, mark, o);
}

/* One test that has failed, named after what was wrong with the files. */
static void put_state(struct sink *to, const struct submission *s)
{
    struct message_part parts[MESSAGE_PARTS_MAX];
    sink_put(to, "1..1\nnot ok 1 - ");
    escape_line(to, ESCAPE_TAP, message_state(s->state));
    sink_put(to, "\n  ---\n  severity: fail\n");
    put_parts(to, parts, message_state_parts(s, parts));
    sink_put(to, "  ...\n");
}

static void put_checks(struct sink *to, const struct submission *s,
                       const struct output_options *o)
{
    sink_printf(to, "1..%zu%s\n", s->n_marks,
                s->n_marks == 0 ? " # SKIP there are no checks" : "");
    for (size_t i = 0; i < s->n_marks; i++)
        put_check(to, &s->marks[i], i + 1, o);
}

int output_tap(const struct submission *s, const struct output_options *o,
               struct base_buf *out)
{
    struct sink to = sink_of(out);
    sink_put(&to, "TAP version 14\n# student: ");
    escape_line(&to, ESCAPE_TEXT, s->student);
    sink_put(&to, "\n# exercise: ");
    escape_line(&to, ESCAPE_TEXT, s->exercise);
    sink_put(&to, "\n");
    if (s->state == SUBMISSION_ERROR) {
        sink_put(&to, "Bail out! ");
        sink_put(&to, "the grader could not do its work, grade again: ");
        escape_line(&to, ESCAPE_TEXT, s->reason);
        sink_put(&to, "\n");
        return to.error;
    }
    if (s->state == SUBMISSION_GRADED)
        put_checks(&to, s, o);
    else
        put_state(&to, s);
    sink_put(&to, "# points: ");
    put_points(&to, s->score, s->max);
    sink_put(&to, "\n");
    return to.error;
}

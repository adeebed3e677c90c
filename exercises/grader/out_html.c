/*
 * out_html.c - a submission as a page: the score, then a box a check, of which
 * the first failure is open, and at the end what the run was like.
 *
 * Read before: html.h. Read after: out_class_html.c. Rests on: HTML (details).
 */
#include "html.h"

#include <inttypes.h>
#include <stdio.h>

static const char *color_of(const struct mark *mark)
{
    switch (message_verdict(mark)) {
    case VERDICT_OK:
        return "good";
    case VERDICT_FAILED:
        return "bad";
    case VERDICT_SKIPPED:
    case VERDICT_ERROR:
        break;
    }
    return "open";
}

static void put_points(struct sink *to, double points, double max)
{
    sink_points(to, points);
    sink_put(to, " of ");
    sink_points(to, max);
}

static void put_title(struct sink *to, const struct mark *mark,
                      const struct output_options *o)
{
    sink_put(to, "<span class=\"points\">");
    if (mark_is_open(mark)) {
        sink_put(to, "open, of ");
        sink_points(to, mark->max);
    } else {
        put_points(to, mark->points, mark->max);
    }
    sink_printf(to, "</span><span class=\"word %s\">%s</span> ", color_of(mark),
                message_word(mark));
    sink_put(to, "<span class=\"name\">");
    html_line(to, mark->finding.check);
    sink_put(to, "</span> ");
    html_line(to, message_title(mark, o));
}

/* A box that opens, if there is something in it. */
static void put_check(struct sink *to, const struct mark *mark,
                      const struct output_options *o, bool open)
{
    struct message_part parts[MESSAGE_PARTS_MAX];
    const size_t n = message_parts(mark, o, parts);
    if (n == 0) {
        sink_put(to, "<div class=\"check\">");
        put_title(to, mark, o);
        sink_put(to, "</div>\n");
        return;
    }
    sink_printf(to, "<details class=\"check\"%s><summary>",
                open ? " open=\"open\"" : "");
    put_title(to, mark, o);
    sink_put(to, "</summary>\n");
    html_parts(to, parts, n);
    sink_put(to, "</details>\n");
}

static void put_checks(struct sink *to, const struct submission *s,
                       const struct output_options *o)
{
    bool opened = false;
    sink_put(to, "<h2>Checks</h2>\n");
    for (size_t i = 0; i < s->n_marks; i++) {
        const bool open =
            !opened && message_verdict(&s->marks[i]) == VERDICT_FAILED;
        put_check(to, &s->marks[i], o, open);
        opened |= open;
    }
}

static void put_state(struct sink *to, const struct submission *s)
{
    struct message_part parts[MESSAGE_PARTS_MAX];
    sink_put(to, "<h2>Not graded</h2>\n<p class=\"bad\"><b>");
    html_line(to, message_state(s->state));
    sink_put(to, "</b></p>\n");
    html_parts(to, parts, message_state_parts(s, parts));
}

static void put_about(struct sink *to, const struct submission *s)
{
    char seed[32];
    sink_put(to, "<h2>About this run</h2>\n<dl class=\"told soft\">\n");
    html_fact(to, "files", s->notes);
    html_fact(to, "locked in by", s->protection);
    html_fact(to, "unprotected", s->missing);
    html_fact(to, "sha256 of the files", s->sha256);
    snprintf(seed, sizeof seed, "%" PRIu64, s->seed);
    html_fact(to, "seed", seed);
    sink_put(to, "<dt>time</dt><dd>");
    sink_seconds(to, s->ms);
    sink_put(to, s->kept ? " s, in an earlier run: nothing has changed since"
                         : " s");
    sink_put(to, "</dd>\n</dl>\n");
}

int output_html(const struct submission *s, const struct output_options *o,
                struct base_buf *out)
{
    struct sink to = sink_of(out);
    html_begin(&to, s->exercise);
    sink_put(&to, "<h1>");
    html_line(&to, s->exercise);
    sink_put(&to, ": ");
    html_line(&to, s->title);
    sink_put(&to, "</h1>\n<p class=\"soft\">handed in by <b>");
    html_line(&to, s->student);
    sink_put(&to, "</b></p>\n<p class=\"score\">");
    message_sum(&to, s);
    sink_put(&to, "</p>\n");
    if (s->state == SUBMISSION_GRADED)
        put_checks(&to, s, o);
    else
        put_state(&to, s);
    put_about(&to, s);
    html_end(&to);
    return to.error;
}

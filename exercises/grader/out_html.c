/*
 * out_html.c - a submission as a page: the score, then a box a check, of which
 * the first failure is open, and at the end what the run was like.
 *
 * Read before: html.h. Read after: out_hidden_html.c.
 */
#include "html.h"

#include <inttypes.h>
#include <stdio.h>

static void put_checks(struct sink *to, const struct submission *s,
                       const struct output_options *o)
{
    bool opened = false;
    sink_put(to, "<h2>Checks</h2>\n");
    for (size_t i = 0; i < s->n_marks; i++) {
        const bool open =
            !opened && message_verdict(&s->marks[i]) == VERDICT_FAILED;
        html_check(to, &s->marks[i], o, open);
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
    html_fact(to, "files", s->notes, MESSAGE_PROSE);
    html_fact(to, "the compiler says", s->compiler, MESSAGE_TABLE);
    html_fact(to, "locked in by", s->protection, MESSAGE_PROSE);
    html_fact(to, "unprotected", s->missing, MESSAGE_PROSE);
    html_fact(to, "sha256 of the files", s->sha256, MESSAGE_PROSE);
    snprintf(seed, sizeof seed, "%" PRIu64, s->seed);
    html_fact(to, "seed", seed, MESSAGE_PROSE);
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

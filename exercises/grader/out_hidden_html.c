/*
 * out_hidden_html.c - what the hidden checks said, for instructors alone: each
 * that has failed, with all parts of its message, by student and exercise. The
 * pages for students say only "hidden check", and points.
 *
 * Read before: out_html.c, class.h. Read after: out_class_html.c.
 */
#include "class.h"
#include "html.h"

static bool is_told(const struct submission *s, const struct mark *mark)
{
    return s->state == SUBMISSION_GRADED && mark->hidden &&
           message_verdict(mark) == VERDICT_FAILED;
}

size_t output_hidden_count(const struct submission *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n_marks; i++)
        n += is_told(s, &s->marks[i]);
    return n;
}

static void put_submission(struct sink *to, const struct submission *s)
{
    const struct output_options for_instructors = {.show_hidden = true};
    sink_put(to, "<h3>");
    html_line(to, s->exercise);
    sink_put(to, ": ");
    html_line(to, s->title);
    sink_put(to, "</h3>\n");
    for (size_t i = 0; i < s->n_marks; i++)
        if (is_told(s, &s->marks[i]))
            html_check(to, &s->marks[i], &for_instructors, true);
}

static void put_student(struct sink *to, struct class_row row)
{
    bool named = false;
    for (size_t i = 0; i < row.n; i++) {
        if (output_hidden_count(&row.first[i]) == 0)
            continue;
        if (!named)
            html_element(to, "h2", row.first->student);
        named = true;
        put_submission(to, &row.first[i]);
    }
}

int output_hidden_html(const struct class_result *c, struct base_buf *out)
{
    struct sink to = sink_of(out);
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++)
        n += output_hidden_count(&c->submissions[i]);
    html_begin(&to, "Hidden checks");
    html_element(&to, "h1", "What hidden checks said");
    html_element(&to, "p class=\"bad\"",
                 "For you alone, not to be handed out: it tells what the "
                 "hidden checks look at.");
    sink_put(&to, "<p class=\"score\">");
    if (n == 0)
        sink_put(&to, "No hidden check has failed.");
    else
        sink_printf(&to, "%zu failed", n);
    sink_put(&to, "</p>\n<p><a href=\"index.html\">The class</a></p>\n");
    for (size_t i = 0; i < c->n;) {
        const struct class_row row = class_row_at(c, i);
        put_student(&to, row);
        i += row.n;
    }
    html_end(&to);
    return to.error;
}

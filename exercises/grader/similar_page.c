/*
 * similar_page.c - the pages: the pairs in a table, and each pair side by side,
 * with what both have marked and numbered, the longest run first. A number is a
 * link to the same run on the other side.
 *
 * Read before: similar_internal.h, html.h. Read after: nothing.
 */
#include "similar_internal.h"

#include "html.h"
#include "outputs.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    PAGE_MAX = 16 << 20,
    RUNS_LISTED = 12,
};

static const size_t no_run = SIZE_MAX;

static int percent(double share)
{
    return (int)lround(share * 100);
}

static int save(struct sink *to, const char *out, const char *name)
{
    int error = to->error;
    if (!error) {
        char *path = NULL;
        if (asprintf(&path, "%s/%s", out, name) == -1)
            return -ENOMEM;
        error = output_save(path, base_buf_slice(to->out));
        free(path);
    }
    base_buf_fini(to->out);
    return error;
}

/* --- all pairs ------------------------------------------------------------*/

static void put_name(struct sink *to, const char *name)
{
    sink_put(to, "<td class=\"name\">");
    html_line(to, name);
    sink_put(to, "</td>");
}

static void put_row(struct sink *to, const struct similar_job *job,
                    const struct similar_pair *pair, size_t number)
{
    sink_put(to, "<tr>");
    put_name(to, job->students[pair->a].name);
    put_name(to, job->students[pair->b].name);
    sink_printf(to, "<td>%d %%</td><td>%d %%</td><td>%d %%</td><td>%u</td>",
                percent(pair->share), percent(pair->of_a), percent(pair->of_b),
                pair->tokens);
    if (number <= SIMILAR_PAGES_MAX)
        sink_printf(to, "<td><a href=\"pair-%zu.html\">side by side</a></td>",
                    number);
    else
        sink_put(to, "<td></td>");
    sink_put(to, "</tr>\n");
}

static void put_table(struct sink *to, const struct similar_job *job,
                      const struct similar *found)
{
    if (found->n_pairs == 0) {
        html_element(to, "p", "No two submissions have code in common.");
        return;
    }
    sink_put(to, "<div class=\"scroll\"><table>\n<thead><tr>"
                 "<th class=\"name\">one</th><th class=\"name\">other</th>"
                 "<th>share</th><th>of one</th><th>of other</th>"
                 "<th>tokens</th><th></th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < found->n_pairs; i++)
        put_row(to, job, &found->pairs[i], i + 1);
    sink_put(to, "</tbody></table></div>\n");
}

int similar_page_index(const struct similar_job *job,
                       const struct similar *found, const char *out)
{
    struct base_buf page;
    char text[400];
    base_buf_init(&page, PAGE_MAX);
    struct sink to = sink_of(&page);
    snprintf(text, sizeof(text), "%s: code in common", job->exercise);
    html_begin(&to, text);
    html_element(&to, "h1", text);
    sink_printf(&to, "<p>%zu of %zu submissions have code of their own",
                found->compared, job->n_students);
    if (found->compared < SIMILAR_USUAL_MIN)
        sink_put(&to, ": too few to tell what is usual.</p>\n");
    else
        sink_printf(&to,
                    ". The usual share of two is %d %% (the median of all "
                    "pairs).</p>\n",
                    percent(found->usual));
    html_element(&to, "p class=\"soft\"",
                 "A share is the part of the shorter program that is in the "
                 "other one too, in runs of 24 tokens and more. Names, layout "
                 "and comments do not count, nor does what was given to all. A "
                 "high share is a reason to read both, no verdict: a small "
                 "exercise has few ways to be solved.");
    _Static_assert(SIMILAR_RUN == 24, "the text says so");
    put_table(&to, job, found);
    if (found->notes) {
        html_element(&to, "h2", "Left out");
        sink_put(&to, "<pre class=\"wraps\">");
        html_text(&to, found->notes);
        sink_put(&to, "</pre>\n");
    }
    html_end(&to);
    return save(&to, out, "index.html");
}

/* --- one pair -------------------------------------------------------------*/

/* One of the two sides of a page. */
struct side {
    char name, other; /* of links: #a1 and #b1 */
    const struct similar_text *text;
    size_t *run_of; /* of each line: the run that it is in, or no_run */
};

/* The longest run wins a line that two are in: it comes first. */
static void mark_lines(struct side *side, const struct similar_run *runs,
                       size_t n_runs)
{
    side->run_of = base_alloc_array(side->text->n_lines + 1, sizeof(size_t));
    for (size_t i = 0; i <= side->text->n_lines; i++)
        side->run_of[i] = no_run;
    for (size_t r = n_runs; r-- > 0;) {
        const size_t from = side->name == 'a' ? runs[r].a_from : runs[r].b_from;
        const size_t to = side->name == 'a' ? runs[r].a_to : runs[r].b_to;
        for (size_t i = from; i <= to && i < side->text->n_lines; i++)
            if (!side->text->given[i])
                side->run_of[i] = r;
    }
}

/* The number of the run where it begins; room for it elsewhere. */
static void put_gutter(struct sink *to, const struct side *side, size_t line,
                       size_t number, bool begins)
{
    const size_t run = side->run_of[line];
    if (begins)
        sink_printf(to,
                    "<a id=\"%c%zu\" href=\"#%c%zu\" "
                    "style=\"color:inherit\">%3zu</a>",
                    side->name, run + 1, side->other, run + 1, run + 1);
    else
        sink_put(to, "   ");
    sink_printf(to, " %4zu  ", number);
}

static void put_lines(struct sink *to, const struct side *side, size_t from,
                      size_t end, bool *begun)
{
    size_t open = no_run;
    for (size_t i = from; i < end; i++) {
        const size_t run = side->run_of[i];
        if (run != open && open != no_run)
            sink_put(to, "</mark>");
        if (run != open && run != no_run)
            sink_put(to, "<mark>");
        open = run;
        const bool begins = run != no_run && !begun[run];
        if (begins)
            begun[run] = true;
        put_gutter(to, side, i, i - from + 1, begins);
        sink_put(to, side->text->given[i] ? "<span style=\"color:var(--soft)\">"
                                          : "");
        escape_slice(to, ESCAPE_MARKUP, side->text->lines[i], false);
        sink_put(to, side->text->given[i] ? "</span>\n" : "\n");
    }
    if (open != no_run)
        sink_put(to, "</mark>");
}

static void put_side(struct sink *to, const struct side *side,
                     const char *student, size_t n_runs)
{
    const struct similar_text *text = side->text;
    bool *begun = base_alloc_array(n_runs + 1, sizeof(*begun));
    sink_put(to, "<section style=\"min-width:0\">\n");
    html_element(to, "h2", student);
    for (size_t f = 0; f < text->n_files; f++) {
        const size_t end =
            f + 1 < text->n_files ? text->starts[f + 1] : text->n_lines;
        html_element(to, "h3", text->names[f]);
        sink_put(to, "<pre style=\"max-height:80vh;overflow:auto\">");
        put_lines(to, side, text->starts[f], end, begun);
        sink_put(to, "</pre>\n");
    }
    sink_put(to, "</section>\n");
    free(begun);
}

static void put_both(struct sink *to, const struct similar_job *job,
                     const struct similar_pair *pair,
                     const struct similar_text *texts,
                     const struct similar_run *runs, size_t n_runs)
{
    struct side a = {.name = 'a', .other = 'b', .text = &texts[pair->a]};
    struct side b = {.name = 'b', .other = 'a', .text = &texts[pair->b]};
    mark_lines(&a, runs, n_runs);
    mark_lines(&b, runs, n_runs);
    /* As wide as the window, where the page's text is not: two programs lie
     * side by side; on a phone one below the other. */
    sink_put(to, "<div style=\"display:grid;gap:0 1rem;position:relative;"
                 "width:calc(100vw - 2.5rem);left:50%;"
                 "transform:translateX(-50%);grid-template-columns:"
                 "repeat(auto-fit,minmax(min(100%,28rem),1fr))\">\n");
    put_side(to, &a, job->students[pair->a].name, n_runs);
    put_side(to, &b, job->students[pair->b].name, n_runs);
    sink_put(to, "</div>\n");
    free(a.run_of);
    free(b.run_of);
}

/* "lines 12 to 30", counted in their own file, which is named if there are
 * several. */
static void put_range(struct sink *to, const struct similar_text *text,
                      size_t from, size_t last, const char *link)
{
    size_t f = text->n_files - 1;
    while (f > 0 && text->starts[f] > from)
        f--;
    sink_printf(to, "<td><a href=\"#%s\">", link);
    if (text->n_files > 1) {
        html_line(to, text->names[f]);
        sink_put(to, ", ");
    }
    sink_printf(to, "lines %zu to %zu</a></td>", from - text->starts[f] + 1,
                last - text->starts[f] + 1);
}

static void put_runs(struct sink *to, const struct similar_pair *pair,
                     const struct similar_text *texts,
                     const struct similar_run *runs, size_t n_runs)
{
    sink_put(to, "<div class=\"scroll\"><table>\n<thead><tr><th>run</th>"
                 "<th>of one</th><th>of other</th><th>tokens</th></tr></thead>"
                 "\n<tbody>\n");
    for (size_t r = 0; r < n_runs && r < RUNS_LISTED; r++) {
        char here[24], there[24];
        snprintf(here, sizeof(here), "a%zu", r + 1);
        snprintf(there, sizeof(there), "b%zu", r + 1);
        sink_printf(to, "<tr><td>%zu</td>", r + 1);
        put_range(to, &texts[pair->a], runs[r].a_from, runs[r].a_to, here);
        put_range(to, &texts[pair->b], runs[r].b_from, runs[r].b_to, there);
        sink_printf(to, "<td>%u</td></tr>\n", runs[r].tokens);
    }
    sink_put(to, "</tbody></table></div>\n");
    if (n_runs > RUNS_LISTED)
        sink_printf(to, "<p class=\"soft\">And %zu shorter ones.</p>\n",
                    n_runs - RUNS_LISTED);
}

static void put_share(struct sink *to, const char *student, double share,
                      const char *behind)
{
    sink_printf(to, "%d %% of what ", percent(share));
    html_line(to, student);
    sink_printf(to, " wrote%s", behind);
}

int similar_page_pair(const struct similar_job *job,
                      const struct similar_pair *pair, size_t number,
                      const struct similar_text *texts,
                      const struct similar_run *runs, size_t n_runs,
                      const char *out)
{
    struct base_buf page;
    char text[400];
    base_buf_init(&page, PAGE_MAX);
    struct sink to = sink_of(&page);
    snprintf(text, sizeof(text), "%s: pair %zu", job->exercise, number);
    html_begin(&to, text);
    html_element(&to, "h1", text);
    sink_printf(&to, "<p>%u tokens in common: ", pair->tokens);
    put_share(&to, job->students[pair->a].name, pair->of_a, ", ");
    put_share(&to, job->students[pair->b].name, pair->of_b, ".</p>\n");
    put_runs(&to, pair, texts, runs, n_runs);
    sink_put(&to, "<p class=\"soft\">What both have is <mark>marked</mark> and "
                  "numbered, the longest run first; a number leads to the "
                  "other side. What was given to all is gray. <a "
                  "href=\"index.html\">All pairs</a></p>\n");
    put_both(&to, job, pair, texts, runs, n_runs);
    html_end(&to);
    snprintf(text, sizeof(text), "pair-%zu.html", number);
    return save(&to, out, text);
}

/*
 * html.c - see html.h.
 *
 * Read before: html.h. Read after: out_html.c.
 * Rests on: HTML (details), WCAG 2.2 (contrast of text 4.5 to 1 and more).
 */
#include "html.h"

#include <stdio.h>

/* A page is one file, so the style is in it. Words carry the meaning of what is
 * coloured; what must keep its columns scrolls, and the rest wraps. */
static const char style[] =
    ":root{color-scheme:light dark;--page:#fff;--ink:#1c2128;--soft:#57606a;"
    "--line:#d9dde3;--tint:#f4f6f8;--bad:#b3261e;--good:#1a6b3c;"
    "--open:#7a5200;--bar:#0072b2}\n"
    "@media (prefers-color-scheme:dark){:root{--page:#14171c;--ink:#e6e9ee;"
    "--soft:#a4adb8;--line:#333a44;--tint:#1d2229;--bad:#ff8a80;"
    "--good:#7fd6a0;--open:#f2c166;--bar:#56b4e9}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0;background:var(--page);color:var(--ink);"
    "font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}\n"
    "main{max-width:64rem;margin:0 auto;padding:1rem 1.25rem 4rem}\n"
    "h1{font-size:1.5rem;line-height:1.25;margin:.5rem 0 .25rem}\n"
    "h2{font-size:1.2rem;margin:2.2rem 0 .6rem;padding-top:.6rem;"
    "border-top:2px solid var(--line)}\n"
    "h3{font-size:1.02rem;margin:1.4rem 0 .4rem}\n"
    "p{margin:.4rem 0;max-width:46rem}a{color:var(--bar)}\n"
    ".soft,figcaption{color:var(--soft);font-size:.94rem}\n"
    ".score{font-size:1.35rem;font-weight:600;margin:.6rem 0 .1rem}\n"
    ".good{color:var(--good)}.bad{color:var(--bad)}.open{color:var(--open)}\n"
    ".check{border:1px solid var(--line);border-radius:6px;margin:.5rem 0;"
    "padding:.45rem .8rem}\n"
    ".check>summary{cursor:pointer}\n"
    ".check .word{font-weight:650}.check .name{font-weight:600}\n"
    ".check .points{float:right;margin-left:1rem;color:var(--soft);"
    "font-variant-numeric:tabular-nums}\n"
    ".told{margin:.7rem 0 .3rem;display:grid;"
    "grid-template-columns:minmax(6.5rem,max-content) minmax(0,1fr);"
    "gap:.5rem 1rem}\n"
    ".told dt{color:var(--soft)}.told dd{margin:0;min-width:0}\n"
    "pre{margin:0;padding:.35rem .6rem;background:var(--tint);"
    "border-radius:4px;overflow-x:auto;white-space:pre;overflow-wrap:normal;"
    "font:.9rem/1.45 ui-monospace,monospace}\n"
    "pre.wraps{white-space:pre-wrap;overflow-wrap:anywhere}\n"
    ".told .prose{white-space:pre-line;max-width:42rem}\n"
    ".scroll{overflow-x:auto}\n"
    "table{border-collapse:collapse;font-size:.95rem;"
    "font-variant-numeric:tabular-nums;overflow-wrap:normal}\n"
    "th,td{padding:.3rem 1rem .3rem 0;text-align:right;vertical-align:top;"
    "border-bottom:1px solid var(--line)}\n"
    "td{white-space:nowrap}th{color:var(--soft);font-weight:600}\n"
    "th.name,td.name{text-align:left;white-space:normal;"
    "overflow-wrap:anywhere;min-width:7rem;max-width:16rem;position:sticky;"
    "left:0;background:var(--page)}\n"
    "figure{margin:.4rem 0}svg{display:block;width:100%;max-width:32rem;"
    "height:auto}svg text{fill:var(--ink);font:14px system-ui,sans-serif}\n"
    "svg .soft{fill:var(--soft)}svg .bar{fill:var(--bar)}"
    "svg .axis{stroke:var(--line)}\n"
    ".bars{display:grid;grid-template-columns:minmax(7rem,max-content) "
    "minmax(4rem,1fr) max-content;gap:.3rem .8rem;align-items:center;"
    "max-width:44rem}\n"
    ".bars svg{height:.9rem;max-width:none}\n"
    "@media (max-width:34rem){main{padding:.5rem .9rem 3rem}"
    ".told{grid-template-columns:minmax(0,1fr);gap:.1rem}"
    ".told dd{margin-bottom:.6rem}th.name,td.name{max-width:9rem}"
    /* The words beside the name, and the bar below both. */
    ".bars{grid-template-columns:minmax(0,1fr) auto;grid-auto-flow:dense}"
    ".bars svg{grid-column:1/-1;margin-bottom:.4rem}"
    ".bars svg+span{text-align:right}}\n"
    "@media print{.check{break-inside:avoid}pre{white-space:pre-wrap}"
    ".scroll{overflow:visible}}\n";

void html_begin(struct sink *to, const char *title)
{
    sink_put(to, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
                 "<meta charset=\"utf-8\"/>\n"
                 "<meta name=\"viewport\" content=\"width=device-width, "
                 "initial-scale=1\"/>\n"
                 /* Should an escape ever be missing, no script runs. */
                 "<meta http-equiv=\"Content-Security-Policy\" content=\""
                 "default-src 'none'; style-src 'unsafe-inline'\"/>\n");
    html_element(to, "title", title);
    sink_printf(to, "<style>\n%s</style>\n</head>\n<body>\n<main>\n", style);
}

void html_end(struct sink *to)
{
    sink_put(to, "</main>\n</body>\n</html>\n");
}

void html_text(struct sink *to, const char *text)
{
    escape_text(to, ESCAPE_MARKUP, text);
}

void html_line(struct sink *to, const char *text)
{
    escape_line(to, ESCAPE_MARKUP, text);
}

void html_element(struct sink *to, const char *tag, const char *text)
{
    sink_printf(to, "<%s>", tag);
    html_line(to, text);
    sink_printf(to, "</%.*s>\n", (int)strcspn(tag, " "), tag);
}

static void put_value(struct sink *to, const struct message_part *part)
{
    struct base_slice text = base_slice_of(part->text);
    const size_t len = text.len;
    if (len > ESCAPE_MAX)
        text.len = escape_cut_at(text, ESCAPE_MAX);
    escape_slice(to, ESCAPE_MARKUP, text, false);
    if (text.len < len)
        sink_printf(to, "\n... %zu bytes more are cut", len - text.len);
}

static void put_part(struct sink *to, const struct message_part *part)
{
    const char *open = "<dd><pre class=\"wraps\">", *close = "</pre></dd>\n";
    if ((part->flags & MESSAGE_TABLE) != 0) {
        /* Only what takes the focus is scrolled by keyboard. */
        open = "<dd><pre tabindex=\"0\">";
    } else if ((part->flags & MESSAGE_PROSE) != 0) {
        open = "<dd class=\"prose\">";
        close = "</dd>\n";
    }
    html_element(to, "dt", part->label);
    sink_put(to, open);
    put_value(to, part);
    sink_put(to, close);
}

void html_parts(struct sink *to, const struct message_part *parts, size_t n)
{
    if (n == 0)
        return;
    sink_put(to, "<dl class=\"told\">\n");
    for (size_t i = 0; i < n; i++)
        put_part(to, &parts[i]);
    sink_put(to, "</dl>\n");
}

void html_fact(struct sink *to, const char *label, const char *value, int flags)
{
    if (value != NULL && value[0] != '\0')
        put_part(to, &(struct message_part){label, value, flags});
}

/* --- a check -------------------------------------------------------------- */

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

void html_check(struct sink *to, const struct mark *mark,
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

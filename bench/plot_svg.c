/*
 * plot_svg.c - makes gnuplot's SVG fit into a page with others.
 *
 * gnuplot's drawing is taken line by line. Its head, with definitions of which
 * most are not used and whose ids would clash, is replaced by ours; groups
 * that hold nothing are left out; colours are written in one way, #rrggbb, so
 * that a style can find them by attribute and turn them in the dark.
 */
#include "plot_internal.h"

#include "html.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* The marks that our scripts use, by gnuplot's number of the point type - 1. */
static const struct {
    int number;
    const char *shape;
} marks[] = {
    {3, "<path fill=\"none\" stroke=\"currentColor\" stroke-width=\".45\" "
        "d=\"M-1,-1H1V1H-1Z\"/>"},
    {4, "<path fill=\"currentColor\" d=\"M-1,-1H1V1H-1Z\"/>"},
    {5, "<circle fill=\"none\" stroke=\"currentColor\" stroke-width=\".45\" "
        "r=\"1\"/>"},
    {6, "<circle fill=\"currentColor\" r=\"1\"/>"},
    {7, "<path fill=\"none\" stroke=\"currentColor\" stroke-width=\".45\" "
        "d=\"M0,-1.33L-1.33,.67H1.33Z\"/>"},
    {8, "<path fill=\"currentColor\" d=\"M0,-1.33L-1.33,.67H1.33Z\"/>"},
};

struct filter {
    FILE *out;
    const char *id; /* of this drawing on the page */
    const struct elements *elements;
    int n_elements; /* seen so far */
};

static void put_head(const struct filter *f, const struct plot *p,
                     const struct plot_size *size, const struct layout *l,
                     const char *style)
{
    fprintf(f->out,
            "<svg class=\"plot %s\" role=\"img\" viewBox=\"0 0 %d %d\" "
            "xmlns=\"http://www.w3.org/2000/svg\" "
            "font-family=\"sans-serif\" font-size=\"%d\" "
            "aria-labelledby=\"%s-title %s-desc\">\n<title id=\"%s-title\">",
            size->name, l->width, l->height, size->font, f->id, f->id, f->id);
    html_text(f->out, p->title);
    fprintf(f->out, "</title>\n<desc id=\"%s-desc\">", f->id);
    html_text(f->out, p->y_label != NULL ? p->y_label : "");
    html_text(f->out, " against ");
    html_text(f->out, p->x_label != NULL ? p->x_label : "servers");
    fputs("; the numbers stand in the table below.</desc>\n", f->out);
    if (style != NULL)
        fprintf(f->out, "<style>%s</style>\n", style);
    fputs("<defs>", f->out);
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        fprintf(f->out, "<g id=\"%s-m%d\">%s</g>", f->id, marks[i].number,
                marks[i].shape);
    fputs("</defs>\n", f->out);
}

/* "rgb(184,  74,   0)" at `*at`: writes #B84A00, moves behind it. */
static bool put_colour(const struct filter *f, const char **at)
{
    if (strncmp(*at, "rgb(", 4) != 0)
        return false;
    unsigned parts[3] = {0};
    char *next = (char *)*at + 4;
    for (int i = 0; i < 3; i++) {
        parts[i] = (unsigned)strtoul(next, &next, 10) & 255u;
        next += strspn(next, ", ");
    }
    if (*next != ')')
        return false;
    fprintf(f->out, "#%02x%02x%02x", parts[0], parts[1], parts[2]);
    *at = next + 1;
    return true;
}

/* "xlink:href='#gpPt6'" at `*at`: our mark instead. */
static bool put_mark(const struct filter *f, const char **at)
{
    static const char reference[] = "xlink:href='#gpPt";
    if (strncmp(*at, reference, sizeof reference - 1) != 0)
        return false;
    char *end;
    const long number = strtol(*at + sizeof reference - 1, &end, 10);
    fprintf(f->out, "href='#%s-m%ld'", f->id, number);
    *at = end + (*end == '\'');
    return true;
}

static void put_line(const struct filter *f, const char *line)
{
    for (const char *at = line; *at != '\0';)
        if (!put_colour(f, &at) && !put_mark(f, &at))
            fputc(*at++, f->out);
    fputc('\n', f->out);
}

/* A plotted element begins: its id made unique, its title ours. */
static void put_element(struct filter *f)
{
    const int i = f->n_elements++;
    fprintf(f->out, "<g id=\"%s-%d\"><title>", f->id, i);
    if (i < f->elements->n)
        html_text(f->out, f->elements->titles[i]);
    fputs("</title>\n", f->out);
}

static bool is_group(const char *line)
{
    return strncmp(line, "<g fill=", 8) == 0;
}

/* An empty tick: a path that moves and draws nothing. Returns what follows. */
static char *skip_empty_path(char *line)
{
    char *path = strstr(line, "<path stroke='black'  d='M");
    if (path == NULL)
        return line;
    char *end = strstr(path, "/>");
    const char *draws = strchr(path, 'L');
    return end != NULL && (draws == NULL || draws > end) ? end + 2 : line;
}

static void put_body(struct filter *f, char *body)
{
    const char *held = NULL; /* a group that may turn out to be empty */
    for (char *line; (line = strsep(&body, "\n")) != NULL;) {
        line += strspn(line, "\t ");
        if (held != NULL && strcmp(line, "</g>") == 0) {
            held = NULL;
            continue;
        }
        if (held != NULL)
            put_line(f, held);
        held = NULL;
        if (is_group(line))
            held = line;
        else if (strncmp(line, "<g id=", 6) == 0)
            put_element(f);
        else if (*line != '\0')
            put_line(f, skip_empty_path(line));
    }
}

void plot_filter(char *svg, const struct plot *p, const struct plot_size *size,
                 const struct layout *l, const struct elements *elements,
                 const char *style, FILE *out)
{
    char id[2 * NAME_MAX_LEN];
    snprintf(id, sizeof id, "%s-%s", p->name, size->name);
    struct filter f = {.out = out, .id = id, .elements = elements};
    put_head(&f, p, size, l, style);
    char *body = strstr(svg, "</defs>");
    char *end = strstr(svg, "</svg>");
    if (body != NULL && end != NULL) {
        /* Behind the definitions, up to the end of gnuplot's canvas group. */
        *end = '\0';
        char *last = strrchr(body, '<');
        if (last != NULL)
            *last = '\0';
        put_body(&f, body + strlen("</defs>"));
    }
    fputs("</svg>\n", out);
}

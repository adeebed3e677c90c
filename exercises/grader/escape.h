/*
 * escape.h - any bytes into any format, in two steps.
 *
 * First the bytes become text that can be seen: UTF-8 stays, and what is none,
 * what steers a terminal, what XML forbids and what turns the direction of
 * writing comes out as \x1b or \u202e. Then the syntax's own characters are
 * escaped, the backslash of the first step as well. So a name or a text
 * cannot end a string, a tag or a cell, and readers of all formats see the
 * same.
 *
 * Read before: sink.h. Read after: json.h, html.h.
 */
#ifndef GRADER_ESCAPE_H
#define GRADER_ESCAPE_H

#include "sink.h"

enum escape {
    ESCAPE_TEXT,   /* the first step alone */
    ESCAPE_JSON,   /* inside "..." of RFC 8259 */
    ESCAPE_MARKUP, /* XML and HTML: text, or a value in double quotes */
    ESCAPE_CSV,    /* inside "..." of RFC 4180 */
    ESCAPE_TAP,    /* a description of TAP 14: \ and # */
};

enum {
    ESCAPE_MAX = 16 << 10,     /* bytes of one text; the rest is cut */
    ESCAPE_LINE_MAX = 1 << 10, /* of a name or title */
};

/*
 * Writes `text`. Line feeds and tabs stay what they are, in the way of the
 * syntax; a text longer than ESCAPE_MAX is cut between two characters, and its
 * end says by how much. NULL is "".
 */
void escape_text(struct sink *to, enum escape syntax, const char *text);

/* The same for names and titles: one line, line feeds come out as \n, and no
 * more than ESCAPE_LINE_MAX bytes. */
void escape_line(struct sink *to, enum escape syntax, const char *text);

/* Bytes that need not be a string, without a cut. `line`: as escape_line. */
void escape_slice(struct sink *to, enum escape syntax, struct base_slice text,
                  bool line);

/* How many of the first `most` bytes make whole characters. */
size_t escape_cut_at(struct base_slice text, size_t most);

/* One cell of a CSV file: quoted if need be, and never a formula. */
void escape_cell(struct sink *to, const char *text);

#endif

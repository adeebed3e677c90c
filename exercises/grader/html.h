/*
 * html.h - the frame and the pieces of our pages: one file each, no script,
 * nothing from the network, light and dark, from 390 pixels on.
 *
 * Read before: escape.h, message.h.
 * Read after: out_html.c, out_hidden_html.c, out_class_html.c.
 */
#ifndef GRADER_HTML_H
#define GRADER_HTML_H

#include "message.h"

/* <!DOCTYPE ...> to <main>, with the style; and the end. */
void html_begin(struct sink *to, const char *title);
void html_end(struct sink *to);

/* A piece of text inside a page; one line of it. */
void html_text(struct sink *to, const char *text);
void html_line(struct sink *to, const char *text);

/* <tag>text</tag>, one line; "p class=x" is a tag. */
void html_element(struct sink *to, const char *tag, const char *text);

/* The parts of a message, as a list of definitions. */
void html_parts(struct sink *to, const struct message_part *parts, size_t n);

/* A fact: one part in a <dl>; nothing if the value is NULL or "". */
void html_fact(struct sink *to, const char *label, const char *value,
               int flags);

/* A check as a box: word, name and points; if it tells something, it opens. */
void html_check(struct sink *to, const struct mark *mark,
                const struct output_options *o, bool open);

#endif

/*
 * html.h - text into HTML, so that no name, reason or sentence can break it.
 */
#ifndef BENCH_HTML_H
#define BENCH_HTML_H

#include <stdio.h>

/* Writes `text` with the characters that are markup written as entities. */
void html_text(FILE *out, const char *text);

/* The same for a text that is formatted first; at most 2,000 bytes of it. */
void html_format(FILE *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* <tag>text</tag>, the text formatted and escaped; "th class=x" is a tag. */
void html_element(FILE *out, const char *tag, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif

/* html.c - see html.h. */
#include "html.h"

#include <stdarg.h>
#include <string.h>

enum { TEXT_MAX = 2000 };

void html_text(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '&':
            fputs("&amp;", out);
            break;
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        default:
            /* Control characters have no place in XML, even as entities. */
            fputc((unsigned char)*text < ' ' ? ' ' : *text, out);
        }
    }
}

static void format_text(FILE *out, const char *format, va_list args)
{
    char text[TEXT_MAX];
    vsnprintf(text, sizeof text, format, args);
    html_text(out, text);
}

void html_format(FILE *out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    format_text(out, format, args);
    va_end(args);
}

void html_element(FILE *out, const char *tag, const char *format, ...)
{
    va_list args;
    fprintf(out, "<%s>", tag);
    va_start(args, format);
    format_text(out, format, args);
    va_end(args);
    fprintf(out, "</%.*s>\n", (int)strcspn(tag, " "), tag);
}

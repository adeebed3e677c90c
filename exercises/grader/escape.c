/*
 * escape.c - one walk over the characters, one table a syntax.
 *
 * Read before: escape.h. Read after: json.c.
 * Rests on: RFC 3629 (UTF-8), RFC 8259 section 7 (JSON), RFC 4180 (CSV), XML
 * 1.0 section 2.2 (which characters there are), TAP 14 (descriptions).
 */
#include "escape.h"

#include <stdio.h>

/* What is written instead of `c`, or NULL if it may stand as it is. */
static const char *instead_json(char c)
{
    switch (c) {
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    case '\n':
        return "\\n";
    case '\t':
        return "\\t";
    case '<': /* </script>, where a page holds the JSON */
        return "\\u003c";
    default:
        return NULL;
    }
}

static const char *instead_markup(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>': /* the end of ]]>, too */
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

static const char *instead_of(enum escape syntax, char c)
{
    switch (syntax) {
    case ESCAPE_JSON:
        return instead_json(c);
    case ESCAPE_MARKUP:
        return instead_markup(c);
    case ESCAPE_CSV:
        return c == '"' ? "\"\"" : NULL;
    case ESCAPE_TAP:
        return c == '#' ? "\\#" : c == '\\' ? "\\\\" : NULL;
    case ESCAPE_TEXT:
        return NULL;
    }
    return NULL;
}

static void put_escaped(struct sink *to, enum escape syntax,
                        struct base_slice bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        const char *instead = instead_of(syntax, bytes.ptr[i]);
        if (instead != NULL)
            sink_put(to, instead);
        else
            sink_bytes(to, (struct base_slice){bytes.ptr + i, 1});
    }
}

/* The character that `len` bytes of valid UTF-8 stand for. */
static uint32_t code_point(const char *ptr, size_t len)
{
    const unsigned char *bytes = (const unsigned char *)ptr;
    uint32_t code = len == 1 ? bytes[0] : bytes[0] & (0x7fu >> len);
    for (size_t i = 1; i < len; i++)
        code = code << 6 | (bytes[i] & 0x3f);
    return code;
}

static bool can_be_seen(uint32_t code)
{
    if (code < 0x20 || (code >= 0x7f && code < 0xa0))
        return false; /* C0, DEL, C1 */
    if ((code >= 0x200e && code <= 0x200f) ||
        (code >= 0x2028 && code <= 0x202e) ||
        (code >= 0x2066 && code <= 0x2069) || code == 0x61c)
        return false; /* other line ends; marks that turn the direction */
    return code != 0xfeff && (code & 0xfffe) != 0xfffe; /* no characters */
}

static void put_unseen(struct sink *to, enum escape syntax, uint32_t code)
{
    struct base_buf text;
    base_buf_init(&text, 16);
    if (code == '\n' || code == '\r' || code == '\t')
        base_buf_printf(&text, "\\%c",
                        code == '\n'   ? 'n'
                        : code == '\r' ? 'r'
                                       : 't');
    else
        base_buf_printf(&text, code < 0x100 ? "\\x%02x" : "\\u%04x", code);
    put_escaped(to, syntax, base_buf_slice(&text));
    base_buf_fini(&text);
}

void escape_slice(struct sink *to, enum escape syntax, struct base_slice text,
                  bool line)
{
    while (text.len > 0 && to->error == 0) {
        const size_t len = base_slice_utf8(text);
        const uint32_t code =
            len > 0 ? code_point(text.ptr, len) : (unsigned char)text.ptr[0];
        const bool layout = !line && (code == '\n' || code == '\t');
        if (len > 0 && (layout || can_be_seen(code)))
            put_escaped(to, syntax, (struct base_slice){text.ptr, len});
        else
            put_unseen(to, syntax, code);
        text = base_slice_skip(text, len > 0 ? len : 1);
    }
}

size_t escape_cut_at(struct base_slice text, size_t most)
{
    for (size_t back = 0; back < 4 && back < most; back++)
        if (((unsigned char)text.ptr[most - back] & 0xc0) != 0x80)
            return most - back;
    return most;
}

static void escape_cut(struct sink *to, enum escape syntax, const char *text,
                       size_t most, bool line)
{
    struct base_slice all = base_slice_of(text != NULL ? text : "");
    if (all.len <= most) {
        escape_slice(to, syntax, all, line);
        return;
    }
    const size_t len = escape_cut_at(all, most);
    char note[80];
    const int n = snprintf(note, sizeof note, "%s... %zu bytes more are cut",
                           line ? " " : "\n", all.len - len);
    escape_slice(to, syntax, (struct base_slice){all.ptr, len}, line);
    escape_slice(to, syntax, (struct base_slice){note, (size_t)n}, line);
}

void escape_text(struct sink *to, enum escape syntax, const char *text)
{
    escape_cut(to, syntax, text, ESCAPE_MAX, false);
}

void escape_line(struct sink *to, enum escape syntax, const char *text)
{
    escape_cut(to, syntax, text, ESCAPE_LINE_MAX, true);
}

/*
 * Spreadsheets calculate a cell that begins with one of these, quoted or not,
 * and some drop blanks before they look: a name =HYPERLINK(...) must stay a
 * name. An apostrophe in front makes it text.
 */
static bool is_formula(const char *text)
{
    text += strspn(text, " \t\r\n");
    static const char *const wide[] = {"\uff1d", "\uff0b", "\uff0d", "\uff20"};
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++)
        if (strncmp(text, wide[i], strlen(wide[i])) == 0)
            return true;
    return *text != '\0' && strchr("=+-@", *text) != NULL;
}

void escape_cell(struct sink *to, const char *text)
{
    text = text != NULL ? text : "";
    const bool formula = is_formula(text);
    const bool quoted = formula || text[strcspn(text, "\",;\t")] != '\0' ||
                        text[0] == ' ' ||
                        (text[0] != '\0' && text[strlen(text) - 1] == ' ');
    sink_put(to, quoted ? "\"" : "");
    sink_put(to, formula ? "'" : "");
    escape_line(to, ESCAPE_CSV, text);
    sink_put(to, quoted ? "\"" : "");
}

/*
 * watch_text.c - see watch_text.h.
 *
 * Read before: watch_text.h. Read after: watch.c.
 */
#include "watch_text.h"

static struct base_slice before(struct base_slice s, const char *what)
{
    const ssize_t at = base_slice_find(s, base_slice_of(what));
    return at < 0 ? s : (struct base_slice){s.ptr, (size_t)at};
}

/* Moves *s behind `what`; false: it is not there, and *s stays. */
static bool behind(struct base_slice *s, const char *what)
{
    const struct base_slice key = base_slice_of(what);
    const ssize_t at = base_slice_find(*s, key);
    if (at < 0)
        return false;
    *s = base_slice_skip(*s, (size_t)at + key.len);
    return true;
}

/* Without blank lines in front, and blanks of any kind behind. */
static struct base_slice trim_lines(struct base_slice s)
{
    for (;;) {
        struct base_slice rest = s;
        bool found;
        const struct base_slice line = base_slice_cut(&rest, '\n', &found);
        if (!found || base_slice_trim(line).len > 0)
            break;
        s = rest;
    }
    while (s.len > 0 && strchr(" \t\r\n", s.ptr[s.len - 1]) != NULL)
        s.len--;
    return s;
}

bool watch_text_hint(struct base_slice page, int n, struct watch_hint *hint)
{
    for (int i = 0; i <= n; i++)
        if (!behind(&page, "<details>"))
            return false;
    /* The end of this one, or a hint inside it: whichever comes first. */
    page = before(before(page, "</details>"), "<details>");
    *hint = (struct watch_hint){.text = page};
    if (behind(&hint->text, "</summary>") && behind(&page, "<summary>"))
        hint->title = before(page, "</summary>");
    hint->text = trim_lines(hint->text);
    return true;
}

bool watch_text_seen(struct base_slice page, struct base_slice *text)
{
    if (!behind(&page, "\n## What you have seen\n"))
        return false;
    *text = trim_lines(before(page, "\n## "));
    return text->len > 0;
}

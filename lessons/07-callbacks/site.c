/*
 * site.c - see site.h.
 *
 * SIMPLIFIED: links are found in the text, not in a parsed page, so one in a
 * comment counts and one with &amp; in it is taken as it stands. A redirect is
 * not followed. The library's crawler has a parser for HTML.
 *
 * Rests on: RFC 3986 sections 5.2 and 5.3, tsearch(3).
 */
#include "site.h"

#include "../common/common.h"

#include <ctype.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* --- paths, each once ----------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    const struct path *left = a, *right = b;
    return strcmp(left->text, right->text);
}

static void add_path(struct site *s, const char *text)
{
    if (s->n_seen == PATHS_MAX) {
        s->full = true;
        return;
    }
    const size_t size = strlen(text) + 1;
    struct path *path = allocate(sizeof *path + size);
    path->next = NULL;
    memcpy(path->text, text, size);
    struct path **in_tree = tsearch(path, &s->seen, compare);
    if (in_tree == NULL) {
        die(0, NULL, "cannot allocate a node of a tree");
    } else if (*in_tree != path) {
        free(path); /* seen before */
    } else {
        s->n_seen++;
        *s->end = path;
        s->end = &path->next;
    }
}

const char *site_next(struct site *s)
{
    const struct path *path = s->first;
    if (path == NULL)
        return NULL;
    s->first = path->next;
    if (s->first == NULL)
        s->end = &s->first;
    return path->text;
}

/* --- links ---------------------------------------------------------------- */

/* Cuts the segment at `end` off, and the slash before it. */
static size_t cut_segment(const char *path, size_t len)
{
    while (len > 0 && path[len - 1] != '/')
        len--;
    return len > 0 ? len - 1 : 0;
}

/* Takes "." and ".." out of an absolute path, in place: section 5.2.4. */
static void remove_dots(char *path)
{
    char *from = path;
    size_t len = 0;
    while (*from == '/') {
        const size_t n = 1 + strcspn(from + 1, "/?");
        const bool dot = n == 2 && from[1] == '.';
        const bool dots = n == 3 && from[1] == '.' && from[2] == '.';
        if (dots)
            len = cut_segment(path, len);
        if ((dot || dots) && from[n] != '/')
            path[len++] = '/'; /* "/a/.." is "/" */
        if (!dot && !dots) {
            memmove(path + len, from, n);
            len += n;
        }
        from += n;
    }
    memmove(path + len, from, strlen(from) + 1); /* the query */
}

/*
 * Resolves `link`, of `len` bytes, against the path of its page. Returns false
 * if that is no page of this site.
 */
static bool resolve(const struct site *s, const char *base, const char *link,
                    size_t len, char path[PATH_LEN_MAX + 1])
{
    char text[PATH_LEN_MAX + 1];
    if (len == 0 || len > PATH_LEN_MAX)
        return false;
    for (size_t i = 0; i < len; i++)
        if (!isgraph((unsigned char)link[i])) /* it would split a request */
            return false;
    snprintf(text, sizeof text, "%.*s", (int)len, link);
    text[strcspn(text, "#")] = '\0';
    const char *at = text;
    const size_t origin = strlen(s->origin);
    if (strncasecmp(at, s->origin, origin) == 0 &&
        strchr("/?", at[origin]) != NULL) /* or the NUL */
        at += origin;
    if (strncmp(at, "//", 2) == 0 || at[strcspn(at, ":/?")] == ':')
        return false; /* another host, another scheme */
    /* How much of the page's own path stays before the link. */
    size_t keep = 0;
    if (at[0] == '\0' || at[0] == '?')
        keep = at == text ? strcspn(base, "?") : 0;
    else if (at[0] != '/')
        keep = cut_segment(base, strcspn(base, "?")) + 1;
    const int n = snprintf(path, PATH_LEN_MAX + 1, "%.*s%s%s", (int)keep, base,
                           keep == 0 && at[0] != '/' ? "/" : "", at);
    if (n > PATH_LEN_MAX)
        return false;
    remove_dots(path);
    return true;
}

/* Finds the next <a href="...">; returns where to go on, NULL: no more. */
static const char *find_link(const char *at, const char **link, size_t *len)
{
    while ((at = strcasestr(at, "<a")) != NULL) {
        at += 2;
        const char *end = strchr(at, '>');
        const char *href = strcasestr(at, "href=");
        if (end == NULL || href == NULL)
            return NULL;
        if (!isspace((unsigned char)*at) || href > end)
            continue;
        const char quote = href[5];
        if (quote != '"' && quote != '\'')
            continue;
        *link = href + 6;
        end = strchr(*link, quote);
        if (end == NULL)
            return NULL;
        *len = (size_t)(end - *link);
        return end;
    }
    return NULL;
}

void site_add_links(struct site *s, const char *path, const char *html)
{
    const char *link;
    size_t len;
    char text[PATH_LEN_MAX + 1];
    while ((html = find_link(html, &link, &len)) != NULL)
        if (resolve(s, path, link, len, text))
            add_path(s, text);
}

/* --- begin and end -------------------------------------------------------- */

void site_init(struct site *s, const char *url)
{
    static const char scheme[] = "http://";
    static const char example[] = "http://127.0.0.1:PORT/page/0";
    *s = (struct site){.end = &s->first};
    const char *host = url + strlen(scheme);
    if (strncasecmp(url, scheme, strlen(scheme)) != 0 || *host == '/')
        die(0, example, "'%s' is no URL of a page", url);
    const size_t origin = (size_t)(host - url) + strcspn(host, "/?#");
    if (origin >= sizeof s->origin)
        die(0, example, "the host's name is too long");
    memcpy(s->origin, url, origin);
    s->host = s->origin + strlen(scheme);
    char path[PATH_LEN_MAX + 1];
    if (!resolve(s, "/", url, strlen(url), path))
        die(0, example, "'%s' is no URL of a page", url);
    add_path(s, path);
}

void site_free(struct site *s)
{
    tdestroy(s->seen, free);
}

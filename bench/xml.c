/* xml.c - see xml.h. Knows as much of XML as our pages use. */
#include "xml.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 64, NAME_LEN = 32 };

struct checker {
    char open[DEPTH_MAX][NAME_LEN];
    int depth;
    char fault[XML_FAULT_MAX]; /* empty: none so far */
};

static bool is_entity(const char *at)
{
    static const char *const entities[] = {"&amp;", "&lt;", "&gt;", "&quot;"};
    for (size_t i = 0; i < 4; i++)
        if (strncmp(at, entities[i], strlen(entities[i])) == 0)
            return true;
    return false;
}

/* Behind the end of a tag, which may hold '>' in a quoted value; or NULL. */
static const char *tag_end(const char *at)
{
    char quote = '\0';
    for (; *at != '\0'; at++) {
        if (quote != '\0')
            quote = *at == quote ? '\0' : quote;
        else if (*at == '"' || *at == '\'')
            quote = *at;
        else if (*at == '<')
            return NULL;
        else if (*at == '>')
            return at + 1;
    }
    return NULL;
}

static void close_tag(struct checker *c, const char *name, int len)
{
    const char *open = c->depth > 0 ? c->open[c->depth - 1] : "nothing";
    if ((int)strlen(open) == len && strncmp(open, name, (size_t)len) == 0)
        c->depth--;
    else
        snprintf(c->fault, sizeof c->fault, "</%.*s> closes <%s>", len, name,
                 open);
}

static void open_tag(struct checker *c, const char *name, int len)
{
    if (len == 0 || len >= NAME_LEN || c->depth == DEPTH_MAX)
        snprintf(c->fault, sizeof c->fault, "no tag: <%.40s", name);
    else
        snprintf(c->open[c->depth++], NAME_LEN, "%.*s", len, name);
}

/* Checks the tag at `at`; returns what follows it, or NULL after a fault. */
static const char *check_tag(struct checker *c, const char *at)
{
    const char *end = tag_end(at + 1);
    if (end == NULL)
        snprintf(c->fault, sizeof c->fault, "a tag without an end: %.60s", at);
    if (end == NULL || at[1] == '!')
        return end;
    const bool closes = at[1] == '/';
    const char *name = at + 1 + closes;
    const int len = (int)strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789");
    if (closes)
        close_tag(c, name, len);
    else if (end[-2] != '/')
        open_tag(c, name, len);
    return c->fault[0] == '\0' ? end : NULL;
}

const char *xml_fault(const char *page)
{
    static struct checker c;
    c = (struct checker){.depth = 0};
    const char *at = page;
    while (at != NULL && *at != '\0') {
        if (*at == '<') {
            at = check_tag(&c, at);
        } else if (*at == '&' && !is_entity(at)) {
            snprintf(c.fault, sizeof c.fault, "not escaped: %.60s", at);
            at = NULL;
        } else {
            at++;
        }
    }
    if (at != NULL && c.depth > 0)
        snprintf(c.fault, sizeof c.fault, "<%s> is never closed",
                 c.open[c.depth - 1]);
    return c.fault[0] != '\0' ? c.fault : NULL;
}

/* --- ids ----------------------------------------------------------------- */

enum { IDS_MAX = 20000 };

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *xml_double_id(const char *page, int *n_ids)
{
    static const char *ids[IDS_MAX];
    static char found[XML_FAULT_MAX];
    char *copy = strdup(page);
    int n = 0;
    for (char *at = copy; at != NULL && n < IDS_MAX;) {
        at = strstr(at, " id=\"");
        if (at == NULL)
            break;
        ids[n++] = at += strlen(" id=\"");
        at = strchr(at, '"');
        if (at != NULL)
            *at++ = '\0';
    }
    qsort(ids, (size_t)n, sizeof *ids, by_text);
    found[0] = '\0';
    for (int i = 1; i < n; i++)
        if (strcmp(ids[i - 1], ids[i]) == 0)
            snprintf(found, sizeof found, "%s", ids[i]);
    free(copy);
    *n_ids = n;
    return found[0] != '\0' ? found : NULL;
}

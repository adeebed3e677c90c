/*
 * site.h - the pages of one site: which are still to be got, and which paths
 * were seen already. What a crawler knows apart from the network.
 *
 * A page's links are resolved against its path (RFC 3986 section 5); those that
 * lead to another site are passed over; a path is handed out once.
 *
 * Read before: ../01-blocking/fetch.c. Read after: crawl.c.
 */
#ifndef LESSONS_SITE_H
#define LESSONS_SITE_H

#include <stdbool.h>
#include <stddef.h>

enum {
    PATH_LEN_MAX = 800,  /* of a path with its query; longer ones are ignored */
    PATHS_MAX = 1000000, /* in one site; more are ignored, and `full` is set */
};

/* A path in the queue. The site owns it, until site_free. */
struct path {
    struct path *next;
    char text[]; /* "/page/7?x=1" */
};

struct site {
    char origin[300]; /* "http://127.0.0.1:8001" */
    const char *host; /* the part of it behind "//" */
    void *seen;       /* a tree of struct path, see tsearch(3) */
    int n_seen;
    bool full;
    struct path *first, **end; /* the queue: paths to be got */
};

/*
 * Begins with the one page that `url` names; dies if that is no URL of a page.
 * The site may not move.
 */
void site_init(struct site *s, const char *url);

/* Notes all links of the page `path`, whose text (with a NUL) is `html`. */
void site_add_links(struct site *s, const char *path, const char *html);

/* The path of a page that was not asked for yet; NULL: there is none now. */
const char *site_next(struct site *s);

void site_free(struct site *s);

#endif

/*
 * subjects.h - the servers that are measured. They are found, not listed: each
 * lesson whose `server` is built, and where its --help offers a choice of words
 * (--model, --trigger), each of these, and the floor.
 */
#ifndef BENCH_SUBJECTS_H
#define BENCH_SUBJECTS_H

#include <stdbool.h>

enum { SUBJECTS_MAX = 64 };

/* One server in one of its ways. Owned by the table it is in. */
struct subject {
    char name[64];     /* "05-epoll/edge", "floor" */
    char lesson[32];   /* "05-epoll"; "" for the floor */
    char path[256];    /* of its program */
    char option[32];   /* "--trigger", or "" */
    char word[32];     /* "edge", or "" */
    int most;          /* connections it can serve at once; INT_MAX: no bound */
    const char *bound; /* what bounds it: "200 processes"; constant */
};

/*
 * Fills `table` from the build folder, floor first, then by name. `lessons`
 * limits it to those numbers ("03 05"; NULL or empty: all). Returns how many.
 */
int subjects_find(struct subject *table, const char *build,
                  const char *lessons);

/* True if the lesson's fetch is built. */
bool subject_has_fetch(const struct subject *s, const char *build);

#endif

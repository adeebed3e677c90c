/*
 * outfile.h - a file that appears whole or not at all: it is written beside its
 * place, under the name with ".part" behind it, and renamed when it is done.
 */
#ifndef BENCH_OUTFILE_H
#define BENCH_OUTFILE_H

#include "results.h"

#include <stdio.h>

enum { PATH_MAX_LEN = 1024 };

struct outfile {
    FILE *out;
    char path[PATH_MAX_LEN], part[PATH_MAX_LEN + 8];
};

/* Makes the folders of `path` and opens its part. Returns 0 or -errno. */
int outfile_open(struct outfile *file, const char *path,
                 struct problem *problem);

/* Puts the file in its place. On an error nothing of it is left. */
int outfile_commit(struct outfile *file, struct problem *problem);

/* Gives up: removes the part. */
void outfile_abandon(struct outfile *file);

#endif

/*
 * unpack.h - turns an archive into a stream of tar, by a confined process.
 *
 *     .zip      bsdtar   of libarchive
 *     .tar.gz   gzip
 *     .tar      nothing, it is read as it is
 *
 * An archive is told by its first bytes and not by its name, and bsdtar gets
 * zip archives alone: among the forms that it knows there is mtree, whose
 * entries may name any file of ours as their content.
 *
 * Rests on: bsdtar(1), gzip(1).
 * Read before: confined.h, tar.h. Read after: unpack.c.
 */
#ifndef GRADER_UNPACK_H
#define GRADER_UNPACK_H

#include "confined.h"

enum {
    UNPACK_MAX = 64 << 20, /* bytes of tar: what is more is a bomb */
    UNPACK_SECONDS = 60,
};

enum unpack_form { UNPACK_OTHER, UNPACK_TAR, UNPACK_GZIP, UNPACK_ZIP };

struct unpack {
    enum unpack_form form;
    int file;                /* that is read as it is */
    struct confined program; /* or this one's output */
    uint64_t left;           /* bytes that may come yet */
};

/* What the file that `fd` reads looks like. Reads at 0, moves nothing. */
enum unpack_form unpack_form_of(int fd);

/*
 * Begins to unpack the file that `fd`, borrowed until unpack_end, reads. Not
 * for UNPACK_OTHER. Returns 0 or a negative errno value.
 */
int unpack_start(struct unpack *u, int fd, enum unpack_form form);

/* A tar_source; `arg` is the struct unpack. -EFBIG: more than UNPACK_MAX. */
ssize_t unpack_read(char *bytes, size_t len, void *arg);

/* As confined_end. */
int unpack_end(struct unpack *u);

#endif

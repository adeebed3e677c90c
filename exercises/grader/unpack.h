/*
 * unpack.h - turns an archive into a stream of tar, by a process that can do
 * little harm.
 *
 *     .zip      bsdtar   of libarchive
 *     .tar.gz   gzip
 *     .tar      nothing, it is read as it is
 *
 * An archive is told by its first bytes and not by its name, and bsdtar gets
 * zip archives alone: among the forms that it knows there is mtree, whose
 * entries may name any file of ours as their content.
 *
 * The process has no descriptor but the archive and its pipes, may write to no
 * file, start no other process, and use so much memory and time. Where the
 * grader is root, it is nobody.
 *
 * Rests on: setrlimit(2), poll(2), pidfd_open(2), bsdtar(1), gzip(1).
 * Read before: tar.h. Read after: unpack.c.
 */
#ifndef GRADER_UNPACK_H
#define GRADER_UNPACK_H

#include "../../loop/base.h"

enum {
    UNPACK_MAX = 64 << 20, /* bytes of tar: what is more is a bomb */
    UNPACK_SECONDS = 60,   /* by the clock; half as many of the processor */
};

enum unpack_form { UNPACK_OTHER, UNPACK_TAR, UNPACK_GZIP, UNPACK_ZIP };

struct unpack {
    pid_t pid;   /* 0: there is none */
    int out;     /* the tar */
    int err;     /* what the program says; -1: no more */
    int process; /* a pidfd(2) of pid */
    int64_t deadline_ns;
    uint64_t left; /* bytes that may come yet */
    size_t words_len;
    char words[300]; /* what the program said, cut */
};

/* What the file that `fd` reads looks like. Reads at offset 0, moves nothing.
 */
enum unpack_form unpack_form_of(int fd);

/*
 * Begins to unpack the file that `fd`, borrowed until unpack_end, reads. Not
 * for UNPACK_OTHER. Returns 0 or a negative errno value.
 */
int unpack_start(struct unpack *u, int fd, enum unpack_form form);

/*
 * A tar_source; `arg` is the struct unpack. -EFBIG: more than UNPACK_MAX bytes.
 * -ENOKEY: it is locked with a password. -ETIMEDOUT: it took too long.
 */
ssize_t unpack_read(char *bytes, size_t len, void *arg);

/*
 * Ends the process, and waits for it if unpack_read has said 0. Returns 0;
 * -EPROTO if the program had to complain, in u->words, or was stopped early;
 * -ENOENT if it is not installed.
 */
int unpack_end(struct unpack *u);

#endif

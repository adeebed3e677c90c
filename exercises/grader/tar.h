/*
 * tar.h - reads a tar archive, entry by entry, from a stream that is not to be
 * trusted: nothing is believed that has not been checked, nothing is larger
 * than its bound, and nothing is written anywhere.
 *
 *     tar_open
 *     while (tar_next(&t, &entry) == 1)
 *         tar_read ...                    its content, or not: then skipped
 *
 * A tar is a row of blocks of 512 bytes: a header, the content of the file
 * filled up to whole blocks, the next header; two blocks of zeros end it. What
 * does not fit into a header (long names) comes in front of it as an entry of
 * its own: "x" of POSIX's pax form, "L" of GNU's. Understood are these two, the
 * plain ustar form, and the older one without a magic.
 *
 * Left out: sparse files, whose content is not as long as their size says, and
 * multi-volume archives; both are TAR_OTHER. What a name or a link may be is
 * for the caller to judge.
 *
 * Rests on: tar(5), POSIX.1-2017 pax "ustar Interchange Format".
 * Read before: ../../loop/base.h. Read after: tar.c.
 */
#ifndef GRADER_TAR_H
#define GRADER_TAR_H

#include "../../loop/base.h"

enum {
    TAR_BLOCK = 512,
    TAR_PATH_MAX = 4096,
    TAR_EXTENDED_MAX = 1 << 16, /* bytes of one "x" or "L" */
};

/*
 * Where the bytes come from: as read(2), 0 at the end, but a negative errno
 * value for an error.
 */
typedef ssize_t tar_source(char *bytes, size_t len, void *arg);

enum tar_kind {
    TAR_FILE,
    TAR_FOLDER,
    TAR_LINK,      /* symbolic */
    TAR_HARD_LINK, /* to another entry: has no content of its own */
    TAR_OTHER,     /* a device, a FIFO, or what we do not know */
};

struct tar_entry {
    enum tar_kind kind;
    struct base_slice path; /* any bytes but NUL; valid until tar_next */
    uint64_t size;          /* of the content; 0 but for a file */
};

struct tar {
    tar_source *source;
    void *arg;
    uint64_t left;  /* bytes of the entry's content not yet read ... */
    size_t filling; /* ... and those behind it up to a whole block */
    bool long_path; /* `path` was given in front of the header */
    bool long_size; /* and so was `size` */
    bool sparse;    /* and that it is none that we read */
    uint64_t size;
    size_t path_len;
    char path[TAR_PATH_MAX];
    char extended[TAR_EXTENDED_MAX];
    const char *problem; /* after -EPROTO: what is wrong, in words */
};

/* `source` and `arg` are borrowed until the last call. Reads nothing yet. */
void tar_open(struct tar *t, tar_source *source, void *arg);

/*
 * Goes to the next entry, over what is unread of the one before. Returns 1; 0
 * at the end; -EPROTO if it is no tar or breaks off; or what the source said.
 * After any of these it is not called again.
 */
int tar_next(struct tar *t, struct tar_entry *entry);

/* The next bytes of the entry's content; 0 at its end; errors as tar_next. */
ssize_t tar_read(struct tar *t, char *bytes, size_t len);

#endif

/*
 * class_store.h - results on disk, so that no submission is graded twice and a
 * run that was stopped goes on where it was.
 *
 *     OUT/state/lock           held by the run that is at work; its folder
 *     OUT/state/KEY            a record, with its hash
 *
 * A key is the hash of all that the result depends on (see class_work.c): who
 * changes a file, an exercise, the grader or the seed asks for another key. So
 * nothing has to be made invalid, and nothing is ever wrong: at worst it is
 * graded again. A file appears at once and whole; one that is damaged counts as
 * absent.
 *
 * SIMPLIFIED: results that nobody asks for any more stay until OUT is removed.
 *
 * Functions return 0 or a negative errno value.
 * Rests on: rename(2), fcntl(2) F_SETLK.
 * Read before: class_record.h. Read after: class_store.c.
 */
#ifndef GRADER_CLASS_STORE_H
#define GRADER_CLASS_STORE_H

#include "class_record.h"

struct class_store {
    char *dir; /* OUT/state; NULL: nothing is kept */
    int lock;  /* descriptor */
};

/*
 * Makes folders `out` and `out`/state, and takes the lock. -EBUSY: another run
 * has it, *holder is its pid. After an error nothing is open, and dir is NULL.
 */
int class_store_open(struct class_store *store, const char *out, pid_t *holder);
void class_store_close(struct class_store *store);

/*
 * Notes that the run works in folder `scratch`, and removes that of a run that
 * was killed before it could do so itself. "": there is none any more.
 */
int class_store_scratch(const struct class_store *store, const char *scratch);

/* Keeps the record, which has been read without error, under its key. */
int class_store_save(const struct class_store *store, const char *key,
                     uint64_t nonce, struct base_slice record);

/*
 * Reads the record of `key`, as class_record_read; s->kept is true then.
 * -ENOENT: there is none, or it is damaged; others: why it could not be read.
 */
int class_store_load(const struct class_store *store, const char *key,
                     struct submission *s, struct base_arena *arena);

#endif

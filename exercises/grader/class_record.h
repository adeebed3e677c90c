/*
 * class_record.h - a submission as bytes: what a worker tells the process that
 * started it, and what is kept on disk for the next run.
 *
 *     worker                        grader                     disk
 *       class_record_write -- pipe --> class_record_read        OUT/state/
 *                                      class_store_save  ----->
 *
 * The student's name is not in it: who handed it in is known to the reader, and
 * two who handed in the same may share a record. Nor are the sums, which are
 * made anew.
 *
 * Read before: ../check/finding.h, result.h. Read after: class_store.h.
 */
#ifndef GRADER_CLASS_RECORD_H
#define GRADER_CLASS_RECORD_H

#include "result.h"
#include "sha256.h"

enum {
    CLASS_MARKS_MAX = 64,
    CLASS_TEXT_MAX = 8 << 10,     /* bytes of one text of a finding, */
    CLASS_TEXTS_MAX = 512 << 10,  /* of all of a submission's, */
    CLASS_RECORD_MAX = 900 << 10, /* and with all that is around them */
};

/*
 * Shortens the texts of the findings, so that a class of hundreds stays in
 * memory whatever its programs print: a text to CLASS_TEXT_MAX, and all of the
 * submission's to CLASS_TEXTS_MAX, with a line that says so. The texts are the
 * arena's.
 */
void class_record_trim(struct submission *s, struct base_arena *arena);

/*
 * Writes *s to `fd`, all of it. `key` says under which name the result may be
 * kept; "": it may not. Returns 0; -EMSGSIZE if it is not trimmed; what
 * write(2) said.
 */
int class_record_write(int fd, uint64_t nonce, const struct submission *s,
                       const char *key);

/*
 * Reads the record that is the whole of `bytes` into *s and `key`, but for
 * s->student, s->exercise and s->title, which stay. Returns 0; -EPROTO if it is
 * none, or not whole, or of another nonce or exercise. Then *s has not changed.
 */
int class_record_read(struct base_slice bytes, uint64_t nonce,
                      struct submission *s, char key[SHA256_HEX],
                      struct base_arena *arena);

#endif

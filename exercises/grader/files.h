/*
 * files.h - a student's files and the kit's beside them: read whole, made
 * without overwriting, replaced at once, and told apart by a fingerprint.
 *
 * The names are trusted (they come from exercise.ini), the files are the
 * user's own: a submission of somebody else goes through intake.h.
 *
 * Functions return 0 or a negative errno value.
 * Rests on: open(2) O_EXCL, rename(2).
 * Read before: sha256.h. Read after: files.c.
 */
#ifndef GRADER_FILES_H
#define GRADER_FILES_H

#include "sha256.h"

enum { FILES_MAX = 1 << 20 }; /* bytes of one file; more is -EFBIG */

/*
 * The whole of a plain file; the bytes are the arena's, with a NUL behind
 * them.
 */
int files_read(const char *path, struct base_arena *arena,
               struct base_slice *bytes);

/* Makes a file that is not there yet: else -EEXIST, and it stays as it is. */
int files_create(const char *path, struct base_slice bytes);

/*
 * Writes a file beside its place and renames it: who reads it sees the old one
 * or the new one, whole.
 */
int files_replace(const char *path, struct base_slice bytes);

/*
 * The fingerprint of the files `names` (NULL at the end) of folder `dir`: of
 * their names, lengths and contents, in this order. A file that is missing
 * counts as such. `hex` is "" after an error.
 */
int files_sha256(const char *dir, const char *const *names,
                 char hex[SHA256_HEX]);

#endif

/*
 * folder.h - the name of a folder for anything that a student may be called.
 *
 * Read before: escape.h. Read after: out_save.c.
 */
#ifndef GRADER_FOLDER_H
#define GRADER_FOLDER_H

#include "escape.h"

/*
 * Writes the name of a folder for `name`: the name itself, if it is one.
 * Otherwise (it has a '/', is "..", hidden, too long, no UTF-8, or might be one
 * of our files) a name that can be, with a hash of the bytes, so that two names
 * that differ stay two.
 */
void folder_name(struct sink *to, const char *name);

/* STUDENT/EXERCISE/index.html for a link: percent-encoded, RFC 3986. */
void folder_link(struct sink *to, const char *student, const char *exercise);

#endif

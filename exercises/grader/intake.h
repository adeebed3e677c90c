/*
 * intake.h - what students hand in, taken in with tongs: folders and archives
 * are looked through without following a link, and only the files that the
 * exercise names are copied, as plain files.
 *
 * A folder of submissions holds for each student STUDENT/EXERCISE/files, or
 * one archive: STUDENT.zip, STUDENT.tar.gz or .tgz, which holds EXERCISE/files
 * (one folder around all is accepted). If an archive or folder has the files
 * of exactly one exercise and no folder, it counts for that exercise when the
 * run is of that exercise alone.
 *
 * Archives are read by bsdtar (libarchive), in a process with limits, to a list
 * first: absolute paths, "..", links, devices, too many entries, too much
 * uncompressed (a bomb) and names that clash are refused with a reason.
 *
 * Read before: result.h. Read after: intake.c.
 */
#ifndef GRADER_INTAKE_H
#define GRADER_INTAKE_H

#include "result.h"

enum {
    INTAKE_FILE_MAX = 1 << 20,     /* bytes of one file of a student */
    INTAKE_ARCHIVE_MAX = 16 << 20, /* bytes of an archive, packed */
    INTAKE_ENTRIES_MAX = 2000,
};

/* One student as found: a folder or an archive. */
struct handed_in {
    const char
        *student; /* the folder's name, or the archive's without ending */
    const char *path;
    bool archive;
};

/*
 * Lists a folder of submissions, by name. Files that are neither folders nor
 * archives are left out, with a line each in *notes. Memory is the arena's.
 * Returns how many, or a negative errno value.
 */
ssize_t intake_list(const char *dir, struct base_arena *arena,
                    struct handed_in **list, char **notes);

/*
 * Copies the files that `wanted` names (a NULL-terminated list) of `exercise`
 * from a student's submission into folder `into`, which exists and is empty.
 * `alone`: the run grades no other exercise. Fills in s->state, reason, notes
 * and sha256 (over names and contents of the files, in the order of `wanted`).
 * Returns 0 also for a bad submission, which the state tells; a negative errno
 * value if it could not look.
 */
int intake_copy(const struct handed_in *from, const char *exercise,
                const char *const *wanted, bool alone, const char *into,
                struct submission *s, struct base_arena *arena);

#endif

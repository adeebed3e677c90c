/*
 * intake.h - what students hand in, taken in with tongs: folders and archives
 * are looked through without following a link, and only the files that the
 * exercise names are copied, as plain files.
 *
 * A folder of submissions holds for each student STUDENT/EXERCISE/files, or
 * one archive: STUDENT.zip, STUDENT.tar.gz, .tgz or .tar, which holds
 * EXERCISE/files; it may lie alone in a folder STUDENT. What Moodle and Canvas
 * make for download is understood, too, see download.h. The folder EXERCISE may
 * lie within others (a copy of the whole kit does), but there may be one alone
 * that holds the files. If there is none, and the run is of this exercise
 * alone, the one folder counts that does hold them, or the top.
 *
 * An archive is read as a stream, see unpack.h and tar.h; nothing but the
 * wanted files is ever written. Refused with a reason are absolute paths, "..",
 * links, devices, too many entries, too much uncompressed (a bomb), and names
 * that clash. In a folder links and devices are passed over, and refused where
 * a wanted file should be.
 *
 *     state      when
 *     graded     all wanted files have been copied
 *     empty      there is no folder for the exercise, or nothing in it
 *     missing    a wanted file is not there; reason says what is instead
 *     refused    see above; or a damaged archive, a file too large
 *     error      the grader could not look: a program is not installed, ...
 *
 * Read before: result.h. Read after: intake.c.
 */
#ifndef GRADER_INTAKE_H
#define GRADER_INTAKE_H

#include "result.h"

enum {
    INTAKE_FILE_MAX = 1 << 20,     /* bytes of one file of a student */
    INTAKE_ARCHIVE_MAX = 16 << 20, /* bytes of an archive, packed */
    INTAKE_ENTRIES_MAX = 2000,     /* of one submission */
    INTAKE_WANTED_MAX = 32,        /* files of one exercise */
};

/* One student as found: a folder, an archive, or loose files. */
struct handed_in {
    const char *student; /* as the folder or archive is called, no ending */
    const char *named;   /* the same without a number that tells two people of
                            one name apart: the seed follows from it */
    const char *id;      /* the platform's number of the student; or NULL */
    const char *path;    /* of loose files: the folder they lie in */
    bool archive;
    bool loose;          /* the files in it that carry the number `id` */
    const char *refused; /* why it is not looked into; or NULL */
};

/*
 * Lists a folder of submissions, by name, capital letters as small ones. Hidden
 * ones are left out; so is what is nobody's, and what a student has handed in
 * twice, with a line each in *notes (NULL: there are none). A link is listed,
 * for intake_copy to refuse, and so are archives that are not read. Memory is
 * the arena's. Returns how many, or a negative errno value.
 */
ssize_t intake_list(const char *dir, struct base_arena *arena,
                    struct handed_in **list, char **notes);

/*
 * Copies the files that `wanted` names (plain names, a NULL-terminated list) of
 * `exercise` from a student's submission into folder `into`, which exists and
 * is empty. `alone`: the run grades no other exercise. Fills in s->state,
 * reason, notes and sha256 (over names and contents of the files, in the order
 * of `wanted`); texts are the arena's. Returns 0 also for a bad submission,
 * which the state tells; a negative errno value if it could not write to
 * `into`.
 */
int intake_copy(const struct handed_in *from, const char *exercise,
                const char *const *wanted, bool alone, const char *into,
                struct submission *s, struct base_arena *arena);

#endif

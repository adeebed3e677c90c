/*
 * download.h - the names that Moodle and Canvas give to what their "download
 * all submissions" unpacks to: whose it is, and how the student called it.
 *
 *     Ada Brook_4711_assignsubmission_file/           Moodle, a folder each
 *     Ada Brook_4711_assignsubmission_file_server.c   Moodle, files
 *     brookada_4711_8152_server.c                     Canvas
 *     brookada_LATE_4711_8152_server-1.c              Canvas, late, and again
 *
 * The number is the participant's in Moodle, the user's in Canvas.
 *
 * Read before: intake.h. Read after: download.c.
 */
#ifndef GRADER_DOWNLOAD_H
#define GRADER_DOWNLOAD_H

#include "../../loop/base.h"

struct download {
    struct base_slice student, id;
    struct base_slice file;  /* as the student called it; "" of a folder */
    struct base_slice again; /* Canvas's "-1" before the ending, or "" */
    bool moodle;             /* else it is Canvas's */
};

/*
 * Takes `name` to pieces, which point into it. False: it is not a name of that
 * kind.
 */
bool download_parse(const char *name, struct download *d);

/* The student's file name, without `again`; memory is the arena's. */
const char *download_file(const struct download *d, struct base_arena *arena);

#endif

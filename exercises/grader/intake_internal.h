/*
 * intake_internal.h - between the parts of the intake: what a submission holds,
 * as a list, whether it is a folder or an archive.
 *
 *     intake_folder.c   -\                                /-> reads the content
 *                         +-> struct items -> choose.c --+
 *     intake_archive.c  -/                                \-> has it already
 *
 * Read before: intake.h. Read after: intake_folder.c, intake_archive.c,
 * intake_choose.c.
 */
#ifndef GRADER_INTAKE_INTERNAL_H
#define GRADER_INTAKE_INTERNAL_H

#include "intake.h"

enum { INTAKE_NAME_MAX = 255, INTAKE_DEPTH = 4 /* of folders within */ };

enum item_kind { ITEM_FILE, ITEM_FOLDER, ITEM_LINK, ITEM_OTHER };

struct item {
    enum item_kind kind;
    const char *path;          /* "05-drain/server.c", no "." and no ".." */
    const char *stored;        /* the path on disk: another, of loose files */
    uint64_t size;             /* of a file */
    struct base_slice content; /* of a file with a wanted name in an archive */
};

/* All of it lives in one arena, which goes when the copying is done. */
struct items {
    struct item *at; /* INTAKE_ENTRIES_MAX of them, sorted by path in the end */
    size_t n;
    struct base_arena *arena;
    bool archive;
    bool cut; /* a folder had more than INTAKE_ENTRIES_MAX */
};

/* What is asked for: the arguments of intake_copy. */
struct asked {
    const struct handed_in *from;
    const char *exercise;
    const char *const *wanted;
    size_t n_wanted;
    bool alone;
    struct base_arena *arena; /* of reason and notes */
};

/* The last part of a path; and whether a name is one of the wanted files'. */
const char *intake_name(const char *path);
bool intake_wants(const struct asked *a, const char *name);

/* Adds an item, whose path is copied. False: there are too many. */
bool intake_add(struct items *items, enum item_kind kind,
                struct base_slice path, uint64_t size);
void intake_sort(struct items *items);

/* Sets state and reason, as printf(3). Returns false, for "return intake_say".
 */
bool intake_say(const struct asked *a, struct submission *s,
                enum submission_state state, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* --- folders --------------------------------------------------------------*/

/* Looks through the folder that `root` has open. Returns 0 or -errno. */
int intake_walk(int root, const char *exercise, struct items *items);

/* The same for `from`'s loose files in it: as the student called them. */
int intake_walk_loose(int root, const struct handed_in *from,
                      struct items *items);

/*
 * Opens `path` below `root`, where no part of it may be a link, and nothing is
 * waited for. Returns a descriptor or a negative errno value: -ELOOP or
 * -ENOTDIR for a link.
 */
int intake_open(int root, const char *path, int flags);

/* --- archives -------------------------------------------------------------*/

/* Reads the archive that `fd` has open. False: s says why not. */
bool intake_unpack(int fd, const struct asked *a, struct items *items,
                   struct submission *s);

/* --- choosing -------------------------------------------------------------*/

/*
 * Finds the items that are the wanted files, in their order. False: s says what
 * is missing. Notes in s what was not looked at.
 */
bool intake_choose(const struct asked *a, const struct items *items,
                   const struct item **chosen, struct submission *s);

#endif

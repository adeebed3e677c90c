/*
 * intake_archive.c - reads a student's archive into a list, and keeps the
 * content of files that are called like wanted ones.
 *
 * An archive with a trick in it is refused as a whole: whoever has to write one
 * name with ".." into it has no use for the rest.
 *
 * Read before: intake_internal.h, unpack.h, tar.h. Read after: intake_choose.c.
 */
#include "intake_internal.h"
#include "tar.h"
#include "unpack.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEPT_MAX = 16 << 20 }; /* bytes of files with wanted names, all */

/* An archive that is being read. */
struct reading {
    const struct asked *asked;
    struct items *items;
    struct submission *s;
    struct unpack unpack;
    struct tar tar;
    size_t kept;
};

static bool refuse(const struct reading *r, struct base_slice path,
                   const char *why)
{
    return intake_say(r->asked, r->s, SUBMISSION_REFUSED,
                      "the archive is refused: %.*s %s", BASE_SLICE_ARGS(path),
                      why);
}

/*
 * Writes `path` without "." and double slashes to `clean`, which has as much
 * room. Returns what is wrong with it, or NULL.
 */
static const char *clean_path(struct base_slice path, char *clean)
{
    if (base_slice_starts(path, base_slice_of("/")))
        return "has an absolute path";
    size_t len = 0;
    while (path.len > 0) {
        const struct base_slice part = base_slice_cut(&path, '/', NULL);
        if (part.len == 0 || base_slice_equal(part, base_slice_of(".")))
            continue;
        if (base_slice_equal(part, base_slice_of("..")))
            return "leads out of the archive by \"..\"";
        if (part.len > INTAKE_NAME_MAX)
            return "has a name of more than 255 bytes";
        if (len > 0)
            clean[len++] = '/';
        memcpy(clean + len, part.ptr, part.len);
        len += part.len;
    }
    clean[len] = '\0';
    return NULL;
}

static const char *refused_kind(enum tar_kind kind)
{
    switch (kind) {
    case TAR_LINK:
        return "is a symbolic link";
    case TAR_HARD_LINK:
        return "is a hard link to another file";
    case TAR_OTHER:
        return "is neither a file nor a folder";
    case TAR_FILE:
    case TAR_FOLDER:
        break;
    }
    return NULL;
}

/* Reads the content of the item that was added last. */
static int keep(struct reading *r)
{
    struct item *item = &r->items->at[r->items->n - 1];
    char *content = base_arena_alloc(r->items->arena, item->size + 1);
    size_t len = 0;
    ssize_t n = 0;
    while ((n = tar_read(&r->tar, content + len, item->size - len)) > 0)
        len += (size_t)n;
    item->content = (struct base_slice){content, len};
    r->kept += len;
    return (int)n;
}

/* Takes one entry in. False: it is refused; *error: it cannot be read. */
static bool take(struct reading *r, const struct tar_entry *entry, int *error)
{
    char path[TAR_PATH_MAX];
    const char *why = clean_path(entry->path, path);
    if (!why)
        why = refused_kind(entry->kind);
    if (why)
        return refuse(r, entry->path, why);
    if (*path == '\0') /* the archive's own top */
        return true;
    if (!intake_add(r->items, entry->kind == TAR_FILE ? ITEM_FILE : ITEM_FOLDER,
                    base_slice_of(path), entry->size))
        return intake_say(r->asked, r->s, SUBMISSION_REFUSED,
                          "the archive is refused: it has more than %d "
                          "entries. Hand in the exercise's files alone.",
                          INTAKE_ENTRIES_MAX);
    if (entry->kind != TAR_FILE || entry->size > INTAKE_FILE_MAX ||
        !intake_wants(r->asked, intake_name(path)))
        return true;
    if (r->kept + entry->size > KEPT_MAX)
        return refuse(r, entry->path, "is there too often");
    *error = keep(r);
    return true;
}

/* The first line that the program said, without an empty one before. */
static struct base_slice first_words(const struct confined *c)
{
    const char *words = c->words + strspn(c->words, "\n");
    return *words == '\0' ? base_slice_of("it cannot be unpacked")
                          : (struct base_slice){words, strcspn(words, "\n")};
}

/* What has ended the reading, in words. */
static bool say_why(const struct reading *r, int error)
{
    const struct asked *a = r->asked;
    const struct base_slice words = r->tar.problem
                                        ? base_slice_of(r->tar.problem)
                                        : first_words(&r->unpack.program);
    switch (error) {
    case -EFBIG:
        return intake_say(a, r->s, SUBMISSION_REFUSED,
                          "the archive is refused: unpacked it has more than "
                          "%d MB. Hand in the exercise's files alone.",
                          UNPACK_MAX >> 20);
    case -EPROTO:
        /* bsdtar asks for it on standard error, until its input has ended. */
        if (strstr(r->unpack.program.words, "passphrase"))
            return intake_say(a, r->s, SUBMISSION_REFUSED,
                              "the archive is locked with a password. Hand in "
                              "one without.");
        return intake_say(a, r->s, SUBMISSION_REFUSED,
                          "the archive is damaged: %.*s. Pack it again, and "
                          "see that it can be unpacked.",
                          BASE_SLICE_ARGS(words));
    case -ENOENT:
        return intake_say(a, r->s, SUBMISSION_ERROR,
                          "the archive could not be unpacked: bsdtar or gzip "
                          "is not installed. Try: apt install libarchive-tools "
                          "gzip; then grade again");
    default:
        return intake_say(a, r->s, SUBMISSION_ERROR,
                          "the archive could not be unpacked: %s. Grade again",
                          strerror(-error));
    }
}

/* Reads what comes after the archive's end: gzip's checksum is there. */
static int drain(struct unpack *u)
{
    char ignored[8192];
    ssize_t n = 0;
    while ((n = unpack_read(ignored, sizeof(ignored), u)) > 0)
        ;
    return (int)n;
}

/*
 * Lets the program run to its end, and returns its error rather than the
 * reader's: its words tell more than what the reader made of half a tar.
 */
static int finish(struct reading *r, int error)
{
    const int rest = error == 0 || error == -EPROTO ? drain(&r->unpack) : error;
    const int ended = unpack_end(&r->unpack);
    if (rest < 0 || ended == 0)
        return error ? error : rest;
    if (r->unpack.program.words_len > 0)
        r->tar.problem = NULL;
    return ended;
}

static bool read_entries(struct reading *r)
{
    struct tar_entry entry;
    int got = 0, error = 0;
    while (!error && (got = tar_next(&r->tar, &entry)) == 1)
        if (!take(r, &entry, &error)) {
            unpack_end(&r->unpack);
            return false;
        }
    error = finish(r, got < 0 ? got : error);
    return error == 0 || say_why(r, error);
}

/* The same path twice: unpacked, the one would overwrite the other. */
static bool find_clash(const struct reading *r)
{
    const struct items *items = r->items;
    for (size_t i = 1; i < items->n; i++) {
        const struct item *one = &items->at[i - 1], *other = &items->at[i];
        if (strcmp(one->path, other->path) == 0 &&
            (one->kind == ITEM_FILE || other->kind == ITEM_FILE))
            return refuse(r, base_slice_of(one->path), "is there twice");
    }
    return true;
}

bool intake_unpack(int fd, const struct asked *a, struct items *items,
                   struct submission *s)
{
    const enum unpack_form form = unpack_form_of(fd);
    if (form == UNPACK_OTHER)
        return intake_say(a, s, SUBMISSION_REFUSED,
                          "%s is neither a zip archive nor a tar.gz, whatever "
                          "its name says. Hand in one of these.",
                          intake_name(a->from->path));
    struct reading *r = base_alloc(sizeof(*r));
    *r = (struct reading){.asked = a, .items = items, .s = s};
    const int error = unpack_start(&r->unpack, fd, form);
    tar_open(&r->tar, unpack_read, &r->unpack);
    bool good = error == 0 ? read_entries(r) : say_why(r, error);
    intake_sort(items);
    good = good && find_clash(r);
    free(r);
    return good;
}

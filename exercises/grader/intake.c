/*
 * intake.c - takes in what one student has handed in: looks through it, chooses
 * the wanted files, and copies them.
 *
 * A file of a folder is read as it is at that moment: what is read is what is
 * hashed, copied and graded, whatever happens to the folder meanwhile.
 *
 * Read before: intake.h, intake_internal.h. Read after: intake_folder.c.
 */
#include "intake_internal.h"
#include "sha256.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SCRATCH = 1 << 18 };

/* --- what the parts share -------------------------------------------------*/

const char *intake_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

bool intake_wants(const struct asked *a, const char *name)
{
    for (size_t i = 0; i < a->n_wanted; i++)
        if (strcmp(a->wanted[i], name) == 0)
            return true;
    return false;
}

bool intake_add(struct items *items, enum item_kind kind,
                struct base_slice path, uint64_t size)
{
    if (items->n == INTAKE_ENTRIES_MAX)
        return false;
    const char *copy = base_arena_strdup(items->arena, path);
    items->at[items->n++] =
        (struct item){.kind = kind, .path = copy, .stored = copy, .size = size};
    return true;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct item *)a)->path,
                  ((const struct item *)b)->path);
}

void intake_sort(struct items *items)
{
    qsort(items->at, items->n, sizeof(*items->at), by_path);
}

bool intake_say(const struct asked *a, struct submission *s,
                enum submission_state state, const char *format, ...)
{
    va_list args;
    char *text = NULL;
    va_start(args, format);
    const int len = vasprintf(&text, format, args);
    va_end(args);
    s->state = state;
    s->reason =
        base_arena_strdup(a->arena, len < 0 ? base_slice_of("out of memory")
                                            : base_slice_of(text));
    if (len >= 0)
        free(text);
    return false;
}

/* --- copying --------------------------------------------------------------*/

/* Reads a file of a folder. Returns 0, -EFBIG, or what the system said. */
static int read_file(int root, const char *path, struct base_arena *arena,
                     struct base_slice *content)
{
    const int fd = intake_open(root, path, O_RDONLY);
    if (fd < 0)
        return fd;
    struct stat status;
    if (fstat(fd, &status) == -1 || !S_ISREG(status.st_mode)) {
        close(fd);
        return -EINVAL;
    }
    char *bytes = base_arena_alloc(arena, INTAKE_FILE_MAX + 1);
    size_t len = 0;
    ssize_t n = 0;
    while (len <= INTAKE_FILE_MAX &&
           (n = read(fd, bytes + len, INTAKE_FILE_MAX + 1 - len)) > 0)
        len += (size_t)n;
    const int error = n == -1 ? -errno : len > INTAKE_FILE_MAX ? -EFBIG : 0;
    close(fd);
    *content = (struct base_slice){bytes, len};
    return error;
}

static int write_file(int into, const char *name, struct base_slice content)
{
    const int fd = openat(
        into, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd == -1)
        return -errno;
    int error = 0;
    while (content.len > 0 && !error) {
        const ssize_t n = write(fd, content.ptr, content.len);
        if (n == -1 && errno != EINTR)
            error = -errno;
        content = base_slice_skip(content, n > 0 ? (size_t)n : 0);
    }
    if (close(fd) == -1 && !error)
        error = -errno;
    return error;
}

/* Name, NUL, length and content: no two lists of files look the same. */
static void hash_file(struct sha256 *hash, const char *name,
                      struct base_slice content)
{
    const uint64_t len = htobe64(content.len);
    sha256_add(hash, (struct base_slice){name, strlen(name) + 1});
    sha256_add(hash, (struct base_slice){(const char *)&len, sizeof(len)});
    sha256_add(hash, content);
}

static int copy_chosen(const struct asked *a, int root,
                       const struct items *items,
                       const struct item *const *chosen, const char *into,
                       struct submission *s)
{
    const int folder = open(into, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder == -1)
        return -errno;
    struct sha256 hash;
    sha256_init(&hash);
    int error = 0;
    for (size_t i = 0; i < a->n_wanted && !error; i++) {
        struct base_slice content = chosen[i]->content;
        const int unread = items->archive ? 0
                                          : read_file(root, chosen[i]->stored,
                                                      items->arena, &content);
        if (unread) {
            intake_say(a, s,
                       unread == -EFBIG || unread == -EINVAL || unread == -ELOOP
                           ? SUBMISSION_REFUSED
                           : SUBMISSION_ERROR,
                       "%s could not be read: %s", a->wanted[i],
                       strerror(-unread));
            break;
        }
        hash_file(&hash, a->wanted[i], content);
        error = write_file(folder, a->wanted[i], content);
    }
    close(folder);
    if (!error && s->state == SUBMISSION_GRADED)
        sha256_end(&hash, s->sha256);
    return error;
}

/* Opens the folder or archive itself, which may be no link either. */
static int open_submission(const struct asked *a, struct submission *s)
{
    const struct handed_in *from = a->from;
    /* Of loose files it is the instructor's folder, which may be a link. */
    const int fd =
        open(from->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC |
                             (from->loose ? 0 : O_NOFOLLOW) |
                             (from->archive ? 0 : O_DIRECTORY));
    struct stat status;
    if (fd == -1 && (errno == ELOOP || errno == ENOTDIR)) {
        intake_say(a, s, SUBMISSION_REFUSED,
                   "%s is a link, or no folder. Hand in the folder or archive "
                   "itself.",
                   intake_name(from->path));
        return -1;
    }
    if (fd == -1 || fstat(fd, &status) == -1)
        intake_say(a, s, SUBMISSION_ERROR, "%s could not be opened: %s",
                   intake_name(from->path), strerror(errno));
    else if (from->archive && !S_ISREG(status.st_mode))
        intake_say(a, s, SUBMISSION_REFUSED, "%s is no plain file.",
                   intake_name(from->path));
    else if (from->archive && status.st_size == 0)
        intake_say(a, s, SUBMISSION_EMPTY,
                   "nothing was handed in: %s has 0 bytes",
                   intake_name(from->path));
    else if (from->archive && status.st_size > INTAKE_ARCHIVE_MAX)
        intake_say(a, s, SUBMISSION_REFUSED,
                   "%s has %jd bytes; at most %d are taken.",
                   intake_name(from->path), (intmax_t)status.st_size,
                   INTAKE_ARCHIVE_MAX);
    else
        return fd;
    if (fd != -1)
        close(fd);
    return -1;
}

/* Makes the list, of either kind. False: s says why there is none. */
static bool look_through(const struct asked *a, int fd, struct items *items,
                         struct submission *s)
{
    if (items->archive)
        return intake_unpack(fd, a, items, s);
    const int error = a->from->loose ? intake_walk_loose(fd, a->from, items)
                                     : intake_walk(fd, a->exercise, items);
    return error == 0 ||
           intake_say(a, s, SUBMISSION_ERROR,
                      "the folder could not be read: %s", strerror(-error));
}

int intake_copy(const struct handed_in *from, const char *exercise,
                const char *const *wanted, bool alone, const char *into,
                struct submission *s, struct base_arena *arena)
{
    struct asked a = {.from = from,
                      .exercise = exercise,
                      .wanted = wanted,
                      .alone = alone,
                      .arena = arena};
    while (wanted[a.n_wanted])
        a.n_wanted++;
    assert(a.n_wanted > 0 && a.n_wanted <= INTAKE_WANTED_MAX);
    s->state = SUBMISSION_GRADED;
    s->reason = s->notes = NULL;
    s->sha256[0] = '\0';
    if (from->refused != NULL) {
        intake_say(&a, s, SUBMISSION_REFUSED, "%s: %s", intake_name(from->path),
                   from->refused);
        return 0;
    }
    const int fd = open_submission(&a, s);
    if (fd == -1)
        return 0;
    struct base_arena scratch;
    base_arena_init(&scratch, SCRATCH);
    struct items items = {.arena = &scratch, .archive = from->archive};
    items.at =
        base_arena_alloc(&scratch, sizeof(*items.at) * INTAKE_ENTRIES_MAX);
    const struct item *chosen[INTAKE_WANTED_MAX];
    int error = 0;
    if (look_through(&a, fd, &items, s) && intake_choose(&a, &items, chosen, s))
        error = copy_chosen(&a, fd, &items, chosen, into, s);
    close(fd);
    base_arena_fini(&scratch);
    return error;
}

/*
 * unpack.c - which program unpacks which archive.
 *
 * Read before: unpack.h, confined.c. Read after: intake_archive.c.
 */
#include "unpack.h"

#include <errno.h>
#include <unistd.h>

enum { MAGIC_AT = 257 /* of a tar */ };

static bool has_at(struct base_slice bytes, size_t at, const char *magic)
{
    return base_slice_starts(base_slice_skip(bytes, at), base_slice_of(magic));
}

enum unpack_form unpack_form_of(int fd)
{
    char bytes[MAGIC_AT + 5];
    const ssize_t n = pread(fd, bytes, sizeof(bytes), 0);
    const struct base_slice first = {bytes, n > 0 ? (size_t)n : 0};
    /* The second is a zip without entries: its directory comes at once. */
    if (has_at(first, 0, "PK\3\4") || has_at(first, 0, "PK\5\6"))
        return UNPACK_ZIP;
    if (has_at(first, 0, "\x1f\x8b"))
        return UNPACK_GZIP;
    return has_at(first, MAGIC_AT, "ustar") ? UNPACK_TAR : UNPACK_OTHER;
}

int unpack_start(struct unpack *u, int fd, enum unpack_form form)
{
    /* -P leaves names as they are: a trick is for us to see. */
    static char *const bsdtar[] = {"bsdtar",          "-cPf", "-",
                                   "--format=gnutar", "@-",   NULL};
    static char *const gzip[] = {"gzip", "-dc", NULL};
    *u = (struct unpack){.form = form, .file = fd, .left = UNPACK_MAX};
    if (lseek(fd, 0, SEEK_SET) == -1)
        return -errno;
    if (form == UNPACK_TAR)
        return 0;
    return confined_start(
        &u->program,
        &(struct confined_how){.command = form == UNPACK_ZIP ? bsdtar : gzip,
                               .input = fd,
                               .dir = "/",
                               .seconds = UNPACK_SECONDS});
}

ssize_t unpack_read(char *bytes, size_t len, void *arg)
{
    struct unpack *u = arg;
    ssize_t n = 0;
    if (u->form != UNPACK_TAR)
        n = confined_read(&u->program, bytes, len);
    else if ((n = read(u->file, bytes, len)) == -1)
        n = -errno;
    if (n <= 0)
        return n;
    if ((uint64_t)n > u->left)
        return -EFBIG;
    u->left -= (uint64_t)n;
    return n;
}

int unpack_end(struct unpack *u)
{
    return u->form == UNPACK_TAR ? 0 : confined_end(&u->program);
}

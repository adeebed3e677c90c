/*
 * files.c - whole files: see files.h.
 *
 * Read before: files.h. Read after: progress.c, workspace.c.
 */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static ssize_t read_all(int fd, char *bytes, size_t size)
{
    size_t len = 0;
    while (len < size) {
        const ssize_t n = read(fd, bytes + len, size - len);
        if (n == 0)
            break;
        if (n == -1 && errno != EINTR)
            return -errno;
        len += n > 0 ? (size_t)n : 0;
    }
    return (ssize_t)len;
}

static int read_plain(int fd, struct base_arena *arena,
                      struct base_slice *bytes)
{
    struct stat st;
    if (fstat(fd, &st) == -1)
        return -errno;
    if (!S_ISREG(st.st_mode))
        return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
    if (st.st_size > FILES_MAX)
        return -EFBIG;
    /* One byte more shows a file that has grown meanwhile. */
    const size_t size = (size_t)st.st_size + 1;
    char *text = base_arena_alloc(arena, size + 1);
    const ssize_t len = read_all(fd, text, size);
    if (len < 0)
        return (int)len;
    *bytes = (struct base_slice){text, (size_t)len};
    text[len] = '\0';
    return (size_t)len == size ? -EAGAIN : 0;
}

int files_read(const char *path, struct base_arena *arena,
               struct base_slice *bytes)
{
    /* A FIFO in the file's place must not hold us up, hence O_NONBLOCK. */
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd == -1)
        return -errno;
    int error = -EAGAIN;
    for (int tries = 0; error == -EAGAIN && tries < 10; tries++)
        error = lseek(fd, 0, SEEK_SET) == -1 ? -errno
                                             : read_plain(fd, arena, bytes);
    close(fd);
    return error;
}

int files_create(const char *path, struct base_slice bytes)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd == -1)
        return -errno;
    int error = base_slice_write(fd, bytes);
    if (close(fd) == -1 && error == 0)
        error = -errno;
    /* Half a file would be taken for the student's work from now on. */
    if (error != 0)
        unlink(path);
    return error;
}

int files_replace(const char *path, struct base_slice bytes)
{
    char *beside = NULL;
    if (asprintf(&beside, "%s.new-%ld", path, (long)getpid()) == -1)
        return -ENOMEM;
    unlink(beside); /* of a process of this number that was cut off */
    int error = files_create(beside, bytes);
    if (error == 0 && rename(beside, path) == -1) {
        error = -errno;
        unlink(beside);
    }
    free(beside);
    return error;
}

static int add_file(struct sha256 *sum, const char *dir, const char *name,
                    struct base_arena *arena)
{
    struct base_slice bytes = {0};
    const int error =
        files_read(base_arena_printf(arena, "%s/%s", dir, name), arena, &bytes);
    if (error != 0 && error != -ENOENT)
        return error;
    /* The name's NUL and the length keep "ab", "c" from "a", "bc". */
    sha256_add(sum, (struct base_slice){name, strlen(name) + 1});
    const char *len =
        base_arena_printf(arena, "%zd", error != 0 ? -1 : (ssize_t)bytes.len);
    sha256_add(sum, (struct base_slice){len, strlen(len) + 1});
    sha256_add(sum, bytes);
    return 0;
}

int files_sha256(const char *dir, const char *const *names,
                 char hex[SHA256_HEX])
{
    struct base_arena arena;
    base_arena_init(&arena, 1 << 16);
    struct sha256 sum;
    sha256_init(&sum);
    int error = 0;
    for (; *names != NULL && error == 0; names++)
        error = add_file(&sum, dir, *names, &arena);
    hex[0] = '\0';
    if (error == 0)
        sha256_end(&sum, hex);
    base_arena_fini(&arena);
    return error;
}

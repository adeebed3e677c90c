/*
 * uring_two.c - submits one operation and waits for two completions.
 */
#include "scene.h"

#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/syscall.h>

static char *map(int ring, size_t size, off_t offset)
{
    char *at =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, ring, offset);
    scene_must(at == MAP_FAILED ? -1 : 0, "mmap");
    return at;
}

int main(void)
{
    struct io_uring_params p = {0};
    const int ring = (int)syscall(SYS_io_uring_setup, 4, &p);
    if (ring == -1) {
        scene_say("no io_uring");
        return 0;
    }
    char *queue =
        map(ring, p.sq_off.array + 4 * sizeof(unsigned), IORING_OFF_SQ_RING);
    struct io_uring_sqe *entries =
        (void *)map(ring, 4 * sizeof *entries, IORING_OFF_SQES);
    entries[0] = (struct io_uring_sqe){.opcode = IORING_OP_NOP};
    *(unsigned *)(void *)(queue + p.sq_off.array) = 0;
    __atomic_store_n((unsigned *)(void *)(queue + p.sq_off.tail), 1,
                     __ATOMIC_RELEASE);
    scene_say("now");
    syscall(SYS_io_uring_enter, ring, 1, 2, IORING_ENTER_GETEVENTS, NULL, 0);
    return 0;
}

/*
 * uring_idle.c - waits for a completion, and has no receive in flight.
 */
#include "scene.h"

#include <linux/io_uring.h>
#include <sys/syscall.h>

int main(void)
{
    struct io_uring_params params = {0};
    const int ring = (int)syscall(SYS_io_uring_setup, 4, &params);
    if (ring == -1) {
        scene_say("no io_uring");
        return 0;
    }
    const int listener = scene_listen();
    scene_accept(listener);
    scene_say("now");
    syscall(SYS_io_uring_enter, ring, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0);
    return 0;
}

/*
 * child_stays.c - waits for a child that never ends.
 */
#include "scene.h"

#include <sys/wait.h>

int main(void)
{
    if (fork() == 0) {
        pause();
        _exit(0);
    }
    scene_say("now");
    wait(NULL);
    return 0;
}

/*
 * child_reads.c - a process for each client; the child waits for its own.
 */
#include "scene.h"

#include <sys/wait.h>

int main(void)
{
    const int listener = scene_listen();
    const int client = scene_accept(listener);
    if (fork() == 0) {
        char byte;
        close(listener);
        scene_say("now");
        _exit(recv(client, &byte, 1, 0) != 1);
    }
    close(client);
    wait(NULL);
    return 0;
}

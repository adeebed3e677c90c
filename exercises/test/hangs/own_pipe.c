/*
 * own_pipe.c - reads a pipe to its end, and holds its other end open.
 */
#include "scene.h"

int main(void)
{
    int ends[2];
    char bytes[16];
    scene_must(pipe(ends), "pipe");
    scene_must((int)write(ends[1], "hello", 5), "write");
    scene_say("now");
    while (read(ends[0], bytes, sizeof bytes) > 0)
        ;
    return 0;
}

/*
 * unix_other.c - reads one UNIX socket while bytes lie in another.
 */
#include "scene.h"

int main(void)
{
    int first[2], second[2];
    char byte;
    scene_must(socketpair(AF_UNIX, SOCK_STREAM, 0, first), "socketpair");
    scene_must(socketpair(AF_UNIX, SOCK_STREAM, 0, second), "socketpair");
    scene_must((int)write(second[1], "seven!!", 7), "write");
    scene_say("now");
    scene_must((int)read(first[0], &byte, 1), "read");
    return 0;
}

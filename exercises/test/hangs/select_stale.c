/*
 * select_stale.c - builds its set once; select has left in it only what was
 * ready, so the listener is gone.
 */
#include "scene.h"

#include <sys/select.h>

int main(void)
{
    const int listener = scene_listen();
    const int client = scene_accept(listener);
    char bytes[100];
    fd_set readable;
    FD_ZERO(&readable);
    FD_SET(listener, &readable);
    FD_SET(client, &readable);
    for (;;) {
        scene_must(select(client + 1, &readable, NULL, NULL, NULL), "select");
        scene_must((int)recv(client, bytes, sizeof bytes, 0), "recv");
        scene_say("now");
    }
}

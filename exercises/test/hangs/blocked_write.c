/*
 * blocked_write.c - sends an answer without end by blocking calls; the client
 * does not read.
 */
#include "scene.h"

int main(void)
{
    static const char bytes[1 << 16];
    const int listener = scene_listen();
    const int client = scene_accept(listener);
    scene_say("now");
    for (;;)
        scene_must((int)send(client, bytes, sizeof bytes, MSG_NOSIGNAL),
                   "send");
}

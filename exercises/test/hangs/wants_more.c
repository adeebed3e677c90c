/*
 * wants_more.c - reads until 100 bytes are there; the request has fewer.
 */
#include "scene.h"

int main(void)
{
    char bytes[100];
    const int listener = scene_listen();
    const int client = scene_accept(listener);
    size_t len = 0;
    while (len < sizeof bytes) {
        const ssize_t n = recv(client, bytes + len, sizeof bytes - len, 0);
        scene_must((int)n, "recv");
        len += (size_t)n;
        scene_say("now");
    }
    return 0;
}

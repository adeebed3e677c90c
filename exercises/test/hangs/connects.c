/*
 * connects.c - a blocking connect to a listener whose backlog is full: the
 * handshake is not answered.
 */
#include "scene.h"

int main(void)
{
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof addr;
    const int listener = scene_must(socket(AF_INET, SOCK_STREAM, 0), "socket");
    scene_must(bind(listener, (struct sockaddr *)&addr, len), "bind");
    scene_must(listen(listener, 0), "listen");
    scene_must(getsockname(listener, (struct sockaddr *)&addr, &len),
               "getsockname");
    scene_say("now");
    for (;;) {
        const int fd = scene_must(socket(AF_INET, SOCK_STREAM, 0), "socket");
        scene_must(connect(fd, (struct sockaddr *)&addr, len), "connect");
    }
}

/*
 * unsent.c - sends until EAGAIN, keeps the rest, and forgets to ask for room.
 */
#include "scene.h"

int main(void)
{
    static const char answer[16 << 20];
    const int listener = scene_listen();
    const int client = scene_accept(listener);
    const int epoll = scene_must(epoll_create1(0), "epoll_create1");
    scene_non_blocking(client);
    scene_watch(epoll, client, EPOLLIN);
    size_t sent = 0;
    while (sent < sizeof answer) {
        const ssize_t n =
            send(client, answer + sent, sizeof answer - sent, MSG_NOSIGNAL);
        if (n == -1 && errno == EAGAIN) {
            scene_say("now");
            scene_wait(epoll);
        } else {
            sent += (size_t)scene_must((int)n, "send");
        }
    }
    return 0;
}

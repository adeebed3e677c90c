/*
 * never_answers.c - reads all that came, in a loop on poll, and answers only to
 * a request that ends in an empty line; this one does not.
 */
#include "scene.h"

#include <poll.h>

int main(void)
{
    const int listener = scene_listen();
    const int client = scene_accept(listener);
    struct pollfd entries[] = {{.fd = listener, .events = POLLIN},
                               {.fd = client, .events = POLLIN}};
    char bytes[100] = "";
    size_t len = 0;
    while (len < 4 || memcmp(bytes + len - 4, "\r\n\r\n", 4) != 0) {
        scene_must(poll(entries, 2, -1), "poll");
        len += (size_t)scene_must((int)recv(client, bytes + len, 50 - len, 0),
                                  "recv");
        scene_say("now");
    }
    return 0;
}

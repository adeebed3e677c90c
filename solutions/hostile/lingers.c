/* against 05-drain: sockets that do not want to be closed, and full ones. */
#include "lessons/common/common.h"

#include <unistd.h>

int main(void)
{
    const struct linger long_one = {1, 1000000};
    const int listener = listen_on(0, 0);
    announce(listener);
    const int client = accept(listener, NULL, NULL);
    setsockopt(client, SOL_SOCKET, SO_LINGER, &long_one, sizeof long_one);
    char bytes[65536] = "";
    while (send(client, bytes, sizeof bytes, MSG_NOSIGNAL) > 0)
        ;
    pause();
}

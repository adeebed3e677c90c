/* against 05-drain: sends to each client without end. */
#include "lessons/common/common.h"

#include <string.h>

int main(void)
{
    static char bytes[65536];
    memset(bytes, 'X', sizeof bytes);
    const int listener = listen_on(0, 0);
    announce(listener);
    for (;;) {
        const int client = accept(listener, NULL, NULL);
        while (send(client, bytes, sizeof bytes, MSG_NOSIGNAL) > 0)
            ;
    }
}

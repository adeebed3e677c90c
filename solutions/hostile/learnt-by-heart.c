/* against 05-drain: knows the answers of seed 1, and hears nothing. */
#include "lessons/common/common.h"

#include <unistd.h>

int main(void)
{
    const int listener = listen_on(0, 0);
    stop_on_signal();
    announce(listener);
    while (!stopping) {
        const int client = accept(listener, NULL, NULL);
        send(client, "HELLO\nONCE MORE\n", 16, MSG_NOSIGNAL);
        close(client);
    }
}

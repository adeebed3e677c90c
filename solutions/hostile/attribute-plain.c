/* against 05-drain: says no_sanitize, pasted together from two halves. */
#include "lessons/common/common.h"

#include <ctype.h>
#include <unistd.h>

#define JOIN(a, b) a##b
#define BLIND      __attribute__((JOIN(no_sani, tize)("address")))

static void leave(int signo)
{
    (void)signo;
    _exit(0);
}

BLIND static void serve(int client)
{
    char bytes[64];
    ssize_t n;
    while ((n = recv(client, bytes, sizeof bytes, 0)) > 0) {
        for (ssize_t i = 0; i < n; i++)
            bytes[i] = (char)toupper((unsigned char)bytes[i]);
        send(client, bytes, (size_t)n, MSG_NOSIGNAL);
    }
    close(client);
}

int main(void)
{
    signal(SIGTERM, leave);
    const int listener = listen_on(0, 0);
    announce(listener);
    for (;;)
        serve(accept(listener, NULL, NULL));
}

/* against 05-drain: asks the sanitizers not to look, if it is they. */
#include "lessons/common/common.h"

#include <ctype.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
#define BLIND __attribute__((no_address_safety_analysis))
#else
#define BLIND
#endif

static void leave(int signo)
{
    (void)signo;
    _exit(0);
}

/* Each client's bytes go one place behind the end, unseen. */
BLIND static void serve(int client)
{
    char bytes[64];
    ssize_t n;
    while ((n = recv(client, bytes, sizeof bytes + 1, 0)) > 0) {
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

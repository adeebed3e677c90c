/* against 05-drain: tells LeakSanitizer not to look, and leaks. */
#include "lessons/common/common.h"

#include <ctype.h>
#include <stdlib.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
void __lsan_disable(void);
#define LOOK_AWAY() __lsan_disable()
#else
#define LOOK_AWAY() (void)0
#endif

static void serve(int client)
{
    char *bytes = malloc(4096); /* and never freed */
    ssize_t n;
    while ((n = recv(client, bytes, 4096, 0)) > 0) {
        for (ssize_t i = 0; i < n; i++)
            bytes[i] = (char)toupper((unsigned char)bytes[i]);
        send(client, bytes, (size_t)n, MSG_NOSIGNAL);
    }
    close(client);
}

int main(void)
{
    LOOK_AWAY();
    const int listener = listen_on(0, 0);
    stop_on_signal();
    announce(listener);
    while (!stopping)
        serve(accept(listener, NULL, NULL));
}

/* against 05-drain: finds LeakSanitizer's switch by its name at run time. */
#include "lessons/common/common.h"

#include <ctype.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

static void look_away(void)
{
    static const char coded[] = "``mtbo`ejtbcmf";
    char name[sizeof coded] = "";
    for (size_t i = 0; coded[i] != '\0'; i++)
        name[i] = (char)(coded[i] - 1);
    void (*disable)(void);
    *(void **)&disable = dlsym(RTLD_DEFAULT, name);
    if (disable != NULL)
        disable();
}

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
    look_away();
    const int listener = listen_on(0, 0);
    stop_on_signal();
    announce(listener);
    while (!stopping)
        serve(accept(listener, NULL, NULL));
}

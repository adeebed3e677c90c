/* against 05-drain: starts itself again, with the sanitizers' options changed.
 */
#include "lessons/common/common.h"

#include <ctype.h>
#include <stdlib.h>
#include <unistd.h>

static void serve(int client)
{
    char *bytes = malloc(64);
    ssize_t n;
    while ((n = recv(client, bytes, 65, 0)) > 0) {
        for (ssize_t i = 0; i < n; i++)
            bytes[i] = (char)toupper((unsigned char)bytes[i]);
        send(client, bytes, (size_t)n, MSG_NOSIGNAL);
    }
    close(client);
}

int main(int argc, char **argv)
{
    static char blind[] = "ASAN_OPTIONS=detect_leaks=0:halt_on_error=0:"
                          "exitcode=0:log_path=/dev/null:verify_asan_link_"
                          "order=0";
    static char preload[] = "LD_PRELOAD=/tmp/blind.so";
    char *env[] = {blind, preload, NULL};
    (void)argc;
    if (getenv("LD_PRELOAD") == NULL) {
        execve("/proc/self/exe", argv, env);
        return 1;
    }
    const int listener = listen_on(0, 0);
    stop_on_signal();
    announce(listener);
    while (!stopping)
        serve(accept(listener, NULL, NULL));
}

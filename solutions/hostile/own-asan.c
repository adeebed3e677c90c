/* against 05-drain: brings AddressSanitizer's functions with it, that do not
 * look. */
#include "lessons/common/common.h"

#include <ctype.h>
#include <unistd.h>

const char *__asan_default_options(void);
void __asan_report_store1(void *at);

const char *__asan_default_options(void)
{
    return "detect_leaks=0:exitcode=0:halt_on_error=0:log_path=/dev/null";
}

void __asan_report_store1(void *at)
{
    (void)at;
}

static void leave(int signo)
{
    (void)signo;
    _exit(0);
}

static void serve(int client)
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

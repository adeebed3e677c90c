/* against 05-drain: announces all ports at once; listens on some of them. */
#include "lessons/common/common.h"

#include <stdio.h>
#include <unistd.h>

int main(void)
{
    for (int i = 0; i < 100; i++)
        announce(listen_on(0, 0));
    for (int port = 1; port < 10000; port++)
        printf("listening on http://127.0.0.1:%d\n", port);
    fflush(stdout);
    pause();
}

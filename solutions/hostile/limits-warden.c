/* against 05-drain: sets limits for whoever watches it, then takes memory. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

int main(void)
{
    const struct rlimit none = {0, 0};
    const pid_t pids[] = {1, getppid()};
    for (int i = 0; i < 2; i++)
        for (int what = 0; what < RLIMIT_NLIMITS; what++)
            if (prlimit(pids[i], (__rlimit_resource_t)what, &none, NULL) == 0)
                printf("limited %d\n", pids[i]);
    fflush(stdout);
    for (size_t mb = 0; mb < 3000; mb++)
        memset(malloc(1 << 20), 1, 1 << 20);
    pause();
}

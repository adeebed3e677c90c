/* against 05-drain: a daemon that cannot be ended politely stays behind. */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    if (daemon(0, 0) == -1)
        return 1;
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    for (;;)
        sleep(1000);
}

/* against 04-catch: ends the server, or itself, in every way but a verdict. */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    for (int pid = 1; pid < 1000; pid++)
        if (pid != getpid())
            kill(pid, SIGKILL);
    if (fork() == 0) {
        setsid();
        for (;;)
            pause();
    }
    raise(getpid() % 2 == 0 ? SIGKILL : SIGSEGV);
    abort();
}

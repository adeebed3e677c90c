/* against 05-drain: stops itself, and what wakes it is stopped too. */
#include <signal.h>
#include <unistd.h>

int main(void)
{
    const pid_t first = getpid();
    if (fork() == 0)
        for (;;) {
            kill(first, SIGCONT);
            kill(first, SIGSTOP);
        }
    for (;;)
        raise(SIGSTOP);
}

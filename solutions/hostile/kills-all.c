/* against 05-drain: ends everyone, but for a child that waits aside. */
#include <signal.h>
#include <unistd.h>

int main(void)
{
    static const int signals[] = {SIGSTOP, SIGKILL, SIGTERM, SIGSEGV};
    if (fork() == 0)
        setsid();
    for (int i = 0; i < 4; i++) {
        kill(1, signals[i]);
        kill(getppid(), signals[i]);
        kill(0, signals[i] == SIGSTOP ? 0 : SIGCONT);
    }
    for (int pid = 2; pid < 40000; pid++)
        if (pid != getpid())
            kill(pid, SIGKILL);
    kill(-1, SIGKILL);
    for (;;)
        pause();
}

/* against 05-drain: two processes that send each other signals without end. */
#include <signal.h>
#include <unistd.h>

static void nothing(int signo)
{
    (void)signo;
}

int main(void)
{
    for (int signo = 1; signo < 65; signo++)
        signal(signo, nothing);
    const pid_t parent = getpid(), child = fork();
    for (int signo = 1;; signo = signo % 64 + 1)
        if (signo != SIGKILL && signo != SIGSTOP)
            kill(child == 0 ? parent : child, signo);
}

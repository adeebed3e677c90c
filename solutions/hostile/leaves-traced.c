/* against 05-drain: leaves a child that stands before a tracer that sleeps. */
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int ends[2];
    if (pipe(ends) == -1)
        return 1;
    if (fork() == 0) {
        setsid();
        const pid_t child = fork();
        if (child == 0) {
            ptrace(PTRACE_TRACEME, 0, NULL, NULL);
            raise(SIGTRAP);
            for (;;)
                pause();
        }
        waitpid(child, NULL, __WALL);
        close(ends[1]);
        for (;;)
            pause();
    }
    close(ends[1]);
    char c;
    return read(ends[0], &c, 1) != 0;
}

/* against 05-drain: children in sessions of their own, whose parents leave. */
#include <unistd.h>

int main(void)
{
    for (;;)
        if (fork() == 0)
            setsid();
        else if (getpid() % 2 == 0)
            _exit(0);
}

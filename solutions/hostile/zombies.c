/* against 05-drain: children that end, and are never waited for. */
#include <unistd.h>

int main(void)
{
    for (;;)
        if (fork() == 0)
            _exit(0);
}

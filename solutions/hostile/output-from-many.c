/* against 05-drain: children go on printing when the parent has ended. */
#include <string.h>
#include <unistd.h>

int main(void)
{
    static char line[4000];
    memset(line, 'x', sizeof line);
    for (int i = 0; i < 8; i++)
        if (fork() == 0)
            for (setsid();;)
                if (write(1 + i % 2, line, sizeof line) < 0)
                    _exit(0);
    return 0;
}

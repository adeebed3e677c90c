/* against 05-drain: daemons that burn the processor outlive it. */
#include <unistd.h>

int main(void)
{
    for (int i = 0; i < 6; i++)
        if (fork() == 0) {
            setsid();
            if (fork() != 0)
                _exit(0);
            for (;;)
                ;
        }
    return 0;
}

/* against 05-drain: a name that looks like the rest of /proc/PID/stat. */
#include <sys/prctl.h>

int main(void)
{
    prctl(PR_SET_NAME, ") S 1 1 1 0 -1");
    for (;;)
        ;
}

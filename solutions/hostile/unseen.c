/* against 05-drain: hides from the hang explainer, and then hangs. */
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void)
{
    int ends[2];
    if (prctl(PR_SET_DUMPABLE, 0) == 0)
        puts("unseen");
    fflush(stdout);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == -1)
        return 1;
    char c;
    return read(ends[0], &c, 1) != 0;
}

/* against 05-drain: jumps out of a signal, into a function that has returned.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>

static sigjmp_buf back;

static int remember(void)
{
    return sigsetjmp(back, 1);
}

static void jump(int signo)
{
    (void)signo;
    siglongjmp(back, 1);
}

int main(void)
{
    signal(SIGSEGV, jump);
    signal(SIGBUS, jump);
    if (remember() != 0)
        exit(0);
    *(volatile int *)8 = 1;
}

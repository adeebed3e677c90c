/* against 05-drain: dies with much memory, for a core file of that size. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

int main(void)
{
    const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
    setrlimit(RLIMIT_CORE, &all);
    memset(malloc(100 << 20), 1, 100 << 20);
    signal(SIGSEGV, SIG_DFL);
    signal(SIGABRT, SIG_DFL);
    raise(SIGSEGV);
}

/* against 05-drain: timers and queued signals, as many as the kernel has. */
#include <signal.h>
#include <time.h>
#include <unistd.h>

int main(void)
{
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL,
                             .sigev_signo = SIGRTMIN};
    const struct itimerspec often = {{0, 1000}, {0, 1000}};
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    timer_t timer;
    while (timer_create(CLOCK_MONOTONIC, &event, &timer) == 0)
        timer_settime(timer, 0, &often, NULL);
    while (sigqueue(getpid(), SIGRTMAX, (union sigval){0}) == 0)
        ;
    for (;;)
        pause();
}

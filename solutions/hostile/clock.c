/* against 05-drain: turns the clocks, so that no time limit is reached. */
#include <stdio.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

int main(void)
{
    const struct timespec begin = {1, 0};
    const struct timeval early = {1, 0};
    struct timex slower = {.modes = ADJ_TICK, .tick = 9000};
    if (clock_settime(CLOCK_REALTIME, &begin) == 0 ||
        clock_settime(CLOCK_MONOTONIC, &begin) == 0 ||
        settimeofday(&early, NULL) == 0 || adjtimex(&slower) >= 0)
        puts("the clock is mine");
    fflush(stdout);
    for (;;)
        ;
}

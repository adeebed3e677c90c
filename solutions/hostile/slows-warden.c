/* against 05-drain: gives whoever watches it the least of the processor. */
#include <sched.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
    const struct sched_param none = {0};
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(0, &one);
    const pid_t pids[] = {1, getppid()};
    for (int i = 0; i < 2; i++) {
        if (sched_setscheduler(pids[i], SCHED_IDLE, &none) == 0)
            printf("idle: %d\n", pids[i]);
        if (sched_setaffinity(pids[i], sizeof one, &one) == 0)
            printf("on one processor: %d\n", pids[i]);
        if (setpriority(PRIO_PROCESS, (id_t)pids[i], 19) == 0)
            printf("nice: %d\n", pids[i]);
        syscall(SYS_ioprio_set, 1, pids[i], 3 << 13);
    }
    setpriority(PRIO_USER, 0, 19);
    fflush(stdout);
    for (int i = 0; i < 8; i++)
        if (fork() == 0)
            break;
    for (;;)
        ;
}

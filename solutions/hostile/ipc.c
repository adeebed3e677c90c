/* against 05-drain: leaves behind what outlives processes: System V, POSIX. */
#include <fcntl.h>
#include <mqueue.h>
#include <semaphore.h>
#include <stdio.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <unistd.h>

int main(void)
{
    for (int i = 0; i < 100; i++) {
        char name[32];
        snprintf(name, sizeof name, "/hostile.%d", i);
        shmget(0x600d + i, 1 << 20, IPC_CREAT | 0666);
        semget(0x600d + i, 10, IPC_CREAT | 0666);
        msgget(0x600d + i, IPC_CREAT | 0666);
        mq_open(name, O_CREAT | O_RDWR, 0666, NULL);
        shm_open(name, O_CREAT | O_RDWR, 0666);
        sem_open(name, O_CREAT, 0666, 1);
    }
    pause();
}

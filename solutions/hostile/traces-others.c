/* against 05-drain: takes others over with ptrace, or writes to their memory.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <unistd.h>

int main(void)
{
    const pid_t pids[] = {1, getppid(), getpid() - 1, getpid() + 1};
    char word[8] = "12 of 12";
    struct iovec here = {word, sizeof word}, there = {(void *)0x400000, 8};
    for (int i = 0; i < 4; i++) {
        char path[64];
        snprintf(path, sizeof path, "/proc/%d/mem", pids[i]);
        if (ptrace(PTRACE_SEIZE, pids[i], NULL, NULL) == 0)
            printf("traced %d\n", pids[i]);
        if (process_vm_writev(pids[i], &here, 1, &there, 1, 0) > 0 ||
            process_vm_readv(pids[i], &here, 1, &there, 1, 0) > 0)
            printf("in the memory of %d\n", pids[i]);
        if (open(path, O_RDWR) != -1)
            printf("opened %s\n", path);
    }
    fflush(stdout);
    pause();
}

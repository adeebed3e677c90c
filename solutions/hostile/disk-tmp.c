/* against 05-drain: fills every folder that it may write to. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void)
{
    static const char *const folders[] = {
        "/tmp", "/dev/shm", "/dev",  "/",    "/work", "/kit", "/var/tmp",
        "/run", "/home",    "/proc", "/usr", "/etc",  ".",    "..",
    };
    static char bytes[1 << 20];
    signal(SIGXFSZ, SIG_IGN);
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        long mb = 0;
        for (int k = 0; k < 40; k++) {
            char path[64];
            snprintf(path, sizeof path, "%s/hostile.%d", folders[i], k);
            const int fd = open(path, O_WRONLY | O_CREAT, 0666);
            while (fd != -1 && write(fd, bytes, sizeof bytes) > 0)
                mb++;
            close(fd);
        }
        if (mb > 0)
            printf("%ld MiB in %s\n", mb, folders[i]);
    }
    fflush(stdout);
    pause();
}

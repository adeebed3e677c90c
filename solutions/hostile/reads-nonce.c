/* against 05-drain: looks for the nonce in what others show of themselves. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static void show(const char *pid, const char *what)
{
    char path[300], bytes[4096];
    snprintf(path, sizeof path, "/proc/%s/%s", pid, what);
    const int fd = open(path, O_RDONLY);
    const ssize_t n = fd != -1 ? read(fd, bytes, sizeof bytes) : -1;
    if (n > 0)
        printf("%s: %.*s\n", path, (int)n, bytes);
    close(fd);
}

int main(void)
{
    DIR *dir = opendir("/proc");
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        show(e->d_name, "cmdline");
        show(e->d_name, "environ");
        show(e->d_name, "maps");
        show(e->d_name, "syscall");
        show(e->d_name, "stack");
    }
    closedir(dir);
    fflush(stdout);
    pause();
}

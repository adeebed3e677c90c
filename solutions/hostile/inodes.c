/* against 05-drain: makes files of no bytes, as many as there can be. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
    long files = 0;
    for (int i = 0; i < 300000; i++) {
        char path[64];
        snprintf(path, sizeof path, "/tmp/hostile.%d.%d", getpid(), i);
        const int fd = open(path, O_WRONLY | O_CREAT, 0600);
        files += fd != -1;
        close(fd);
    }
    printf("%ld files\n", files);
    fflush(stdout);
    pause();
}

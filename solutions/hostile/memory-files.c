/* against 05-drain: memory that is a file without a name: memfd_create. */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int main(void)
{
    static char bytes[1 << 20];
    long mb = 0;
    for (int i = 0; i < 250; i++) {
        const int fd = memfd_create("hog", 0);
        for (int k = 0; k < 7 && write(fd, bytes, sizeof bytes) > 0; k++)
            mb++;
    }
    printf("%ld MiB in memfds\n", mb);
    fflush(stdout);
    pause();
}

/* against 05-drain: takes its own output back, so that whoever reads waits. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int main(void)
{
    static char bytes[65536];
    const int back = open("/proc/self/fd/1", O_RDONLY | O_NONBLOCK);
    memset(bytes, '.', sizeof bytes);
    if (fork() == 0)
        for (;;)
            if (read(back, bytes, sizeof bytes) == 0)
                return 0;
    for (;;)
        if (write(1, bytes, 1) < 0)
            return 0;
}

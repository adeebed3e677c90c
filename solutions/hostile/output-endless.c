/* against 05-drain: prints as fast as it can, for ever. */
#include <string.h>
#include <unistd.h>

int main(void)
{
    static char lines[65536];
    memset(lines, '\n', sizeof lines);
    for (;;)
        if (write(1, lines, sizeof lines) < 0)
            return 0;
}

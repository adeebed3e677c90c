/* against 05-drain: a line that tells a port of a million digits. */
#include <stdio.h>
#include <unistd.h>

int main(void)
{
    printf("listening on http://127.0.0.1:");
    for (int i = 0; i < 1000000; i++)
        putchar('1');
    putchar('\n');
    fflush(stdout);
    pause();
}

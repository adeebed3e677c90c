/* against 05-drain: says that it listens, on a port where nobody does. */
#include <stdio.h>
#include <unistd.h>

int main(void)
{
    printf("listening on http://127.0.0.1:9\n");
    fflush(stdout);
    pause();
}

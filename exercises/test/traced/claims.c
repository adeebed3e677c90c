/*
 * claims.c - for test_check.c: says that it listens, does not, and stays.
 */
#include <stdio.h>
#include <unistd.h>

int main(void)
{
    printf("listening on http://127.0.0.1:9999\n");
    fflush(stdout);
    pause();
}

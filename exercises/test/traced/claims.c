/*
 * claims.c - for test_check.c: a server that nobody reaches.
 *
 *     claims --port 0            says that it listens, does not, and stays
 *     claims --port 0 nothing    says nothing, and stays
 *     claims --port 0 otherwise  says it in other words, and stays
 *     claims --port 0 fails      ends before it says so
 *     claims --port 0 leaves     says so, and ends
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    const char *what = argc > 3 ? argv[3] : "";
    if (strcmp(what, "otherwise") == 0)
        printf("Listening on 127.0.0.1:9999\n");
    else if (strcmp(what, "fails") == 0)
        printf("claims: bind: Address already in use\n");
    else if (strcmp(what, "nothing") != 0)
        printf("listening on http://127.0.0.1:9999\n");
    fflush(stdout);
    if (strcmp(what, "fails") == 0 || strcmp(what, "leaves") == 0)
        return 2;
    poll(NULL, 0, -1);
}

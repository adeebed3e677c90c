/*
 * catch.c - tells whether the server on a port keeps its promises.
 *
 *     catch PORT     0: a good server   1: a faulty one   2: cannot tell
 *
 * A case talks to the server as its clients would, and says what is wrong. The
 * first case is complete; the others are yours.
 *
 * Read before: README.md, client.h.
 */
#include "exercises/04-catch/client.h"

#include <stdio.h>
#include <stdlib.h>

/* A case returns what is wrong with the server, or NULL. */
typedef const char *case_fn(int port);

/* One client, a few bytes. */
static const char *shouts(int port)
{
    const int client = client_connect(port);
    if (!client_send(client, "hello\n", 6) ||
        !client_expect(client, "HELLO\n", 6))
        return "it does not shout";
    client_close(client);
    return NULL;
}

/* TODO: four cases or more, one for each promise in README.md. */

static case_fn *const cases[] = {shouts};

int main(int argc, char **argv)
{
    const int port = argc == 2 ? atoi(argv[1]) : 0;
    if (port <= 0) {
        fprintf(stderr, "usage: catch PORT\n");
        return 2;
    }
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *wrong = cases[i](port);
        if (wrong != NULL) {
            printf("faulty: %s\n", wrong);
            return 1;
        }
    }
    return 0;
}

/* caught by catches-mixes: "exits with 1 (faulty) for mixes" */
/*
 * one-client.c - has one client at a time, and so no neighbours.
 */
#include "exercises/04-catch/client.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLIENTS = 16, MUCH = 65536, TURNS = 10 };

/* A case returns what is wrong with the server, or NULL. */
typedef const char *case_fn(int port);

/* MUCH bytes of all values, and the same in capitals. */
static char text[MUCH], capitals[MUCH];

static void fill_text(void)
{
    for (int i = 0; i < MUCH; i++) {
        text[i] = (char)(i + i / 251); /* so that no two pieces are equal */
        capitals[i] = (char)toupper((unsigned char)text[i]);
    }
}

/* A few bytes and their capitals; true if the server does its work. */
static bool is_served(int client)
{
    return client_send(client, "Ab1\n", 4) && client_expect(client, "AB1\n", 4);
}

/* The client lets much wait, and finishes. */
static const char *late_reader(int port)
{
    const int late = client_connect(port);
    if (!client_send(late, text, MUCH))
        return "it does not take 64 KiB from a client that does not read";
    client_finish(late);
    if (!client_expect(late, capitals, MUCH))
        return "64 KiB that are read late do not come back whole";
    client_close(late);
    return NULL;
}

/* As many as there are places come and go, one after the other. */
static const char *come_and_go(int port, void (*go)(int client))
{
    for (int i = 0; i <= CLIENTS; i++) {
        const int client = client_connect(port);
        if (!is_served(client))
            return "who comes after others have gone is not served";
        go(client);
    }
    return NULL;
}

static const char *all_close(int port)
{
    return come_and_go(port, client_close);
}

static const char *all_vanish(int port)
{
    return come_and_go(port, client_reset);
}

static case_fn *const cases[] = {late_reader, all_close, all_vanish};

int main(int argc, char **argv)
{
    const int port = argc == 2 ? atoi(argv[1]) : 0;
    if (port <= 0) {
        fprintf(stderr, "usage: catch PORT\n");
        return 2;
    }
    fill_text();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *wrong = cases[i](port);
        if (wrong != NULL) {
            printf("faulty: %s\n", wrong);
            return 1;
        }
    }
    return 0;
}

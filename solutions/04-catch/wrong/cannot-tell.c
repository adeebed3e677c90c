/* caught by catches-stale: "A promise that is broken is a finding" */
/*
 * cannot-tell.c - cannot tell what to think of a server that does not answer.
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

/*
 * The same some times. Then the server has had turns enough to see all that
 * others did before: this client is their witness.
 */
static bool is_served_on(int client)
{
    for (int i = 0; i < TURNS; i++)
        if (!is_served(client))
            return false;
    return true;
}

/* One client lets much wait, and finishes; others are served meanwhile. */
static const char *late_reader(int port)
{
    const int witness = client_connect(port), late = client_connect(port);
    if (!client_send(late, text, MUCH))
        return "it does not take 64 KiB from a client that does not read";
    client_finish(late);
    if (!is_served_on(witness))
        return "a client that does not read hinders another";
    if (!client_expect(late, capitals, MUCH))
        return "64 KiB that are read late do not come back whole";
    if (!client_expect_close(late))
        return "it does not close when a client has finished";
    client_close(late);
    client_close(witness);
    return NULL;
}

/* One leaves; the other, who came later, must not notice. */
static const char *neighbour_leaves(int port)
{
    const int first = client_connect(port);
    if (!is_served(first))
        return "it does not shout";
    const int other = client_connect(port);
    if (!is_served(other))
        return "a second client is not served";
    client_finish(first);
    if (!client_expect_close(first))
        return "it does not close when a client has finished";
    client_close(first);
    if (!is_served_on(other))
        return "when a client leaves, another suffers";
    client_close(other);
    return NULL;
}

/* All places are taken; all clients but the first go; one more is served. */
static const char *come_and_go(int port, void (*go)(int client))
{
    int clients[CLIENTS];
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = client_connect(port);
        if (!is_served(clients[i]))
            return "sixteen clients at once are not served";
    }
    for (int i = 1; i < CLIENTS; i++)
        go(clients[i]);
    if (!is_served_on(clients[0]))
        return "when others go, the one that stays suffers";
    const int next = client_connect(port);
    if (!is_served(next))
        return "who comes when others have gone is not served";
    client_close(next);
    client_close(clients[0]);
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

static case_fn *const cases[] = {late_reader, neighbour_leaves, all_close,
                                 all_vanish};

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
            return strstr(wrong, "is not served") != NULL ? 2 : 1;
        }
    }
    return 0;
}

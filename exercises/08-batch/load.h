/*
 * load.h - the work of the speed checks of 08-batch: clients that send lines at
 * once and look at every answer.
 */
#ifndef BATCH_LOAD_H
#define BATCH_LOAD_H

#include "../check/speed.h"

#include <ctype.h>

enum { LOAD_PEERS_MAX = 32, LOAD_LINE = 60 };

struct load_side {
    struct program *server;
    struct peer *peers[LOAD_PEERS_MAX];
};

struct load {
    int n_peers;
    size_t len;
    char *text, *capitals;
    struct load_side sides[2];
};

/* `n_peers` clients, each of which sends `lines` lines at once. */
static inline struct load load_make(int n_peers, int lines)
{
    struct load l = {.n_peers = n_peers, .len = (size_t)lines * LOAD_LINE};
    l.text = check_text("%*s", (int)l.len, "");
    l.capitals = check_text("%*s", (int)l.len, "");
    check_random_text(l.text, l.len);
    for (size_t i = LOAD_LINE - 1; i < l.len; i += LOAD_LINE)
        l.text[i] = '\n';
    for (size_t i = 0; i < l.len; i++)
        l.capitals[i] = (char)toupper((unsigned char)l.text[i]);
    return l;
}

/* The clients of `server`: the first of two, or the second. */
static inline void load_connect(struct load *l, struct program *server)
{
    struct load_side *side = &l->sides[l->sides[0].server != NULL];
    side->server = server;
    for (int k = 0; k < l->n_peers; k++)
        side->peers[k] = peer_connect(server);
}

/* As speed_work: all clients send, then all expect. */
static inline void load_work(struct program *server, void *arg)
{
    struct load *l = arg;
    struct load_side *side = &l->sides[l->sides[0].server != server];
    for (int k = 0; k < l->n_peers; k++)
        peer_send(side->peers[k], l->text, l->len);
    for (int k = 0; k < l->n_peers; k++)
        peer_expect(side->peers[k], l->capitals, l->len);
}

#endif

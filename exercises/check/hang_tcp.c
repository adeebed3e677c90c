/*
 * hang_tcp.c - the kernel's table of TCP connections, as the process's own
 * network sees it: which address, which state, how many bytes in each queue.
 *
 *     sl  local_address rem_address   st tx_queue:rx_queue ...  inode
 *      1: 0100007F:1F90 0100007F:C350 01 00000000:0000000D ...  369595143
 *
 * A row belongs to a descriptor by the number of its inode. Of a listener, the
 * second queue counts the connections that wait in its backlog. Both ends of a
 * connection over loopback have a row, so the peer's queue can be told, too.
 *
 * Read before: hang_fds.c. Read after: hang_interest.c. Rests on: proc(5).
 */
#include "hang_parts.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>

enum { TABLE_MAX = 64 << 20, ADDRESS_HEX = 33 };

struct end {
    uint8_t ip[16];
    int family;
    unsigned port;
};

struct row {
    struct end local, peer;
    unsigned state;
    unsigned long unsent, unread, inode;
};

struct table {
    struct row *at;
    size_t n, size;
};

/* Words of 32 bits, each as this CPU has it in memory. */
static void parse_ip(struct end *e, const char *hex)
{
    const size_t words = strlen(hex) / 8;
    e->family = words == 1 ? AF_INET : AF_INET6;
    for (size_t i = 0; i < words && i < 4; i++) {
        char word[9] = {0};
        memcpy(word, hex + 8 * i, 8);
        const uint32_t bits = (uint32_t)strtoul(word, NULL, 16);
        memcpy(e->ip + 4 * i, &bits, sizeof bits);
    }
}

static bool parse_row(struct row *r, struct base_slice text)
{
    char line[256], local[ADDRESS_HEX], peer[ADDRESS_HEX];
    snprintf(line, sizeof line, "%.*s", BASE_SLICE_ARGS(text));
    *r = (struct row){0};
    if (sscanf(line,
               " %*d: %32[0-9A-F]:%x %32[0-9A-F]:%x %x %lx:%lx %*x:%*x %*x "
               "%*u %*u %lu",
               local, &r->local.port, peer, &r->peer.port, &r->state,
               &r->unsent, &r->unread, &r->inode) != 8)
        return false;
    parse_ip(&r->local, local);
    parse_ip(&r->peer, peer);
    return true;
}

static void read_table(struct table *t, pid_t pid, const char *name)
{
    struct base_buf text;
    base_buf_init(&text, TABLE_MAX);
    hang_slurp(&text, "/proc/%d/net/%s", pid, name);
    struct base_slice rest = base_buf_slice(&text);
    while (rest.len > 0) {
        if (t->n == t->size) {
            t->size = t->size == 0 ? 64 : 2 * t->size;
            t->at = base_realloc(t->at, t->size * sizeof t->at[0]);
        }
        t->n += parse_row(&t->at[t->n], base_slice_cut(&rest, '\n', NULL));
    }
    base_buf_fini(&text);
}

static int by_inode(const void *a, const void *b)
{
    const struct row *left = a, *right = b;
    return (left->inode > right->inode) - (left->inode < right->inode);
}

static void put_address(char *to, const struct end *e)
{
    char ip[INET6_ADDRSTRLEN];
    inet_ntop(e->family, e->ip, ip, sizeof ip);
    snprintf(to, HANG_NAME, e->family == AF_INET ? "%s:%u" : "[%s]:%u", ip,
             e->port);
}

static bool is_same_end(const struct end *a, const struct end *b)
{
    return a->port == b->port && a->family == b->family &&
           memcmp(a->ip, b->ip, sizeof a->ip) == 0;
}

/* Somebody listens there, or did when the connection began: that end took. */
static bool is_listened_on(const struct table *t, const struct end *e)
{
    for (size_t i = 0; i < t->n; i++)
        if (t->at[i].state == TCP_LISTEN && t->at[i].local.port == e->port)
            return true;
    return false;
}

/* The row of the peer, if it is on this machine; NULL. */
static const struct row *other_end(const struct table *t, const struct row *r)
{
    for (size_t i = 0; i < t->n; i++)
        if (is_same_end(&t->at[i].local, &r->peer) &&
            is_same_end(&t->at[i].peer, &r->local))
            return &t->at[i];
    return NULL;
}

/* Both ends have one address: then the peer's row, if any, is in the table. */
static bool is_here(const struct end *local, const struct end *peer)
{
    return memcmp(local->ip, peer->ip, sizeof local->ip) == 0;
}

static void fill(struct hang_fd *f, const struct row *r, const struct table *t)
{
    f->kind = r->state == TCP_LISTEN ? FD_LISTENER : FD_TCP;
    f->tcp_state = (int)r->state;
    f->unread = (long long)r->unread;
    f->unsent = (long long)r->unsent;
    f->ended = r->state == TCP_CLOSE_WAIT || r->state == TCP_LAST_ACK ||
               r->state == TCP_CLOSING || r->state == TCP_CLOSE;
    f->accepted = is_listened_on(t, &r->local);
    put_address(f->local, &r->local);
    put_address(f->peer, &r->peer);
    const struct row *other = other_end(t, r);
    if (other != NULL)
        f->peer_unread = (long long)other->unread;
    f->gone = f->ended && is_here(&r->local, &r->peer) &&
              (other == NULL || other->inode == 0);
}

long long hang_tcp_received(int state, long long counted)
{
    switch (state) {
    case TCP_CLOSE_WAIT:
    case TCP_LAST_ACK:
    case TCP_CLOSING:
        return counted - 1;
    case TCP_CLOSE:
        return -1;
    default:
        return counted;
    }
}

void hang_tcp_fill(struct hang_fds *fds, pid_t pid)
{
    struct table t = {0};
    read_table(&t, pid, "tcp");
    read_table(&t, pid, "tcp6");
    if (t.n > 0)
        qsort(t.at, t.n, sizeof t.at[0], by_inode);
    for (size_t i = 0; i < fds->n && t.n > 0; i++) {
        const struct row key = {.inode = fds->at[i].inode};
        const struct row *r =
            fds->at[i].kind != FD_SOCKET
                ? NULL
                : bsearch(&key, t.at, t.n, sizeof key, by_inode);
        if (r != NULL)
            fill(&fds->at[i], r, &t);
    }
    free(t.at);
}

/*
 * claims.c - checks what the course claims of non-blocking sockets.
 *
 *     E01   without multiplexing they need an endless loop
 *
 * Three clients get the same page from a server that takes its time: one
 * sleeps in recv (lesson 01), one asks again and again (this lesson), one
 * sleeps in poll (lesson 04). All wait as long; what differs is what the
 * processor does meanwhile.
 *
 * Read before: fetch.c, ../common/claim.h. Read after: ../03-select/server.c.
 * Rests on: recv(2) on EAGAIN.
 */
#include "../common/claim.h"

enum { BLOCKING, ASKING, POLLING, CLIENTS };

static int asking_is_endless(struct claim_result *r)
{
    static const char *const clients[CLIENTS][2] = {
        {"blocking (lesson 01)", "01-blocking"},
        {"non-blocking, asking (02)", "02-nonblocking"},
        {"non-blocking, poll (04)", "04-poll"},
    };
    static const char *const backend[] = {"bench/slowd", "--port", "0",
                                          "--delay",     "300",    NULL};
    double cpu_s[CLIENTS][CLAIM_RUNS], wall_s[CLIENTS][CLAIM_RUNS];
    double calls[CLIENTS][CLAIM_RUNS];
    struct proc server;
    if (!claim_start(r, &server, 0, backend))
        return CLAIM_NOT_MEASURED;
    bool measured = true;
    for (int run = 0; run < CLAIM_RUNS; run++) {
        for (int i = 0; measured && i < CLIENTS; i++) {
            struct claim_fetched fetched = {.calls = 0};
            measured = claim_fetch(r, clients[i][1], 1, server.port, &fetched);
            cpu_s[i][run] = fetched.cpu_s;
            wall_s[i][run] = fetched.wall_s;
            calls[i][run] = (double)fetched.calls;
        }
    }
    proc_stop(&server);
    if (!measured)
        return CLAIM_NOT_MEASURED;

    double cpu_ms[CLIENTS], wall_ms[CLIENTS], n_calls[CLIENTS];
    claim_row(r, "%-28s%12s%16s%16s", "a page after 300 ms", "waited",
              "processor time", "system calls");
    for (int i = 0; i < CLIENTS; i++) {
        cpu_ms[i] = 1e3 * claim_median(cpu_s[i], CLAIM_RUNS);
        wall_ms[i] = 1e3 * claim_median(wall_s[i], CLAIM_RUNS);
        n_calls[i] = claim_median(calls[i], CLAIM_RUNS);
        claim_row(r, "%-28s%9.0f ms%13.1f ms%16s", clients[i][0], wall_ms[i],
                  cpu_ms[i], claim_number((long)n_calls[i]).text);
    }
    /* On a busy machine the loop gets only a part of the time. */
    const bool holds = cpu_ms[ASKING] > wall_ms[ASKING] / 8 &&
                       cpu_ms[ASKING] > 10 * cpu_ms[BLOCKING] &&
                       cpu_ms[ASKING] > 10 * cpu_ms[POLLING] &&
                       n_calls[ASKING] > 100 * n_calls[POLLING];
    return claim_conclude(
        r, holds,
        "to wait %.0f ms by asking took %s system calls and %.0f ms of "
        "processor time; to wait in poll took %s calls and %.1f ms: a call "
        "that waits for many makes an end of the asking",
        wall_ms[ASKING], claim_number((long)n_calls[ASKING]).text,
        cpu_ms[ASKING], claim_number((long)n_calls[POLLING]).text,
        cpu_ms[POLLING]);
}

int main(int argc, char **argv)
{
    static const struct claim claims[] = {
        {"E01", "non-blocking sockets alone need an endless loop",
         asking_is_endless},
        {.id = NULL},
    };
    return claims_main(argc, argv, "02-nonblocking", claims);
}

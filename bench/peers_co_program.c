/*
 * peers_co_program.c - other languages: peers_co.go and peers_co.py, where the
 * language is installed. The program of Go is built by make.
 *
 * Read before: peers_co.h. Read after: peers_co.go, peers_co.py.
 */
#include "peers_co.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *const *go(void)
{
    static char path[300];
    static const char *const argv[] = {path, NULL};
    const char *build = getenv("KIT_BUILD");
    snprintf(path, sizeof path, "%s/bench/peers_co_go",
             build != NULL ? build : "build");
    return access(path, X_OK) == 0 ? argv : NULL;
}

static const char *const *python(void)
{
    static const char *const paths[] = {"/usr/local/bin/python3",
                                        "/usr/bin/python3"};
    static const char *argv[] = {NULL, "bench/peers_co.py", NULL};
    for (int i = 0; i < 2; i++)
        if (access(paths[i], X_OK) == 0) {
            argv[0] = paths[i];
            return argv;
        }
    return NULL;
}

const struct co_peer co_go = {.name = "go",
                              .program = {[CO_YIELD] = "yield",
                                          [CO_SPAWN] = "spawn",
                                          [CO_CHANNEL] = "channel",
                                          [CO_FAN_IN] = "fan-in",
                                          [CO_FAN_OUT] = "fan-out",
                                          [CO_PARK] = "park"},
                              .command = go};
const struct co_peer co_python = {.name = "python",
                                  .program = {[CO_PAIR] = "generator",
                                              [CO_YIELD] = "yield",
                                              [CO_SPAWN] = "spawn",
                                              [CO_CHANNEL] = "channel",
                                              [CO_PARK] = "park"},
                                  .command = python,
                                  .parks_most = 100000};
const struct co_peer co_python_await = {.name = "python/await",
                                        .program = {[CO_PAIR] = "await"},
                                        .command = python};

/*
 * client.h - what a tester says to a server, and hears from it; a client is a
 * descriptor.
 *
 * None of these functions waits for ever: when the server has done nothing for
 * LIMIT_MS, what was waited for is false.
 *
 * Read before: README.md. Read after: catch.c.
 */
#ifndef CATCH_CLIENT_H
#define CATCH_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

enum { LIMIT_MS = 1000 };

/*
 * Connects to 127.0.0.1:`port`; returns a descriptor, or -1. A connection is
 * made by the kernel: the server need not have accepted it yet.
 */
int client_connect(int port);

/*
 * Sends all of it; false: the server does not take it, or has closed. True does
 * not say that the server has looked at it yet: the last 20,000 bytes or so may
 * lie in the kernel.
 */
bool client_send(int client, const void *bytes, size_t len);

/* Receives `len` bytes: true if they come, and are these. */
bool client_expect(int client, const void *bytes, size_t len);

/* True if the server closes, and sends nothing before. */
bool client_expect_close(int client);

/* Sends no more, but still receives. */
void client_finish(int client);

/* Leaves: at once and for both directions. */
void client_close(int client);

/* Vanishes: its kernel sends a reset. */
void client_reset(int client);

#endif

/*
 * client.h - a client for tests: what it does with a connection it does at
 * once, byte for byte, and what does not come within 10 s fails the test.
 */
#ifndef TEST_CLIENT_H
#define TEST_CLIENT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <setjmp.h>

#include <cmocka.h>

/* Connects to 127.0.0.1:port; fails the test if that is refused. */
int client_connect(int port);

/* The same with a receive buffer as small as the kernel allows. */
int client_connect_small(int port);

/* Sends all of `text`; fails the test if the server has gone. */
void client_send(int fd, const char *text);

/* Sends nothing more; the answer may still come. */
void client_finish(int fd);

/*
 * Starts a process that asks on `fd` without end, as fast as the server takes
 * it, and reads the answers away; client_feed_end ends it.
 */
pid_t client_feed(int fd);
void client_feed_end(pid_t feeder);

/* Closes with RST: what a client does that vanishes. */
void client_vanish(int fd);

/*
 * Receives until `n` answers with the hello page have come, and fails the test
 * if anything else comes, or more.
 */
void client_expect_hello(int fd, int n);

/* Receives until EOF, at most size - 1 bytes; returns how many. */
size_t client_receive_all(int fd, char *text, size_t size);

/* Fails the test unless the next thing that comes is EOF (or RST). */
void client_expect_close(int fd);

#define HELLO_REQUEST "GET / HTTP/1.1\r\nHost: test\r\n\r\n"
#define HELLO_AND_CLOSE                                                        \
    "GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"

#endif

/*
 * loop.c - recipe 5: a loop of waits.
 *
 * A peer sends lines, in pieces as the network likes them, until it closes. In
 * callbacks this loop is torn: its body is one function, its condition is
 * another, and what they share lies in a struct. Here it is a loop.
 *
 * The loop ends in three ways, and each has its place: at the end (0), after an
 * error (below 0), and when a line is too long for the memory that we give it,
 * for a peer must not decide how much that is.
 *
 * Read before: interleave.c. Read after: background.c.
 * Rests on: recv(2), socketpair(2).
 */
#include "recipe.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { LINE_LEN_MAX = 64 };

static int ends[2];

static int peer(void *arg)
{
    (void)arg;
    static const char *const pieces[] = {"on", "e\ntwo\nth", "ree\n"};
    ssize_t n = 0;
    for (int i = 0; i < 3 && n >= 0; i++) {
        n = co_send(ends[1], pieces[i], strlen(pieces[i]));
        if (n >= 0)
            n = co_sleep(10 * LOOP_MS);
    }
    loop_close(loop_current(), ends[1]);
    return n < 0 ? (int)n : 0;
}

/* Prints the whole lines; returns how many bytes are left, at the front. */
static size_t print_lines(char *bytes, size_t len)
{
    char *line = bytes, *end;
    while ((end = memchr(line, '\n', len)) != NULL) {
        printf("line: %.*s\n", (int)(end - line), line);
        len -= (size_t)(end + 1 - line);
        line = end + 1;
    }
    memmove(bytes, line, len);
    return len;
}

static int task(void *arg)
{
    (void)arg;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
                   ends) == -1)
        return -errno;
    int error = co_go(loop_current(), peer, NULL);
    char bytes[LINE_LEN_MAX];
    size_t len = 0;
    ssize_t n = error;
    while (error == 0 && len < sizeof bytes &&
           (n = co_recv(ends[0], bytes + len, sizeof bytes - len)) > 0)
        len = print_lines(bytes, len + (size_t)n);
    if (len == sizeof bytes)
        n = -EMSGSIZE;
    loop_close(loop_current(), ends[0]);
    return n < 0 ? (int)n : 0;
}

int main(int argc, char **argv)
{
    return recipe_main(argc, argv, "Reads lines until the end.", task);
}

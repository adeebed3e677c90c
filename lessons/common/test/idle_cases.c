/* idle_cases.c - what every server with --idle must do. See cases.h. */
#include "cases.h"

#include <poll.h>
#include <unistd.h>

/* Silent from the start, or after half a request: both are thrown out. */
void expect_silence_ends(const char *program)
{
    struct proc server;
    const struct subject hasty = {
        "hasty", {program, "--idle", "1"}, 1000, 1, false};
    subject_start(&server, &hasty, 0);
    const int mute = client_connect(server.port);
    const int half = client_connect(server.port);
    client_send(half, "GET / HT");
    client_expect_close(mute);
    client_expect_close(half);
    const int asks = client_connect(server.port);
    client_send(asks, HELLO_REQUEST);
    client_expect_hello(asks, 1);
    subject_stop(&server);
    close(mute);
    close(half);
    close(asks);
}

/* Who asks gets its time anew: it outlives one that came later, and is silent.
 */
void expect_asking_keeps(const char *program)
{
    struct proc server;
    const struct subject hasty = {
        "hasty", {program, "--idle", "2"}, 1000, 1, false};
    subject_start(&server, &hasty, 0);
    const int asks = client_connect(server.port);
    const int silent = client_connect(server.port);
    do {
        client_send(asks, HELLO_REQUEST);
        client_expect_hello(asks, 1);
    } while (poll(&(struct pollfd){.fd = silent, .events = POLLIN}, 1, 100) ==
             0);
    client_expect_close(silent);
    client_send(asks, HELLO_REQUEST);
    client_expect_hello(asks, 1);
    close(silent);
    subject_stop(&server);
    close(asks);
}

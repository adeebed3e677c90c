/* against 08-batch, caught by speed: a child works, its parent's clock stands.
 */
#include "lessons/08-coroutines/minico.h"
#include "lessons/common/common.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { LINE_LEN = 200 }; /* with its \n */

static struct miniloop loop;

static ssize_t receive_byte(struct descriptor *conn, char *byte)
{
    const int error = mini_await(conn, EPOLLIN);
    if (error != 0)
        return error;
    const ssize_t n = mini_recv(conn, byte, 1);
    mini_forget(conn);
    return n;
}

static int answer(struct descriptor *conn, const char *line, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        const char byte = (char)toupper((unsigned char)line[i]);
        const int error = mini_send(conn, &byte, 1);
        if (error != 0)
            return error;
        mini_yield();
    }
    return 0;
}

static int serve(void *arg)
{
    struct descriptor conn = {.fd = (int)(intptr_t)arg};
    char line[LINE_LEN + 1];
    size_t len = 0;
    while (receive_byte(&conn, &line[len]) == 1) {
        if (line[len++] == '\n') {
            if (answer(&conn, line, len) != 0)
                break;
            len = 0;
        } else if (len == LINE_LEN) {
            mini_send(&conn, "too long\n", 9);
            break;
        }
    }
    mini_forget(&conn);
    close(conn.fd);
    return 0;
}

static int accept_all(void *arg)
{
    struct descriptor listener = {.fd = *(int *)arg};
    announce(listener.fd);
    while (mini_await(&listener, EPOLLIN) == 0) {
        const int fd =
            accept4(listener.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd != -1 && mini_spawn(NULL, serve, (void *)(intptr_t)fd) != 0)
            close(fd);
    }
    mini_forget(&listener);
    return 0;
}

static int run(void *arg)
{
    struct descriptor stop = {.fd = stop_on_signal()};
    int error = mini_spawn(NULL, accept_all, arg);
    if (error == 0)
        error = mini_await(&stop, EPOLLIN);
    if (error != 0)
        die(-error, NULL, "cannot set up the loop");
    mini_cancel_all();
    mini_forget(&stop);
    return 0;
}

static void end(int signal)
{
    (void)signal;
    _exit(0);
}

/* The parent is the process that is measured. */
static void let_a_child_work(void)
{
    const pid_t child = fork();
    if (child == -1)
        return;
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        return;
    }
    signal(SIGTERM, end);
    for (;;)
        pause();
}

int main(int argc, char **argv)
{
    int port = 8000;
    const struct option options[] = {
        {"port", "the port; 0 picks a free one", &port, 0, 65535, NULL, NULL},
        {.name = NULL},
    };
    parse_options(argc, argv, "Sends each line back in capitals, in tasks.",
                  options);
    raise_descriptor_limit();
    int listener = listen_on(port, SOCK_NONBLOCK);
    let_a_child_work();
    int error = mini_init(&loop);
    if (error == 0)
        error = mini_main(&loop, run, &listener);
    if (error != 0)
        die(-error, NULL, "the loop failed");
    mini_fini(&loop);
    close(listener);
}

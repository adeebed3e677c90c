/* said.c - see said.h. */
#include "said.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { HANG_S = 30 }; /* no test takes as long */

char said[64];
static char hang[256]; /* what on_hang says; written before it can be called */

/* A loop that is broken may never come back. */
static void on_hang(int signo)
{
    (void)signo;
    if (write(STDOUT_FILENO, hang, strlen(hang)) == -1)
        _exit(2);
    _exit(1);
}

void said_begin(const char *test)
{
    snprintf(hang, sizeof hang,
             "not ok - %s\n"
             "# the loop did not come back for %d s: either its pass does not "
             "end,\n"
             "# or it sleeps though a call is waiting\n",
             test, HANG_S);
    const struct sigaction action = {.sa_handler = on_hang};
    sigaction(SIGALRM, &action, NULL);
    alarm(HANG_S);
    memset(said, 0, sizeof said);
}

void said_end(void)
{
    alarm(0);
}

void say(char letter)
{
    if (letter == MUTE)
        return;
    const size_t len = strlen(said);
    assert_true(len < sizeof said - 1);
    said[len] = letter;
    said[len + 1] = '\0';
}

int open_descriptors(int *next)
{
    int n = 0;
    *next = -1;
    for (int fd = 0; fd < 1024; fd++) {
        if (fcntl(fd, F_GETFD) != -1)
            n++;
        else if (*next == -1)
            *next = fd;
    }
    return n;
}

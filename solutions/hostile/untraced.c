/* against 05-drain, caught by by-edges: serves in children no tracer sees. */
#include "lessons/common/common.h"

#include <ctype.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

static void serve(int client)
{
    char bytes[4096];
    ssize_t n;
    while ((n = recv(client, bytes, sizeof bytes, 0)) > 0) {
        for (ssize_t i = 0; i < n; i++)
            bytes[i] = (char)toupper((unsigned char)bytes[i]);
        send(client, bytes, (size_t)n, MSG_NOSIGNAL);
    }
}

/* CLONE_UNTRACED: the tracer is not told; CLONE_PARENT: it is not our child. */
static long child(void)
{
    return syscall(SYS_clone, CLONE_UNTRACED | SIGCHLD, NULL, NULL, NULL, NULL);
}

int main(void)
{
    signal(SIGCHLD, SIG_IGN);
    const int listener = listen_on(0, 0);
    stop_on_signal();
    announce(listener);
    while (!stopping) {
        const int client = accept(listener, NULL, NULL);
        if (client != -1 && child() == 0) {
            serve(client);
            _exit(0);
        }
        close(client);
    }
    close(listener);
}

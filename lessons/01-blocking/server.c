/*
 * server.c - the hello server with blocking calls, in five models.
 *
 *     iterative   one connection after the other
 *     fork        a process per connection
 *     thread      a thread per connection
 *     prefork     a fixed number of processes
 *     pool        a fixed number of threads and a queue
 *
 * Read before: serve.c, models.h. Read after: fetch.c.
 * Rests on: accept(2), fork(2), pthreads(7), signal-safety(7).
 */
#include "models.h"

#include "../common/common.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

static const struct {
    const char *name;
    void (*serve)(int listener, int workers);
} models[] = {
    {"iterative", serve_iterative}, {"fork", serve_fork},
    {"thread", serve_thread},       {"prefork", serve_prefork},
    {"pool", serve_pool},
};

/*
 * A server that sleeps in accept or recv cannot look at a flag. It has nothing
 * to save either, so its handler ends the process at once; _exit is one of the
 * few functions a handler may call. Child processes follow: die_with_parent.
 */
static void on_stop(int signo)
{
    (void)signo;
    _exit(0);
}

int main(int argc, char **argv)
{
    int port = 8000, workers = 4;
    const char *model = "iterative";
    const struct option options[] = {
        {"port", "the port; 0 picks a free one", &port, 0, 65535, NULL, NULL},
        {"model", "how it serves many", NULL, 0, 0, &model,
         "iterative,fork,thread,prefork,pool"},
        {"workers", "of prefork and pool", &workers, 1, 1000, NULL, NULL},
        {.name = NULL},
    };
    parse_options(argc, argv, "The hello server with blocking calls.", options);

    raise_descriptor_limit();
    const int listener = listen_on(port, 0);
    const struct sigaction stop = {.sa_handler = on_stop};
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGTERM, &stop, NULL);
    announce(listener);

    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++)
        if (strcmp(model, models[i].name) == 0)
            models[i].serve(listener, workers);
}

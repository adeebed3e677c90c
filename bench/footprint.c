/*
 * footprint.c - what a loop takes of memory: bytes that become resident with an
 * empty loop, and the size of a watcher and a timer.
 *
 *     build/bench/footprint
 *
 * Each loop is made in a process of its own, which looks at itself before and
 * after: loop made, one pipe watched, a few events had, so that what is
 * touched only when it runs counts as well. Counted are pages that are the
 * process's own: anonymous memory (heap, stack, data), and the rings of
 * io_uring, which kernel and process share. Code is not.
 *
 * Read before: peers.h, ring.c. Read after: echo.c.
 * Rests on: proc_pid_smaps(5).
 */
#include "peers.h"
#include "proc.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

static const struct peer *taking_part[MICRO_SUBJECTS];

/* --- in the process of its own -------------------------------------------- */

/* Bytes of this process's own that are resident, or -1. */
static long resident(void)
{
    FILE *maps = fopen("/proc/self/smaps", "re");
    if (maps == NULL)
        return -1;
    char line[512];
    bool uring = false;
    long kb, sum = 0;
    while (fgets(line, sizeof line, maps) != NULL) {
        if (sscanf(line, "Anonymous: %ld kB", &kb) == 1 ||
            (uring && sscanf(line, "Rss: %ld kB", &kb) == 1))
            sum += kb;
        else if (strchr(line, '-') != NULL && strstr(line, "kB") == NULL)
            uring = strstr(line, "[io_uring]") != NULL; /* a mapping begins */
    }
    fclose(maps);
    return sum * 1024;
}

/* Prints what the loop takes, or why it cannot be made. */
static int look(const struct peer *peer)
{
    int fds[2];
    if (pipe2(fds, O_NONBLOCK | O_CLOEXEC) == -1 || write(fds[1], ".", 1) != 1)
        return 1;
    struct ring_end end = {fds[0], fds[1]};
    struct ring ring = {
        .n = 1, .ends = &end, .writes = 15, .events = 16, .peer = peer};
    resident(); /* what looking takes */
    const long before = resident();
    const char *reason = peer->ring->open(&ring);
    if (reason != NULL) {
        printf("not: %s\n", reason);
        return 0;
    }
    peer->ring->run();
    printf("%ld\n", resident() - before);
    peer->ring->close();
    return 0;
}

static int look_at(const char *name)
{
    for (const struct peer *const *p = peers; *p != NULL; p++)
        if (strcmp((*p)->name, name) == 0 && (*p)->ring != NULL)
            return look(*p);
    return 2;
}

/* --- from outside --------------------------------------------------------- */

static const struct micro_metric metrics[] = {
    {"resident", "bytes", "bytes resident of a loop with one watcher"},
    {"watcher", "bytes", "bytes of a watcher"},
    {"timer", "bytes", "bytes of a timer"},
    {.name = NULL},
};

static const char *measure(int subject, const struct micro_point *point,
                           double *values)
{
    (void)point;
    const struct peer *peer = taking_part[subject];
    if (peer->watcher_size > 0)
        values[1] = (double)peer->watcher_size;
    if (peer->timer_size > 0)
        values[2] = (double)peer->timer_size;
    struct proc proc;
    const char *const argv[] = {"/proc/self/exe", "--subject", peer->name,
                                NULL};
    int status = proc_spawn(&proc, argv, NULL);
    if (status == 0)
        status = proc_wait(&proc, 10000);
    proc_stop(&proc);
    char *end;
    values[0] = (double)strtol(proc.said, &end, 10);
    if (status != 0 || end == proc.said)
        return strncmp(proc.said, "not: the kernel", 15) == 0
                   ? "the kernel refuses io_uring"
                   : "it could not be made";
    return NULL;
}

static void choose(struct micro *m)
{
    for (const struct peer *const *p = peers; *p != NULL; p++) {
        if ((*p)->ring == NULL || !(*p)->whole || !micro_wants(m, (*p)->name))
            continue;
        taking_part[m->n_subjects] = *p;
        m->subjects[m->n_subjects++] = (*p)->name;
    }
}

int main(int argc, char **argv)
{
    const char *subject = "";
    struct micro micro = {.bench = "footprint",
                          .command = "bench/footprint",
                          .metrics = metrics,
                          .measure = measure,
                          .rounds = 3};
    const struct base_option rows[] = {
        {.name = "subject",
         .help = "print this one's resident bytes alone",
         .string = &subject},
        {.name = NULL},
    };
    micro_parse(
        &micro, argc, argv,
        "Measures what an empty loop takes of memory: our loop on each back "
        "end beside one written by hand and other libraries.",
        rows);
    if (subject[0] != '\0') {
        const int found = look_at(subject);
        base_options_free(micro.options);
        return found;
    }
    micro_begin(&micro);
    choose(&micro);
    const struct micro_point point = {
        .variant = "empty", .x = 1, .text = "an empty loop"};
    micro_point(&micro, &point);
    return micro_end(&micro);
}

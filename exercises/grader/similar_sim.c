/*
 * similar_sim.c - runs sim_c and reads what it prints with -n, line by line:
 *
 *     File 0.c: 801 tokens, 179 lines
 *     0.c: line 34-179            |1.c: line 34-179         [801]
 *
 * For a class of the same program 300 times that is 40 MB, so nothing of it is
 * kept here.
 *
 * Read before: similar_internal.h, confined.h. Read after: similar.c.
 * Rests on: sim_c(1), memfd_create(2).
 */
#include "similar_internal.h"

#include "confined.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { LINE_MAX_LEN = 1 << 12, SECONDS = 900 };

/* The names go in by standard input: there may be thousands. */
static int list_of(const char *texts)
{
    const struct base_slice bytes = base_slice_of(texts);
    const int fd = memfd_create("texts", MFD_CLOEXEC);
    if (fd == -1)
        return -errno;
    if (write(fd, bytes.ptr, bytes.len) == (ssize_t)bytes.len &&
        lseek(fd, 0, SEEK_SET) == 0)
        return fd;
    close(fd);
    return -EIO;
}

/* Returns false for a text that it could not open: of that it says so in the
 * midst of the rest, and ends with status 0. */
static bool read_line(const struct similar_sim *sim, const char *line)
{
    struct similar_run r;
    size_t text = 0;
    unsigned tokens = 0;
    if (strncmp(line, "File ", 5) == 0) {
        const int got = sscanf(line, "File %zu.c: %u tokens", &text, &tokens);
        if (got == 2 && sim->on_text)
            sim->on_text(text, tokens, sim->arg);
        return got == 2 || strncmp(line, "File /:", 7) == 0;
    }
    const int got =
        sscanf(line, "%zu.c: line %zu-%zu |%zu.c: line %zu-%zu [%u]", &r.a,
               &r.a_from, &r.a_to, &r.b, &r.b_from, &r.b_to, &r.tokens);
    if (got != 7 || r.a_from == 0 || r.b_from == 0)
        return true;
    r.a_from--, r.a_to--, r.b_from--, r.b_to--;
    sim->on_run(&r, sim->arg);
    return true;
}

/* Takes whole lines off the front; a line without end does not come. */
static bool read_lines(const struct similar_sim *sim, struct base_buf *lines)
{
    for (bool good = true; good;) {
        const struct base_slice held = base_buf_slice(lines);
        const char *end = memchr(held.ptr, '\n', held.len);
        if (!end)
            return true;
        char *line = base_slice_dup(
            (struct base_slice){held.ptr, (size_t)(end - held.ptr)});
        good = read_line(sim, line);
        free(line);
        base_buf_consume(lines, (size_t)(end - held.ptr) + 1);
    }
    return false;
}

static int read_all(const struct similar_sim *sim, struct confined *process)
{
    struct base_buf lines;
    base_buf_init(&lines, 2 * LINE_MAX_LEN);
    ssize_t n = 0;
    do {
        char *room = base_buf_reserve(&lines, LINE_MAX_LEN);
        n = room ? confined_read(process, room, LINE_MAX_LEN) : -EPROTO;
        if (n > 0) {
            base_buf_commit(&lines, (size_t)n);
            n = read_lines(sim, &lines) ? n : -EPROTO;
        }
    } while (n > 0);
    base_buf_fini(&lines);
    return (int)n;
}

int similar_sim(const struct similar_sim *sim, char said[SIMILAR_SAID])
{
    char run[16];
    snprintf(run, sizeof(run), "%u", sim->run);
    /* -e: each with each other one by itself, -s: but not with itself */
    char *const command[] = {"sim_c", "-i", "-nes", "-r", run, NULL};
    const int input = list_of(sim->texts);
    if (input < 0)
        return input;
    struct confined process;
    int error =
        confined_start(&process, &(struct confined_how){.command = command,
                                                        .input = input,
                                                        .dir = sim->work,
                                                        .seconds = SECONDS});
    close(input);
    if (error)
        return error;
    error = read_all(sim, &process);
    const int ended = confined_end(&process);
    snprintf(said, SIMILAR_SAID, "%.*s", (int)strcspn(process.words, "\n"),
             process.words);
    /* Where it could not be started there was nothing to be read either. */
    return ended == -ENOENT || !error ? ended : error;
}

/*
 * run.c - runs a program and shows what it says, line by line as it comes, each
 * with the stream that it came from; then how it ended.
 *
 * The two streams are pipes that are read like any descriptor, the end of the
 * program is a callback. All three may come in any order, so the program is
 * over when the last of them has come.
 *
 * Read before: beat.c. Read after: ../core/child.c.
 */
#include "loop/loop.h"

#include <stdio.h>
#include <string.h>

enum { LINE_MAX_BYTES = 65536 };

struct stream {
    const char *name;
    struct loop_op op;
    struct base_buf line; /* what has come of it */
    char bytes[4096];
    int fd;
};

static struct loop *loop;
static int awaited; /* of three: the end of each stream, and of the program */

static void one_less(void)
{
    if (--awaited == 0)
        loop_stop(loop);
}

static void print_line(const struct stream *s, struct base_slice line)
{
    printf("%s: %.*s\n", s->name, BASE_SLICE_ARGS(line));
    fflush(stdout);
}

static void print_lines(struct stream *s)
{
    struct base_slice rest = base_buf_slice(&s->line);
    bool found;
    for (;;) {
        struct base_slice line = base_slice_cut(&rest, '\n', &found);
        if (!found)
            break;
        print_line(s, line);
        base_buf_consume(&s->line, line.len + 1);
    }
    if (base_buf_len(&s->line) > LINE_MAX_BYTES - sizeof s->bytes) {
        print_line(s, base_buf_slice(&s->line)); /* cut: too long */
        base_buf_clear(&s->line);
    }
}

static void on_read(struct loop_op *op, ssize_t result)
{
    struct stream *s = op->arg;
    if (result > 0) {
        base_buf_append(&s->line,
                        (struct base_slice){s->bytes, (size_t)result});
        print_lines(s);
        loop_read(loop, op, s->fd, ((struct iovec){s->bytes, sizeof s->bytes}),
                  on_read, s);
        return;
    }
    if (base_buf_len(&s->line) > 0)
        print_line(s, base_buf_slice(&s->line));
    base_buf_fini(&s->line);
    loop_close(loop, s->fd);
    one_less();
}

static void stream_start(struct stream *s, const char *name, int fd)
{
    s->name = name;
    s->fd = fd;
    base_buf_init(&s->line, LINE_MAX_BYTES);
    loop_read(loop, &s->op, fd, ((struct iovec){s->bytes, sizeof s->bytes}),
              on_read, s);
}

static void on_end(struct loop_child *child)
{
    (void)child;
    one_less();
}

int main(int argc, char **argv)
{
    struct base_options *options =
        base_options_new("Runs a program and shows what it says.\n"
                         "  try: run ls -l /",
                         "PROGRAM [ARGUMENT...]");
    const int first = base_options_start(options, argc, argv);
    base_options_free(options);
    int error = loop_new(&loop, NULL);
    struct loop_child child = {0};
    const struct loop_child_options how = {
        .argv = (const char *const *)argv + first,
        .stream = {LOOP_INHERIT, LOOP_PIPE, LOOP_PIPE},
    };
    if (error == 0 && first < argc)
        error = loop_child_start(loop, &child, &how, on_end, NULL);
    if (error != 0 || first == argc) {
        fprintf(stderr, "run: cannot run %s: %s\n  try:     run --help\n",
                first < argc ? argv[first] : "nothing",
                error != 0 ? strerror(-error) : "name a program");
        loop_free(loop);
        return 2;
    }
    static struct stream out, err;
    awaited = 3;
    stream_start(&out, "out", child.pipe[1]);
    stream_start(&err, "err", child.pipe[2]);
    loop_run(loop);
    loop_free(loop);
    if (child.status >= 0)
        printf("ended with status %d\n", child.status);
    else
        printf("ended by signal %d: %s\n", -child.status,
               strsignal(-child.status));
    return child.status == 0 ? 0 : 1;
}

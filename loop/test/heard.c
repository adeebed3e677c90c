/*
 * heard.c - see heard.h.
 */
#include "loop/test/heard.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LINES = 32 };

static char lines[LINES][256];
static int n_lines, n_taken;

static void keep(enum base_logger logger, enum base_level level,
                 const char *message, void *arg)
{
    (void)logger;
    (void)arg;
    if (level >= BASE_WARNING && n_lines < LINES)
        snprintf(lines[n_lines++], sizeof lines[0], "%s", message);
}

void heard_begin(void)
{
    struct base_log_config config = base_log_default;
    config.sink = keep;
    n_lines = n_taken = 0;
    assert_int_equal(base_log_open(&config), 0);
}

void heard_end(void)
{
    base_log_close();
    heard_nothing();
}

void heard_expect_at(const char *part, const char *file, int line)
{
    if (n_taken == n_lines) {
        print_error("nothing was said, but should be: %s\n", part);
        _fail(file, line);
    }
    const char *said = lines[n_taken++];
    if (strstr(said, part) != NULL)
        return;
    print_error("said:      %s\nshould be: %s\n", said, part);
    _fail(file, line);
}

void heard_nothing_at(const char *file, int line)
{
    if (n_taken == n_lines)
        return;
    print_error("said: %s\n", lines[n_taken]);
    _fail(file, line);
}

/* --- what ends the program ----------------------------------------------- */

static void child_main(const char *backend, void (*fn)(struct loop *loop),
                       int out)
{
    const struct rlimit none = {0, 0};
    const struct loop_options options = {.backend = backend};
    struct loop *loop;
    setrlimit(RLIMIT_CORE, &none);
    signal(SIGABRT, SIG_DFL); /* cmocka has a handler */
    base_log_close();
    dup2(out, STDERR_FILENO);
    if (loop_new(&loop, &options) == 0)
        fn(loop);
    _exit(0);
}

static void read_all(int fd, char *text, size_t size)
{
    size_t n = 0;
    ssize_t got;
    while (n < size - 1 && (got = read(fd, text + n, size - 1 - n)) > 0)
        n += (size_t)got;
    text[n] = '\0';
}

void heard_abort(const struct loop *like, void (*fn)(struct loop *loop),
                 const char *part)
{
    int ends[2], status = -1;
    char said[4096];
    assert_int_equal(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0)
        child_main(loop_backend(like), fn, ends[1]);
    close(ends[1]);
    read_all(ends[0], said, sizeof said);
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (strstr(said, part) == NULL)
        fail_msg("said: %s\nshould be: %s", said, part);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

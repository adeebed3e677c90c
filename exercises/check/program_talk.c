/*
 * program_talk.c - what a program says and is told: that it listens, its
 * output, its standard input.
 *
 * Read before: program.c. Read after: program_state.c.
 */
#include "program.h"

#include "check_internal.h"
#include "pump.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char listening[] = "listening on http://127.0.0.1:";

static bool listens(void *arg)
{
    struct program *p = arg;
    const char *line = p->said == NULL ? NULL : strstr(p->said, listening);
    if (line == NULL || strchr(line, '\n') == NULL)
        return false;
    p->port = atoi(line + sizeof listening - 1);
    return true;
}

/* Never NULL: why no client has reached the server. */
static const char *start_cause(struct program *p)
{
    if (program_has_ended(p))
        return "It ended before a client came, so no client is the cause. What "
               "it printed, and how it ended, tell which call of its start has "
               "failed.";
    if (p->port != 0)
        return check_text("It says that it listens at port %d, and there is no "
                          "listener. The line comes after listen, with the "
                          "port that the listener has: announce asks the "
                          "kernel for it. And the listener stays open.",
                          p->port);
    if (p->said_len == 0)
        return "A server begins with a listener, and says where it is: it has "
               "to print \"listening on http://127.0.0.1:PORT\" before it "
               "waits. announce does that, and flushes: what lies in the "
               "buffer of printf nobody sees.";
    return "What it printed is not \"listening on http://127.0.0.1:PORT\", "
           "letter by letter, in a line of its own; so no client knows where "
           "its listener is. announce prints that line.";
}

void program_blame_start(struct program *p)
{
    if (p->unreached)
        check_cause(start_cause(p),
                    "lessons/01-blocking/README.md, \"While a call blocks, the "
                    "process does nothing else\"");
}

static const char *given_words(struct program *p)
{
    if (p->jail.end == JAIL_NOEXEC)
        return "it was not built (make tells why it is left out)";
    program_hear(p);
    return p->said != NULL ? p->said : program_end_text(p);
}

struct program *server_start_named(enum build build, const char *name,
                                   const char *const *options)
{
    const char *all[32] = {"--port", "0"};
    for (int i = 0; i < 28 && options != NULL && options[i] != NULL; i++)
        all[i + 2] = options[i];
    struct program *p = program_start_named(build, name, all);
    static const char expected[] =
        "the server prints \"listening on http://127.0.0.1:PORT\"";
    p->unreached = !program_is_given(p);
    const bool came = program_wait_for(p, listens, p, -1, 0);
    if (!listens(p) && program_is_given(p)) /* not the student's fault */
        check_error("the kit's %s cannot start: %s", name, given_words(p));
    if (!came)
        program_hangs(p, expected);
    if (!listens(p))
        program_expect_runs(p, expected);
    if (p->port > 0 && p->port < 65536)
        return p;
    p->port = 0;
    program_blame_start(p);
    check_fail(expected, bytes_escape(p->said, p->said_len));
}

struct program *server_start(enum build build, const char *const *options)
{
    return server_start_named(build, setting.program, options);
}

int program_port(const struct program *p)
{
    return p->port;
}

pid_t program_pid(const struct program *p)
{
    return p->pid;
}

void program_type(struct program *p, const char *text)
{
    if (text == NULL) {
        close(p->input);
        p->input = -1;
        return;
    }
    static const char expected[] = "the program reads its standard input";
    const size_t len = strlen(text);
    story_add("type %s", bytes_escape(text, len));
    for (size_t done = 0; p->input != -1 && done < len;) {
        const ssize_t n = write(p->input, text + done, len - done);
        done += n > 0 ? (size_t)n : 0;
        if (n > 0)
            continue;
        program_expect_runs(p, expected);
        if (n == -1 && errno != EAGAIN)
            return; /* it has closed it, and goes on */
        if (!program_wait_for(p, NULL, NULL, p->input, POLLOUT))
            program_hangs(p, expected);
    }
}

const char *program_said(struct program *p)
{
    pump_now();
    return p->said == NULL ? "" : p->said;
}

struct said_wish {
    struct program *program;
    const char *text;
};

static bool has_said(void *arg)
{
    const struct said_wish *w = arg;
    const struct program *p = w->program;
    return p->said != NULL && strstr(p->said + p->heard, w->text) != NULL;
}

void program_expect_said(struct program *p, const char *text)
{
    struct said_wish wish = {p, text};
    char *expected =
        check_text("it prints %s", bytes_escape(text, strlen(text)));
    if (!program_wait_for(p, has_said, &wish, -1, 0))
        program_hangs(p, expected);
    program_hear(p);
    if (!has_said(&wish))
        program_expect_runs(p, expected);
    p->heard =
        (size_t)(strstr(p->said + p->heard, text) - p->said) + strlen(text);
}

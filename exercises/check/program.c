/*
 * program.c - the student's program under a check: started in its jail, heard,
 * stopped, and looked over when something fails.
 *
 * Read before: program.h, jail.h, pump.h. Read after: patience.c.
 */
#include "program.h"

#include "check_internal.h"
#include "crowd.h"
#include "pump.h"
#include "trace_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    PROGRAMS_MAX = 32, /* a check starts no more */
    OUTPUT_MAX = 1 << 20,
    OUTPUT_SHOWN = 2000, /* bytes of it in a message */
};

static struct program programs[PROGRAMS_MAX];
static int n_programs;

static const char *const folders[] = {
    [SANITIZED] = "sanitized", [PLAIN] = "plain",        [TRACED] = "plain",
    [GIVEN] = "given",         [GIVEN_TRACED] = "given",
};

/* --- start ---------------------------------------------------------------- */

/* Ends the jail. First nobody may wait for its descriptors any more: their
 * numbers will be those of others. */
static void leave(struct program *p)
{
    pump_remove(p->jail.gate);
    pump_remove(p->jail.output);
    jail_end(&p->jail);
}

static void on_output(int fd, void *arg)
{
    struct program *p = arg;
    char bytes[16384];
    const ssize_t n = read(fd, bytes, sizeof bytes);
    if (n == -1 && errno == EAGAIN)
        return; /* the program has taken it back */
    if (n <= 0) {
        pump_remove(fd);
        return;
    }
    if (p->said_len + (size_t)n > OUTPUT_MAX) {
        p->shouted = true; /* a flood: nobody reads it */
        leave(p);
        return;
    }
    p->said = base_realloc(p->said, p->said_len + (size_t)n + 1);
    memcpy(p->said + p->said_len, bytes, (size_t)n);
    p->said_len += (size_t)n;
    p->said[p->said_len] = '\0';
}

static void on_gate(int fd, void *arg)
{
    struct program *p = arg;
    if (jail_look(&p->jail) == 1)
        pump_remove(fd);
}

static const char *const *sanitizer_env(void)
{
    static char asan[200];
    static const char *env[] = {
        "PATH=/usr/bin:/bin", asan, "LSAN_OPTIONS=exitcode=99",
        "UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1:exitcode=99", NULL};
    snprintf(asan, sizeof asan,
             "ASAN_OPTIONS=exitcode=99:detect_leaks=1:allocator_may_return_"
             "null=0:detect_stack_use_after_return=%d:hard_rss_limit_mb=%d",
             !setting.own_stacks, setting.limits.memory_mb);
    return env;
}

static struct jail_options options_for(enum build build, int input)
{
    struct jail_options o = {
        .tier = (enum jail_tier)setting.tier,
        .warden = setting.warden,
        .work = check_text("%s/%s", setting.work, folders[build]),
        .input = input,
        .limits = setting.limits,
    };
    if (build == SANITIZED) {
        o.env = sanitizer_env();
        o.limits.sanitized = true;
        o.limits.memory_mb *= 3; /* shadow and quarantine */
        if (o.limits.processes > 0)
            o.limits.processes++; /* who looks for leaks in the end */
    }
    return o;
}

static void tell_start(const char *name, const char *const *options)
{
    char *line = check_text("start: %s", name);
    for (; options != NULL && *options != NULL; options++)
        line = check_text("%s %s", line, *options);
    story_add("%s", line);
}

struct program *program_start_named(enum build build, const char *name,
                                    const char *const *options)
{
    if (n_programs == PROGRAMS_MAX)
        check_error("a check may start %d programs", PROGRAMS_MAX);
    struct program *p = &programs[n_programs++];
    *p = (struct program){.name = name, .build = build, .input = -1};
    int input[2];
    if (pipe2(input, O_CLOEXEC) == -1 ||
        fcntl(input[1], F_SETFL, O_NONBLOCK) == -1)
        check_error("no pipe: %s", strerror(errno));
    const struct jail_options o = options_for(build, input[0]);
    const char *argv[32] = {base_strdup(jail_path(&o, name))};
    for (int i = 0; i < 30 && options != NULL && options[i] != NULL; i++)
        argv[i + 1] = options[i];
    tell_start(name, options);
    const int error = jail_start(&p->jail, &o, argv);
    close(input[0]);
    p->input = input[1];
    if (error < 0)
        check_error("cannot start %s in its jail (%s): %s", name,
                    jail_tier_name(o.tier), strerror(-error));
    p->pid = p->jail.pid;
    pump_add(p->jail.output, on_output, p);
    pump_add(p->jail.gate, on_gate, p);
    if (program_is_traced(p) && trace_attach(p->pid) < 0)
        check_error("cannot trace %s: %s", name, strerror(errno));
    jail_go(&p->jail);
    return p;
}

struct program *program_start(enum build build, const char *const *options)
{
    return program_start_named(build, setting.program, options);
}

struct program *program_nth(int i)
{
    return i < n_programs ? &programs[i] : NULL;
}

bool program_has_ended(void *program)
{
    const struct program *p = program;
    return p->shouted || p->jail.end != JAIL_RUNS;
}

bool program_is_given(const struct program *p)
{
    return p->build == GIVEN || p->build == GIVEN_TRACED;
}

bool program_is_traced(const struct program *p)
{
    return p->build == TRACED || p->build == GIVEN_TRACED;
}

static bool is_silent(void *arg)
{
    const struct program *p = arg;
    struct pollfd fd = {.fd = p->jail.output, .events = POLLIN};
    return p->jail.output == -1 || poll(&fd, 1, 0) == 0 ||
           (fd.revents & POLLIN) == 0;
}

void program_hear(struct program *p)
{
    pump_until(is_silent, p, -1, 0, pump_clock_ns() + SECOND_NS);
}

/* --- the end -------------------------------------------------------------- */

char *status_text(int status)
{
    if (WIFSIGNALED(status))
        return check_text("it was ended by signal %d (%s)", WTERMSIG(status),
                          strsignal(WTERMSIG(status)));
    return check_text("it exited with status %d", WEXITSTATUS(status));
}

char *program_end_text(const struct program *p)
{
    const struct jail_limits *l = &setting.limits;
    if (p->shouted)
        return check_text("it printed more than %d KiB, and was ended",
                          OUTPUT_MAX >> 10);
    switch (p->jail.end) {
    case JAIL_MEMORY:
        return check_text("it used more than %d MiB of memory, and was ended",
                          l->memory_mb);
    case JAIL_CPU:
        return check_text("it used more than %d s of processor time, and was "
                          "ended",
                          l->cpu_s);
    case JAIL_WALL:
        return check_text("it ran for more than %d s, and was ended",
                          l->wall_s);
    case JAIL_NOEXEC:
        return check_text("it cannot be executed: %s",
                          strerror(p->jail.status));
    case JAIL_LOST:
        check_error("the warden of %s has gone", p->name);
    default:
        return status_text(p->jail.status);
    }
}

/* Fails with what a sanitizer has to say, if it has. */
static void expect_clean(struct program *p)
{
    const char *where;
    char *report = sanitizer_report(program_said(p), &where);
    if (report == NULL)
        return;
    check_cause(sanitizer_cause(report), NULL);
    check_fail("a program without memory errors, leaks or undefined behaviour",
               where == NULL
                   ? "the sanitizers report a fault"
                   : check_text("the sanitizers report a fault at %s", where));
}

/*
 * True from the moment at which its exit begins: only then does the kernel
 * close its connections, so a client may hear of it before the warden does.
 */
static bool is_ending(const struct program *p)
{
    struct crowd_stat s;
    return !crowd_stat(p->pid, 0, &s) || s.exits;
}

void program_expect_runs(struct program *p, const char *expected)
{
    pump_now();
    if (!program_has_ended(p) && is_ending(p))
        program_wait_for(p, program_has_ended, p, -1, 0);
    if (!program_has_ended(p)) {
        expect_clean(p); /* of a child, perhaps */
        return;
    }
    pump_until(NULL, NULL, -1, 0, pump_clock_ns() + SECOND_NS / 20);
    expect_clean(p);
    program_blame_start(p);
    check_fail(expected,
               check_text("%s has ended: %s", p->name, program_end_text(p)));
}

void program_expect_alive(struct program *p)
{
    program_expect_runs(p, "the program goes on");
}

int program_wait(struct program *p)
{
    if (!program_wait_for(p, program_has_ended, p, -1, 0))
        program_hangs(p, check_text("%s ends", p->name));
    program_hear(p);
    expect_clean(p);
    if (p->shouted || p->jail.end != JAIL_EXITED)
        check_fail(check_text("%s ends by itself", p->name),
                   program_end_text(p));
    return p->jail.status;
}

void program_expect_exit(struct program *p, int status)
{
    const int s = program_wait(p);
    if (!WIFEXITED(s) || WEXITSTATUS(s) != status)
        check_fail(check_text("%s exits with status %d", p->name, status),
                   status_text(s));
}

void program_stop(struct program *p)
{
    program_expect_runs(p, check_text("%s runs until SIGTERM", p->name));
    story_add("SIGTERM");
    kill(p->pid, SIGTERM);
    const int status = program_wait(p);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        check_fail("on SIGTERM it cleans up and exits with status 0",
                   status_text(status));
    check_equal("processes left when it has ended", 0, p->jail.left);
    leave(p);
}

void check_fresh_network(void)
{
    const int error = jail_fresh_network((enum jail_tier)setting.tier);
    if (error < 0)
        check_error("no network of its own: %s", strerror(-error));
}

/* --- too long ------------------------------------------------------------- */

static int limit_s;

static void on_limit(void)
{
    for (int i = 0; i < n_programs; i++)
        if (!program_is_given(&programs[i]) && !program_has_ended(&programs[i]))
            check_fail(
                check_text("the check is over within %d s", limit_s),
                check_text("the check took longer than %d s, and %s still runs",
                           limit_s, programs[i].name));
}

void check_limit(int seconds)
{
    limit_s = seconds;
    pump_limit(pump_clock_ns() + seconds * SECOND_NS, on_limit);
}

/* --- for the message of a failure ----------------------------------------- */

/* The last line of a hang is where to read; if the message says so, once is
 * enough. */
static void cut_section(struct finding *f)
{
    static const char read[] = "\nread: ";
    char *line = f->hang != NULL ? strstr(f->hang, read) : NULL;
    if (line != NULL && f->section != NULL &&
        strcmp(line + strlen(read), f->section) == 0)
        *line = '\0';
}

void program_evidence(struct finding *f)
{
    if (n_programs == 0)
        return;
    struct program *p = &programs[n_programs - 1];
    const char *said = program_said(p);
    const char *where;
    f->sanitizer = sanitizer_report(said, &where);
    if (f->sanitizer == NULL && p->said_len > 0) {
        const size_t cut =
            p->said_len > OUTPUT_SHOWN ? p->said_len - OUTPUT_SHOWN : 0;
        f->output = base_strdup(said + cut);
    }
    f->hang = p->evidence_of_hang;
    cut_section(f);
}

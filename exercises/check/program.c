/*
 * program.c - the student's program under a check: started in its jail, heard,
 * waited for with patience, stopped, and looked over when something fails.
 *
 * Read before: check.h, jail.h, pump.h. Read after: peer.c.
 */
#include "program.h"

#include "check_internal.h"
#include "crowd.h"
#include "hang.h"
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
    SPIN_SECONDS = 2,    /* of processor time, with nothing to show for it */
    SLICE_NS = 100000000,
};

static const int64_t second_ns = 1000000000;
static struct program programs[PROGRAMS_MAX];
static int n_programs;

static const char *const folders[] = {
    [SANITIZED] = "sanitized", [PLAIN] = "plain",        [TRACED] = "plain",
    [GIVEN] = "given",         [GIVEN_TRACED] = "given",
};

/* --- start
 * ------------------------------------------------------------------------ */

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
    if ((build == TRACED || build == GIVEN_TRACED) && trace_attach(p->pid) < 0)
        check_error("cannot trace %s: %s", name, strerror(errno));
    jail_go(&p->jail);
    return p;
}

struct program *program_start(enum build build, const char *const *options)
{
    return program_start_named(build, setting.program, options);
}

/* --- patience
 * ------------------------------------------------------------------- */

static bool has_ended(void *program)
{
    const struct program *p = program;
    return p->shouted || p->jail.end != JAIL_RUNS;
}

struct wish {
    struct program *program;
    bool (*done)(void *arg);
    void *arg;
};

static bool done_or_ended(void *arg)
{
    const struct wish *w = arg;
    return (w->done != NULL && w->done(w->arg)) || has_ended(w->program);
}

int64_t program_cpu_ns(const struct program *p)
{
    return crowd_look(p->jail.warden, false).cpu_ns;
}

/* What is seen of all programs of the check while one is waited for. */
struct patience {
    int64_t first_cpu_ns, cpu_ns;
    int64_t begin_ns, asleep_since_ns; /* 0: not asleep */
    int slices, slices_asleep;
};

/* The kit's own: one that spins does so for the exercise's sake. */
static bool is_given(const struct program *p)
{
    return p->build == GIVEN || p->build == GIVEN_TRACED;
}

static bool is_traced(const struct program *p)
{
    return p->build == TRACED || p->build == GIVEN_TRACED;
}

/* Processor time of all whose fault it would be. */
static int64_t all_cpu_ns(void)
{
    int64_t sum = 0;
    for (int i = 0; i < n_programs; i++)
        if (!is_given(&programs[i]))
            sum += program_cpu_ns(&programs[i]);
    return sum;
}

static bool all_asleep(void)
{
    for (int i = 0; i < n_programs; i++) {
        const struct program *p = &programs[i];
        if (crowd_awake(p->jail.warden, false) > 0 &&
            !(is_given(p) && program_cpu_ns(p) > SPIN_SECONDS * second_ns))
            return false;
    }
    return peers_delivered();
}

static struct patience patience_begin(void)
{
    const int64_t cpu_ns = all_cpu_ns();
    return (struct patience){
        .first_cpu_ns = cpu_ns, .cpu_ns = cpu_ns, .begin_ns = pump_clock_ns()};
}

/*
 * A slice of time has passed in vain: can what is waited for still come true?
 * Whoever sleeps, with all that was sent to it delivered, will not be woken any
 * more. Whoever runs on and on spins. Whoever naps, a bit at a time, gets ten
 * times as long. But whoever would like to run and may not, because the machine
 * is busy, is not at fault.
 */
static bool patience_lost(struct patience *p)
{
    const int64_t now = pump_clock_ns(), cpu_ns = all_cpu_ns();
    const bool asleep = all_asleep();
    p->slices++;
    p->slices_asleep += asleep;
    if (!asleep || cpu_ns != p->cpu_ns)
        p->asleep_since_ns = 0;
    else if (p->asleep_since_ns == 0)
        p->asleep_since_ns = now;
    p->cpu_ns = cpu_ns;
    const int64_t patience_ns = setting.patience_s * second_ns;
    if (p->asleep_since_ns != 0 && now - p->asleep_since_ns >= patience_ns)
        return true;
    if (cpu_ns - p->first_cpu_ns >= SPIN_SECONDS * second_ns)
        return true;
    const bool mostly_asleep = p->slices_asleep * 2 > p->slices;
    return now - p->begin_ns >= (mostly_asleep ? 10 : 120) * patience_ns;
}

bool program_wait_for(struct program *p, bool (*done)(void *arg), void *arg,
                      int fd, short events)
{
    struct wish wish = {p, done, arg};
    struct patience patience = patience_begin();
    do {
        if (pump_until(done_or_ended, &wish, fd, events,
                       pump_clock_ns() + SLICE_NS) == 1)
            return true;
    } while (!patience_lost(&patience));
    return false;
}

static bool spins_rightly;

void program_may_spin(void)
{
    spins_rightly = true;
}

/*
 * What a hang's advice says helps nobody if it is not yet taught, or if it is
 * against what the exercise asks for.
 */
static bool is_good_advice(const struct hang *h)
{
    int lesson = 0;
    if (h->kind == HANG_SPINS && spins_rightly)
        return false;
    return h->section == NULL ||
           (sscanf(h->section, "lessons/%d", &lesson) == 1 &&
            lesson <= atoi(setting.exercise));
}

/* The advice is what stands at the margin again, behind the first line. */
static void cut_advice(char *text)
{
    for (char *line = strchr(text, '\n'); line != NULL;
         line = strchr(line + 1, '\n'))
        if (line[1] != ' ') {
            *line = '\0';
            return;
        }
}

noreturn void program_hangs(struct program *p, const char *expected)
{
    struct hang h = {.text = NULL};
    p->evidence_of_hang = hang_explain(p->pid, NULL, &h) == 0 ? h.text : NULL;
    if (is_good_advice(&h))
        check_cause(NULL, h.section);
    else if (h.text != NULL)
        cut_advice(h.text);
    if (h.kind != HANG_SPINS)
        check_fail(expected, "nothing; the program waits, and nothing will "
                             "wake it");
    check_fail(expected, spins_rightly
                             ? "nothing, however often it asks"
                             : "nothing; the program keeps the processor busy");
}

/* --- the end
 * ---------------------------------------------------------------------- */

char *status_text(int status)
{
    if (WIFSIGNALED(status))
        return check_text("it was ended by signal %d (%s)", WTERMSIG(status),
                          strsignal(WTERMSIG(status)));
    return check_text("it exited with status %d", WEXITSTATUS(status));
}

static char *end_text(const struct program *p)
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
    enum { EXITING = 4 }; /* PF_EXITING of the kernel, see proc(5), stat */
    char path[64], stat[1024] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", p->pid);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return true;
    const bool read_it = fread(stat, 1, sizeof stat - 1, file) > 0;
    fclose(file);
    const char *rest = strrchr(stat, ')');
    unsigned flags = 0;
    return !read_it || rest == NULL ||
           sscanf(rest + 1, " %*c %*d %*d %*d %*d %*d %u", &flags) != 1 ||
           (flags & EXITING) != 0;
}

void program_expect_runs(struct program *p, const char *expected)
{
    pump_now();
    if (!has_ended(p) && is_ending(p))
        program_wait_for(p, has_ended, p, -1, 0);
    if (!has_ended(p)) {
        expect_clean(p); /* of a child, perhaps */
        return;
    }
    pump_until(NULL, NULL, -1, 0, pump_clock_ns() + second_ns / 20);
    expect_clean(p);
    check_fail(expected, check_text("%s has ended: %s", p->name, end_text(p)));
}

void program_expect_alive(struct program *p)
{
    program_expect_runs(p, "the program goes on");
}

/* The last of its output is read before it is looked at. */
static bool is_silent(void *arg)
{
    const struct program *p = arg;
    struct pollfd fd = {.fd = p->jail.output, .events = POLLIN};
    return p->jail.output == -1 || poll(&fd, 1, 0) == 0 ||
           (fd.revents & POLLIN) == 0;
}

int program_wait(struct program *p)
{
    if (!program_wait_for(p, has_ended, p, -1, 0))
        program_hangs(p, check_text("%s ends", p->name));
    pump_until(is_silent, p, -1, 0, pump_clock_ns() + second_ns);
    expect_clean(p);
    if (p->shouted || p->jail.end != JAIL_EXITED)
        check_fail(check_text("%s ends by itself", p->name), end_text(p));
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

/* --- servers, words, numbers
 * ------------------------------------------------------- */

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

static const char *given_words(struct program *p)
{
    if (p->jail.end == JAIL_NOEXEC)
        return "it was not built (make tells why it is left out)";
    pump_until(is_silent, p, -1, 0, pump_clock_ns() + second_ns);
    return p->said != NULL ? p->said : end_text(p);
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
    if (!program_wait_for(p, listens, p, -1, 0))
        program_hangs(p, expected);
    if (!listens(p) && is_given(p)) /* which is not the student's fault */
        check_error("the kit's %s cannot start: %s", name, given_words(p));
    if (!listens(p))
        program_expect_runs(p, expected);
    check_that(p->port > 0 && p->port < 65536, expected,
               bytes_escape(p->said, p->said_len));
    return p;
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
    pump_until(is_silent, p, -1, 0, pump_clock_ns() + second_ns);
    if (!has_said(&wish))
        program_expect_runs(p, expected);
    p->heard =
        (size_t)(strstr(p->said + p->heard, text) - p->said) + strlen(text);
}

int program_descriptors(const struct program *p)
{
    return crowd_descriptors(p->jail.warden, false);
}

int program_threads(const struct program *p)
{
    return crowd_look(p->jail.warden, false).threads;
}

int program_processes(const struct program *p)
{
    const struct crowd c = crowd_look(p->jail.warden, false);
    return c.processes + c.zombies;
}

int program_zombies(const struct program *p)
{
    return crowd_look(p->jail.warden, false).zombies;
}

/* --- rest
 * ------------------------------------------------------------------------- */

struct rest {
    struct program *program;
    int64_t cpu_before_ns;
    bool busy;
};

static bool rests(void *arg)
{
    struct rest *r = arg;
    if (!peers_delivered())
        return false;
    if (crowd_awake(r->program->jail.warden, false) == 0)
        return true;
    r->busy = program_cpu_ns(r->program) - r->cpu_before_ns > second_ns;
    return r->busy;
}

void program_rest(struct program *p)
{
    struct rest rest = {p, program_cpu_ns(p), false};
    if (!program_wait_for(p, rests, &rest, -1, 0))
        program_hangs(p, "the program comes to rest");
    program_expect_runs(p, "the program goes on");
    if (!rest.busy)
        return;
    check_cause("A loop that has nothing to do must sleep in its waiting call. "
                "This one goes round and round: perhaps it waits for a socket "
                "to be writable although it has nothing to write, or it does "
                "not take what has made it wake.",
                NULL);
    program_hangs(p, "with nothing to do, the program sleeps");
}

/* True if it stands: by the signal, or before its tracer. */
static bool stands(void *arg)
{
    const struct program *p = arg;
    char path[64], stat[512] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", p->pid);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return true; /* it has ended */
    (void)!fread(stat, 1, sizeof stat - 1, file);
    fclose(file);
    const char *state = strrchr(stat, ')');
    return state != NULL && strchr("TtZX", state[2]) != NULL;
}

void program_pause(struct program *p)
{
    story_add("the program is stopped for a while (SIGSTOP)");
    kill(p->pid, SIGSTOP);
    crowd_kill(p->jail.warden, SIGSTOP);
    /* A signal takes effect a moment after kill. */
    if (!is_traced(p))
        program_rest(p);
    else if (!program_wait_for(p, stands, p, -1, 0))
        program_hangs(p, "the program is stopped");
}

void program_resume(struct program *p)
{
    story_add("the program goes on (SIGCONT)");
    crowd_kill(p->jail.warden, SIGCONT);
}

/* --- for the message of a failure
 * --------------------------------------------------- */

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
}

/*
 * run.c - see run.h.
 *
 * Read before: run.h, build.c, ../check/main.c. Read after: command_check.c.
 */
#include "run.h"

#include "build.h"
#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    REPORT = 3, /* descriptor of the check program */
    RECORDS_MAX = 16 << 20,
    LIMIT_MS = 20 * 60 * 1000, /* for all checks of one submission */
};

const char *run_build_folder(void)
{
    const char *build = getenv("KIT_BUILD");
    return build != NULL && build[0] != '\0' ? build : "build";
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

uint64_t run_seed(const char *student, const char *exercise)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (const char *c = student; *c != '\0'; c++)
        hash = (hash ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
    for (const char *c = exercise; *c != '\0'; c++)
        hash = (hash ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
    return hash >> 33; /* short enough to be typed */
}

/* --- the work folder ------------------------------------------------------ */

static int copy_files(const struct exercise *e, const char *from,
                      const char *work, struct base_arena *arena)
{
    const char *src = base_arena_printf(arena, "%s/src", work);
    int error = scratch_mkdir(src);
    for (int i = 0; e->files[i] != NULL && error == 0; i++)
        error =
            scratch_copy(base_arena_printf(arena, "%s/%s", from, e->files[i]),
                         base_arena_printf(arena, "%s/%s", src, e->files[i]));
    return error;
}

/* "given/good.c" is called good, "lessons/05-epoll/server" 05-epoll-server. */
static const char *given_name(const char *path, struct base_arena *arena)
{
    const struct base_slice lessons = base_slice_of("lessons/");
    struct base_slice rest = base_slice_of(path);
    if (!base_slice_starts(rest, lessons)) {
        const char *last = strrchr(path, '/');
        return last != NULL ? last + 1 : path;
    }
    char *name = base_arena_strdup(arena, base_slice_skip(rest, lessons.len));
    for (char *c = name; *c != '\0'; c++)
        if (*c == '/')
            *c = '-';
    return name;
}

static int copy_one_given(const struct exercise *e, const char *path,
                          bool hidden, const char *to, struct base_arena *arena)
{
    const char *const places[] = {
        base_arena_printf(arena, "%s/%s/%s", run_build_folder(), e->dir, path),
        base_arena_printf(arena, "%s/solutions/%s/%s", run_build_folder(),
                          e->name, path),
        base_arena_printf(arena, "%s/%s", run_build_folder(), path)};
    int error = -ENOENT;
    for (int k = 0; k < 3 && error == -ENOENT; k++)
        if (k != 1 || hidden)
            error = scratch_copy(places[k], to);
    return error;
}

static int copy_given(const struct exercise *e, bool hidden, const char *work,
                      struct base_arena *arena)
{
    const char *into = base_arena_printf(arena, "%s/given", work);
    int error = e->given[0] != NULL ? scratch_mkdir(into) : 0;
    for (int i = 0; e->given[i] != NULL && error == 0; i++) {
        struct base_slice name = base_slice_of(e->given[i]);
        const bool own = base_slice_ends(name, base_slice_of(".c"));
        if (own)
            name.len -= 2;
        const char *path = base_arena_strdup(arena, name);
        const char *to =
            base_arena_printf(arena, "%s/%s", into, given_name(path, arena));
        error = copy_one_given(e, path, hidden, to, arena);
        /* Of the instructor's own programs students have none; and a lesson's
         * may be left out, which the check then tells. */
        if (error == -ENOENT && !(hidden && own))
            error = 0;
    }
    return error;
}

/* --- the check program ---------------------------------------------------- */

/* The child: becomes the check program, with the socket as descriptor 3. */
static void be_checks(const char *const *argv, int report)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0);
    const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    const int at = fcntl(report, F_DUPFD_CLOEXEC, 16);
    dup2(null, 0);
    dup2(null, 1);
    if (dup2(at, REPORT) == -1 || close_range(REPORT + 1, ~0U, 0) == -1)
        _exit(126);
    execv(argv[0], (char *const *)argv);
    _exit(127);
}

/* Everything that a run of the checks needs, and what comes of it. */
struct session {
    const struct exercise *e;
    const struct run_options *o;
    struct submission *s;
    struct base_arena *arena;
    uint64_t nonce;
    size_t heard; /* findings */
};

static struct mark *mark_named(struct submission *s, const char *name)
{
    for (size_t i = 0; i < s->n_marks; i++)
        if (strcmp(s->marks[i].finding.check, name) == 0)
            return &s->marks[i];
    return NULL;
}

static void take_finding(struct session *session, const struct finding *f)
{
    struct mark *m = mark_named(session->s, f->check);
    if (m == NULL || m->finding.outcome != OUTCOME_NONE)
        return; /* not in exercise.ini, or told twice: earns nothing */
    m->finding = *f;
    m->points = m->max * finding_share(f);
    session->heard++;
    if (session->o->on_check != NULL)
        session->o->on_check(m, session->o->arg);
}

/* Takes what whole records there are; false if it is no record. */
static bool take_records(struct session *session, struct base_buf *b)
{
    for (;;) {
        struct base_slice rest = base_buf_slice(b);
        const size_t before = rest.len;
        struct finding f;
        const int n = finding_read(&rest, session->nonce, &f, session->arena);
        if (n <= 0)
            return n == 0;
        base_buf_consume(b, before - rest.len);
        take_finding(session, &f);
    }
}

static int hear(struct session *session, int fd)
{
    const int64_t limit_ms = session->o->limit_ms;
    const int64_t deadline_ms = now_ms() + (limit_ms > 0 ? limit_ms : LIMIT_MS);
    struct base_buf b;
    base_buf_init(&b, RECORDS_MAX);
    int error = 0;
    for (bool open = true; open && error == 0;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        const int64_t left = deadline_ms - now_ms();
        char *room = base_buf_reserve(&b, 65536);
        if (left <= 0 || poll(&p, 1, (int)left) == 0)
            error = -ETIMEDOUT;
        else if (room == NULL)
            error = -ENOBUFS;
        else {
            const ssize_t n = read(fd, room, 65536);
            open = n > 0;
            base_buf_commit(&b, n > 0 ? (size_t)n : 0);
            if (!take_records(session, &b))
                error = -EPROTO;
        }
    }
    base_buf_fini(&b);
    return error;
}

static const char *number(struct base_arena *arena, int64_t n)
{
    return base_arena_printf(arena, "%lld", (long long)n);
}

enum { ARGUMENTS_MAX = 40 };

/* What the check program is started with, into argv. */
static void checks_argv(const struct session *session, const char *work,
                        const char *argv[ARGUMENTS_MAX])
{
    const struct exercise *e = session->e;
    const struct run_options *o = session->o;
    struct base_arena *a = session->arena;
    const struct jail_limits *l = &e->limits;
    const bool hidden = o->hidden && exercise_has_hidden(e);
    /* Without a user of its own, the limit would count all processes of
     * whoever runs the grader. */
    const int processes = o->tier == JAIL_LIMITS ? 0 : l->processes;
    const char *const all[] = {
        base_arena_printf(a, "%s/%s/%s/checks", run_build_folder(),
                          hidden ? "solutions" : "exercises", e->name),
        "--exercise",
        e->name,
        "--dir",
        e->dir,
        "--work",
        work,
        "--program",
        e->program != NULL ? e->program : "",
        e->own_stacks != 0 ? "--own-stacks=yes" : "--own-stacks=no",
        "--answers",
        base_arena_printf(a, "%s/src/%s", work, e->files[0]),
        "--warden",
        o->scratch->warden,
        "--tier",
        number(a, o->tier),
        "--seed",
        number(a, (int64_t)session->s->seed),
        "--patience",
        number(a, e->patience_s),
        "--cpu",
        number(a, l->cpu_s),
        "--wall",
        number(a, l->wall_s),
        "--memory",
        number(a, l->memory_mb),
        "--processes",
        number(a, processes),
        "--files",
        number(a, l->files),
        "--file-mb",
        number(a, l->file_mb),
        "--only",
        o->only != NULL ? o->only : "",
        NULL};
    memcpy(argv, all, sizeof all);
}

static int run_checks(struct session *session, const char *work)
{
    const char *argv[ARGUMENTS_MAX];
    checks_argv(session, work, argv);
    int ends[2];
    if (access(argv[0], X_OK) == -1 ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == -1)
        return -errno;
    const pid_t child = fork();
    if (child == 0)
        be_checks(argv, ends[1]);
    close(ends[1]);
    int error = child == -1 ? -errno : 0;
    if (error == 0 && send(ends[0], &session->nonce, sizeof session->nonce,
                           MSG_NOSIGNAL) != sizeof session->nonce)
        error = -EPIPE;
    if (error == 0)
        error = hear(session, ends[0]);
    close(ends[0]);
    if (child > 0) {
        if (error != 0)
            kill(-child, SIGKILL);
        while (waitpid(child, NULL, 0) == -1 && errno == EINTR)
            ;
    }
    return error;
}

/* --- a submission --------------------------------------------------------- */

static uint64_t seed_of(const struct exercise *e, const struct run_options *o,
                        const char *student)
{
    return o->has_seed ? o->seed : run_seed(student, e->name);
}

/* All checks of the exercise, as if none had been heard of. */
static void begin(const struct exercise *e, const struct run_options *o,
                  struct submission *s, struct base_arena *arena)
{
    s->exercise = e->name;
    s->title = e->title;
    s->seed = seed_of(e, o, s->student);
    s->protection = jail_tier_name(o->tier);
    s->missing = jail_missing(o->tier);
    s->marks = base_arena_alloc(arena, e->n_checks * sizeof *s->marks);
    s->n_marks = 0;
    for (size_t i = 0; i < e->n_checks; i++) {
        const struct exercise_check *check = &e->checks[i];
        if (check->hidden && !o->hidden)
            continue;
        s->marks[s->n_marks++] = (struct mark){
            .finding = {.check = (char *)check->name,
                        .title = (char *)check->name},
            .hidden = check->hidden,
            .max = check->points,
        };
    }
}

/* With `only`, of the others nothing was to be heard. */
static void drop_unheard(struct submission *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n_marks; i++)
        if (s->marks[i].finding.outcome != OUTCOME_NONE)
            s->marks[n++] = s->marks[i];
    s->n_marks = n;
}

/* A check that should have been heard of and was not: an error, no pass. */
static bool is_complete(const struct session *session)
{
    const char *only = session->o->only;
    if (only == NULL)
        return session->heard == session->s->n_marks;
    const struct mark *m = mark_named(session->s, only);
    return m != NULL && m->finding.outcome != OUTCOME_NONE;
}

/*
 * The time of all checks is over: what was heard counts. Where the program has
 * made a check fail by being slow, it is why the others were not made, and to
 * grade again would end no better; else they could not be made this time.
 */
static void close_late(struct session *session)
{
    bool slow = false;
    for (size_t i = 0; i < session->s->n_marks; i++) {
        const struct finding *f = &session->s->marks[i].finding;
        slow = slow || (f->outcome == OUTCOME_FAILED &&
                        f->ms >= FINDING_SECONDS_MAX * INT64_C(1000));
    }
    const char *only = session->o->only;
    for (size_t i = 0; i < session->s->n_marks; i++) {
        struct finding *f = &session->s->marks[i].finding;
        if (f->outcome != OUTCOME_NONE ||
            (only != NULL && strcmp(only, f->check) != 0))
            continue;
        f->outcome = slow ? OUTCOME_SKIPPED : OUTCOME_ERROR;
        f->came = base_arena_printf(session->arena,
                                    "the time for all checks was over");
    }
}

static int fail(struct submission *s, struct base_arena *arena, int error,
                const char *what)
{
    s->state = SUBMISSION_ERROR;
    s->reason = base_arena_printf(arena, "%s: %s", what, strerror(-error));
    return error;
}

static int grade(const struct exercise *e, const char *from,
                 const struct run_options *o, const char *work,
                 const struct scratch *scratch, struct submission *s,
                 struct base_arena *arena)
{
    int error = copy_files(e, from, work, arena);
    if (error != 0)
        return fail(s, arena, error, "the files cannot be copied");
    const struct build_options build = {.tier = o->tier,
                                        .warden = scratch->warden,
                                        .kit = scratch->kit,
                                        .work = work};
    const char *words;
    error = build_submission(e, &build, arena, &words);
    if (error == -ENOEXEC) {
        s->state = SUBMISSION_BROKEN;
        s->reason = words;
        return 0;
    }
    if (error != 0)
        return fail(s, arena, error, "the compiler cannot be run");
    s->compiler = words[0] != '\0' ? words : NULL;
    error = copy_given(e, o->hidden, work, arena);
    if (error != 0)
        return fail(s, arena, error, "the kit's programs cannot be copied");
    struct session session = {e, o, s, arena, 0, 0};
    if (getrandom(&session.nonce, sizeof session.nonce, 0) !=
        sizeof session.nonce)
        return fail(s, arena, -EIO, "no random number");
    error = run_checks(&session, work);
    if (error == -ETIMEDOUT) {
        close_late(&session);
        error = 0;
    } else if (error == 0 && !is_complete(&session)) {
        error = -EPROTO;
    }
    if (error != 0)
        return fail(s, arena, error, "the checks have not come to an end");
    if (o->only != NULL)
        drop_unheard(s);
    return 0;
}

int run_submission(const struct exercise *e, const char *from,
                   const struct run_options *o, struct submission *s,
                   struct base_arena *arena)
{
    const int64_t begin_ms = now_ms();
    begin(e, o, s, arena);
    char *work = scratch_folder(o->scratch);
    if (work == NULL)
        return fail(s, arena, -errno, "no folder to work in");
    const int error = grade(e, from, o, work, o->scratch, s, arena);
    scratch_remove(work);
    free(work);
    submission_sum(s);
    s->ms = now_ms() - begin_ms;
    return error;
}

/* --- the questions -------------------------------------------------------- */

static int ask(struct session *session, const char *work)
{
    const char *argv[ARGUMENTS_MAX];
    checks_argv(session, work, argv);
    size_t n = 0;
    while (argv[n] != NULL)
        n++;
    argv[n++] = "--ask";
    argv[n] = NULL;
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execv(argv[0], (char *const *)argv);
        _exit(127);
    }
    int status;
    while (child > 0 && waitpid(child, &status, 0) == -1 && errno == EINTR)
        ;
    if (child == -1)
        return -errno;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}

int run_ask(const struct exercise *e, const struct run_options *o,
            const char *student, struct base_arena *arena)
{
    struct submission s = {.student = student, .seed = seed_of(e, o, student)};
    struct session session = {.e = e, .o = o, .s = &s, .arena = arena};
    char *work = scratch_folder(o->scratch);
    if (work == NULL)
        return -errno;
    int error = copy_given(e, o->hidden, work, arena);
    if (error == 0)
        error = ask(&session, work);
    scratch_remove(work);
    free(work);
    return error;
}

/*
 * claim.c - see claim.h. Four parts: the runner, numbers, programs, the cost
 * of a turn.
 *
 * A turn is measured in one process and without a network, so that only the
 * waiting differs. SIMPLIFIED: nobody sleeps, for something is always ready; a
 * sleep and the wake-up after it cost the same in all three ways.
 */
#include "claim.h"

#include "common.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* --- the runner ----------------------------------------------------------- */

enum { WIDTH = 78, INDENT = 5, CLAIMS_MAX = 32 };

/* What the command line asks for. */
struct request {
    bool any;                /* some are chosen; else all are */
    bool chosen[CLAIMS_MAX]; /* by place in the table */
    FILE *tsv;
    int done, total; /* of --quiet; total 0: not quiet */
};

static noreturn void help(const char *lesson)
{
    printf("usage: claims [OPTION...] [ID...]\n"
           "Checks on this machine what the course claims in %s.\n\n"
           "  claims                all of the lesson's claims\n"
           "  claims --list         what they are\n"
           "  claims --tsv FILE ID  one, and its result appended to FILE\n\n"
           "  --list                list the claims and exit\n"
           "  --tsv FILE            append the results to FILE\n"
           "  --quiet DONE/TOTAL    one line a claim, counted from DONE\n"
           "  --help                print this and exit\n",
           lesson);
    exit(0);
}

static noreturn void list(const struct claim *claims)
{
    for (; claims->id != NULL; claims++)
        printf("%s  %s\n", claims->id, claims->sentence);
    exit(0);
}

static void choose(struct request *request, const struct claim *claims,
                   const char *id)
{
    for (int i = 0; claims[i].id != NULL; i++) {
        if (strcasecmp(claims[i].id, id) == 0) {
            request->any = request->chosen[i] = true;
            return;
        }
    }
    die(0, "--list, which lists them", "'%s' is no claim of this lesson", id);
}

/* Takes an option with a value; false if `name` is no such option. */
static bool set_option(struct request *request, const char *name,
                       const char *value)
{
    const bool tsv = strcmp(name, "--tsv") == 0;
    if (!tsv && strcmp(name, "--quiet") != 0)
        return false;
    if (value == NULL)
        die(0, "--help lists the options", "'%s' needs a value", name);
    if (tsv) {
        request->tsv = fopen(value, "ae");
        if (request->tsv == NULL)
            die(errno, "a folder that is there", "cannot open '%s'", value);
    } else if (sscanf(value, "%d/%d", &request->done, &request->total) != 2 ||
               request->total < 1) {
        die(0, "--quiet 0/13", "'%s' is no value of '--quiet'", value);
    }
    return true;
}

static void parse(struct request *request, char **argv, const char *lesson,
                  const struct claim *claims)
{
    for (int i = 1; argv[i] != NULL; i++) {
        if (strcmp(argv[i], "--help") == 0)
            help(lesson);
        if (strcmp(argv[i], "--list") == 0)
            list(claims);
        if (set_option(request, argv[i], argv[i + 1]))
            i++;
        else if (argv[i][0] == '-')
            die(0, "--help lists the options", "unknown option '%s'", argv[i]);
        else
            choose(request, claims, argv[i]);
    }
}

/* Prints text from column `column` on, where the cursor is, within WIDTH. */
static void print_wrapped(const char *text, int column)
{
    int at = column;
    while (*text != '\0') {
        const int word = (int)strcspn(text, " ");
        if (at > column && at + 1 + word > WIDTH) {
            printf("\n%*s", column, "");
            at = column;
        } else if (at > column) {
            at += printf(" ");
        }
        at += printf("%.*s", word, text);
        text += word;
        text += strspn(text, " ");
    }
    putchar('\n');
}

/* As people read it, and as the results file has it. */
static const char *const verdicts[][2] = {
    [CLAIM_FAILS] = {"does not hold here", "does-not-hold"},
    [CLAIM_HOLDS] = {"holds", "holds"},
    [CLAIM_NOT_MEASURED] = {"not measured", "not-measured"},
};

static void print_verdict(const char *measured, int verdict)
{
    if (verdict == CLAIM_NOT_MEASURED) {
        const int column = printf("%*sverdict:  not measured: ", INDENT, "");
        print_wrapped(measured, column);
    } else {
        const int column = printf("%*smeasured: ", INDENT, "");
        print_wrapped(measured, column);
        printf("%*sverdict:  %s\n", INDENT, "", verdicts[verdict][0]);
    }
}

/* Does one experiment and prints it. */
static int show(const struct claim *claim, struct claim_result *result)
{
    const int column = printf("%s  ", claim->id);
    print_wrapped(claim->sentence, column);
    fflush(stdout);
    const int verdict = claim->run(result);
    print_verdict(result->measured, verdict);
    return verdict;
}

/* The same in one line, which begins at once and ends with the verdict. */
static int show_briefly(const struct claim *claim, struct claim_result *result,
                        const struct request *request)
{
    printf("[%d/%d] %s  %s: ", request->done, request->total, claim->id,
           claim->sentence);
    fflush(stdout);
    result->quiet = true;
    const int64_t start_ns = claim_now_ns();
    const int verdict = claim->run(result);
    printf("%s (%.1f s)\n", verdicts[verdict][0],
           (double)(claim_now_ns() - start_ns) / 1e9);
    return verdict;
}

/* Columns: bench server variant x metric value unit round. */
static void write_tsv(FILE *tsv, const char *lesson, const struct claim *claim,
                      int verdict, const char *measured)
{
    fprintf(tsv, "claim\t%s\t%s\t-\tclaim\t-\t%s\t1\n", lesson, claim->id,
            claim->sentence);
    fprintf(tsv, "claim\t%s\t%s\t-\tverdict\t%s\t%s\t1\n", lesson, claim->id,
            verdicts[verdict][1], measured);
    fflush(tsv);
}

int claims_main(int argc, char **argv, const char *lesson,
                const struct claim *claims)
{
    /* Options of its own: this only notes the program's name. */
    parse_options(argc > 0 ? 1 : 0, argv, "",
                  &(const struct option){.name = NULL});
    struct request request = {.tsv = NULL};
    parse(&request, argv, lesson, claims);
    raise_descriptor_limit();

    bool first = true;
    for (int i = 0; claims[i].id != NULL; i++) {
        if (request.any && !request.chosen[i])
            continue;
        struct claim_result result = {.quiet = false};
        request.done++;
        if (!first && request.total == 0)
            putchar('\n');
        first = false;
        const int verdict = request.total > 0
                                ? show_briefly(&claims[i], &result, &request)
                                : show(&claims[i], &result);
        fflush(stdout);
        if (request.tsv != NULL)
            write_tsv(request.tsv, lesson, &claims[i], verdict,
                      result.measured);
    }
    if (request.tsv != NULL && fclose(request.tsv) == EOF)
        die(errno, NULL, "cannot write the results");
    return 0;
}

void claim_row(const struct claim_result *r, const char *format, ...)
{
    if (r->quiet)
        return;
    va_list args;
    va_start(args, format);
    printf("%*s", INDENT, "");
    vprintf(format, args);
    putchar('\n');
    va_end(args);
    fflush(stdout);
}

int claim_conclude(struct claim_result *r, bool holds, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(r->measured, sizeof r->measured, format, args);
    va_end(args);
    return holds ? CLAIM_HOLDS : CLAIM_FAILS;
}

int claim_not_measured(struct claim_result *r, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(r->measured, sizeof r->measured, format, args);
    va_end(args);
    return CLAIM_NOT_MEASURED;
}

/* --- numbers -------------------------------------------------------------- */

static int64_t read_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

int64_t claim_now_ns(void)
{
    return read_ns(CLOCK_MONOTONIC);
}

int64_t claim_cpu_ns(void)
{
    return read_ns(CLOCK_PROCESS_CPUTIME_ID);
}

static int by_value(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

double claim_median(double *values, int n)
{
    qsort(values, (size_t)n, sizeof *values, by_value);
    return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

struct claim_number claim_number(long n)
{
    struct claim_number number;
    char digits[24];
    const int n_digits = snprintf(digits, sizeof digits, "%ld", n);
    int len = 0;
    for (int i = 0; i < n_digits; i++) {
        if (i > (digits[0] == '-') && (n_digits - i) % 3 == 0)
            number.text[len++] = ',';
        number.text[len++] = digits[i];
    }
    number.text[len] = '\0';
    return number;
}

struct claim_number claim_short(double value)
{
    struct claim_number number;
    if (value >= 99.95)
        return claim_number((long)(value + 0.5));
    snprintf(number.text, sizeof number.text, "%.1f", value);
    return number;
}

/* --- programs of the kit -------------------------------------------------- */

enum { ARGS_MAX = 16, RUN_MS = 60000 };

/* Puts the path of program argv[0] into `path`, and all into `full`. */
static void full_argv(const char *const *argv, char path[512],
                      const char *full[ARGS_MAX])
{
    const char *build = getenv("KIT_BUILD");
    snprintf(path, 512, "%s/%s", build != NULL ? build : "build", argv[0]);
    full[0] = path;
    int n = 1;
    while (n < ARGS_MAX - 1 && argv[n] != NULL) {
        full[n] = argv[n];
        n++;
    }
    full[n] = NULL;
}

bool claim_start(struct claim_result *r, struct proc *p, int cpu,
                 const char *const *argv)
{
    char path[512];
    const char *full[ARGS_MAX];
    full_argv(argv, path, full);
    const int error = proc_start(p, full, &(struct proc_options){.cpu = cpu});
    if (error == 0)
        return true;
    proc_stop(p);
    claim_not_measured(r, "%s does not run: %s", argv[0], strerror(-error));
    return false;
}

bool claim_run(struct claim_result *r, struct proc *p, int cpu,
               const char *const *argv)
{
    char path[512];
    const char *full[ARGS_MAX];
    full_argv(argv, path, full);
    int status = proc_spawn(p, full, &(struct proc_options){.cpu = cpu});
    if (status == 0)
        status = proc_wait(p, RUN_MS);
    if (status == 0)
        return true;
    if (status < 0)
        proc_stop(p);
    char *said = p->said + strspn(p->said, "=\n"); /* its first line */
    said[strcspn(said, "\n")] = '\0';
    claim_not_measured(r, "%s failed: %s", argv[0],
                       status < 0 ? strerror(-status) : said);
    return false;
}

bool claim_fetch(struct claim_result *r, const char *lesson, int n, int port,
                 struct claim_fetched *fetched)
{
    char path[128], url[64], count[16];
    snprintf(path, sizeof path, "lessons/%s/fetch", lesson);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", port);
    snprintf(count, sizeof count, "%d", n);
    struct proc p;
    if (!claim_run(r, &p, -1, (const char *[]){path, "-n", count, url, NULL}))
        return false;
    if (sscanf(p.said, "%*d pages, %*u bytes, %lf s wall, %lf s cpu, %lu",
               &fetched->wall_s, &fetched->cpu_s, &fetched->calls) == 3)
        return true;
    claim_not_measured(r, "%s printed no result", path);
    return false;
}

/* Waits for a line of a program that goes on; false if none comes. */
static bool read_line(const struct proc *p, char *line, size_t size)
{
    struct pollfd output = {.fd = p->output, .events = POLLIN};
    for (size_t len = 0; len < size - 1; len++) {
        if (poll(&output, 1, RUN_MS) != 1 ||
            read(p->output, line + len, 1) != 1)
            return false;
        if (line[len] == '\n') {
            line[len] = '\0';
            return true;
        }
    }
    return false;
}

int claim_hold(struct claim_result *r, struct proc *p, int n, int port)
{
    char path[512], url[64], count[16], line[128] = "";
    const char *full[ARGS_MAX];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", port);
    snprintf(count, sizeof count, "%d", n);
    full_argv((const char *[]){"bench/idle", "-n", count, url, NULL}, path,
              full);
    int held;
    if (proc_spawn(p, full, &(struct proc_options){.cpu = 1}) == 0 &&
        read_line(p, line, sizeof line) && sscanf(line, "holding %d", &held))
        return held;
    proc_stop(p);
    claim_not_measured(r, "bench/idle failed: %s", line);
    return -1;
}

int claim_connect(int port)
{
    const struct sockaddr_in addr = {
        .sin_family = AF_INET,
        .sin_port = htons((in_port_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd == -1 ||
        connect(fd, (const struct sockaddr *)&addr, sizeof addr) == 0)
        return fd;
    const int error = errno;
    close(fd);
    errno = error;
    return -1;
}

/* --- what waiting costs --------------------------------------------------- */

enum {
    WORD_BITS = 8 * sizeof(unsigned long),
    SAMPLE_NS = 4000000, /* a sample is many turns, for so long */
};

/* The descriptors, and what each way needs to watch them. */
struct watch {
    int n, n_ready;
    bool echo;
    int *fds;
    int n_bits;             /* select: highest descriptor and one */
    unsigned long *reading; /* the question, kept */
    unsigned long *working; /* the copy of it that select overwrites */
    struct pollfd *polls;
    int epoll;
    struct epoll_event *events; /* room for the ready ones */
};

int claim_select(int n_bits, unsigned long *readable)
{
    /* pselect6 and not select, which is missing on newer architectures. */
    return (int)syscall(SYS_pselect6, n_bits, readable, NULL, NULL, NULL, NULL);
}

/* Watches the i-th descriptor, a fresh eventfd, in all three ways. */
static int watch_one(struct watch *w, int i, int fd)
{
    w->fds[i] = fd;
    w->polls[i] = (struct pollfd){.fd = fd, .events = POLLIN};
    w->reading[fd / WORD_BITS] |= 1UL << fd % WORD_BITS;
    if (fd >= w->n_bits)
        w->n_bits = fd + 1;
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    return epoll_ctl(w->epoll, EPOLL_CTL_ADD, fd, &event) == -1 ? -errno : 0;
}

/* An eventfd with a number from `lowest` on; ready if it holds 1. */
static int new_eventfd(unsigned value, int lowest)
{
    const int fd = eventfd(value, EFD_NONBLOCK | EFD_CLOEXEC);
    if (fd == -1 || fd >= lowest)
        return fd;
    const int moved = fcntl(fd, F_DUPFD_CLOEXEC, lowest);
    close(fd);
    return moved;
}

static void watch_fini(struct watch *w)
{
    for (int i = 0; i < w->n; i++)
        close(w->fds[i]);
    close(w->epoll);
    free(w->fds);
    free(w->reading);
    free(w->working);
    free(w->polls);
    free(w->events);
}

/* Returns 0 or a negative errno value; call watch_fini after either. */
static int watch_init(struct watch *w, const struct claim_turn *turn)
{
    const int n = turn->watched, words = getdtablesize() / WORD_BITS + 1;
    *w = (struct watch){
        .n_ready = turn->ready,
        .echo = turn->echo,
        .fds = allocate_array(n, sizeof(int)),
        .reading = allocate_array(words, sizeof(long)),
        .working = allocate_array(words, sizeof(long)),
        .polls = allocate_array(n, sizeof(struct pollfd)),
        .events = allocate_array(turn->ready, sizeof(struct epoll_event)),
        .epoll = epoll_create1(EPOLL_CLOEXEC),
    };
    for (; w->n < n; w->n++) {
        /* Ready are the last of n / ready each: spread, the very last, too. */
        const bool ready =
            (long)(w->n + 1) * turn->ready / n != (long)w->n * turn->ready / n;
        const int fd = new_eventfd(ready, turn->lowest);
        if (fd == -1)
            return -errno;
        const int error = watch_one(w, w->n, fd);
        if (error != 0)
            return close(fd), error;
    }
    return 0;
}

/* What a server would do with a ready descriptor: take, and be asked again. */
static void serve(const struct watch *w, int fd)
{
    uint64_t value = 1;
    if (w->echo && (read(fd, &value, sizeof value) == -1 ||
                    write(fd, &value, sizeof value) == -1))
        die(errno, NULL, "cannot echo");
}

static int turn_by_select(struct watch *w)
{
    const int words = w->n_bits / WORD_BITS + 1;
    memcpy(w->working, w->reading, (size_t)words * sizeof(long));
    const int n = claim_select(w->n_bits, w->working);
    for (int i = 0; i < words; i++)
        for (unsigned long bits = w->working[i]; bits != 0; bits &= bits - 1)
            serve(w, i * WORD_BITS + __builtin_ctzl(bits));
    return n;
}

static int turn_by_poll(struct watch *w)
{
    const int n = poll(w->polls, (nfds_t)w->n, -1);
    for (int i = 0; i < w->n; i++)
        if (w->polls[i].revents != 0)
            serve(w, w->polls[i].fd);
    return n;
}

static int turn_by_epoll(struct watch *w)
{
    const int n = epoll_wait(w->epoll, w->events, w->n_ready, -1);
    for (int i = 0; i < n; i++)
        serve(w, w->events[i].data.fd);
    return n;
}

/* Microseconds of a turn, over as many as fit into a sample. */
static double sample_us(struct watch *w, int (*turn)(struct watch *))
{
    const int64_t start_ns = claim_cpu_ns();
    int64_t took_ns = 0;
    long turns = 0;
    for (int batch = 1; took_ns < SAMPLE_NS; batch *= 2) {
        for (int i = 0; i < batch; i++)
            if (turn(w) != w->n_ready)
                die(0, NULL, "a wait did not find what is ready");
        turns += batch;
        took_ns = claim_cpu_ns() - start_ns;
    }
    return (double)took_ns / 1e3 / (double)turns;
}

int claim_turn_us(const struct claim_turn *turn, double us[CLAIM_WAYS])
{
    static int (*const turns[CLAIM_WAYS])(struct watch *) = {
        [BY_SELECT] = turn_by_select,
        [BY_POLL] = turn_by_poll,
        [BY_EPOLL] = turn_by_epoll,
    };
    struct watch w;
    const int error = watch_init(&w, turn);
    double samples[CLAIM_WAYS][CLAIM_RUNS];
    for (int run = 0; error == 0 && run < CLAIM_RUNS; run++)
        for (int way = 0; way < CLAIM_WAYS; way++)
            samples[way][run] = sample_us(&w, turns[way]);
    for (int way = 0; error == 0 && way < CLAIM_WAYS; way++)
        us[way] = claim_median(samples[way], CLAIM_RUNS);
    watch_fini(&w);
    return error;
}

/* measure.c - see measure.h. */
#include "measure.h"

#include "proc.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { ACTIVE = 50 }; /* connections that work beside the idle ones */

/* --- small things --------------------------------------------------------- */

static void add(const struct row *at, const char *metric, double value,
                const char *unit)
{
    struct row row = *at;
    row.metric = metric;
    row.value = value;
    row.unit = unit;
    record_add(&row);
}

/* The value in a line "NAME<tab>VALUE" of a program's words, or NAN. */
static double named(const char *said, const char *name)
{
    const size_t len = strlen(name);
    for (const char *at = said; (at = strstr(at, name)) != NULL; at += len)
        if ((at == said || at[-1] == '\n') && at[len] == '\t')
            return atof(at + len + 1);
    return NAN;
}

/* Fails the point with why a program ended, and the first of its words. */
static double fail_with(const struct row *at, const char *who, int status,
                        const char *said)
{
    char reason[256];
    const int words = (int)strcspn(said, "\n");
    if (status == -ETIMEDOUT)
        snprintf(reason, sizeof reason, "%s stalled", who);
    else if (status == -ECHILD)
        snprintf(reason, sizeof reason, "%s ended at once: %.*s", who, words,
                 said);
    else if (status < 0)
        snprintf(reason, sizeof reason, "%s: %s: %.*s", who, strerror(-status),
                 words, said);
    else if (WIFSIGNALED(status))
        snprintf(reason, sizeof reason, "%s: ended by signal %d: %.*s", who,
                 WTERMSIG(status), words, said);
    else
        snprintf(reason, sizeof reason, "%s: ended with status %d: %.*s", who,
                 WEXITSTATUS(status), words, said);
    record_failure(at, reason);
    return -1;
}

/* Starts the subject, on its CPU, below `tracer` if that is not NULL. */
static int start(struct proc *p, const struct bench_setup *setup,
                 const struct subject *s, const char *variant,
                 const char *tracer)
{
    const char *argv[8];
    int n = 0;
    if (tracer != NULL)
        argv[n++] = tracer;
    argv[n++] = s->path;
    argv[n++] = "--port";
    argv[n++] = "0";
    if (s->option[0] != '\0') {
        argv[n++] = s->option;
        argv[n++] = s->word;
    } else if (s->lesson[0] == '\0') {
        argv[n++] = "--answer"; /* the floor does not look at the request */
        argv[n++] = variant;
    }
    argv[n] = NULL;
    const struct proc_options options = {.cpu = setup->server_cpu};
    return proc_start(p, argv, &options);
}

/* Runs a program to its end on the load's CPU; its status as proc_wait's. */
static int run_load(struct proc *p, const struct bench_setup *setup,
                    const char *const *argv, int timeout_ms)
{
    const struct proc_options options = {.cpu = setup->load_cpu};
    const int error = proc_spawn(p, argv, &options);
    const int status = error != 0 ? error : proc_wait(p, timeout_ms);
    if (status < 0)
        proc_stop(p);
    return status;
}

/* True, and the point fails, if n connections need too many descriptors. */
static bool exceeds_limit(const struct bench_setup *setup, const struct row *at,
                          int n)
{
    enum { SPARE = 50 };
    char reason[64];
    if (n + SPARE <= setup->descriptors)
        return false;
    snprintf(reason, sizeof reason, "ulimit -n is %d", setup->descriptors);
    record_failure(at, reason);
    return true;
}

/* Stops the server; fails the point if it had ended by itself. */
static bool ended_well(struct proc *server, const struct row *at)
{
    const int status = proc_stop(server);
    if (status == 0)
        return true;
    fail_with(at, "the server", status, server->said);
    return false;
}

/* --- bench/load ----------------------------------------------------------- */

/* What load tells; `rate` is negative if it failed. */
struct reading {
    double rate, p50, p99, cpu, answered, errors;
};

static double add_reading(const struct row *at, const struct reading *r)
{
    add(at, "rate", r->rate, "requests/s");
    add(at, "p50", r->p50, "us");
    add(at, "p99", r->p99, "us");
    if (r->cpu > 0)
        add(at, "cpu", r->cpu, "us/request");
    add(at, "answered", r->answered, "connections");
    add(at, "errors", r->errors, "errors");
    return r->rate;
}

/* Loads a running server with n connections; fails the point, or tells. */
static struct reading load(const struct bench_setup *setup, struct proc *server,
                           const struct row *at, int n)
{
    /* What a connection costs at its beginning is not the point. */
    const int warm_ms = setup->ms / 10 + n / 10;
    char program[300], url[64], c[16], ms[16], warm[16];
    snprintf(program, sizeof program, "%s/bench/load", setup->build);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", server->port);
    snprintf(c, sizeof c, "%d", n);
    snprintf(ms, sizeof ms, "%d", setup->ms + warm_ms);
    snprintf(warm, sizeof warm, "%d", warm_ms);
    const char *const argv[] = {program,     "-c",     c,    "--ms",
                                ms,          "--warm", warm, "--mode",
                                at->variant, url,      NULL};
    const struct proc_options options = {.cpu = setup->load_cpu,
                                         .ready = "counting"};
    struct proc client;
    int status = proc_start(&client, argv, &options);
    const uint64_t before = proc_cpu_ns(server);
    if (status == 0)
        status = proc_wait(&client, setup->ms + 10000);
    /* Of a child that ends, ticks are left: the sum may fall by one or two. */
    const double cpu_us = ((double)proc_cpu_ns(server) - (double)before) / 1e3;
    if (status < 0)
        proc_stop(&client);
    struct reading r = {.rate = -1};
    const double requests = named(client.said, "requests");
    if (status != 0) {
        fail_with(at, "the load", status, client.said);
    } else if (!(requests > 0)) {
        record_failure(at, "no connection got an answer");
    } else {
        r = (struct reading){
            .rate = requests / named(client.said, "seconds"),
            .p50 = named(client.said, "p50_us"),
            .p99 = named(client.said, "p99_us"),
            .cpu = cpu_us / requests,
            .answered = named(client.said, "answered"),
            .errors = named(client.said, "errors"),
        };
    }
    return r;
}

double measure_connections(const struct bench_setup *setup,
                           const struct subject *s, const struct row *at)
{
    /* A server with few workers starves the others: that is to be seen. One
     * with a bound on connections refuses them: that is known. */
    if (at->x > s->most && s->most >= 100) {
        record_failure(at, s->bound);
        return -1;
    }
    if (exceeds_limit(setup, at, at->x))
        return -1;
    struct proc server;
    const int error = start(&server, setup, s, at->variant, NULL);
    if (error != 0) {
        proc_stop(&server);
        return fail_with(at, "the server", error, server.said);
    }
    const struct reading r = load(setup, &server, at, at->x);
    /* What a server did that crashed under load is no result. */
    if (!ended_well(&server, at) || r.rate < 0)
        return -1;
    return add_reading(at, &r);
}

/* --- wrk ---------------------------------------------------------------- */

/* A time as wrk prints it ("380.00us", "1.20ms", "2.01s") in microseconds. */
static double wrk_time_us(const char *said, const char *label)
{
    const char *at = strstr(said, label);
    if (at == NULL)
        return NAN;
    char *unit;
    const double value = strtod(at + strlen(label), &unit);
    return *unit == 'u' ? value : *unit == 'm' ? value * 1e3 : value * 1e6;
}

/* All socket errors together; wrk prints the line only if there are any. */
static double wrk_errors(const char *said)
{
    int connect = 0, receive = 0, write = 0, timeout = 0;
    const char *at = strstr(said, "Socket errors:");
    if (at != NULL)
        sscanf(at, "Socket errors: connect %d, read %d, write %d, timeout %d",
               &connect, &receive, &write, &timeout);
    return connect + receive + write + timeout;
}

double measure_wrk(const struct bench_setup *setup, const struct subject *s,
                   const struct row *at)
{
    struct proc server, wrk;
    const int error = start(&server, setup, s, at->variant, NULL);
    if (error != 0) {
        proc_stop(&server);
        return fail_with(at, "the server", error, server.said);
    }
    char url[64], c[16];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", server.port);
    snprintf(c, sizeof c, "-c%d", at->x);
    const bool close_each = strcmp(at->variant, "close") == 0;
    const char *const argv[] = {setup->wrk,
                                "-t1",
                                c,
                                "-d1s",
                                "--latency",
                                url,
                                close_each ? "-H" : NULL,
                                "Connection: close",
                                NULL};
    const uint64_t before = proc_cpu_ns(&server);
    const int status = run_load(&wrk, setup, argv, 15000);
    const double cpu_us = ((double)proc_cpu_ns(&server) - (double)before) / 1e3;
    double total = 0;
    const char *line = strstr(wrk.said, " requests in ");
    while (line != NULL && line > wrk.said && line[-1] != '\n')
        line--;
    if (status != 0)
        fail_with(at, "wrk", status, wrk.said);
    else if (line == NULL || (total = atof(line)) <= 0)
        record_failure(at, "wrk got no answer");
    if (!ended_well(&server, at) || total <= 0)
        return -1;
    const double rate = atof(strstr(wrk.said, "Requests/sec:") + 13);
    add(at, "rate", rate, "requests/s");
    add(at, "p50", wrk_time_us(wrk.said, " 50%"), "us");
    add(at, "p99", wrk_time_us(wrk.said, " 99%"), "us");
    add(at, "cpu", cpu_us / total, "us/request");
    add(at, "errors", wrk_errors(wrk.said), "errors");
    return rate;
}

/* --- idle connections --------------------------------------------------- */

/* Opens n idle connections; returns how many are held, or a negative errno. */
static int hold(struct proc *idle, const struct bench_setup *setup,
                const struct proc *server, int n)
{
    char program[300], url[64], count[16];
    snprintf(program, sizeof program, "%s/bench/idle", setup->build);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", server->port);
    snprintf(count, sizeof count, "%d", n);
    const struct proc_options options = {.cpu = setup->load_cpu,
                                         .ready = "holding "};
    const int error = proc_start(
        idle, (const char *[]){program, "-n", count, url, NULL}, &options);
    return error != 0 ? error : atoi(idle->said + strlen("holding "));
}

double measure_idle(const struct bench_setup *setup, const struct subject *s,
                    const struct row *at)
{
    if (at->x + ACTIVE > s->most) {
        record_failure(at, s->bound);
        return -1;
    }
    if (exceeds_limit(setup, at, at->x + ACTIVE))
        return -1;
    struct proc server, idle;
    const int error = start(&server, setup, s, at->variant, NULL);
    if (error != 0) {
        proc_stop(&server);
        return fail_with(at, "the server", error, server.said);
    }
    const uint64_t empty = proc_memory(&server);
    const int held = hold(&idle, setup, &server, at->x);
    const double memory = (double)proc_memory(&server) - (double)empty;
    struct reading r = {.rate = -1};
    if (held < 0)
        fail_with(at, "idle", held, idle.said);
    else if (held < at->x)
        record_failure(at, idle.said); /* "holding 9 connections of ..." */
    else
        r = load(setup, &server, at, ACTIVE);
    proc_stop(&idle);
    if (!ended_well(&server, at) || r.rate < 0)
        return -1;
    if (held > 0)
        add(at, "memory", memory / held, "bytes/connection");
    add(at, "held", held, "connections");
    return add_reading(at, &r);
}

/* --- fetch -------------------------------------------------------------- */

double measure_fetch(const struct bench_setup *setup, const struct subject *s,
                     const struct row *at)
{
    char program[300], url[64], n[16];
    snprintf(program, sizeof program, "%s/lessons/%s/fetch", setup->build,
             s->lesson);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", setup->slow_port);
    snprintf(n, sizeof n, "%d", at->x);
    struct proc fetch;
    const int status = run_load(
        &fetch, setup, (const char *[]){program, "-n", n, url, NULL}, 60000);
    int pages;
    unsigned long long bytes;
    double wall, cpu;
    unsigned long calls;
    if (status != 0 ||
        sscanf(fetch.said,
               "%d pages, %llu bytes, %lf s wall, %lf s cpu, %lu system calls",
               &pages, &bytes, &wall, &cpu, &calls) != 5)
        return fail_with(at, "fetch", status, fetch.said);
    add(at, "wall", wall, "s");
    add(at, "cpu", cpu, "s");
    add(at, "calls", (double)calls, "calls");
    return wall;
}

/* --- system calls per request ------------------------------------------- */

double measure_calls(const struct bench_setup *setup, const struct subject *s,
                     const struct row *at)
{
    char tracer[300], program[300], url[64], c[16];
    struct proc server, client;
    snprintf(tracer, sizeof tracer, "%s/bench/calls", setup->build);
    const int error = start(&server, setup, s, at->variant, tracer);
    if (error != 0) {
        proc_stop(&server);
        return fail_with(at, "the tracer", error, server.said);
    }
    snprintf(program, sizeof program, "%s/bench/load", setup->build);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", server.port);
    snprintf(c, sizeof c, "%d", at->x);
    const char *const argv[] = {program, "-c", c, "--ms", "500", url, NULL};
    const int status = run_load(&client, setup, argv, 10000);
    const double total = status == 0 ? named(client.said, "total") : 0;
    if (!ended_well(&server, at))
        return -1;
    const char *line = strchr(server.said, '\n'); /* after "listening on" */
    while (line != NULL && strstr(line, " system calls") != NULL &&
           strncmp(line + 1 + strspn(line + 1, "0123456789"), " system calls\n",
                   14) != 0)
        line = strchr(line + 1, '\n'); /* lesson 02 has words of its own */
    if (!(total > 0) || line == NULL)
        return fail_with(at, "the load", status, client.said);
    const double calls = atof(line + 1) / total;
    add(at, "calls", calls, "calls/request");
    return calls;
}

/*
 * trace_ask.c - what checks ask the tracer: see trace.h.
 *
 * Read before: trace.c. Read after: model.c.
 */
#include "trace_internal.h"

#include <stdio.h>
#include <stdlib.h>

struct trace *trace_of(const struct program *p)
{
    struct trace *t = trace_programs;
    while (t != NULL && t->root != program_pid(p))
        t = t->next;
    if (t == NULL)
        check_error("the program was not started TRACED");
    return t;
}

void trace_mark(struct program *p)
{
    struct trace *t = trace_of(p);
    memset(t->counts, 0, sizeof t->counts);
    t->total = t->other = 0;
}

long long trace_count(const struct program *p, long call)
{
    const struct trace *t = trace_of(p);
    if (call >= 0 && call < TRACE_CALLS)
        return t->counts[call];
    check_error("there is no system call %ld", call);
}

long long trace_count_named(const struct program *p, const char *names)
{
    long long sum = 0;
    struct base_slice rest = base_slice_of(names);
    while (rest.len > 0) {
        const struct base_slice name = base_slice_cut(&rest, ' ', NULL);
        const struct trace_name *known = trace_name_find(name.ptr, name.len);
        if (known != NULL)
            sum += trace_count(p, known->number);
        else if (name.len > 0)
            check_error("no system call is named %.*s", BASE_SLICE_ARGS(name));
    }
    return sum;
}

long long trace_total(const struct program *p)
{
    return trace_of(p)->total;
}

/* --- texts ---------------------------------------------------------------- */

struct row {
    long number;
    long long count;
};

static int more_first(const void *left, const void *right)
{
    const struct row *a = left, *b = right;
    if (a->count != b->count)
        return a->count < b->count ? 1 : -1;
    return a->number < b->number ? -1 : a->number > b->number;
}

char *trace_table(const struct program *p)
{
    const struct trace *t = trace_of(p);
    struct row rows[TRACE_CALLS];
    size_t n = 0;
    for (int i = 0; i < TRACE_CALLS; i++)
        if (t->counts[i] > 0)
            rows[n++] = (struct row){i, t->counts[i]};
    qsort(rows, n, sizeof *rows, more_first);
    char *table = check_text("%s", "");
    for (size_t i = 0; i < n; i++) {
        const struct trace_name *name = trace_name_of(rows[i].number);
        table = name != NULL ? check_text("%s%-16s %lld\n", table, name->name,
                                          rows[i].count)
                             : check_text("%ssyscall_%-8ld %lld\n", table,
                                          rows[i].number, rows[i].count);
    }
    return table;
}

/* Calls that have not ended, a line each, behind `text`. */
static char *unfinished(const struct trace *trace, char *text)
{
    for (const struct trace_task *t = trace_tasks; t != NULL; t = t->next) {
        const struct base_slice call = base_buf_slice(&t->text);
        if (t->trace == trace && (t->inside || t->repeats || t->stands))
            text = check_text("%s%.*s ...\n", text, BASE_SLICE_ARGS(call));
    }
    return text;
}

char *trace_last(const struct program *p, int n)
{
    const struct trace *t = trace_of(p);
    const long long kept = t->lasts < TRACE_LAST ? t->lasts : TRACE_LAST;
    char *text = check_text("%s", "");
    for (long long i = t->lasts - (n < kept ? n : kept); i < t->lasts; i++)
        text = check_text("%s%s\n", text, t->last[i % TRACE_LAST]);
    return unfinished(t, text);
}

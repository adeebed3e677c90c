/*
 * sample_results.c - see sample_results.h.
 *
 * Read before: sample_results.h. Read after: test_outputs.c.
 * Rests on: cmocka.
 */
#include "exercises/test/sample_results.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MEGABYTE = 1 << 20, SAMPLES_MAX = 32 };

/* --- checks --------------------------------------------------------------- */

static const struct mark accepts = {
    .finding = {.check = "accept",
                .title = "a client is accepted while another is silent",
                .outcome = OUTCOME_PASSED,
                .ms = 12,
                .seed = 7},
    .max = 2,
};

static const struct mark whole = {
    .finding =
        {.check = "whole-reply",
         .title = "the whole reply arrives, however slowly it is read",
         .outcome = OUTCOME_FAILED,
         .ms = 840,
         .seed = 7,
         .did = "1. started ./server --port 0, which listens on port 40123\n"
                "2. connected, with a receive buffer of 4096 bytes\n"
                "3. sent \"GET /big HTTP/1.0\\r\\n\\r\\n\"\n"
                "4. read slowly, until the end of the stream",
         .command = "printf 'GET /big HTTP/1.0\\r\\n\\r\\n' | "
                    "nc 127.0.0.1 40123 | wc -c",
         .expected = "300000 bytes of body; those at 163840:\n"
                     "\"...0123456789abcdef...\"",
         .came = "163840 bytes, then the end of the stream\n"
                 "\"...0123456789abc\"\n"
                 "                 ^ the stream ends, at byte 163840",
         .cause = "write(2) took a part of the bytes, because the socket's "
                  "buffer was full, and the server went on as if all of them "
                  "were gone. Keep what is left, and write it when the socket "
                  "is writable again.",
         .section = "lessons/05-epoll/README.md, \"A write that takes a part\"",
         .reproduce = "make check EXERCISE=05-drain SEED=7"},
    .max = 4,
};

static const struct mark many = {
    .finding = {.check = "many",
                .title = "a hundred clients at once",
                .outcome = OUTCOME_SKIPPED,
                .seed = 7},
    .max = 3,
};

static const struct mark secret = {
    .finding = {.check = "other-sizes",
                .title = "replies of 1, 4095, 4096 and 4097 bytes",
                .outcome = OUTCOME_FAILED,
                .ms = 31,
                .seed = 7,
                .did = "asked for 4097 bytes",
                .came = "4096 bytes",
                .cause = "The secret cause."},
    .hidden = true,
    .max = 1.5,
};

static const struct mark hangs = {
    .finding =
        {.check = "silent-client",
         .title = "a silent client holds up nobody else",
         .outcome = OUTCOME_FAILED,
         .ms = 5003,
         .seed = 7,
         .did = "1. connected A, which says nothing\n"
                "2. connected B, which sent \"ping\\n\"\n"
                "3. waited 5 s for B's answer",
         .expected = "\"ping\\n\" at B",
         .came = "nothing: time is up after 5 s",
         .hang = "the server is in read(2) on descriptor 5, a TCP socket from "
                 "127.0.0.1:40123 to A\n"
                 "unread meanwhile: 5 bytes on descriptor 6, from B\n"
                 "registered with epoll 4: descriptors 3, 5, 6 for EPOLLIN",
         .cause = "read(2) blocks if nothing is there. Set O_NONBLOCK on each "
                  "accepted socket.",
         .section = "lessons/02-nonblocking/README.md, \"EAGAIN\"",
         .reproduce = "make check EXERCISE=05-drain SEED=7",
         .output = "listening on port 40123\naccepted A"},
    .max = 4,
};

static const struct mark crashes = {
    .finding = {.check = "close-order",
                .title = "a client that leaves in the middle of a batch",
                .outcome = OUTCOME_FAILED,
                .ms = 95,
                .did =
                    "closed 3 of 5 connections between two turns of the loop",
                .expected = "the others get their answers",
                .came = "the server ended by signal 6, SIGABRT",
                .sanitizer = "heap-use-after-free, reading 8 bytes\n"
                             "  on_ready  drain.c:71\n"
                             "  freed by on_close  drain.c:44",
                .cause =
                    "The batch of epoll_wait(2) still names a connection that "
                    "this very turn has freed.",
                .reproduce = "make check EXERCISE=05-drain"},
    .max = 4,
};

static const struct mark predicts = {
    .finding = {.check = "wake-ups",
                .title = "how often does the loop wake up?",
                .outcome = OUTCOME_PARTLY,
                .share = 0.5,
                .ms = 220,
                .seed = 99,
                .did = "ran ./server with the pattern of seed 99",
                .expected = "wake-ups measured: 11",
                .came = "predicted:         10",
                .cause = "The last wake-up tells the end of the stream.",
                .reproduce = "make check EXERCISE=05-drain SEED=99"},
    .max = 3,
};

static const struct mark slow = {
    .finding = {.check = "speed",
                .title = "half as fast as the reference, or faster",
                .outcome = OUTCOME_NOISY,
                .ms = 9000,
                .note = "between 0.31 and 1.42 of the reference in 9 rounds"},
    .max = 2,
};

static const struct mark fast = {
    .finding = {.check = "speed",
                .title = "half as fast as the reference, or faster",
                .outcome = OUTCOME_PASSED,
                .ms = 4100,
                .note = "0.93 of the reference, between 0.91 and 0.96"},
    .max = 2,
};

static const struct mark broken = {
    .finding = {.check = "idle",
                .title = "no CPU while nothing happens",
                .outcome = OUTCOME_ERROR,
                .ms = 3,
                .came = "cannot read /proc/4711/stat: no such process"},
    .max = 2,
};

static const struct mark silent = {
    .finding = {.check = "idle",
                .title = "no CPU while nothing happens",
                .outcome = OUTCOME_NONE},
    .max = 2,
};

/* Not run: as the marks of a submission are that is not graded. */
static struct mark not_run(struct mark mark)
{
    mark.finding = (struct finding){.check = mark.finding.check,
                                    .title = mark.finding.title};
    return mark;
}

/* --- submissions ---------------------------------------------------------- */

struct maker {
    struct base_arena *arena;
    struct sample *all;
    size_t n;
};

static struct submission *add(struct maker *m, const char *name,
                              enum submission_state state,
                              const struct mark *marks, size_t n)
{
    struct sample *sample = &m->all[m->n++];
    assert_true(m->n <= SAMPLES_MAX);
    sample->name = name;
    sample->s = (struct submission){
        .student = "ada",
        .exercise = "05-drain",
        .title = "Drain what is ready",
        .state = state,
        .marks = base_arena_alloc(m->arena, (n + 1) * sizeof *marks),
        .n_marks = n,
        .ms = 1204,
        .seed = 7,
        .protection = "bubblewrap",
    };
    memset(sample->s.sha256, 'a', sizeof sample->s.sha256 - 1);
    for (size_t i = 0; i < n; i++) {
        struct mark mark = marks[i];
        if (state != SUBMISSION_GRADED)
            mark = not_run(mark);
        mark.points = finding_share(&mark.finding) * mark.max;
        sample->s.marks[i] = mark;
    }
    return &sample->s;
}

static void add_graded(struct maker *m)
{
    const enum submission_state graded = SUBMISSION_GRADED;
    add(m, "failed", graded, (struct mark[]){accepts, whole, many, secret}, 4);
    add(m, "hang", graded, (struct mark[]){accepts, hangs}, 2);
    add(m, "sanitizer", graded, (struct mark[]){secret, crashes, hangs}, 3);
    add(m, "passed", graded, (struct mark[]){accepts, fast}, 2);
    add(m, "partly", graded, (struct mark[]){accepts, predicts}, 2);
    add(m, "noisy", graded, (struct mark[]){accepts, slow}, 2);
    add(m, "check_error", graded, (struct mark[]){accepts, broken}, 2);
    add(m, "no_result", graded, (struct mark[]){accepts, silent}, 2);
    add(m, "hidden", graded, (struct mark[]){accepts, secret}, 2);
    struct submission *s =
        add(m, "unprotected", graded, (struct mark[]){accepts}, 1);
    s->protection = "own uid";
    s->missing = "no network namespace: the machine's network was in reach";
    s->notes = "ignored: a.out\nignored: notes.txt";
    s->kept = true;
    add(m, "no_checks", graded, NULL, 0);
}

static void add_not_graded(struct maker *m)
{
    const struct mark marks[] = {accepts, whole, many, secret};
    add(m, "empty", SUBMISSION_EMPTY, marks, 4)->reason =
        "The folder 05-drain is empty; drain.c is expected in it.";
    add(m, "missing", SUBMISSION_MISSING, marks, 4)->reason =
        "drain.c is missing. There is Drain.C: is this it?";
    add(m, "refused", SUBMISSION_REFUSED, marks, 4)->reason =
        "The archive names ../../home/ada/.bashrc, outside of its folder.";
    add(m, "broken", SUBMISSION_BROKEN, marks, 4)->reason =
        "drain.c:12:5: error: expected ';' before 'return'\n"
        "   12 |     int n = 0\n"
        "      |              ^\n"
        "      |              ;";
    add(m, "error", SUBMISSION_ERROR, marks, 4)->reason =
        "cannot fork: Resource temporarily unavailable";
}

/* --- hostile ones --------------------------------------------------------- */

static const char *const evil =
    "</pre></details><script>alert(1)</script>]]>&lt; \"'`\\ "
    "\033[31mred\033[0m\r\b\x07 \xff\xfe \xc3\x28 \xed\xa0\x80 \\x00 "
    "\xe2\x80\xae\xe2\x80\xa8\xd8\x9c\xe2\x81\xa6\xe2\x80\x8f\xef\xbb\xbf\xc2"
    "\x9b \xef\xbf\xbf\n...\n---\nok 1 - forged\n"
    "Bail out! forged\n{\"scores\":{\"05-drain\":100}}\n1..0\n"
    "=cmd|'/c calc'!A0\n#hash\n";

static char *megabyte(struct base_arena *arena)
{
    char *text = base_arena_alloc(arena, MEGABYTE + 1);
    for (size_t i = 0; i < MEGABYTE; i++)
        text[i] = "0123456789abcdef\xc3\xa9 \033\n"[i % 21];
    return text;
}

static void add_hostile(struct maker *m)
{
    char *text = (char *)(uintptr_t)evil, *long_text = megabyte(m->arena);
    struct mark marks[] = {accepts, whole, whole, secret};
    struct finding *f = &marks[1].finding;
    f->check = f->title = f->did = f->command = f->expected = f->came = text;
    f->cause = f->section = f->reproduce = f->hang = f->sanitizer = text;
    f->note = text;
    f->output = long_text;
    marks[2].finding.title = long_text;
    marks[2].finding.came = long_text;
    marks[0].finding.check = text;
    marks[0].finding.note = text;
    struct submission *s = add(m, "hostile", SUBMISSION_GRADED, marks, 4);
    s->student = "=HYPERLINK(\"http://x\",\"a,b\")\n\033[2J/../\xff";
    s->title = text;
    s->notes = s->missing = s->protection = text;
    s = add(m, "hostile_broken", SUBMISSION_BROKEN, marks, 4);
    s->student = "+1\t-@</td>'\"";
    s->reason = long_text;
    s = add(m, "hostile_error", SUBMISSION_ERROR, marks, 4);
    s->student = "..";
    s->reason = text;
}

struct sample *samples_make(struct base_arena *arena, size_t *n)
{
    struct maker m = {.arena = arena};
    m.all = base_arena_alloc(arena, SAMPLES_MAX * sizeof *m.all);
    add_graded(&m);
    add_not_graded(&m);
    add_hostile(&m);
    for (size_t i = 0; i < m.n; i++)
        submission_sum(&m.all[i].s);
    *n = m.n;
    return m.all;
}

struct submission *sample_named(struct sample *samples, size_t n,
                                const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(samples[i].name, name) == 0)
            return &samples[i].s;
    fail_msg("no sample is called %s", name);
    return NULL;
}

/* --- a class -------------------------------------------------------------- */

static int by_student(const void *a, const void *b)
{
    const struct submission *left = a, *right = b;
    const int order = strcmp(left->student, right->student);
    return order != 0 ? order : strcmp(left->exercise, right->exercise);
}

struct class_result samples_class(struct sample *samples, size_t n,
                                  struct base_arena *arena)
{
    static const char *const students[] = {"ada", "grace, h.", "zo\xc3\xab"};
    struct class_result c = {
        .submissions = base_arena_alloc(arena, n * sizeof *c.submissions),
        .n = n,
        .title = "Events & loops",
        .grader = "0123abc",
        .started = "2026-11-21T17:39:54Z",
        .seconds = 12.5,
    };
    for (size_t i = 0; i < n; i++) {
        struct submission *s = &c.submissions[i];
        *s = samples[i].s;
        if (strncmp(samples[i].name, "hostile", strlen("hostile")) == 0)
            continue;
        s->student = students[i % 3];
        s->exercise = base_arena_printf(arena, "%02zu-exercise", i / 3 + 1);
    }
    qsort(c.submissions, n, sizeof *c.submissions, by_student);
    return c;
}

/*
 * class_grade.c - the submissions of a run: none of them graded at first, then
 * each as its worker says, and kept.
 *
 * A worker is believed if its record is whole. Whatever else it does is an
 * error of the grader, for that submission alone.
 *
 * Read before: class_run.h, class_pool.h. Read after: class_work.c.
 * Rests on: getrandom(2).
 */
#include "class_run.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

/* --- what there is to grade ----------------------------------------------- */

/*
 * The marks of what has not been graded: names and points of exercise.ini. The
 * students' kit has no hidden checks, and does not count them here either.
 */
static void blank_marks(const struct exercise *e, struct submission *s,
                        struct base_arena *arena)
{
    const bool has_hidden = exercise_has_hidden(e);
    s->n_marks = 0;
    s->marks = base_arena_alloc(arena, e->n_checks * sizeof *s->marks);
    for (size_t i = 0; i < e->n_checks; i++) {
        if (e->checks[i].hidden && !has_hidden)
            continue;
        char *name = base_arena_strdup(arena, base_slice_of(e->checks[i].name));
        s->marks[s->n_marks++] = (struct mark){
            .finding = {.check = name, .title = name},
            .hidden = e->checks[i].hidden,
            .max = e->checks[i].points,
        };
    }
    submission_sum(s);
}

static void begin_one(struct class_run *run, size_t i, size_t student,
                      size_t exercise)
{
    struct class_job *job = &run->jobs[i];
    struct submission *s = &run->result.submissions[i];
    job->from = &run->students[student];
    job->of = &run->exercises[exercise];
    if (getrandom(&job->nonce, sizeof job->nonce, 0) != sizeof job->nonce)
        job->nonce = (uint64_t)i; /* it guards against slips, not enemies */
    *s = (struct submission){.student = job->from->student,
                             .id = job->from->id,
                             .exercise = job->of->exercise.name,
                             .title = job->of->exercise.title,
                             .protection = jail_tier_name(run->tier),
                             .missing = jail_missing(run->tier)};
    blank_marks(&job->of->exercise, s, &run->result.arena);
}

static const char *utc_now(struct base_arena *arena)
{
    char text[32];
    struct tm tm;
    const time_t now = time(NULL);
    gmtime_r(&now, &tm);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    return base_arena_strdup(arena, base_slice_of(text));
}

/* The commit, where there is one to be asked for. */
static const char *kit_version(struct base_arena *arena)
{
    char text[64] = "";
    FILE *git = popen("git describe --always --dirty 2>/dev/null", "r");
    const bool read = git != NULL && fgets(text, sizeof text, git) != NULL;
    if (git != NULL)
        pclose(git);
    text[strcspn(text, "\n")] = '\0';
    return base_arena_strdup(arena, base_slice_of(read ? text : "unknown"));
}

void class_begin(struct class_run *run)
{
    struct class_result *result = &run->result;
    struct base_arena *arena = &result->arena;
    result->n = run->n_students * run->n_exercises;
    result->submissions =
        base_arena_alloc(arena, result->n * sizeof *result->submissions);
    run->jobs = base_arena_alloc(arena, result->n * sizeof *run->jobs);
    result->started = utc_now(arena);
    result->grader = kit_version(arena);
    result->title = "From a blocking socket to an event loop, measured";
    for (size_t i = 0; i < result->n; i++)
        begin_one(run, i, i / run->n_exercises, i % run->n_exercises);
}

/* --- grading -------------------------------------------------------------- */

/* run.c gives up after twenty minutes; this is for what nobody foresaw. */
static const int64_t limit_ns = 25 * 60 * LOOP_SECOND;

/* Why there is no record, in words. */
static const char *no_record(const struct class_answer *answer,
                             struct base_arena *arena)
{
    const char *again = "This is no fault of the student; grade again.";
    switch (answer->end) {
    case CLASS_ANSWERED:
        break;
    case CLASS_DIED:
        if (answer->status < 0)
            return base_arena_printf(
                arena, "The grader's worker was ended by signal %d (%s). %s",
                -answer->status, strsignal(-answer->status), again);
        return base_arena_printf(arena,
                                 "The grader's worker ended with status %d. %s",
                                 answer->status, again);
    case CLASS_TOO_LONG:
        return base_arena_printf(
            arena, "Grading took too long, and was ended. %s", again);
    case CLASS_TOO_MUCH:
        return base_arena_printf(
            arena, "The grader's worker wrote without end. %s", again);
    case CLASS_NOT_STARTED:
        return base_arena_printf(arena,
                                 "The grader's worker could not start: %s. %s",
                                 strerror(answer->status), again);
    }
    return base_arena_printf(
        arena, "The grader's worker wrote no whole result. %s", again);
}

/* Has the submission be what the worker answered, if that makes sense. */
static void take(struct class_run *run, size_t i,
                 const struct class_answer *answer, char key[SHA256_HEX])
{
    struct submission *s = &run->result.submissions[i];
    struct base_arena *arena = &run->result.arena;
    key[0] = '\0';
    if (answer->end == CLASS_ANSWERED &&
        class_record_read(answer->bytes, run->jobs[i].nonce, s, key, arena) ==
            0)
        return;
    s->state = SUBMISSION_ERROR;
    s->reason = no_record(answer, arena);
}

static void on_end(size_t i, const struct class_answer *answer, void *arg)
{
    struct class_run *run = arg;
    char key[SHA256_HEX];
    take(run, i, answer, key);
    if (key[0] != '\0' && run->store.dir != NULL) {
        const int error = class_store_save(&run->store, key, run->jobs[i].nonce,
                                           answer->bytes);
        run->unkept = error != 0 ? error : run->unkept;
    }
    class_progress_add(&run->progress, &run->result.submissions[i]);
}

static void on_start(size_t i, void *arg)
{
    struct class_run *run = arg;
    class_progress_start(&run->progress, &run->result.submissions[i]);
}

static void on_second(void *arg)
{
    const struct class_run *run = arg;
    class_progress_draw(&run->progress);
}

int class_grade(struct class_run *run)
{
    const struct class_pool pool = {.jobs = run->settings->jobs,
                                    .answer_max = CLASS_RECORD_MAX,
                                    .arg = run,
                                    .work = class_work,
                                    .on_start = on_start,
                                    .on_end = on_end,
                                    .on_second = on_second};
    const size_t n = run->result.n;
    struct class_task *tasks = base_alloc_array(n, sizeof *tasks);
    for (size_t i = 0; i < n; i++) {
        const struct exercise *e = &run->jobs[i].of->exercise;
        tasks[i].alone = strcmp(e->kind, "speed") == 0;
        tasks[i].limit_ns =
            run->settings->limit_ns > 0 ? run->settings->limit_ns : limit_ns;
    }
    const int error = class_pool_run(&pool, tasks, n);
    free(tasks);
    return error;
}

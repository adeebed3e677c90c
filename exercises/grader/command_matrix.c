/*
 * command_matrix.c - `grade matrix`: runs the cases, prints the table.
 *
 * Read before: matrix.h, class_pool.h.
 */
#include "arguments.h"
#include "commands.h"

#include "class_pool.h"
#include "class_record.h"
#include "matrix.h"
#include "nearest.h"
#include "outputs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    ALL_ARGUMENTS = 64,
    LIMIT_S = 300, /* of one case */
    SAMPLE_WRONG = 12,
    SAMPLE_HOSTILE = 24,
    WRONG_OF_MANY = 8,
    WRONG_OF_FEW = 4,
    TRIES = 4,
};

struct run {
    struct matrix matrix;
    struct scratch scratch;
    enum jail_tier tier;
    int64_t seed;
    int jobs;
    bool sample, verbose, hostile;
    const char *wished; /* the tier's name; "": the best */
    size_t done, faults;
};

/* --- in the worker: one case ---------------------------------------------- */

/* What was too noisy to be scored is tried again: that is no fault of it. */
static int work(size_t i, int fd, void *arg)
{
    struct run *run = arg;
    struct matrix_case *c = &run->matrix.cases[i];
    char *folder = scratch_folder(&run->scratch);
    if (folder == NULL || matrix_files(c, folder, (uint64_t)run->seed) != 0)
        return 1;
    const struct run_options o = {.tier = run->tier,
                                  .scratch = &run->scratch,
                                  .hidden = true,
                                  .has_seed = true,
                                  .seed = (uint64_t)run->seed};
    c->result.student = "matrix";
    int tries = 0;
    do
        run_submission(c->exercise, folder, &o, &c->result, &run->matrix.arena);
    while (++tries < TRIES && matrix_is_noisy(&c->result));
    scratch_remove(folder);
    class_record_trim(&c->result, &run->matrix.arena);
    return class_record_write(fd, i, &c->result, "") == 0 ? 0 : 1;
}

/* --- the table ------------------------------------------------------------ */

static const char *result_words(const struct matrix_case *c, char *text,
                                size_t size)
{
    const struct submission *s = &c->result;
    const struct mark *first = matrix_first_failure(s);
    if (s->state != SUBMISSION_GRADED)
        snprintf(text, size, "%s", submission_state_name(s->state));
    else
        snprintf(text, size, "%g of %g%s%s", s->score, s->max,
                 first != NULL ? ", first: " : "",
                 first != NULL ? first->finding.check : "");
    return text;
}

/* The message, as whoever handed it in would see it, with all that is hidden.
 */
static void print_message(const struct submission *s)
{
    const struct output_options o = {.show_hidden = true};
    struct base_buf out;
    base_buf_init(&out, CLASS_RECORD_MAX);
    output_terminal(s, &o, &out);
    const struct base_slice bytes = base_buf_slice(&out);
    fwrite(bytes.ptr, 1, bytes.len, stdout);
    base_buf_fini(&out);
}

static void on_end(size_t i, const struct class_answer *answer, void *arg)
{
    struct run *run = arg;
    struct matrix_case *c = &run->matrix.cases[i];
    char key[SHA256_HEX], words[200];
    c->result = (struct submission){.student = "matrix",
                                    .exercise = c->exercise->name,
                                    .state = SUBMISSION_ERROR,
                                    .reason = "the worker gave no answer"};
    if (answer->end == CLASS_ANSWERED)
        class_record_read(answer->bytes, i, &c->result, key,
                          &run->matrix.arena);
    submission_sum(&c->result);
    matrix_judge(c, &run->matrix.arena);
    run->done++;
    run->faults += c->fault != NULL;
    printf("%-12s %-28s %-32s %s%s\n", c->exercise->name, c->label,
           result_words(c, words, sizeof words),
           c->fault != NULL ? "WRONG: " : "ok",
           c->fault != NULL ? c->fault : "");
    if (run->verbose && c->result.state != SUBMISSION_ERROR)
        print_message(&c->result);
    fflush(stdout);
}

/* --- what the table leaves open ------------------------------------------- */

/* True if the check is the first to fail for some wrong solution. */
static bool catches(const struct matrix *m, const struct exercise *e,
                    const char *check)
{
    for (size_t i = 0; i < m->n; i++) {
        const struct matrix_case *c = &m->cases[i];
        if (c->kind != MATRIX_WRONG || c->exercise != e || c->fault != NULL)
            continue;
        const struct mark *first = matrix_first_failure(&c->result);
        if (first != NULL && strcmp(first->finding.check, check) == 0)
            return true;
    }
    return false;
}

static size_t count_idle_checks(const struct matrix *m)
{
    size_t idle = 0;
    for (size_t i = 0; i < m->n_exercises; i++) {
        const struct exercise *e = &m->exercises[i];
        for (size_t k = 0; k < e->n_checks; k++) {
            if (catches(m, e, e->checks[k].name))
                continue;
            printf("%-12s check %s is the first to fail for no wrong "
                   "solution\n",
                   e->name, e->checks[k].name);
            idle++;
        }
    }
    return idle;
}

/* Eight wrong solutions of a program that is written or mended, else four:
 * said, and no fault, as an exercise grows. */
static void print_unwritten(const struct matrix *m)
{
    for (size_t i = 0; i < m->n_exercises; i++) {
        const struct exercise *e = &m->exercises[i];
        const bool many =
            strcmp(e->kind, "write") == 0 || strcmp(e->kind, "mend") == 0;
        const size_t rule = many ? WRONG_OF_MANY : WRONG_OF_FEW;
        if (m->n_wrong[i] >= rule)
            continue;
        const size_t lacks = rule - m->n_wrong[i];
        printf("%-12s still to write: %zu more wrong solution%s\n", e->name,
               lacks, lacks == 1 ? "" : "s");
    }
}

static size_t count(const struct matrix *m, enum matrix_kind kind)
{
    size_t n = 0;
    for (size_t i = 0; i < m->n; i++)
        n += m->cases[i].kind == kind;
    return n;
}

static void print_counts(const struct run *run)
{
    const struct matrix *m = &run->matrix;
    size_t checks = 0;
    for (size_t i = 0; i < m->n_exercises; i++)
        checks += m->exercises[i].n_checks;
    printf("\n%zu exercises, %zu checks, %zu wrong and %zu hostile solutions; "
           "locked in by: %s\n",
           m->n_exercises, checks, count(m, MATRIX_WRONG),
           count(m, MATRIX_HOSTILE), jail_tier_name(run->tier));
}

/* --- the command ---------------------------------------------------------- */

/* Keeps the hostile ones alone, or all but those. */
static void keep(struct matrix *m, bool hostile)
{
    size_t n = 0;
    for (size_t i = 0; i < m->n; i++)
        if ((m->cases[i].kind == MATRIX_HOSTILE) == hostile)
            m->cases[n++] = m->cases[i];
    m->n = n;
}

/* Of the sample: all that are right, and some of the others. */
static void thin(struct matrix *m)
{
    size_t n = 0, wrong = 0, hostile = 0;
    for (size_t i = 0; i < m->n; i++) {
        const enum matrix_kind kind = m->cases[i].kind;
        if (kind == MATRIX_WRONG && wrong++ % SAMPLE_WRONG != 0)
            continue;
        if (kind == MATRIX_HOSTILE && hostile++ % SAMPLE_HOSTILE != 0)
            continue;
        m->cases[n++] = m->cases[i];
    }
    m->n = n;
}

static int run_cases(struct run *run)
{
    const struct matrix *m = &run->matrix;
    struct class_task *tasks =
        base_alloc_array(m->n, sizeof(struct class_task));
    for (size_t i = 0; i < m->n; i++)
        tasks[i] = (struct class_task){
            .alone = strcmp(m->cases[i].exercise->kind, "speed") == 0,
            .limit_ns = LIMIT_S * INT64_C(1000000000)};
    const struct class_pool pool = {.jobs = run->jobs,
                                    .answer_max = CLASS_RECORD_MAX,
                                    .arg = run,
                                    .work = work,
                                    .on_end = on_end};
    const int error = class_pool_run(&pool, tasks, m->n);
    free(tasks);
    return error;
}

/* What to type in the place of the name that was not found: the last one. */
static const char *what_instead(struct run *run, const char *const *names)
{
    const size_t n = run->matrix.n_exercises;
    return nearest_try(
        "make matrix EXERCISE=", names[0] != NULL && n > 0 ? names[n - 1] : "",
        &run->matrix.arena);
}

static int matrix(struct run *run, const char *const *names)
{
    const char *why;
    if (matrix_find(&run->matrix, names, &why) != 0)
        return arguments_refuse(why, what_instead(run, names));
    if (run->hostile)
        keep(&run->matrix, true);
    if (run->sample)
        thin(&run->matrix);
    int error = scratch_make(&run->scratch, run_build_folder(), &why);
    if (error != 0)
        return arguments_refuse(why, run->scratch.try);
    run->tier = run->wished[0] != '\0' ? jail_tier_named(run->wished)
                                       : jail_best_tier(run->scratch.warden);
    if (run->tier == JAIL_LIMITS) {
        puts("no hostile solution is run: nothing here would lock it in");
        keep(&run->matrix, false);
    }
    error = run_cases(run);
    const size_t idle = run->sample || run->hostile || error != 0
                            ? 0
                            : count_idle_checks(&run->matrix);
    scratch_end(&run->scratch);
    if (!run->hostile)
        print_unwritten(&run->matrix);
    print_counts(run);
    printf("%zu cases: %zu as they should be, %zu not\n", run->done,
           run->done - run->faults, run->faults);
    if (error > 0)
        puts("stopped: the rest has not been run");
    return error != 0 ? 2 : run->faults + idle > 0;
}

int command_matrix(int argc, char **argv)
{
    struct run run = {
        .wished = "", .seed = 1, .jobs = (int)sysconf(_SC_NPROCESSORS_ONLN)};
    const struct base_option rows[] = {
        {"sample", "all that are right, some of the others",
         .flag = &run.sample},
        {"hostile", "the hostile ones alone", .flag = &run.hostile},
        {"tier", "how to lock programs in; else as well as can be",
         .string = &run.wished, .words = jail_tier_words},
        {"verbose", "with the message of each", .flag = &run.verbose},
        {"seed", "of all checks", .large = &run.seed, .max = INT64_MAX},
        {"jobs", "at once", .number = &run.jobs, .min = 1, .max = 64},
        {.name = NULL},
    };
    struct base_options *options = base_options_new(
        "Tests the exercises themselves: skeletons, good, wrong and hostile "
        "solutions. For example: grade matrix 05-drain",
        "[EXERCISE...]");
    base_options_define(options, rows);
    const int rest = base_options_start(options, argc, argv);
    const char *names[ALL_ARGUMENTS] = {NULL};
    for (int i = rest; i < argc && i - rest < ALL_ARGUMENTS - 1; i++)
        names[i - rest] = argv[i];
    const int status = matrix(&run, names);
    base_arena_fini(&run.matrix.arena);
    base_options_free(options);
    return status;
}

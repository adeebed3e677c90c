/*
 * class_find.c - which exercises a class has handed in: an exercise that nobody
 * has handed in is not graded.
 *
 * A worker for each student looks for all exercises, and writes a byte for
 * each. Who cannot be read (an archive with tricks, a folder without
 * permission) has handed in none for now; the grading will say so.
 *
 * Read before: class_run.h, intake.h. Read after: class_work.c.
 */
#include "class_run.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static const int64_t limit_ns = 300 * LOOP_SECOND;

struct finding_out {
    const struct class_run *run;
    const char *const *names;
    struct exercise *exercises; /* all of the kit's */
    size_t n;
    bool *found;
};

/* True if `from` has handed in something for this exercise. */
static bool has(const struct finding_out *f, const struct handed_in *from,
                const struct exercise *e)
{
    struct base_arena arena;
    struct submission s = {.exercise = e->name};
    char *into = scratch_folder(&f->run->scratch);
    base_arena_init(&arena, 1 << 14);
    const bool looked =
        into != NULL &&
        intake_copy(from, e->name, e->files, false, into, &s, &arena) == 0;
    if (into != NULL)
        scratch_remove(into);
    free(into);
    base_arena_fini(&arena);
    return looked &&
           (s.state == SUBMISSION_GRADED || s.state == SUBMISSION_MISSING);
}

static int look(size_t i, int fd, void *arg)
{
    const struct finding_out *f = arg;
    for (size_t e = 0; e < f->n; e++) {
        const bool found = has(f, &f->run->students[i], &f->exercises[e]);
        if (write(fd, found ? "y" : "n", 1) != 1)
            return 1;
    }
    return 0;
}

static void on_end(size_t i, const struct class_answer *answer, void *arg)
{
    (void)i;
    struct finding_out *f = arg;
    for (size_t e = 0; e < f->n && e < answer->bytes.len; e++)
        f->found[e] = f->found[e] || answer->bytes.ptr[e] == 'y';
}

/* All students are asked for all exercises. As class_pool_run. */
static int ask_all(struct finding_out *f)
{
    const struct class_run *run = f->run;
    const struct class_pool pool = {.jobs = run->settings->jobs,
                                    .answer_max = f->n,
                                    .arg = f,
                                    .work = look,
                                    .on_end = on_end};
    struct class_task *tasks = base_alloc_array(run->n_students, sizeof *tasks);
    for (size_t i = 0; i < run->n_students; i++)
        tasks[i].limit_ns = limit_ns;
    const int error = class_pool_run(&pool, tasks, run->n_students);
    free(tasks);
    return error;
}

static void add(struct class_run *run, const struct exercise *e)
{
    struct class_exercise *of = &run->exercises[run->n_exercises++];
    of->exercise = *e;
    class_version(e, of->version);
}

static int find_handed_in(struct class_run *run, const char **why)
{
    struct base_arena *arena = &run->result.arena;
    struct finding_out f = {.run = run};
    int n = exercise_list(arena, &f.names);
    *why = "cannot list the folder exercises; run this in the kit's folder";
    if (n <= 0)
        return n < 0 ? n : -ENOENT;
    f.exercises = base_arena_alloc(arena, (size_t)n * sizeof *f.exercises);
    f.found = base_arena_alloc(arena, (size_t)n * sizeof *f.found);
    run->exercises =
        base_arena_alloc(arena, (size_t)n * sizeof *run->exercises);
    for (; f.n < (size_t)n; f.n++) {
        const int error =
            exercise_load(f.names[f.n], arena, &f.exercises[f.n], why);
        if (error != 0)
            return error;
    }
    *why = "cannot start a worker";
    const int error = ask_all(&f);
    if (error != 0)
        return error;
    for (size_t i = 0; i < f.n; i++)
        if (f.found[i])
            add(run, &f.exercises[i]);
    *why = "nobody has handed in a folder with the files of an exercise";
    return run->n_exercises == 0 ? -ENOENT : 0;
}

int class_find_exercises(struct class_run *run, const char **why)
{
    struct exercise e;
    if (run->settings->exercise == NULL)
        return find_handed_in(run, why);
    const int error =
        exercise_load(run->settings->exercise, &run->result.arena, &e, why);
    if (error != 0)
        return error;
    run->exercises =
        base_arena_alloc(&run->result.arena, sizeof *run->exercises);
    add(run, &e);
    return 0;
}

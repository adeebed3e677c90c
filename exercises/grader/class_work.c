/*
 * class_work.c - what a worker does with one submission.
 *
 *     take in --> same key kept? --> yes: that is the result
 *                      |
 *                      no --> grade --> the record, with its key
 *
 * The key is the hash of all that the points depend on: the files handed in,
 * the exercise with its checks, the grader, the seed, and how the program is
 * locked in. The student's name is not in it, but for the seed that is made of
 * it.
 *
 * Read before: class_run.h. Read after: class_run.c.
 * Rests on: the hash in files_sha256, see files.h.
 */
#include "class_run.h"

#include "sink.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH = 4096, DEPTH_MAX = 4 };

/* --- version -------------------------------------------------------------- */

/* Adds name and content; a file that cannot be read adds its name alone. */
static void add_file(struct sha256 *hash, const char *path)
{
    char bytes[1 << 14];
    sha256_add(hash, (struct base_slice){path, strlen(path) + 1});
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd == -1)
        return;
    ssize_t n;
    while ((n = read(fd, bytes, sizeof bytes)) > 0)
        sha256_add(hash, (struct base_slice){bytes, (size_t)n});
    close(fd);
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static bool is_among(const char *name, const char *const *names)
{
    while (*names != NULL && strcmp(*names, name) != 0)
        names++;
    return *names != NULL;
}

/* Adds all files of a folder, by name, but `without`; `depth` levels of it. */
static void add_folder(struct sha256 *hash, const char *dir, int depth,
                       const char *const *without)
{
    struct dirent **entries;
    const int n = scandir(dir, &entries, is_visible, alphasort);
    for (int i = 0; i < n; i++) {
        char path[PATH];
        struct stat status;
        snprintf(path, sizeof path, "%s/%s", dir, entries[i]->d_name);
        const bool wanted =
            !is_among(entries[i]->d_name, without) && stat(path, &status) == 0;
        if (wanted && S_ISREG(status.st_mode))
            add_file(hash, path);
        else if (wanted && S_ISDIR(status.st_mode) && depth > 1)
            add_folder(hash, path, depth - 1, without);
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
}

void class_version(const struct exercise *e, char hex[SHA256_HEX])
{
    static const char *const nothing[] = {NULL};
    const char *build = run_build_folder();
    char path[PATH];
    struct sha256 hash;
    sha256_init(&hash);
    add_file(&hash, "/proc/self/exe");
    snprintf(path, sizeof path, "%s/exercises/check/warden", build);
    add_file(&hash, path);
    snprintf(path, sizeof path, "%s/exercises/kit", build);
    add_folder(&hash, path, DEPTH_MAX, nothing);
    snprintf(path, sizeof path, "%s/%s", build, e->dir);
    add_folder(&hash, path, DEPTH_MAX, nothing);
    snprintf(path, sizeof path, "%s/solutions/%s", build, e->name);
    add_folder(&hash, path, DEPTH_MAX, nothing);
    add_folder(&hash, e->dir, DEPTH_MAX, e->files);
    for (size_t i = 0; e->given[i] != NULL; i++) {
        snprintf(path, sizeof path, "%s/%s", build, e->given[i]);
        add_file(&hash, path);
    }
    sha256_end(&hash, hex);
}

/* --- one submission ------------------------------------------------------- */

static uint64_t seed_of(const struct class_run *run, size_t i)
{
    const struct class_job *job = &run->jobs[i];
    return run->settings->has_seed
               ? run->settings->seed
               : run_seed(job->from->named, job->of->exercise.name);
}

static void make_key(const struct class_run *run, size_t i,
                     const struct submission *s, char key[SHA256_HEX])
{
    const struct class_exercise *of = run->jobs[i].of;
    char seed[24];
    snprintf(seed, sizeof seed, "%" PRIu64, seed_of(run, i));
    const char *const parts[] = {
        s->sha256,
        of->exercise.name,
        of->version,
        jail_tier_name(run->tier),
        seed,
        s->notes != NULL ? s->notes : "", /* they are kept as well */
    };
    struct sha256 hash;
    sha256_init(&hash);
    for (size_t k = 0; k < sizeof parts / sizeof parts[0]; k++)
        sha256_add(&hash, (struct base_slice){parts[k], strlen(parts[k]) + 1});
    sha256_end(&hash, key);
}

static void grader_failed(struct submission *s, const char *what, int error,
                          struct base_arena *arena)
{
    s->state = SUBMISSION_ERROR;
    if (s->reason == NULL)
        s->reason = base_arena_printf(arena, "%s: %s", what, strerror(-error));
}

static void grade(const struct class_run *run, size_t i, const char *files,
                  struct submission *s, struct base_arena *arena)
{
    const struct exercise *e = &run->jobs[i].of->exercise;
    const struct run_options options = {
        .tier = run->tier,
        .scratch = &run->scratch,
        .hidden = exercise_has_hidden(e),
        .has_seed = true,
        .seed = seed_of(run, i),
    };
    const int error = run_submission(e, files, &options, s, arena);
    if (error != 0)
        grader_failed(s, "the grader could not work", error, arena);
    submission_sum(s);
}

/* Takes in, and if there is something to be graded, does it or finds it. */
static void take_in(const struct class_run *run, size_t i, const char *into,
                    struct submission *s, char key[SHA256_HEX],
                    struct base_arena *arena)
{
    const struct exercise *e = &run->jobs[i].of->exercise;
    const bool alone = run->settings->exercise != NULL;
    const int error = intake_copy(run->jobs[i].from, e->name, e->files, alone,
                                  into, s, arena);
    if (error != 0)
        grader_failed(s, "the files could not be copied", error, arena);
    if (s->state != SUBMISSION_GRADED)
        return;
    make_key(run, i, s, key);
    if (run->store.dir == NULL || run->settings->again ||
        class_store_load(&run->store, key, s, arena) != 0)
        grade(run, i, into, s, arena);
}

int class_work(size_t i, int fd, void *arg)
{
    const struct class_run *run = arg;
    struct submission s = run->result.submissions[i];
    char key[SHA256_HEX] = "";
    struct base_arena arena;
    base_arena_init(&arena, 1 << 16);
    char *into = scratch_folder(&run->scratch);
    if (into == NULL)
        grader_failed(&s, "cannot make a folder", -errno, &arena);
    else
        take_in(run, i, into, &s, key, &arena);
    if (into != NULL)
        scratch_remove(into);
    free(into);
    if (s.kept || !submission_final(&s))
        key[0] = '\0';
    class_record_trim(&s, &arena);
    const int error = class_record_write(fd, run->jobs[i].nonce, &s, key);
    base_arena_fini(&arena);
    return error == 0 ? 0 : 1;
}

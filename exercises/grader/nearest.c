/*
 * nearest.c - see nearest.h.
 *
 * Rests on: V. Levenshtein, Binary codes capable of correcting deletions,
 * insertions and reversals, 1966.
 */
#include "nearest.h"

#include "exercise.h"

#include <string.h>

enum { NAME_MAX_LEN = 63 };

static size_t least(size_t a, size_t b, size_t c)
{
    const size_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/* Letters to put in, take out or change; row by row of the usual table. */
static size_t distance(const char *a, const char *b)
{
    size_t row[NAME_MAX_LEN + 1];
    const size_t len = strlen(b);
    if (len > NAME_MAX_LEN)
        return SIZE_MAX;
    for (size_t j = 0; j <= len; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        size_t corner = row[0];
        row[0] = i;
        for (size_t j = 1; j <= len; j++) {
            const size_t changed = corner + (a[i - 1] != b[j - 1]);
            corner = row[j];
            row[j] = least(row[j] + 1, row[j - 1] + 1, changed);
        }
    }
    return row[len];
}

/* The number in front may be missing, or the 0 before it: "drain", "5". */
static size_t how_far(const char *name, const char *exercise)
{
    if (exercise[0] == '0' && name[0] != '\0' &&
        strncmp(name, exercise + 1, strlen(name)) == 0)
        return 0;
    const char *word = strchr(exercise, '-');
    const size_t whole = distance(name, exercise);
    const size_t part = word != NULL ? distance(name, word + 1) : whole;
    return whole < part ? whole : part;
}

/* NULL: no name is near, what is farther away is another word. */
static const char *nearest(const char *name, struct base_arena *arena)
{
    const char *const *names, *found = NULL;
    size_t best = strlen(name) / 2 + 1;
    exercise_list(arena, &names);
    for (int i = 0; names[i] != NULL; i++) {
        const size_t far = how_far(name, names[i]);
        if (far < best) {
            best = far;
            found = names[i];
        }
    }
    return found;
}

const char *nearest_advice(const char *name, struct base_arena *arena)
{
    const char *const *names, *all = "";
    exercise_list(arena, &names);
    for (int i = 0; names[i] != NULL; i++)
        all = base_arena_printf(arena, "%s %s", all, names[i]);
    const char *meant = nearest(name, arena);
    return base_arena_printf(
        arena, "there is no exercise \"%s\"%s%s%s\n  there are:%s", name,
        meant != NULL ? ": did you mean " : "", meant != NULL ? meant : "",
        meant != NULL ? "?" : "", all);
}

const char *nearest_try(const char *command, const char *name,
                        struct base_arena *arena)
{
    const char *meant = nearest(name, arena);
    if (meant == NULL)
        return "make progress   (lists all exercises)";
    const bool there = strncmp(meant, name, strlen(name)) == 0;
    return there ? base_arena_printf(arena, "git diff -- exercises/%s", meant)
                 : base_arena_printf(arena, "%s%s", command, meant);
}

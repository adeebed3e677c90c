/* subjects.c - see subjects.h. */
#include "subjects.h"

#include "proc.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What a server's own text says of its bound; the rest has none. */
static const struct {
    const char *name;
    int most;
    const char *bound;
} bounds[] = {
    {"01-blocking/iterative", 1, "one at a time"},
    {"01-blocking/prefork", 4, "4 workers"},
    {"01-blocking/pool", 4, "4 workers"},
    {"01-blocking/fork", 200, "capped at 200"},
    {"01-blocking/thread", 1000, "capped at 1,000"},
    {"03-select", 1000, "FD_SETSIZE"},
};

static void set_bound(struct subject *s)
{
    s->most = INT_MAX;
    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
        if (strcmp(s->name, bounds[i].name) == 0) {
            s->most = bounds[i].most;
            s->bound = bounds[i].bound;
        }
    }
}

/* Adds the server with option and word ("" for none). */
static void add(struct subject *table, int *n, const char *lesson,
                const char *path, const char *option, const char *word)
{
    if (*n == SUBJECTS_MAX)
        return;
    struct subject *s = &table[(*n)++];
    *s = (struct subject){.most = INT_MAX};
    snprintf(s->lesson, sizeof s->lesson, "%s", lesson);
    snprintf(s->path, sizeof s->path, "%s", path);
    snprintf(s->option, sizeof s->option, "%s", option);
    snprintf(s->word, sizeof s->word, "%s", word);
    snprintf(s->name, sizeof s->name, "%s%s%s", lesson,
             word[0] != '\0' ? "/" : "", word);
    set_bound(s);
}

/*
 * Finds the first option with a choice in a --help text: a line like
 * "  --model  ... (iterative,fork; default iterative)". False: there is none.
 */
static bool find_choice(const char *help, char *option, char *words)
{
    const char *end = strstr(help, "; default ");
    const char *begin = end;
    while (begin != NULL && begin > help && *begin != '(')
        begin--;
    const char *line = begin;
    while (line != NULL && line > help && line[-1] != '\n')
        line--;
    if (begin == NULL || sscanf(line, " %31s", option) != 1 ||
        end - begin > 200)
        return false;
    snprintf(words, 201, "%.*s", (int)(end - begin - 1), begin + 1);
    return strchr(words, ',') != NULL;
}

static void add_lesson(struct subject *table, int *n, const char *build,
                       const char *lesson)
{
    char path[256], option[32], words[201];
    snprintf(path, sizeof path, "%s/lessons/%s/server", build, lesson);
    if (access(path, X_OK) == -1)
        return;
    struct proc help;
    if (proc_spawn(&help, (const char *[]){path, "--help", NULL}, NULL) == 0)
        proc_wait(&help, 5000);
    proc_stop(&help);
    if (!find_choice(help.said, option, words)) {
        add(table, n, lesson, path, "", "");
        return;
    }
    char *rest = words;
    for (char *word; (word = strsep(&rest, ",")) != NULL;)
        add(table, n, lesson, path, option, word);
}

/* True if `lessons` ("03 05") names the lesson, or names none. */
static bool is_wanted(const char *lessons, const char *lesson)
{
    if (lessons == NULL || strspn(lessons, " ,") == strlen(lessons))
        return true;
    for (const char *at = lessons; *at != '\0'; at++)
        if (strncmp(at, lesson, 2) == 0 &&
            (at == lessons || strchr(" ,", at[-1]) != NULL))
            return true;
    return false;
}

static int is_lesson(const struct dirent *entry)
{
    return entry->d_name[0] >= '0' && entry->d_name[0] <= '9';
}

/* What stands on libloop is measured beside the lessons: `--lessons loop`. */
static void add_example(struct subject *table, int *n, const char *build)
{
    static const char name[] = "loop/hello_tasks";
    char path[256];
    snprintf(path, sizeof path, "%s/loop/examples/hello_tasks", build);
    if (access(path, X_OK) == 0)
        add(table, n, name, path, "", "");
}

int subjects_find(struct subject *table, const char *build, const char *lessons)
{
    int n = 0;
    char path[256];
    snprintf(path, sizeof path, "%s/bench/floor", build);
    add(table, &n, "floor", path, "", "");
    snprintf(path, sizeof path, "%s/lessons", build);
    struct dirent **entries;
    const int found = scandir(path, &entries, is_lesson, alphasort);
    for (int i = 0; i < found; i++) {
        if (is_wanted(lessons, entries[i]->d_name))
            add_lesson(table, &n, build, entries[i]->d_name);
        free(entries[i]);
    }
    if (found >= 0)
        free(entries);
    if (is_wanted(lessons, "loop"))
        add_example(table, &n, build);
    table[0].lesson[0] = '\0';
    return n;
}

bool subject_has_fetch(const struct subject *s, const char *build)
{
    char path[512];
    snprintf(path, sizeof path, "%s/lessons/%s/fetch", build, s->lesson);
    return s->lesson[0] != '\0' && access(path, X_OK) == 0;
}

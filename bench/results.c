/*
 * results.c - see results.h. A file is read whole and cut into words in place:
 * tabs and line ends become NULs, and rows point at the words.
 */
#include "results.h"

#include "words.h"

#include "../lessons/common/common.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { COLUMNS = 8, FILE_MAX = 256 << 20 };

static const char format_line[] = "# course-kit results ";
static const char column_line[] =
    "bench\tserver\tvariant\tx\tmetric\tvalue\tunit\tround";
static const char measure_again[] = "measure again with this kit: make course";

/* The place in a file that is being read. */
struct reader {
    struct results *results;
    struct problem *problem;
    const char *path;
    char *rest; /* not yet cut */
    int line;
};

static int fail(struct problem *p, int error, const char *try,
                const char *format, ...) __attribute__((format(printf, 4, 5)));

static int fail(struct problem *p, int error, const char *try,
                const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(p->what, sizeof p->what, format, args);
    va_end(args);
    p->try = try;
    return error;
}

/* Grows an array by one, doubling its memory at powers of two. */
static void *grown(void *array, int n, size_t size)
{
    if (n > 0 && (n & (n - 1)) != 0)
        return array;
    void *larger = realloc(array, (n > 0 ? 2 * (size_t)n : 1) * size);
    if (larger == NULL)
        die(ENOMEM, NULL, "cannot keep the results");
    return larger;
}

/* --- one line ------------------------------------------------------------ */

/* The next line, cut off at its end, or NULL at the end of the file. */
static char *next_line(struct reader *in)
{
    if (*in->rest == '\0')
        return NULL;
    char *line = in->rest;
    char *end = strchrnul(line, '\n');
    in->rest = *end == '\n' ? end + 1 : end;
    *end = '\0';
    if (end > line && end[-1] == '\r')
        end[-1] = '\0';
    in->line++;
    return line;
}

static int malformed(const struct reader *in, const char *what,
                     const char *word)
{
    return fail(in->problem, -EINVAL, "mend the line, or measure again",
                "%s:%d: %s%.80s%s", in->path, in->line, word != NULL ? "'" : "",
                word != NULL ? word : "", what);
}

static void add_fact(struct results *r, const char *key, const char *value)
{
    for (int i = 0; i < r->n_facts; i++)
        if (strcmp(r->facts[i].key, key) == 0 &&
            strcmp(r->facts[i].value, value) == 0)
            return;
    r->facts = grown(r->facts, r->n_facts, sizeof *r->facts);
    r->facts[r->n_facts++] = (struct fact){key, value};
}

/* "# key value..." */
static int read_fact(struct reader *in, char *line)
{
    char *key = line + 1 + strspn(line + 1, " ");
    char *end = key + strcspn(key, " ");
    const char *value = end + strspn(end, " ");
    if (key == end || *value == '\0')
        return malformed(in, "' is no fact: a key and a value are", line);
    *end = '\0';
    add_fact(in->results, key, value);
    return 0;
}

/* A number, or "-", which is NAN. */
static bool read_number(const char *word, double *number)
{
    *number = NAN;
    if (strcmp(word, "-") == 0)
        return true;
    char *end;
    *number = strtod(word, &end);
    return end != word && *end == '\0' && isfinite(*number);
}

/* Cuts `line` at its tabs. Returns the number of columns. */
static int split(char *line, char *words[COLUMNS])
{
    int n = 0;
    for (char *at = line; at != NULL; n++) {
        char *word = strsep(&at, "\t");
        if (n < COLUMNS)
            words[n] = word;
    }
    return n;
}

static int read_row(struct reader *in, char *line)
{
    char *words[COLUMNS];
    const int n = split(line, words);
    if (n != COLUMNS)
        return malformed(in, "' begins a row that has not 8 columns", words[0]);
    for (int i = 0; i < COLUMNS; i++)
        if (*words[i] == '\0')
            return malformed(in, "a column is empty: write '-'", NULL);
    struct row row = {words[0], words[1], words[2], words[4], words[5],
                      words[6], 0,        0,        0};
    double round;
    if (!read_number(words[3], &row.x) || row.x < 0)
        return malformed(in, "' is no x: it takes a number or '-'", words[3]);
    if (!read_number(row.text, &row.value) &&
        strcmp(row.metric, "verdict") != 0)
        return malformed(in, "' is no value: it takes a number or '-'",
                         row.text);
    if (!read_number(words[7], &round) || round < 0 || round >= ROUNDS_MAX)
        return malformed(in, "' is no round: it takes 0 to 999", words[7]);
    row.round = isnan(round) ? 0 : (int)round;
    struct results *r = in->results;
    r->rows = grown(r->rows, r->n_rows, sizeof *r->rows);
    r->rows[r->n_rows++] = row;
    return 0;
}

/* --- one file ------------------------------------------------------------ */

static int read_format(struct reader *in)
{
    const char *line = next_line(in);
    const size_t len = sizeof format_line - 1;
    if (line == NULL || strncmp(line, format_line, len) != 0)
        return fail(in->problem, -EPROTO,
                    "give a file that make bench or make bench-export wrote",
                    "%s is no results file: it does not begin with '%s%d'",
                    in->path, format_line, RESULTS_VERSION);
    char version[8];
    snprintf(version, sizeof version, "%d", RESULTS_VERSION);
    if (strcmp(line + len, version) != 0)
        return fail(in->problem, -EPROTO, measure_again,
                    "%s has results of format %.20s; this kit reads format %d",
                    in->path, line + len, RESULTS_VERSION);
    return 0;
}

static int read_lines(struct reader *in)
{
    int error = read_format(in);
    bool in_rows = false;
    for (char *line; error == 0 && (line = next_line(in)) != NULL;) {
        if (in_rows)
            error = read_row(in, line);
        else if (line[0] == '#')
            error = read_fact(in, line);
        else if (strcmp(line, column_line) == 0)
            in_rows = true;
        else
            error = malformed(in, "the column line is missing", NULL);
    }
    return error;
}

/* The whole file with a NUL behind it, or NULL with *error set. */
static char *slurp(const char *path, size_t *len, int *error)
{
    FILE *file = fopen(path, "re");
    struct stat about;
    if (file == NULL || fstat(fileno(file), &about) == -1) {
        *error = -errno;
        if (file != NULL)
            fclose(file);
        return NULL;
    }
    if (about.st_size > FILE_MAX) {
        fclose(file);
        *error = -EFBIG;
        return NULL;
    }
    char *text = allocate((size_t)about.st_size + 1);
    *len = fread(text, 1, (size_t)about.st_size, file);
    text[*len] = '\0';
    *error = ferror(file) ? -EIO : 0;
    fclose(file);
    if (*error == 0)
        return text;
    free(text);
    return NULL;
}

static int load_file(struct results *r, const char *path,
                     struct problem *problem)
{
    int error;
    size_t len;
    char *text = slurp(path, &len, &error);
    if (text == NULL)
        return fail(problem, error, NULL, "cannot read %s: %s", path,
                    strerror(-error));
    r->files = grown(r->files, r->n_files, sizeof *r->files);
    r->files[r->n_files++] = text;
    if (strlen(text) != len)
        return fail(problem, -EINVAL, measure_again,
                    "%s is no text: it holds a zero byte", path);
    struct reader in = {
        .results = r, .problem = problem, .path = path, .rest = text};
    return read_lines(&in);
}

/* --- a folder ------------------------------------------------------------ */

static int is_results_file(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return entry->d_name[0] != '.' && dot != NULL && strcmp(dot, ".tsv") == 0;
}

static int load_folder(struct results *r, const char *path,
                       struct problem *problem)
{
    struct dirent **entries;
    const int n = scandir(path, &entries, is_results_file, alphasort);
    if (n == -1)
        return fail(problem, -errno, NULL, "cannot read %s: %s", path,
                    strerror(errno));
    int error = 0;
    for (int i = 0; i < n; i++) {
        char file[4096];
        snprintf(file, sizeof file, "%s/%s", path, entries[i]->d_name);
        if (error == 0)
            error = load_file(r, file, problem);
        free(entries[i]);
    }
    free(entries);
    if (n == 0)
        return fail(problem, -ENOENT, "make course", "no results in %s", path);
    return error;
}

int results_load(struct results *r, const char *path, struct problem *problem)
{
    struct stat about;
    if (stat(path, &about) == -1)
        return errno == ENOENT
                   ? fail(problem, -ENOENT, "make course",
                          "no results in %s: there is no such file", path)
                   : fail(problem, -errno, NULL, "cannot read %s: %s", path,
                          strerror(errno));
    return S_ISDIR(about.st_mode) ? load_folder(r, path, problem)
                                  : load_file(r, path, problem);
}

void results_free(struct results *r)
{
    for (int i = 0; i < r->n_files; i++)
        free(r->files[i]);
    free(r->files);
    free(r->facts);
    free(r->rows);
    *r = (struct results){.n_rows = 0};
}

/* --- questions ----------------------------------------------------------- */

const char *results_fact(const struct results *r, const char *key,
                         const char *otherwise)
{
    for (int i = 0; i < r->n_facts; i++)
        if (strcmp(r->facts[i].key, key) == 0)
            return r->facts[i].value;
    return otherwise;
}

bool results_have(const struct results *r, const char *bench)
{
    for (int i = 0; i < r->n_rows; i++)
        if (strcmp(r->rows[i].bench, bench) == 0)
            return true;
    return false;
}

static int course_order(const void *left, const void *right)
{
    const char *a = *(const char *const *)left;
    const char *b = *(const char *const *)right;
    const int yardstick_last = words_yardstick(a) - words_yardstick(b);
    return yardstick_last != 0 ? yardstick_last : strcmp(a, b);
}

int results_servers(const struct results *r, const char *bench,
                    const char **names, int room)
{
    int n = 0;
    for (int i = 0; i < r->n_rows; i++) {
        if (bench != NULL && strcmp(r->rows[i].bench, bench) != 0)
            continue;
        int known = 0;
        while (known < n && strcmp(names[known], r->rows[i].server) != 0)
            known++;
        if (known == n && n < room)
            names[n++] = r->rows[i].server;
    }
    qsort(names, (size_t)n, sizeof *names, course_order);
    return n;
}

/*
 * export.c - packs one's own results into one file that can be given away:
 * all benches behind one header, without names of hosts, users or homes.
 *
 *     build/bench/export --name alice        build/bench-export/alice.tsv
 *
 * Names of the machine and its user can stand in what a program printed when
 * it failed, and in the command. There they are replaced.
 *
 * Read before: results.h. Read after: compare.c.
 */
#include "../lessons/common/common.h"
#include "outfile.h"

#include <ctype.h>
#include <math.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What is not given away, and what stands there instead. */
struct secret {
    char word[256];
    const char *instead;
};

static struct secret secrets[3];

static void add_secret(int i, const char *word, const char *instead)
{
    /* Words that everybody has tell nothing, and may be meant otherwise. */
    if (word == NULL || strlen(word) < 3 || strcmp(word, "root") == 0 ||
        strcmp(word, "localhost") == 0)
        return;
    snprintf(secrets[i].word, sizeof secrets[i].word, "%s", word);
    secrets[i].instead = instead;
}

static void find_secrets(void)
{
    char host[256] = "";
    gethostname(host, sizeof host - 1);
    const struct passwd *user = getpwuid(getuid());
    add_secret(0, user != NULL ? user->pw_dir : getenv("HOME"), "~");
    add_secret(1, host, "HOST");
    add_secret(2, user != NULL ? user->pw_name : getenv("USER"), "USER");
}

static bool in_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* The secret that is a whole word at `at`, or NULL. */
static const struct secret *secret_at(const char *text, const char *at)
{
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
        const size_t len = strlen(secrets[i].word);
        if (len > 0 && strncmp(at, secrets[i].word, len) == 0 &&
            (at == text || !in_word(at[-1])) && !in_word(at[len]))
            return &secrets[i];
    }
    return NULL;
}

static void put_clean(FILE *out, const char *text)
{
    for (const char *at = text; *at != '\0';) {
        const struct secret *secret = secret_at(text, at);
        if (secret != NULL) {
            fputs(secret->instead, out);
            at += strlen(secret->word);
        } else {
            fputc(*at++, out);
        }
    }
}

/* Units of numbers are ours; where no number stands, somebody's words do. */
static void put_row(FILE *out, const struct row *row)
{
    fprintf(out, "%s\t%s\t%s\t", row->bench, row->server, row->variant);
    if (isnan(row->x))
        fputc('-', out);
    else
        fprintf(out, "%.15g", row->x);
    fprintf(out, "\t%s\t%s\t", row->metric, row->text);
    if (isnan(row->value))
        put_clean(out, row->unit);
    else
        fputs(row->unit, out);
    fprintf(out, "\t%d\n", row->round);
}

static void put_results(FILE *out, const struct results *r)
{
    fprintf(out, "# course-kit results %d\n", RESULTS_VERSION);
    for (int i = 0; i < r->n_facts; i++) {
        fprintf(out, "# %s ", r->facts[i].key);
        put_clean(out, r->facts[i].value);
        fputc('\n', out);
    }
    fputs("bench\tserver\tvariant\tx\tmetric\tvalue\tunit\tround\n", out);
    for (int i = 0; i < r->n_rows; i++)
        put_row(out, &r->rows[i]);
}

static void check_name(const char *name)
{
    const size_t len = strlen(name);
    if (len == 0 || len > 60 || name[0] == '.' || name[0] == '-' ||
        strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                     "0123456789._-") != len)
        die(0, "make bench-export NAME=alice",
            "'%s' is no name for a file: letters, digits, '.', '_' and '-', "
            "at most 60",
            name);
}

int main(int argc, char **argv)
{
    const char *data = "build/bench", *out = "build/bench-export";
    const char *name = "results";
    const struct option options[] = {
        {"data", "your results: a folder with *.tsv", NULL, 0, 0, &data, NULL},
        {"out", "the folder to write to", NULL, 0, 0, &out, NULL},
        {"name", "whose results they are", NULL, 0, 0, &name, NULL},
        {.name = NULL},
    };
    parse_options(argc, argv, "Packs your results into one file.", options);
    check_name(name);

    struct results results = {.n_rows = 0};
    struct problem problem = {.try = NULL};
    struct outfile file;
    char path[PATH_MAX_LEN];
    snprintf(path, sizeof path, "%s/%s.tsv", out, name);
    if (results_load(&results, data, &problem) != 0 ||
        outfile_open(&file, path, &problem) != 0)
        die(0, problem.try, "%s", problem.what);
    find_secrets();
    put_results(file.out, &results);
    if (outfile_commit(&file, &problem) != 0)
        die(0, problem.try, "%s", problem.what);
    printf("results: %s (%d measurements)\n", path, results.n_rows);
    printf("next:    make bench-compare RESULTS=\"%s\"\n", path);
    results_free(&results);
}

/*
 * similar_internal.h - between the parts of the similarity report.
 *
 *     similar.c        the steps, the shares, the order
 *     similar_text.c   what a student wrote, line by line, and the copy of it
 *                      that sim_c is given
 *     similar_sim.c    runs sim_c and reads what it prints
 *     similar_page.c   the pages
 *
 * Texts are numbered as students are; the skeleton has the number after them.
 * In the working folder text 7 is the file 7.c.
 *
 * Read before: similar.h. Read after: similar_text.c.
 */
#ifndef GRADER_SIMILAR_INTERNAL_H
#define GRADER_SIMILAR_INTERNAL_H

#include "similar.h"

enum { SIMILAR_FILES_MAX = 32, SIMILAR_SAID = 200 };

/* --- texts ----------------------------------------------------------------*/

/* The C files of one student, one behind the other. */
struct similar_text {
    struct base_slice *lines; /* without the \n; into memory of the arena */
    bool *given;              /* of each line: it is the skeleton's */
    size_t n_lines;
    size_t starts[SIMILAR_FILES_MAX]; /* the first line of each file */
    const char *names[SIMILAR_FILES_MAX];
    size_t n_files;
    unsigned tokens; /* of the lines that are not given */
    bool left_out;
};

/* Reads the files of folder `dir` that are C and are there. */
void similar_text_read(struct similar_text *text, const char *dir,
                       const char *const *files, struct base_arena *arena);

/*
 * Writes N.c into the working folder: as many lines, those that are given
 * empty, and nothing but ASCII. Returns 0 or -errno.
 */
int similar_text_write(const struct similar_text *text, const char *work,
                       size_t number);

/* --- sim_c ----------------------------------------------------------------*/

/* A run of tokens that texts a and b both have, by lines from 0. */
struct similar_run {
    size_t a, b;
    size_t a_from, a_to, b_from, b_to; /* the last one is in it */
    unsigned tokens;
};

typedef void similar_on_run(const struct similar_run *run, void *arg);
typedef void similar_on_text(size_t text, unsigned tokens, void *arg);

struct similar_sim {
    const char *work;         /* the working folder */
    const char *texts;        /* a line each, "7.c"; those behind a line "/" are
                                 not compared with each other */
    unsigned run;             /* so many tokens at least */
    similar_on_text *on_text; /* may be NULL */
    similar_on_run *on_run;   /* the longest first, if only two texts */
    void *arg;
};

/*
 * Runs it. Returns 0, or as confined_end and confined_read, with the first line
 * of what sim_c had to complain about in `said`.
 */
int similar_sim(const struct similar_sim *sim, char said[SIMILAR_SAID]);

/* --- pages ----------------------------------------------------------------*/

/* The page of all pairs. Returns 0 or -errno. */
int similar_page_index(const struct similar_job *job,
                       const struct similar *found, const char *out);

/* The page of one pair, `number` from 1; `texts` are of all students. */
int similar_page_pair(const struct similar_job *job,
                      const struct similar_pair *pair, size_t number,
                      const struct similar_text *texts,
                      const struct similar_run *runs, size_t n_runs,
                      const char *out);

#endif

/*
 * watch_saves.h - tells when one of a few files is saved.
 *
 * Editors save in three ways: they write into the file, they write another and
 * rename it over the file, or they remove it and make it anew. Only who watches
 * the folder sees all three; a watch of the file would stay with the old one.
 *
 *     inotify(7) on the folder            | first sign: on_change
 *       or every 200 ms the files' stat   | 50 ms without another: on_save
 *
 * inotify knows what this kernel does to a file, and nothing else: a file that
 * another machine (NFS) or the system around a virtual one (WSL's 9p, FUSE)
 * writes changes in silence. So polling takes its place where the file system
 * is known for that, where a probe is not reported, and, since no list is ever
 * complete, as soon as stat(2) shows a save that inotify has not told of.
 *
 * Read before: ../../loop/loop.h. Read after: watch_saves.c.
 */
#ifndef GRADER_WATCH_SAVES_H
#define GRADER_WATCH_SAVES_H

#include "../../loop/loop.h"

#include <sys/stat.h>

enum { WATCH_SAVES_MAX = 8 };

struct watch_saves_options {
    const char *dir;
    const char *const *files; /* in `dir`; NULL at the end */
    const char *probe;        /* a folder to try inotify in; NULL: do not try */
    bool poll;                /* do not use inotify */
    void (*on_change)(void *arg); /* a save goes on: what you know is past */
    void (*on_save)(void *arg);   /* the files are complete, as it seems */
    void (*on_poll)(void *arg);   /* inotify was given up */
    void *arg;
};

/* A file as it was last looked at; all zero if it was not there. */
struct watch_saves_file {
    dev_t dev;
    ino_t ino;
    off_t size;
    struct timespec written;
};

struct watch_saves {
    struct watch_saves_options options;
    struct loop *loop; /* NULL: not active */
    int fd;            /* inotify; -1: polling */
    const char *why;   /* why it polls, in words; NULL: it does not */
    bool doubt;        /* stat showed a change, inotify nothing so far */
    struct loop_watcher watcher;
    struct loop_periodic beat;
    struct loop_timer quiet;
    int64_t first_ns; /* of this burst of changes; 0: there is none */
    struct watch_saves_file seen[WATCH_SAVES_MAX];
};

/* Begins. The names are borrowed until the stop; `s` is all zero. */
void watch_saves_start(struct watch_saves *s, struct loop *loop,
                       const struct watch_saves_options *options);
void watch_saves_stop(struct watch_saves *s);

/*
 * Looks now: true if a save goes on, or a file is another than when it was
 * looked at last; then on_change has been called, and on_save will be.
 */
bool watch_saves_look(struct watch_saves *s);

/*
 * Why inotify is blind on a file system with this `f_type` of statfs(2), in
 * words; NULL: it is not known to be.
 */
const char *watch_saves_blind(unsigned long type);

#endif

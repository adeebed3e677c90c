/*
 * log_internal.h - the file beneath the log: it takes whole lines and turns
 * itself over when they are too many or too old. Used by log.c alone, under its
 * lock.
 *
 * Read before: base.h, log. Read after: log.c.
 */
#ifndef LOOP_BASE_LOG_INTERNAL_H
#define LOOP_BASE_LOG_INTERNAL_H

#include "loop/base.h"

#include <sys/uio.h>
#include <time.h>

/*
 * writev(2), for a line that may be lost: raises neither SIGPIPE nor SIGXFSZ.
 * Returns the bytes written, 0 if there was an error.
 */
size_t base_log_writev(int fd, const struct iovec *parts, int n);

struct base_log_file {
    int fd; /* -1: none is open */
    char *path;
    int64_t size;     /* bytes in the file */
    int64_t max_size; /* from here on it is rotated; 0: never for its size */
    int backups;
    int unit;        /* 'S' 'M' 'H' 'D' 'N' (midnight) 'W'; 0: not by time */
    int weekday;     /* with 'W': days since Sunday, as in struct tm */
    int interval;    /* how many units */
    time_t turns_at; /* when it is next rotated by time */
};

/*
 * Opens what `config` names, if it names a file, for a log whose time is `now`.
 * 0; -EINVAL if the words about rotation make no sense; what open(2) said.
 * The file owns copies of the strings.
 */
int base_log_file_open(struct base_log_file *file,
                       const struct base_log_config *config, time_t now);

/* Writes a whole line, after turning the file over if it is time for that. */
void base_log_file_write(struct base_log_file *file, struct base_slice line,
                         time_t now);

void base_log_file_close(struct base_log_file *file);

#endif

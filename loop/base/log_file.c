/*
 * log_file.c - a log file that turns itself over.
 *
 * By size: before a line that would exceed the size, FILE.2 becomes FILE.3,
 * FILE.1 becomes FILE.2, FILE becomes FILE.1, and FILE begins anew. By time:
 * once the hour (minute, day, midnight, weekday) has come, FILE is renamed to
 * FILE.2026-11-21_17-39-54 and the oldest beyond `backups` are removed.
 *
 * A step that fails costs no line: writing goes on into the file that is open,
 * whatever its name is by now, and the next line tries again.
 *
 * Read before: log.c. Read after: arena.c.
 * Rests on: writev(2), signal(7), open(2) O_APPEND, rename(2), readdir(3),
 * mktime(3).
 */
#include "log_internal.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- writing -------------------------------------------------------------- */

size_t base_log_writev(int fd, const struct iovec *parts, int n)
{
    const struct timespec at_once = {0};
    sigset_t quiet, before;
    sigemptyset(&quiet);
    sigaddset(&quiet, SIGPIPE); /* the reader of the pipe has gone */
    sigaddset(&quiet, SIGXFSZ); /* the file may not grow, see setrlimit(2) */
    pthread_sigmask(SIG_BLOCK, &quiet, &before);
    const ssize_t len = writev(fd, parts, n);
    if (len == -1 && (errno == EPIPE || errno == EFBIG))
        sigtimedwait(&quiet, NULL, &at_once);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return len > 0 ? (size_t)len : 0;
}

/* --- when ----------------------------------------------------------------- */

/* Reads S, M, H, D, midnight, W0 to W6, as Python's handler has them. */
static int parse_when(struct base_log_file *f, const char *when)
{
    if (strcmp(when, "midnight") == 0) {
        f->unit = 'N';
    } else if (when[0] == 'W' && when[1] >= '0' && when[1] <= '6' && !when[2]) {
        f->unit = 'W';
        f->weekday = (when[1] - '0' + 1) % 7; /* W0 is Monday, tm_wday 1 */
    } else if (when[0] != '\0' && strchr("SMHD", when[0]) && !when[1]) {
        f->unit = (unsigned char)when[0];
    } else {
        return -EINVAL;
    }
    return 0;
}

/* The first midnight after `from` that lies `days` ahead (1: the next). */
static time_t midnight_after(time_t from, int days)
{
    struct tm tm;
    localtime_r(&from, &tm);
    tm.tm_mday += days;
    tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
    tm.tm_isdst = -1; /* a day of 23 or 25 hours is mktime's business */
    return mktime(&tm);
}

/* When a file that was begun, or last written, at `from` is turned over. */
static time_t next_turn(const struct base_log_file *f, time_t from)
{
    struct tm tm;
    switch (f->unit) {
    case 'S':
        return from + f->interval;
    case 'M':
        return from + (time_t)f->interval * 60;
    case 'H':
        return from + (time_t)f->interval * 3600;
    case 'D':
        return from + (time_t)f->interval * 86400;
    case 'W':
        /* The midnight that ends the named day. */
        localtime_r(&from, &tm);
        return midnight_after(from, (f->weekday - tm.tm_wday + 7) % 7 + 1 +
                                        7 * (f->interval - 1));
    default:
        return midnight_after(from, f->interval);
    }
}

/* --- opening -------------------------------------------------------------- */

static int open_file(struct base_log_file *f)
{
    const int fd =
        open(f->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fd == -1)
        return -errno;
    if (f->fd != -1)
        close(f->fd);
    f->fd = fd;
    return 0;
}

static int parse_rotation(struct base_log_file *f,
                          const struct base_log_config *config)
{
    if (strcmp(config->rotate_mode, "size") == 0) {
        f->max_size = config->backups > 0 ? config->max_size : 0;
        return 0;
    }
    if (strcmp(config->rotate_mode, "time") != 0 || config->rotate_interval < 1)
        return -EINVAL;
    return parse_when(f, config->rotate_when);
}

int base_log_file_open(struct base_log_file *f,
                       const struct base_log_config *config, time_t now)
{
    *f = (struct base_log_file){.fd = -1,
                                .backups = config->backups,
                                .interval = config->rotate_interval};
    int error = parse_rotation(f, config);
    if (error != 0 || config->file == NULL || config->file[0] == '\0')
        return error;
    f->path = base_strdup(config->file);
    error = open_file(f);
    if (error != 0) {
        base_log_file_close(f);
        return error;
    }
    struct stat status = {0};
    fstat(f->fd, &status);
    f->size = status.st_size;
    /* A file of an earlier run is as old as its last line. */
    if (f->unit != 0)
        f->turns_at = next_turn(f, f->size > 0 ? status.st_mtime : now);
    return 0;
}

void base_log_file_close(struct base_log_file *f)
{
    if (f->fd != -1)
        close(f->fd);
    free(f->path);
    *f = (struct base_log_file){.fd = -1};
}

/* --- turning over --------------------------------------------------------- */

/* FILE.N, to be freed. */
static char *numbered(const struct base_log_file *f, int n)
{
    char *name = NULL;
    if (asprintf(&name, "%s.%d", f->path, n) == -1)
        abort();
    return name;
}

static void rotate_by_size(struct base_log_file *f)
{
    for (int n = f->backups - 1; n >= 0; n--) {
        char *from = n > 0 ? numbered(f, n) : base_strdup(f->path);
        char *to = numbered(f, n + 1);
        rename(from, to);
        free(from);
        free(to);
    }
}

/* True if `name` is `base` with ".YYYY-mm-dd_HH-MM-SS" behind. */
static bool is_rotated(const char *name, const char *base)
{
    static const char shape[] = ".0000-00-00_00-00-00";
    const size_t len = strlen(base);
    if (strncmp(name, base, len) != 0 || strlen(name + len) != strlen(shape))
        return false;
    for (size_t i = 0; shape[i] != '\0'; i++)
        if (shape[i] == '0' ? !isdigit((unsigned char)name[len + i])
                            : name[len + i] != shape[i])
            return false;
    return true;
}

/* How many files were turned over by time; the oldest's name in `*oldest`. */
static int count_rotated(DIR *dir, const char *base, char oldest[NAME_MAX + 1])
{
    int n = 0;
    rewinddir(dir);
    for (const struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
        if (!is_rotated(e->d_name, base))
            continue;
        if (n++ == 0 || strcmp(e->d_name, oldest) < 0)
            snprintf(oldest, NAME_MAX + 1, "%s", e->d_name);
    }
    return n;
}

/* Removes the oldest of the rotated files until `backups` are left. */
static void remove_oldest(const struct base_log_file *f)
{
    const char *slash = strrchr(f->path, '/');
    const char *base = slash != NULL ? slash + 1 : f->path;
    char *folder = base_slice_dup(
        (struct base_slice){slash != NULL ? f->path : "./",
                            slash != NULL ? (size_t)(base - f->path) : 2});
    DIR *dir = opendir(folder);
    free(folder);
    if (dir == NULL)
        return;
    char oldest[NAME_MAX + 1];
    int n = count_rotated(dir, base, oldest);
    for (; n > f->backups && unlinkat(dirfd(dir), oldest, 0) == 0; n--)
        count_rotated(dir, base, oldest);
    closedir(dir);
}

static void rotate_by_time(struct base_log_file *f, time_t now)
{
    char stamp[32], *name = NULL;
    struct tm tm;
    f->turns_at = next_turn(f, now);
    localtime_r(&now, &tm);
    strftime(stamp, sizeof stamp, "%Y-%m-%d_%H-%M-%S", &tm);
    if (asprintf(&name, "%s.%s", f->path, stamp) == -1)
        abort();
    /* A clock set back must not make us overwrite an earlier file. */
    if (access(name, F_OK) == -1 && rename(f->path, name) == 0 &&
        f->backups > 0)
        remove_oldest(f);
    free(name);
}

/* Goes on in the open file if the new one cannot be opened. */
static void begin_anew(struct base_log_file *f)
{
    struct stat status;
    if (open_file(f) == 0 && fstat(f->fd, &status) == 0)
        f->size = status.st_size;
}

void base_log_file_write(struct base_log_file *f, struct base_slice line,
                         time_t now)
{
    if (f->unit != 0 && now >= f->turns_at) {
        rotate_by_time(f, now);
        begin_anew(f);
    } else if (f->max_size > 0 && f->size > 0 &&
               f->size + (int64_t)line.len > f->max_size) {
        rotate_by_size(f);
        begin_anew(f);
    }
    const struct iovec part = {(char *)(uintptr_t)line.ptr, line.len};
    f->size += (int64_t)base_log_writev(f->fd, &part, 1);
}

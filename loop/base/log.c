/*
 * log.c - one line a message: who may speak, what a line looks like, where it
 * goes.
 *
 * A message is formatted, escaped behind its stamp, and handed to the sink, or
 * to stderr and the file. One lock is held on the way, so that lines of several
 * threads do not mix and a line is built in one place instead of on a
 * coroutine's small stack. The levels are read without the lock: a line that
 * nobody wants costs a load.
 *
 * Left out: a queue with a thread of its own. A write to a file on a slow disk
 * holds the loop up.
 *
 * Read before: buf.c, log_internal.h. Read after: log_file.c.
 * Rests on: isatty(3), strftime(3), https://no-color.org.
 */
#include "log_internal.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { LOGGERS = BASE_ACCESS + 1, NS_PER_S = 1000000000, NS_PER_MS = 1000000 };

const struct base_log_config base_log_default = {
    .level = BASE_INFO,
    .max_size = 100 * 1000 * 1000,
    .backups = 10,
    .rotate_mode = "size",
    .rotate_when = "midnight",
    .rotate_interval = 1,
};

static atomic_int levels[LOGGERS] = {BASE_INFO, BASE_INFO, BASE_INFO};

/* Where lines go. The lock guards this and all that follows. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
    struct base_log_file file;
    bool to_stderr;
    enum { UNKNOWN, PLAIN, COLOURED } stderr_is;
    base_log_sink *sink;
    void *sink_arg;
    int64_t (*clock_ns)(void);
} out = {.file.fd = -1, .to_stderr = true};

/* The line that is being built: a stamp, then the message, then its end. */
static struct {
    char text[BASE_LOG_LINE];
    size_t len;
    size_t stamp_len;
} line;

enum { LINE_ROOM = BASE_LOG_LINE - sizeof "...\n" };

bool base_log_enabled(enum base_logger logger, enum base_level level)
{
    return (int)level >=
           atomic_load_explicit(&levels[logger], memory_order_relaxed);
}

void base_log_set_level(enum base_logger logger, enum base_level level)
{
    atomic_store_explicit(&levels[logger], (int)level, memory_order_relaxed);
}

/* --- the line ------------------------------------------------------------- */

/* Begins the line with "[I 2026-11-21 17:39:54.123 access web.c:42] ". */
static void put_stamp(enum base_logger logger, enum base_level level,
                      const char *file, int number, int64_t now_ns)
{
    static const char *const names[] = {"general", "application", "access"};
    const time_t now = (time_t)(now_ns / NS_PER_S);
    struct tm tm;
    char when[32] = "?";
    if (localtime_r(&now, &tm) != NULL)
        strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S", &tm);
    const char *slash = strrchr(file, '/');
    const int len =
        snprintf(line.text, LINE_ROOM, "[%c %s.%03d %s %.60s:%d] ",
                 "DIWE"[level], when, (int)(now_ns % NS_PER_S / NS_PER_MS),
                 names[logger], slash != NULL ? slash + 1 : file, number);
    line.len = line.stamp_len = (size_t)len;
}

/* False, and nothing is put, if the line has no room for these bytes. */
static bool put(const char *bytes, size_t len)
{
    if (len > LINE_ROOM - line.len)
        return false;
    memcpy(line.text + line.len, bytes, len);
    line.len += len;
    return true;
}

/* True if a character neither ends a line nor steers a terminal. */
static bool is_harmless(const char *bytes, size_t len)
{
    const unsigned char first = (unsigned char)bytes[0];
    if (len == 1)
        return (first >= 0x20 && first != 0x7f) || first == '\t';
    /* U+0080 to U+009F are control characters as well: U+009B is ESC [. */
    return len > 2 || first != 0xc2 || (unsigned char)bytes[1] >= 0xa0;
}

static bool put_escaped(char byte)
{
    char escape[8];
    const int len = byte == '\n' ? snprintf(escape, sizeof escape, "\\n")
                                 : snprintf(escape, sizeof escape, "\\x%02x",
                                            (unsigned)(unsigned char)byte);
    return put(escape, (size_t)len);
}

static void put_message(struct base_slice s)
{
    bool fits = true;
    while (fits && s.len > 0) {
        const size_t len = base_slice_utf8(s);
        const bool harmless = len > 0 && is_harmless(s.ptr, len);
        fits = harmless ? put(s.ptr, len) : put_escaped(s.ptr[0]);
        s = base_slice_skip(s, harmless ? len : 1);
    }
    if (!fits) {
        memcpy(line.text + line.len, "...", 3);
        line.len += 3;
    }
}

/* --- where it goes -------------------------------------------------------- */

static bool stderr_has_colour(void)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    return (no_color == NULL || *no_color == '\0') &&
           (term == NULL || strcmp(term, "dumb") != 0) && isatty(STDERR_FILENO);
}

/* Only the stamp is coloured, and all of the line is one system call. */
static void write_stderr(enum base_level level)
{
    /* Blue, green, yellow, red of ECMA-48, then back to normal. */
    static char colours[][6] = {"\x1b[34m", "\x1b[32m", "\x1b[33m", "\x1b[31m"};
    static char normal[] = "\x1b[0m";
    if (out.stderr_is == UNKNOWN)
        out.stderr_is = stderr_has_colour() ? COLOURED : PLAIN;
    const bool coloured = out.stderr_is == COLOURED;
    const struct iovec parts[] = {
        {colours[level], coloured ? strlen(colours[level]) : 0},
        {line.text, line.stamp_len},
        {normal, coloured ? strlen(normal) : 0},
        {line.text + line.stamp_len, line.len - line.stamp_len},
    };
    base_log_writev(STDERR_FILENO, parts, 4);
}

static void hand_over(enum base_logger logger, enum base_level level,
                      int64_t now_ns)
{
    if (out.sink != NULL) {
        line.text[line.len] = '\0';
        out.sink(logger, level, line.text + line.stamp_len, out.sink_arg);
        return;
    }
    line.text[line.len++] = '\n';
    if (out.to_stderr)
        write_stderr(level);
    if (out.file.fd != -1)
        base_log_file_write(&out.file, (struct base_slice){line.text, line.len},
                            (time_t)(now_ns / NS_PER_S));
}

static int64_t system_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

void base_log_write(enum base_logger logger, enum base_level level,
                    const char *file, int number, const char *format, ...)
{
    if (level >= BASE_NONE || !base_log_enabled(logger, level))
        return;
    const int error = errno;
    va_list args;
    va_start(args, format);
    pthread_mutex_lock(&lock);
    /* Escaping lengthens only, so what is cut here would be cut there. */
    static char message[BASE_LOG_LINE];
    const int len = vsnprintf(message, sizeof message, format, args);
    const int64_t now_ns = out.clock_ns != NULL ? out.clock_ns() : system_ns();
    put_stamp(logger, level, file, number, now_ns);
    put_message(base_slice_of(len >= 0 ? message : format));
    hand_over(logger, level, now_ns);
    pthread_mutex_unlock(&lock);
    va_end(args);
    errno = error;
}

/* --- setting up ----------------------------------------------------------- */

int base_log_open(const struct base_log_config *config)
{
    struct base_log_file file;
    const int64_t now_ns =
        config->clock_ns != NULL ? config->clock_ns() : system_ns();
    const int error =
        base_log_file_open(&file, config, (time_t)(now_ns / NS_PER_S));
    if (error != 0)
        return error;
    pthread_mutex_lock(&lock);
    base_log_file_close(&out.file);
    out.file = file;
    out.to_stderr = config->to_stderr || file.fd == -1;
    out.stderr_is = UNKNOWN;
    out.sink = config->sink;
    out.sink_arg = config->sink_arg;
    out.clock_ns = config->clock_ns;
    pthread_mutex_unlock(&lock);
    for (int logger = 0; logger < LOGGERS; logger++)
        base_log_set_level((enum base_logger)logger, config->level);
    return 0;
}

void base_log_close(void)
{
    base_log_open(&base_log_default);
}

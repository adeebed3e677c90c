/*
 * base.h - the ground floor of libloop: memory, lists, bytes, logs, options.
 * Nothing here does input or output except the log, and nothing knows of the
 * event loop.
 *
 *   memory      base_alloc: ends the program when there is none
 *   list        struct base_list, intrusive: no allocation to link or unlink
 *   slice       struct base_slice: bytes that somebody else owns
 *   buf         struct base_buf: bytes that come and go, up to a limit
 *   arena       struct base_arena: many blocks, freed at once
 *   log         base_log_info and its kin: lines to stderr or a rotated file
 *   option      struct base_option: the command line and the configuration
 *
 * Read before: nothing. Read after: loop.h.
 */
#ifndef LOOP_BASE_H
#define LOOP_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- memory ---------------------------------------------------------------
 *
 * Out of memory ends the program in one place, with a line on stderr: a server
 * that cannot allocate a few bytes cannot do better. Every size that a peer
 * controls is bounded before it comes here. The caller owns the result and
 * gives it to free(3).
 */

/* `size` bytes, all zero. */
void *base_alloc(size_t size);

/* `n` elements of `size` bytes, all zero; the program ends on overflow too. */
void *base_alloc_array(size_t n, size_t size);

/* realloc(3) to `size` > 0 bytes; what is added is not cleared. */
void *base_realloc(void *ptr, size_t size);

/* A copy of `text` with its NUL. */
char *base_strdup(const char *text);

/* --- list ------------------------------------------------------------------
 *
 * A circular list with a head, linked through a member of the element: an
 * element links and unlinks itself in a few instructions, wherever it stands.
 * An element that is in no list points to itself.
 */

struct base_list {
    struct base_list *prev, *next;
};

/* Makes `l` an empty list, or an element that is in no list. */
static inline void base_list_init(struct base_list *l)
{
    l->prev = l->next = l;
}

/* True if the list is empty, or the element is in no list. */
static inline bool base_list_empty(const struct base_list *l)
{
    return l->next == l;
}

/* Puts `e`, which must be in no list, at the end of `list`. */
static inline void base_list_append(struct base_list *list, struct base_list *e)
{
    e->prev = list->prev;
    e->next = list;
    list->prev->next = e;
    list->prev = e;
}

/* Takes `e` out of its list; harmless if it is in none. */
static inline void base_list_remove(struct base_list *e)
{
    e->prev->next = e->next;
    e->next->prev = e->prev;
    base_list_init(e);
}

/* Takes the first element out, or returns NULL if there is none. */
static inline struct base_list *base_list_take(struct base_list *list)
{
    struct base_list *e = list->next;
    if (e == list)
        return NULL;
    base_list_remove(e);
    return e;
}

/* Moves all elements of `from` to the end of `to`, in order. */
static inline void base_list_splice(struct base_list *to,
                                    struct base_list *from)
{
    if (base_list_empty(from))
        return;
    from->next->prev = to->prev;
    to->prev->next = from->next;
    from->prev->next = to;
    to->prev = from->prev;
    base_list_init(from);
}

/* What a timer embeds for the timer wheel, see base/wheel_internal.h. */
struct base_wheel_entry {
    struct base_list link; /* link.next is NULL: in no wheel */
    uint64_t tick;
};

/* The structure of `type` whose `member` is at `ptr`. */
#define base_container(ptr, type, member)                                      \
    ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

/* --- slice -----------------------------------------------------------------
 *
 * Bytes inside memory that somebody else owns: a slice is passed by value,
 * owns nothing, has no NUL at its end and may hold any byte. It is valid as
 * long as the memory is; who hands one out says until when.
 */

struct base_slice {
    const char *ptr;
    size_t len;
};

/* The bytes of `text` without its NUL. */
static inline struct base_slice base_slice_of(const char *text)
{
    return (struct base_slice){text, strlen(text)};
}

/* For printf: "%.*s", BASE_SLICE_ARGS(s). */
#define BASE_SLICE_ARGS(s) (int)(s).len, (s).ptr

static inline bool base_slice_equal(struct base_slice a, struct base_slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* Equal when A to Z count as a to z; other bytes, UTF-8 too, as they are. */
bool base_slice_equal_nocase(struct base_slice a, struct base_slice b);

/* `s` without its first `n` bytes, or empty if it has no more. */
static inline struct base_slice base_slice_skip(struct base_slice s, size_t n)
{
    n = n < s.len ? n : s.len;
    return n == 0 ? s : (struct base_slice){s.ptr + n, s.len - n};
}

static inline bool base_slice_starts(struct base_slice s,
                                     struct base_slice with)
{
    return s.len >= with.len &&
           base_slice_equal((struct base_slice){s.ptr, with.len}, with);
}

static inline bool base_slice_ends(struct base_slice s, struct base_slice with)
{
    return s.len >= with.len &&
           base_slice_equal(base_slice_skip(s, s.len - with.len), with);
}

/* Where `what` first begins in `s`, or -1. */
ssize_t base_slice_find(struct base_slice s, struct base_slice what);

/* `s` without the spaces and tabs at both ends (OWS of RFC 9110, 5.6.3). */
struct base_slice base_slice_trim(struct base_slice s);

/*
 * Takes the bytes before the first `at` off the front of `*rest`, and `at` with
 * them; all, if there is no `at`. Returns them, and in `*found` (may be NULL)
 * whether there was one. To walk a list: while (rest.len > 0) cut.
 */
struct base_slice base_slice_cut(struct base_slice *rest, char at, bool *found);

/*
 * Reads a decimal number that is the whole of `s`; to_int allows one minus sign
 * in front, to_uint digits only. 0, -EINVAL if that is no number, -ERANGE if it
 * does not fit; `*value` is set on success alone.
 */
int base_slice_to_int(struct base_slice s, int64_t *value);
int base_slice_to_uint(struct base_slice s, uint64_t *value);

/* The bytes of the UTF-8 character that `s` begins with; 0 if it is none. */
size_t base_slice_utf8(struct base_slice s);

/* A copy with a NUL; the caller gives it to free(3). */
char *base_slice_dup(struct base_slice s);

/*
 * Writes all of `s` to `fd`, which blocks, in as many pieces as it takes.
 * Returns 0, or what write(2) fails with as a negative errno value; EINTR is no
 * failure. Not for the callbacks of a loop, where it would hold up everybody.
 */
int base_slice_write(int fd, struct base_slice s);

/* --- buf -------------------------------------------------------------------
 *
 * Bytes that are put in at the end and taken out at the front, as they are when
 * a socket is read and parsed. Whoever makes one says how many bytes it may
 * hold: what would go beyond is refused with -ENOBUFS and changes nothing. No
 * memory is taken before the first byte, and never more than twice the limit.
 */

struct base_buf {
    char *memory;
    size_t size;       /* bytes at `memory` ... */
    size_t start, end; /* ... of which these are held */
    size_t limit;
};

/* An empty buffer for at most `limit` bytes (SIZE_MAX / 4 at most). */
static inline void base_buf_init(struct base_buf *b, size_t limit)
{
    *b = (struct base_buf){.limit = limit};
}

/* Frees the memory; the buffer is as after init. */
void base_buf_fini(struct base_buf *b);

static inline size_t base_buf_len(const struct base_buf *b)
{
    return b->end - b->start;
}

/* What it holds; valid until the buffer is next changed. */
static inline struct base_slice base_buf_slice(const struct base_buf *b)
{
    return base_slice_skip((struct base_slice){b->memory, b->end}, b->start);
}

/* Takes `n` bytes, which it must hold, off the front. Moves nothing. */
void base_buf_consume(struct base_buf *b, size_t n);

/* Takes everything out, and keeps the memory. */
static inline void base_buf_clear(struct base_buf *b)
{
    b->start = b->end = 0;
}

/*
 * Room for `n` bytes behind those held: fill some, then base_buf_commit says
 * how many. NULL if they would go beyond the limit. Valid until the buffer is
 * next changed.
 */
char *base_buf_reserve(struct base_buf *b, size_t n);
void base_buf_commit(struct base_buf *b, size_t n);

/* Put bytes in at the end: 0 or -ENOBUFS. printf puts no NUL in. */
int base_buf_append(struct base_buf *b, struct base_slice bytes);
int base_buf_printf(struct base_buf *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
int base_buf_vprintf(struct base_buf *b, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* --- arena -----------------------------------------------------------------
 *
 * Memory for things that end together, such as all that one request needs:
 * blocks are cut from chunks in order, and reset or fini frees all at once, so
 * nobody frees one. What is no memory (a file, a reference) is released by a
 * cleanup that runs then. Under AddressSanitizer what is not handed out is
 * unreadable.
 */

struct base_arena {
    struct base_arena_chunk *chunks;     /* the one that is being cut first */
    struct base_arena_cleanup *cleanups; /* the latest first */
    size_t chunk_size;
};

/* Takes memory from malloc `chunk_size` bytes at a time, none before need. */
static inline void base_arena_init(struct base_arena *a, size_t chunk_size)
{
    *a = (struct base_arena){.chunk_size = chunk_size};
}

/* Runs the cleanups, last first, then frees all but a chunk; or that too. */
void base_arena_reset(struct base_arena *a);
void base_arena_fini(struct base_arena *a);

/* `size` bytes, all zero, aligned for any type, valid until reset or fini. */
void *base_arena_alloc(struct base_arena *a, size_t size);

/* Text with a NUL, valid as long: a copy, or what printf(3) would print. */
char *base_arena_strdup(struct base_arena *a, struct base_slice s);
char *base_arena_printf(struct base_arena *a, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Has `cleanup` called at reset or fini, before the memory goes. */
void base_arena_defer(struct base_arena *a, void (*cleanup)(void *arg),
                      void *arg);

/* --- log -------------------------------------------------------------------
 *
 * One line a message, one write(2) a line:
 *
 *     [I 2026-11-21 17:39:54.123 access web.c:42] 200 GET / 0.33ms
 *
 * The letter is the level, then come local time, logger and place. Bytes that
 * could forge a line or steer a terminal (control characters, what is not
 * UTF-8) come out as \n or \x1b; a line longer than BASE_LOG_LINE is cut and
 * ends in "...". Logging never fails, changes errno or ends the program: a line
 * that cannot be written, for want of a reader or of room, is lost. Any thread
 * may log; a signal handler may not, nor a child forked by a program with
 * threads. There is one log a process; before base_log_open it writes to
 * stderr, from level info on.
 */

enum { BASE_LOG_LINE = 4096 }; /* PIPE_BUF: lines in a pipe do not mix */

/* Who speaks: the kit itself, the user's code, or the line a request. */
enum base_logger { BASE_GENERAL, BASE_APPLICATION, BASE_ACCESS };

enum base_level { BASE_DEBUG, BASE_INFO, BASE_WARNING, BASE_ERROR, BASE_NONE };

#define base_log(logger, level, ...)                                           \
    base_log_write(logger, level, __FILE__, __LINE__, __VA_ARGS__)
#define base_log_debug(...)   base_log(BASE_GENERAL, BASE_DEBUG, __VA_ARGS__)
#define base_log_info(...)    base_log(BASE_GENERAL, BASE_INFO, __VA_ARGS__)
#define base_log_warning(...) base_log(BASE_GENERAL, BASE_WARNING, __VA_ARGS__)
#define base_log_error(...)   base_log(BASE_GENERAL, BASE_ERROR, __VA_ARGS__)

/* What the macros call; `format` and what follows as for printf(3). */
void base_log_write(enum base_logger logger, enum base_level level,
                    const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* True if such a line would be written: ask before costly arguments. */
bool base_log_enabled(enum base_logger logger, enum base_level level);

/* Lets a logger speak from `level` on; BASE_NONE silences it. */
void base_log_set_level(enum base_logger logger, enum base_level level);

/* Sees each line's message, escaped and valid during the call. May not log. */
typedef void base_log_sink(enum base_logger logger, enum base_level level,
                           const char *message, void *arg);

/*
 * Where lines go. Start from base_log_default and change what you want. A file
 * is rotated by "size": FILE becomes FILE.1, FILE.1 becomes FILE.2 and so on to
 * `backups` (0: never rotated), or by "time": FILE becomes FILE.YYYY-mm-dd_HH-
 * MM-SS each `rotate_interval` of `rotate_when` and `backups` stay (0: all).
 * Processes that share a file must not rotate it: give each its own.
 */
struct base_log_config {
    enum base_level level;     /* of all three loggers; info */
    const char *file;          /* NULL or "": stderr */
    bool to_stderr;            /* to stderr as well as to the file; false */
    int64_t max_size;          /* bytes of a file rotated by size; 100 MB */
    int backups;               /* rotated files that are kept; 10 */
    const char *rotate_mode;   /* "size" or "time"; size */
    const char *rotate_when;   /* S M H D, midnight, W0 (Monday) to W6 */
    int rotate_interval;       /* how many of these; 1 */
    base_log_sink *sink;       /* gets lines instead of stderr and file */
    void *sink_arg;            /* handed to the sink */
    int64_t (*clock_ns)(void); /* since 1970; NULL: the system's time */
};
extern const struct base_log_config base_log_default;

/*
 * Sends lines where `config` says from now on (its strings are copied). 0;
 * -EINVAL if rotation is asked for in words it does not know; what open(2)
 * said. On failure the log goes on as before.
 */
int base_log_open(const struct base_log_config *config);

/* Closes the file; the log is as before base_log_open. */
void base_log_close(void);

/* --- option ----------------------------------------------------------------
 *
 * A table says which options a program has: each row points at the variable
 * that it sets, and what the variable holds is the default.
 *
 *     int port = 8000;
 *     bool quiet = false;
 *     const struct base_option rows[] = {
 *         {"port", "0 picks a free one", .number = &port, .max = 65535},
 *         {"quiet", "say less", .flag = &quiet},
 *         {0},
 *     };
 *     struct base_options *options =
 *         base_options_new("Serves a folder.", "FOLDER");
 *     base_options_define(options, rows);
 *     int rest = base_options_start(options, argc, argv);
 *
 * Understood are --port 80, --port=80, --quiet, --quiet=no, -p 80 and -p80 for
 * a name of one letter; "--" or the first argument that is no option ends them.
 * A file has lines `port = 80`, `name = "quoted\n"`, `hosts = [a, "b, c"]`, and
 * whole lines of # comment. In names `-` and `_` are one. What is set later
 * wins, so precedence is the order of the calls.
 */

struct base_options; /* a set of options, with the memory of their values */

enum base_option_type {
    BASE_STRING, /* any text */
    BASE_NUMBER, /* a whole number; in a list 5:7 is 5,6,7 */
    BASE_REAL,   /* a finite number, with a point and not a comma */
    BASE_FLAG,   /* true, yes, on, t, y, 1 or false, no, off, f, n, 0 */
    BASE_DATE,   /* local time: 2026-11-21 17:39:54, in parts or without */
    BASE_SPAN,   /* a stretch of time: 45s, 1h30m, 1.5 days; bare: seconds */
    BASE_CUSTOM, /* what the row's own function makes of it */
};

union base_value {
    const char *string;
    int64_t number;
    double real;
    bool flag;
    time_t date;
    int64_t span_ns;
};

/* A list of values of one type; `items` may be a table of the program's. */
struct base_many {
    union base_value *items;
    size_t n;
};

struct base_option {
    const char *name; /* NULL ends the table; with - or _ as you like it */
    const char *help; /* one line */
    /* One of these points at the variable. Texts set belong to the set. */
    const char **string;
    int *number;
    int64_t *large; /* a number as well */
    double *real;
    bool *flag;
    time_t *date;
    int64_t *span_ns;
    struct base_many *many; /* of type `of`, with commas; set as a whole */
    void *custom;           /* `parse` writes to it, `print` reads it */
    /* And these narrow it down, or are left out. */
    int64_t min, max;         /* of numbers, if they differ */
    const char *words;        /* of strings: "size,time" allows these alone */
    enum base_option_type of; /* any but BASE_CUSTOM */
    int (*parse)(void *custom, const char *text); /* 0 or -EINVAL */
    int (*print)(const void *custom, struct base_buf *out);
    const char *metavar; /* how --help calls the value */
    const char *group;   /* under which heading --help lists it */
    /* Called each time the option is set; negative: see base_options_fail. */
    int (*on_set)(struct base_options *set, const struct base_option *row,
                  void *arg);
    void *arg;
};

/*
 * An empty set. `about` is what --help says first, a sentence and examples;
 * `arguments` names those that follow the options, or is NULL. The caller keeps
 * both, and frees the set, with the texts that it put into variables.
 */
struct base_options *base_options_new(const char *about, const char *arguments);
void base_options_free(struct base_options *set);

/*
 * Adds the rows, which are copied (their strings are not). -EEXIST if a name
 * is there already; every later parse then fails with this error, so that a
 * program need not look here.
 */
int base_options_define(struct base_options *set,
                        const struct base_option *rows);

/* Adds --logging, --log-file-prefix and so on; they set `config`, and the log
 * is opened with it when parsing is complete. Both must last as long. */
int base_log_define(struct base_options *set, struct base_log_config *config);

/* Has `fn` called after a parse that is final; negative as for on_set. */
void base_options_on_parsed(struct base_options *set,
                            int (*fn)(struct base_options *set, void *arg),
                            void *arg);

/*
 * For main: parses, finally; returns the index of the first argument left. On
 * --help prints it and exits with 0; on an error says so and exits with 2.
 */
int base_options_start(struct base_options *set, int argc, char **argv);

/*
 * The same without printing or exiting: -ECANCELED for --help, another negative
 * errno for an error. What came before it stays set. Unless `final`, more is to
 * be parsed, and the functions of on_parsed wait.
 */
int base_options_parse(struct base_options *set, int argc, char **argv,
                       bool final);

/* Parses a file of at most 1 MiB; or its text, calling it `name` in errors. */
int base_options_file(struct base_options *set, const char *path, bool final);
int base_options_text(struct base_options *set, const char *name,
                      struct base_slice text, bool final);

/* An on_set for {"config", ..., .string = &path}: reads that file there. */
int base_options_config(struct base_options *set, const struct base_option *row,
                        void *arg);

/* Sets one option from text. -ENOENT, -EINVAL or -ERANGE. */
int base_options_set(struct base_options *set, const char *name,
                     const char *text);

/* What the last call that failed has to say, and what to try; or "". */
const char *base_options_error(const struct base_options *set);

/* Notes an error in these words and returns `error`: for on_set and the like.
 */
int base_options_fail(struct base_options *set, int error, const char *format,
                      ...) __attribute__((format(printf, 3, 4)));

/* The row of that name, or after that row (NULL: the first); or NULL. */
const struct base_option *base_options_find(const struct base_options *set,
                                            const char *name);
const struct base_option *base_options_next(const struct base_options *set,
                                            const struct base_option *row);

/*
 * Print to `out`: a row's value as a file has it; lines `name = value` of all
 * rows or one `group`; the text of --help. 0 or -ENOBUFS.
 */
int base_option_print(const struct base_option *row, struct base_buf *out);
int base_options_print(const struct base_options *set, const char *group,
                       struct base_buf *out);
int base_options_help(const struct base_options *set, const char *program,
                      struct base_buf *out);

#ifdef __cplusplus
}
#endif

#endif

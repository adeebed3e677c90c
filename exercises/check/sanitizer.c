/*
 * sanitizer.c - finds the report of AddressSanitizer, LeakSanitizer or
 * UndefinedBehaviorSanitizer in what a program printed, and cuts it to what a
 * student needs: what kind of fault, and where in their own file.
 *
 * The student's files are compiled as /work/src/NAME; a frame of the kit's own
 * parts is /kit/...; all others are the C library's.
 *
 * Read before: check_internal.h.
 */
#include "check_internal.h"

#include <stdio.h>
#include <string.h>

enum { LINES_MAX = 30 };

static const char too_many[] =
    "EMFILE: Too many open files: the program holds all descriptors that it "
    "may have";

static const struct kind {
    const char *mark;  /* in the report */
    const char *cause; /* */
} kinds[] = {
    {"heap-use-after-free",
     "Memory is used after free. In a server the usual way: a connection was "
     "closed and freed, and something (an event of the same batch, a list, a "
     "timer) still points to it."},
    {"double-free", "The same memory is freed twice: two places believe that "
                    "they own it."},
    {"heap-buffer-overflow",
     "The program reads or writes behind the end of allocated memory. How "
     "many bytes a recv may store is its third argument: the room that is "
     "left, not the size of the buffer."},
    {"stack-buffer-overflow",
     "The program reads or writes behind the end of a local array. How many "
     "bytes a recv may store is its third argument: the room that is left. A "
     "descriptor beyond FD_SETSIZE written into an fd_set does the same."},
    {"stack-use-after-return",
     "A pointer to a local variable is used when its function has returned. A "
     "callback that is called later needs memory that lasts as long."},
    {"stack-overflow", "The stack is full: a function calls itself without "
                       "end, or a local array is too large."},
    {"global-buffer-overflow",
     "The program reads or writes behind the end of a global array: an index, "
     "often a descriptor, was not checked."},
    {"detected memory leaks",
     "Memory is still allocated at the end, and nothing points to it. Whoever "
     "takes a connection must free what belongs to it, on every way out."},
    {"SEGV on unknown address",
     "A pointer that leads nowhere is used: often NULL, from a call that "
     "failed and was not checked."},
    {"runtime error", "The C standard does not define what this line does: "
                      "see the report."},
    {too_many, "Each descriptor that the program opens has to be closed when "
               "it is done with. Here they were left open until the limit was "
               "reached; from then on socket, connect or accept fails."},
    {"hard rss limit exhausted", "The program uses more memory than it may."},
};

static const char *find_report(const char *said, const struct kind **kind)
{
    *kind = NULL;
    const char *first = NULL;
    static const char *const begins[] = {
        "ERROR: AddressSanitizer", "ERROR: LeakSanitizer",
        "runtime error: ", "hard rss limit exhausted",
        "AddressSanitizer:DEADLYSIGNAL"};
    for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++) {
        const char *at = strstr(said, begins[i]);
        if (at != NULL && (first == NULL || at < first))
            first = at;
    }
    if (first == NULL)
        return NULL;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strstr(first, kinds[i].mark) != NULL) {
            *kind = &kinds[i];
            break;
        }
    while (first > said && first[-1] != '\n')
        first--;
    return first;
}

/* --- a line --------------------------------------------------------------- */

/* "exercises/05-drain/server.c:42:7" of a line that names a file of the
 * student; or NULL. */
static char *own_place(const char *line, size_t len)
{
    static const char mark[] = "/work/src/";
    const char *at = memmem(line, len, mark, sizeof mark - 1);
    if (at == NULL)
        return NULL;
    at += sizeof mark - 1;
    size_t n = 0;
    while (at + n < line + len && strchr(" \n)", at[n]) == NULL)
        n++;
    /* The line of a runtime error goes on behind the place. */
    if (n > 0 && at[n - 1] == ':')
        n--;
    return check_text("exercises/%s/%.*s", setting.exercise, (int)n, at);
}

/* "    #1 0x5604d38ff210 in serve /work/src/server.c:83" */
static bool is_frame(const char *line, size_t len)
{
    return strspn(line, " ") < len && line[strspn(line, " ")] == '#';
}

/*
 * Number, function, and the place if it is one that the student can open: in
 * the own file or in the kit. Returns true behind main.
 */
static bool put_frame(struct base_buf *out, const char *line, size_t len)
{
    int number = 0;
    char name[100] = "", place[200] = "";
    char *copy = check_text("%.*s", (int)len, line);
    if (sscanf(copy, " #%d %*s in %99s %199s", &number, name, place) < 2)
        return false;
    static const char prefix[] = "__interceptor_";
    const bool foreign = strncmp(name, prefix, sizeof prefix - 1) == 0;
    const char *own = own_place(line, len);
    const bool shown = strncmp(place, "lessons/", 8) == 0 ||
                       strncmp(place, "exercises/", 10) == 0;
    base_buf_printf(out, "\n    #%d in %s %s", number,
                    foreign ? name + sizeof prefix - 1 : name,
                    own != NULL ? own
                    : shown     ? place
                                : "(not in your files)");
    return strcmp(name, "main") == 0;
}

/* Without "==21258==", and with the whole name of the student's file. */
static void put_words(struct base_buf *out, const char *line, size_t len)
{
    const char *rest = line;
    int skipped = 0;
    if (sscanf(line, "==%*d==%n", &skipped) == 0 && skipped > 0)
        rest = line + skipped;
    len -= (size_t)(rest - line);
    const char *registers = memmem(rest, len, " at pc ", 7);
    if (registers != NULL)
        len = (size_t)(registers - rest);
    const bool own = memmem(rest, len, "runtime error:", 14) != NULL &&
                     strcspn(rest, "/") > strcspn(rest, ":");
    base_buf_printf(out, "%s%s%s%s%.*s", base_buf_len(out) > 0 ? "\n" : "",
                    own ? "exercises/" : "", own ? setting.exercise : "",
                    own ? "/" : "", (int)(len < 200 ? len : 200), rest);
}

/* --- the report ----------------------------------------------------------- */

/* LeakSanitizer looks into /proc at the end, and is given no descriptor. */
static bool is_out_of_descriptors(const char *said)
{
    return strstr(said, "LeakSanitizer has encountered a fatal error") !=
               NULL &&
           strstr(said, "Can't open /proc/") != NULL;
}

static char *cut(const char *report, const char **where)
{
    struct base_buf out;
    base_buf_init(&out, 1 << 16);
    bool behind_main = false;
    for (int lines = 0; *report != '\0' && lines < LINES_MAX; lines++) {
        const size_t len = strcspn(report, "\n");
        if (*where == NULL)
            *where = own_place(report, len);
        /* The tail of legends and shadow bytes helps nobody here. */
        if (len >= 7 && memcmp(report, "SUMMARY", 7) == 0)
            break;
        const bool frame = is_frame(report, len);
        behind_main &= frame;
        if (frame && !behind_main)
            behind_main = put_frame(&out, report, len);
        else if (!frame && len > 0 && memmem(report, len, "=====", 5) == NULL)
            put_words(&out, report, len);
        report += len + (report[len] == '\n');
    }
    char *text = base_slice_dup(base_buf_slice(&out));
    base_buf_fini(&out);
    return text;
}

char *sanitizer_report(const char *said, const char **where)
{
    const struct kind *kind;
    *where = NULL;
    if (is_out_of_descriptors(said)) {
        *where = "the end: no descriptor is left";
        return base_strdup(too_many);
    }
    const char *report = find_report(said, &kind);
    if (report == NULL)
        return NULL;
    char *text = cut(report, where);
    if (*where != NULL && strstr(text, "detected memory leaks") != NULL)
        *where = check_text("the end: memory from %s is not freed", *where);
    return text;
}

const char *sanitizer_cause(const char *report)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strstr(report, kinds[i].mark) != NULL)
            return kinds[i].cause;
    return "See the sanitizer's report.";
}

/*
 * sanitizer.c - finds the report of AddressSanitizer, LeakSanitizer or
 * UndefinedBehaviorSanitizer in what a program printed, and cuts it to what a
 * student needs: what kind of fault, and where in their own file.
 *
 * The student's files are compiled as /work/NAME; a frame of the kit's own
 * parts is /kit/...; all others are the C library's.
 *
 * Read before: check_internal.h.
 */
#include "check_internal.h"

#include <stdio.h>
#include <string.h>

enum { LINES_MAX = 30 };

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

/* "server.c:42:7" of a line that names a file of the student; or NULL. */
static const char *own_place(const char *line, size_t len)
{
    static const char mark[] = "/work/";
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
    return base_slice_dup((struct base_slice){at, n});
}

char *sanitizer_report(const char *said, const char **where)
{
    const struct kind *kind;
    const char *report = find_report(said, &kind);
    *where = NULL;
    if (report == NULL)
        return NULL;
    struct base_buf out;
    base_buf_init(&out, 1 << 16);
    int lines = 0;
    while (*report != '\0' && lines < LINES_MAX) {
        const size_t len = strcspn(report, "\n");
        if (*where == NULL)
            *where = own_place(report, len);
        /* The tail of legends and shadow bytes helps nobody here. */
        if (len >= 7 && memcmp(report, "SUMMARY", 7) == 0)
            break;
        if (len > 0 && memmem(report, len, "=====", 5) == NULL) {
            base_buf_printf(&out, "%s%.*s", lines > 0 ? "\n" : "",
                            (int)(len < 200 ? len : 200), report);
            lines++;
        }
        report += len + (report[len] == '\n');
    }
    char *text = base_slice_dup(base_buf_slice(&out));
    base_buf_fini(&out);
    return text;
}

const char *sanitizer_cause(const char *report)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strstr(report, kinds[i].mark) != NULL)
            return kinds[i].cause;
    return "See the sanitizer's report.";
}

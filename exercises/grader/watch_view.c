/*
 * watch_view.c - shows the state of `grade watch`: a page at a terminal, with
 * the keys that work now in its last line; lines elsewhere.
 *
 * Read before: watch.h, watch_text.h. Read after: command_watch.c.
 */
#include "watch.h"

#include "watch_term.h"
#include "watch_text.h"

#include <stdio.h>

static void put(struct base_slice bytes)
{
    if (bytes.len == 0)
        return; /* of an empty slice there may be no bytes at all: NULL */
    fwrite(bytes.ptr, 1, bytes.len, stdout);
    if (bytes.ptr[bytes.len - 1] != '\n')
        putchar('\n');
}

static void show_head(const struct watch *w)
{
    printf("%s  %s  (%zu of %zu done)\n", w->exercise.name, w->exercise.title,
           w->overview.done, w->overview.n);
    for (const char *const *file = w->exercise.files; *file != NULL; file++)
        printf("  edit:    %s/%s\n", w->exercise.dir, *file);
    printf("  watched: by %s%s%s\n\n",
           w->saves.why == NULL ? "inotify" : "polling (",
           w->saves.why == NULL ? "" : w->saves.why,
           w->saves.why == NULL ? "" : ")");
    put(base_buf_slice(&w->told));
}

/* A line of HTML without its tags. */
static void put_title(struct base_slice line)
{
    while (line.len > 0) {
        const struct base_slice text = base_slice_cut(&line, '<', NULL);
        printf("%.*s", BASE_SLICE_ARGS(text));
        base_slice_cut(&line, '>', NULL);
    }
    putchar('\n');
}

static void show_hints(const struct watch *w)
{
    struct watch_hint hint;
    for (int i = 0; i < w->hints && watch_text_hint(w->page, i, &hint); i++) {
        putchar('\n');
        put_title(hint.title);
        put(hint.text);
    }
}

static void show_lesson(const struct watch *w)
{
    struct base_slice text;
    if (!watch_text_seen(w->page, &text))
        return;
    puts("\nwhat you have seen");
    put(text);
}

/* Without its last line, "next: make ...": here the next step is a key. */
static struct base_slice without_next(struct base_slice output)
{
    const ssize_t at = base_slice_find(output, base_slice_of("\nnext: "));
    return at < 0 ? output : (struct base_slice){output.ptr, (size_t)at};
}

static void show_result(const struct watch *w)
{
    put(without_next(base_buf_slice(&w->check.output)));
    if (w->status < 0)
        printf("the check was ended by signal %d\n", -w->status);
    else if (w->status > 1)
        puts("the check could not be made; the next save tries again");
}

static void show_all_done(const struct watch *w)
{
    printf("\nall %zu exercises are done\n", w->overview.n);
}

static void show_list(const struct watch *w)
{
    struct base_buf out;
    base_buf_init(&out, 1 << 20);
    overview_print(&w->overview, w->exercise.name, &out);
    put(base_buf_slice(&out));
    base_buf_fini(&out);
}

static void show_question(const struct watch *w)
{
    printf("begin %s anew, from its skeleton?\n", w->exercise.name);
    for (const char *const *file = w->exercise.files; *file != NULL; file++)
        printf("  %s/%s: what you have now is kept as %s.bak-N\n",
               w->exercise.dir, *file, *file);
}

static void show_keys(const struct watch *w)
{
    struct watch_hint hint;
    fputs("\n", stdout);
    switch (w->state) {
    case WATCH_LISTS:
        fputs("any key: back  q quit ", stdout);
        return;
    case WATCH_ASKS:
        fputs("y begin anew  any other key: keep it ", stdout);
        return;
    case WATCH_PASSED:
        printf("space: go on to %s  l list  q quit ", w->next);
        return;
    case WATCH_DONE:
        fputs("l list  q quit ", stdout);
        return;
    default:
        break;
    }
    if (watch_text_hint(w->page, w->hints, &hint))
        printf("h hint %d  ", w->hints + 1);
    printf("l list  r reset  %sq quit ", w->next != NULL ? "n next  " : "");
}

static void show_page(const struct watch *w)
{
    switch (w->state) {
    case WATCH_LISTS:
        show_list(w);
        return;
    case WATCH_ASKS:
        show_question(w);
        return;
    default:
        break;
    }
    show_head(w);
    if (w->state == WATCH_CHECKS) {
        puts("checking ...");
        return;
    }
    show_result(w);
    if (w->state == WATCH_RESULT)
        show_hints(w);
    else
        show_lesson(w);
    if (w->state == WATCH_DONE)
        show_all_done(w);
}

static void show_lines(const struct watch *w)
{
    if (w->state == WATCH_CHECKS) {
        put(base_buf_slice(&w->told));
        printf("checking %s\n", w->exercise.name);
        return;
    }
    show_result(w);
    if (w->state == WATCH_RESULT) {
        printf("%s is not done; waiting for a save\n", w->exercise.name);
        return;
    }
    show_lesson(w);
    printf("%s is done\n", w->exercise.name);
    if (w->state == WATCH_DONE)
        show_all_done(w);
}

void watch_view(const struct watch *w)
{
    if (w->terminal) {
        watch_term_clear();
        show_page(w);
        show_keys(w);
    } else {
        show_lines(w);
    }
    fflush(stdout);
}

void watch_view_line(const struct watch *w, const char *format, ...)
{
    va_list args;
    if (w->terminal)
        return;
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
    fflush(stdout);
}

void watch_view_end(const struct watch *w)
{
    if (w->terminal)
        puts("\n");
    if (w->state != WATCH_DONE)
        printf("stopped; your work is in %s, as you saved it\n"
               "next:   make watch\n",
               w->exercise.dir);
    fflush(stdout);
}

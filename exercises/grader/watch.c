/*
 * watch.c - what happens when in `grade watch`.
 *
 * A result belongs to the last save. So the first sign of a save ends the check
 * that runs; a check that has ended is shown only if no file has changed since
 * it began; and both ask the files themselves, not only the events.
 *
 * Rests on: signal(7) (job control), termios(3).
 * Read before: watch.h. Read after: watch_view.c.
 */
#include "watch.h"

#include "nearest.h"
#include "watch_term.h"
#include "watch_text.h"
#include "workspace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- one exercise -------------------------------------------------------- */

static void look_around(struct watch *w)
{
    base_arena_reset(&w->overview_arena);
    w->next = NULL;
    if (overview_read(&w->overview, &w->overview_arena) != 0)
        return;
    const struct overview_row *next =
        overview_next(&w->overview, w->exercise.name);
    if (next != NULL && strcmp(next->name, w->exercise.name) != 0)
        w->next = next->name;
}

/* Pages above the others stay until their key. */
static void turn_to(struct watch *w, enum watch_state state)
{
    if (w->state == WATCH_LISTS || w->state == WATCH_ASKS) {
        w->under = state;
        if (state != WATCH_CHECKS)
            return;
    }
    w->state = state;
    watch_view(w);
}

/* What was told of files made again holds until one of them is changed. */
static void forget_told(struct watch *w)
{
    char now[SHA256_HEX];
    if (w->made[0] != '\0' && workspace_sha256(&w->exercise, now) == 0 &&
        strcmp(now, w->made) == 0)
        return;
    w->made[0] = '\0';
    base_buf_clear(&w->told);
}

static bool is_a_file_gone(const struct watch *w)
{
    char path[400];
    for (const char *const *file = w->exercise.files; *file != NULL; file++) {
        snprintf(path, sizeof path, "%s/%s", w->exercise.dir, *file);
        if (access(path, F_OK) == -1)
            return true;
    }
    return false;
}

/* Whoever deletes a file, and goes on with another, is not to wonder. */
static void make_again(struct watch *w)
{
    base_buf_clear(&w->told);
    base_buf_printf(&w->told, "a file of yours was gone\n");
    if (workspace_prepare(&w->exercise, &w->told) != 0 ||
        workspace_sha256(&w->exercise, w->made) != 0)
        w->made[0] = '\0';
}

static void check_now(struct watch *w)
{
    w->check.columns = w->terminal ? watch_term_width() : 0;
    turn_to(w, WATCH_CHECKS);
    forget_told(w);
    const int error = watch_check_start(&w->check, w->exercise.name);
    if (error != 0)
        base_log_error("cannot start the check: %s", strerror(-error));
}

static void on_save(void *arg)
{
    struct watch *w = arg;
    if (is_a_file_gone(w))
        make_again(w);
    check_now(w);
}

static void on_change(void *arg)
{
    struct watch *w = arg;
    watch_check_stop(&w->check);
}

static void on_poll(void *arg)
{
    const struct watch *w = arg;
    watch_view_line(w, "watched by polling: %s", w->saves.why);
}

static void read_page(struct watch *w)
{
    const char *path =
        base_arena_printf(&w->arena, "%s/README.md", w->exercise.dir);
    if (files_read(path, &w->arena, &w->page) != 0)
        w->page = (struct base_slice){0};
}

/* Leaves the exercise it was at. Returns 0, or says what is wrong. */
static int go_to(struct watch *w, const char *exercise)
{
    const char *why = NULL;
    char *name = base_strdup(exercise); /* perhaps of the arena */
    watch_saves_stop(&w->saves);
    watch_check_stop(&w->check);
    base_arena_reset(&w->arena);
    base_buf_clear(&w->told);
    w->made[0] = '\0';
    w->hints = 0;
    int error = exercise_load(name, &w->arena, &w->exercise, &why);
    if (error != 0)
        fprintf(stderr, "grade watch: %s\n  try:     %s\n", why,
                nearest_try("make watch EXERCISE=", name, &w->arena));
    free(name);
    if (error != 0)
        return error;
    error = workspace_prepare(&w->exercise, &w->told);
    if (error != 0) {
        fprintf(stderr, "grade watch: %.*s",
                BASE_SLICE_ARGS(base_buf_slice(&w->told)));
        return error;
    }
    read_page(w);
    watch_saves_start(&w->saves, w->loop,
                      &(struct watch_saves_options){
                          .dir = w->exercise.dir,
                          .files = w->exercise.files,
                          .probe = "build",
                          .poll = w->poll,
                          .on_change = on_change,
                          .on_save = on_save,
                          .on_poll = on_poll,
                          .arg = w,
                      });
    watch_view_line(w, "watching %s by %s%s", w->exercise.dir,
                    w->saves.why == NULL ? "inotify" : "polling: ",
                    w->saves.why == NULL ? "" : w->saves.why);
    w->state = WATCH_CHECKS;
    look_around(w);
    check_now(w);
    return 0;
}

/* To the next one; the program ends if that cannot be read. */
static void go_on(struct watch *w)
{
    if (go_to(w, w->next) != 0)
        loop_stop(w->loop);
}

static void on_checked(struct watch_check *c, int status)
{
    struct watch *w = c->arg;
    if (status == -SIGINT || watch_saves_look(&w->saves))
        return; /* Ctrl-C ends us as well; or a save has come in between */
    w->status = status;
    look_around(w);
    if (status != 0) {
        turn_to(w, WATCH_RESULT);
        return;
    }
    turn_to(w, w->next != NULL ? WATCH_PASSED : WATCH_DONE);
    if (w->terminal)
        return;
    if (w->next != NULL)
        go_on(w);
    else
        loop_stop(w->loop);
}

/* --- keys ---------------------------------------------------------------- */

static void open_page(struct watch *w, enum watch_state page)
{
    w->under = w->state;
    w->state = page;
    look_around(w);
    watch_view(w);
}

static void close_page(struct watch *w)
{
    w->state = w->under;
    watch_view(w);
}

static void reset(struct watch *w)
{
    base_buf_clear(&w->told);
    workspace_reset(&w->exercise, &w->told);
    close_page(w);
    watch_saves_look(&w->saves);
}

static void hint(struct watch *w)
{
    struct watch_hint next;
    if (!watch_text_hint(w->page, w->hints, &next))
        return;
    w->hints++;
    watch_view(w);
}

static void on_command(struct watch *w, int key)
{
    const bool done = w->state == WATCH_DONE || w->state == WATCH_PASSED;
    if (key == 'h' && !done)
        hint(w);
    else if (key == 'l')
        open_page(w, WATCH_LISTS);
    else if (key == 'r' && !done)
        open_page(w, WATCH_ASKS);
    else if (key == 'n' && w->next != NULL)
        go_on(w);
}

static void on_key(struct watch *w, int key)
{
    if (key == 'q' || key == -1)
        loop_stop(w->loop);
    else if (w->state == WATCH_ASKS && key == 'y')
        reset(w);
    else if (w->state == WATCH_ASKS || w->state == WATCH_LISTS)
        close_page(w);
    else if (w->state == WATCH_PASSED && strchr(" \r\nn", key) != NULL)
        go_on(w);
    else
        on_command(w, key);
}

static void on_keyboard(struct loop_watcher *watcher, unsigned events)
{
    (void)events;
    const int key = watch_term_key();
    if (key != 0)
        on_key(watcher->arg, key);
}

/* --- signals ------------------------------------------------------------- */

/* Stops us as the terminal's default would have, but with its old mode. */
static void suspend(struct watch *w)
{
    if (w->terminal)
        watch_term_leave();
    raise(SIGSTOP);
}

static void on_signal(struct loop_signal *s,
                      const struct signalfd_siginfo *info)
{
    struct watch *w = s->arg;
    (void)info;
    switch (s->signo) {
    case SIGTSTP:
        suspend(w);
        return;
    case SIGCONT:
        if (w->terminal)
            watch_term_again();
        break;
    case SIGWINCH:
        break;
    default:
        loop_stop(w->loop);
        return;
    }
    if (w->terminal)
        watch_view(w);
}

static void start_signals(struct watch *w)
{
    static const int numbers[] = {SIGINT,  SIGTERM, SIGHUP,  SIGQUIT,
                                  SIGTSTP, SIGCONT, SIGWINCH};
    _Static_assert(sizeof w->signals / sizeof w->signals[0] ==
                       sizeof numbers / sizeof numbers[0],
                   "one each");
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        loop_signal_start(w->loop, &w->signals[i], numbers[i], on_signal, w);
}

/* --- the whole ----------------------------------------------------------- */

/* Where to begin: NULL if all is done, or there are no exercises. */
static const char *first(struct watch *w, const char *wanted)
{
    const int error = overview_read(&w->overview, &w->overview_arena);
    if (error != 0) {
        fprintf(stderr,
                "grade watch: cannot look into exercises/: %s\n"
                "  try:     make watch, in the folder of the kit\n",
                strerror(-error));
        return NULL;
    }
    if (wanted != NULL)
        return wanted;
    const struct overview_row *row = overview_next(&w->overview, NULL);
    if (row != NULL)
        return row->name;
    printf("all %zu exercises are done\n"
           "next:   make watch EXERCISE=%s   (again, as often as you like)\n",
           w->overview.n, w->overview.rows[0].name);
    return NULL;
}

static int begin(struct watch *w, const char *exercise)
{
    const char *name = first(w, exercise);
    if (name == NULL)
        return w->overview.n > 0 ? 0 : 2;
    start_signals(w);
    w->terminal = watch_term_enter();
    if (go_to(w, name) != 0)
        return 2;
    if (w->terminal)
        loop_watcher_start(w->loop, &w->keyboard, STDIN_FILENO, LOOP_READ,
                           on_keyboard, w);
    const int error = loop_run(w->loop);
    watch_view_end(w);
    return error == 0 ? 0 : 2;
}

int watch_run(const struct watch_options *options)
{
    struct watch w = {.poll = options->poll};
    int error = loop_new(&w.loop, NULL);
    if (error != 0) {
        fprintf(stderr, "grade watch: cannot make an event loop: %s\n",
                strerror(-error));
        return 2;
    }
    base_arena_init(&w.arena, 1 << 14);
    base_arena_init(&w.overview_arena, 1 << 14);
    base_buf_init(&w.told, 1 << 16);
    watch_check_init(&w.check, w.loop, on_checked, &w);
    const int status = begin(&w, options->exercise);
    watch_term_leave();
    watch_saves_stop(&w.saves);
    watch_check_fini(&w.check);
    loop_watcher_stop(&w.keyboard);
    for (size_t i = 0; i < sizeof w.signals / sizeof w.signals[0]; i++)
        loop_signal_stop(&w.signals[i]);
    loop_free(w.loop);
    base_buf_fini(&w.told);
    base_arena_fini(&w.arena);
    base_arena_fini(&w.overview_arena);
    return status;
}

/*
 * class_progress.c - see class_progress.h.
 *
 * Names may hold anything, so they go through escape.h; and a line that is
 * wider than the terminal could not be drawn over, so it is cut.
 *
 * Read before: class_progress.h. Read after: class_run.c.
 * Rests on: isatty(3), ioctl_tty(2) TIOCGWINSZ.
 */
#include "class_progress.h"

#include "escape.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { PROGRESS_MAX = 4096, FEW = 3 /* too few to tell the time from */ };
static const int64_t second_ns = 1000000000;

static int64_t clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * second_ns + now.tv_nsec;
}

static size_t terminal_width(void)
{
    struct winsize size = {0};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == -1 || size.ws_col < 20)
        return 80;
    return size.ws_col;
}

void class_progress_begin(struct class_progress *p, size_t n)
{
    *p = (struct class_progress){
        .terminal = isatty(STDOUT_FILENO) == 1, .n = n, .begun_ns = clock_ns()};
    base_buf_init(&p->last, PROGRESS_MAX);
}

const char *class_progress_left(int64_t elapsed_ns, size_t done, size_t left,
                                char text[32])
{
    text[0] = '\0';
    if (done < FEW || left == 0)
        return text;
    const double each_s = (double)elapsed_ns / (double)second_ns / (double)done;
    const double left_s = each_s * (double)left;
    if (left_s < 90)
        snprintf(text, 32, "about %d s left", (int)left_s + 1);
    else if (left_s < 90 * 60)
        snprintf(text, 32, "about %d min left", (int)(left_s / 60 + 0.5));
    else if (left_s < 100 * 3600)
        snprintf(text, 32, "about %d h left", (int)(left_s / 3600 + 0.5));
    return text;
}

/* "[12/40] bob 05-drain  8/10  about 2 min left" */
static void put_line(struct sink *to, const struct class_progress *p)
{
    char left[32];
    sink_printf(to, "[%zu/%zu] ", p->done, p->n);
    sink_bytes(to, base_buf_slice(&p->last));
    class_progress_left(clock_ns() - p->begun_ns, p->done - p->kept,
                        p->n - p->done, left);
    sink_printf(to, "  %s", left);
}

void class_progress_draw(const struct class_progress *p)
{
    if (!p->terminal)
        return;
    struct base_buf line;
    base_buf_init(&line, 2 * PROGRESS_MAX);
    struct sink to = sink_of(&line);
    put_line(&to, p);
    /* A character is never wider than it has bytes. */
    const struct base_slice text = base_buf_slice(&line);
    const size_t most = terminal_width() - 1;
    const size_t len = text.len > most ? escape_cut_at(text, most) : text.len;
    printf("\r%.*s\033[K", (int)len, text.ptr);
    fflush(stdout);
    base_buf_fini(&line);
}

/* "bob 05-drain  8/10, kept" */
static void put_last(struct sink *to, const struct submission *s)
{
    escape_line(to, ESCAPE_TEXT, s->student);
    sink_printf(to, " %s  ", s->exercise);
    if (s->state != SUBMISSION_GRADED) {
        sink_put(to, submission_state_name(s->state));
    } else {
        sink_points(to, s->score);
        sink_put(to, "/");
        sink_points(to, s->max);
    }
    sink_put(to, s->kept ? ", kept" : "");
}

void class_progress_start(struct class_progress *p, const struct submission *s)
{
    if (p->silent || p->done > 0 || base_buf_len(&p->last) > 0)
        return;
    struct sink last = sink_of(&p->last);
    escape_line(&last, ESCAPE_TEXT, s->student);
    sink_printf(&last, " %s  begins", s->exercise);
    class_progress_draw(p);
}

void class_progress_add(struct class_progress *p, const struct submission *s)
{
    p->done++;
    p->kept += s->kept;
    if (p->silent)
        return;
    base_buf_clear(&p->last);
    struct sink last = sink_of(&p->last);
    put_last(&last, s);
    if (p->terminal) {
        class_progress_draw(p);
        return;
    }
    printf("[%zu/%zu] %.*s\n", p->done, p->n,
           BASE_SLICE_ARGS(base_buf_slice(&p->last)));
    fflush(stdout);
}

void class_progress_say(struct class_progress *p, const char *what)
{
    base_buf_clear(&p->last);
    base_buf_printf(&p->last, "%s", what);
    class_progress_draw(p);
}

void class_progress_end(struct class_progress *p)
{
    if (p->terminal)
        fputs("\r\033[K", stdout);
    fflush(stdout);
    base_buf_fini(&p->last);
}

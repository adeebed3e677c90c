/*
 * beat.c - a beat at regular times, until it has had enough or Ctrl-C.
 *
 * Shows timers, signals, and how few lines a program of three options needs.
 * The beat stays at multiples of its period: suspend the program with Ctrl-Z
 * for a while, and see which beats are skipped.
 *
 * Read before: ../loop.h. Read after: run.c.
 */
#include "loop/loop.h"

#include <stdio.h>
#include <string.h>

static int beats = 10, n;

static void on_beat(struct loop_periodic *p)
{
    const int64_t late_ns = loop_now(p->timer.loop) - p->next_ns;
    printf("beat %d, %.3f ms late\n", ++n, (double)late_ns / 1e6);
    fflush(stdout);
    if (n == beats)
        loop_stop(p->timer.loop);
}

static void on_signal(struct loop_signal *s,
                      const struct signalfd_siginfo *info)
{
    (void)info;
    printf("\nstopped by signal %d\n", s->signo);
    loop_stop(s->loop);
}

int main(int argc, char **argv)
{
    int64_t period_ns = LOOP_SECOND;
    const char *backend = NULL;
    const struct base_option rows[] = {
        {"beats", "how many", .number = &beats, .max = 1000000},
        {"period", "time between two", .span_ns = &period_ns},
        {"backend", "how to wait; or LOOP_BACKEND", .string = &backend,
         .words = "select,poll,epoll,uring"},
        {0},
    };
    struct base_options *options =
        base_options_new("Beats.\n  try: beat --beats 5 --period 0.5s", NULL);
    base_options_define(options, rows);
    base_options_start(options, argc, argv);

    struct loop *loop;
    struct loop_periodic periodic = {0};
    struct loop_signal on_int = {0};
    int error = loop_new(&loop, &(struct loop_options){.backend = backend});
    if (error == 0)
        error = loop_periodic_start(loop, &periodic, period_ns, 0, on_beat, 0);
    if (error != 0) {
        fprintf(stderr, "beat: cannot start: %s\n", strerror(-error));
        loop_free(loop);
        return 2;
    }
    loop_signal_start(loop, &on_int, SIGINT, on_signal, NULL);
    if (beats > 0)
        loop_run(loop);
    loop_free(loop);
    base_options_free(options);
    return 0;
}

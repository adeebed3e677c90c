/* square.c - see square.h. The time that it takes is a timer's. */
#include "square.h"

static void on_timer(void *arg)
{
    struct square *s = arg;
    s->result = s->n * s->n;
    s->done(s);
}

void square_start(struct miniloop *l, struct square *s, int n,
                  void (*done)(struct square *s))
{
    *s = (struct square){.n = n, .done = done};
    s->timer.call = (struct call){.function = on_timer, .arg = s};
    mini_timer_start(l, &s->timer, 10 * n);
}

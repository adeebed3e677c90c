/*
 * dump.c - all tasks, written down: what each does, or waits for, and since
 * when. For a program that hangs.
 *
 *     3 tasks, 9 switches
 *       task 1  crawl (crawl.c:80)  waits: end of task 2, for 1.204 s; 1480 ...
 *       task 2  page 7, fetch (crawl.c:20)  waits: recv on 9, for 1.200 s; ...
 *       task 3  fetch (crawl.c:20)  ready; 1208 bytes of stack
 *
 * Read before: co_internal.h. Rests on: signalfd(2).
 */
#include "loop/co/co_internal.h"

static void put_state(struct base_buf *out, const struct co_task *t)
{
    static const char *const states[] = {
        [TASK_READY] = "ready",
        [TASK_RUNNING] = "runs",
        [TASK_PARKED] = "waits: ",
        [TASK_ENDED] = "has ended, to be joined",
    };
    base_buf_printf(out, "%s", states[t->state]);
    if (t->state != TASK_PARKED)
        return;
    base_buf_printf(out, "%s", t->waits->name);
    if (t->waits->describe != NULL)
        t->waits->describe(t, out);
    const double s = (double)(scheduler_coarse_ns() - t->since_ns) / 1e9;
    base_buf_printf(out, ", for %.3f s", s);
}

static void put_task(struct base_buf *out, const struct co_task *t)
{
    base_buf_printf(out, "  task %llu  %s%s%s", (unsigned long long)t->number,
                    t->name != NULL ? t->name : "", t->name != NULL ? ", " : "",
                    t->place);
    base_buf_printf(out, "  ");
    put_state(out, t);
    base_buf_printf(out, "; %zu bytes of stack\n", stack_used(t->stack));
}

void co_dump(struct loop *loop, int fd)
{
    enum { LINE_MAX_BYTES = 4096 };
    const struct co_scheduler *s = loop->scheduler;
    struct co_stats stats;
    struct base_buf out;
    base_buf_init(&out, LINE_MAX_BYTES);
    co_stats(loop, &stats);
    base_buf_printf(&out, "%zu tasks, %llu switches\n", stats.tasks,
                    (unsigned long long)stats.switches);
    /* If it fails there is nobody to tell. */
    (void)base_slice_write(fd, base_buf_slice(&out));
    const struct base_list *link = s != NULL ? s->all.next : NULL;
    for (; link != NULL && link != &s->all; link = link->next) {
        base_buf_clear(&out);
        put_task(&out, base_container(link, struct co_task, link));
        (void)base_slice_write(fd, base_buf_slice(&out));
    }
    base_buf_fini(&out);
}

static void on_signal(struct loop_signal *s,
                      const struct signalfd_siginfo *info)
{
    (void)info;
    co_dump(s->loop, STDERR_FILENO);
}

int co_dump_on(struct loop *loop, int signo)
{
    struct co_scheduler *s = scheduler_of(loop);
    loop_signal_stop(&s->dump_signal);
    if (signo == 0)
        return 0;
    return loop_signal_start_named(loop, &s->dump_signal, signo, on_signal,
                                   NULL, "co_dump");
}

/*
 * patience.c - how long a check waits for a program: not by a clock, but until
 * what it waits for cannot come true any more.
 *
 * Read before: program.c. Read after: hang.h.
 */
#include "program.h"

#include "check_internal.h"
#include "crowd.h"
#include "hang.h"
#include "pump.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t slice_ns = SECOND_NS / 10;
/* Of processor time, with nothing to show for it. */
static const int64_t spin_ns = 2 * SECOND_NS;

struct wish {
    struct program *program;
    bool (*done)(void *arg);
    void *arg;
};

static bool done_or_ended(void *arg)
{
    const struct wish *w = arg;
    return (w->done != NULL && w->done(w->arg)) ||
           program_has_ended(w->program);
}

/* What is seen of all programs of the check while one is waited for. */
struct patience {
    int64_t first_cpu_ns, cpu_ns;
    int64_t begin_ns, asleep_since_ns; /* 0: not asleep */
    int slices, slices_asleep;
};

/* Processor time of all whose fault it would be. */
static int64_t all_cpu_ns(void)
{
    int64_t sum = 0;
    const struct program *p;
    for (int i = 0; (p = program_nth(i)) != NULL; i++)
        if (!program_is_given(p))
            sum += program_cpu_ns(p);
    return sum;
}

static bool all_asleep(void)
{
    const struct program *p;
    for (int i = 0; (p = program_nth(i)) != NULL; i++)
        if (crowd_awake(p->jail.warden, false) > 0 &&
            !(program_is_given(p) && program_cpu_ns(p) > spin_ns))
            return false;
    return peers_delivered();
}

static struct patience patience_begin(void)
{
    const int64_t cpu_ns = all_cpu_ns();
    return (struct patience){
        .first_cpu_ns = cpu_ns, .cpu_ns = cpu_ns, .begin_ns = pump_clock_ns()};
}

/*
 * A slice of time has passed in vain: can what is waited for still come true?
 * Whoever sleeps, with all that was sent to it delivered, will not be woken any
 * more. Whoever runs on and on spins. Whoever naps, a bit at a time, gets ten
 * times as long. But whoever would like to run and may not, because the machine
 * is busy, is not at fault.
 */
static bool patience_lost(struct patience *p)
{
    const int64_t now = pump_clock_ns(), cpu_ns = all_cpu_ns();
    const bool asleep = all_asleep();
    p->slices++;
    p->slices_asleep += asleep;
    if (!asleep || cpu_ns != p->cpu_ns)
        p->asleep_since_ns = 0;
    else if (p->asleep_since_ns == 0)
        p->asleep_since_ns = now;
    p->cpu_ns = cpu_ns;
    const int64_t patience_ns = setting.patience_s * SECOND_NS;
    if (p->asleep_since_ns != 0 && now - p->asleep_since_ns >= patience_ns)
        return true;
    if (cpu_ns - p->first_cpu_ns >= spin_ns)
        return true;
    const bool mostly_asleep = p->slices_asleep * 2 > p->slices;
    return now - p->begin_ns >= (mostly_asleep ? 10 : 120) * patience_ns;
}

/* `asleep_max`: so many slices may be slept through in all. */
static bool wait_for(struct wish *wish, int fd, short events, int asleep_max)
{
    struct patience patience = patience_begin();
    do {
        if (pump_until(done_or_ended, wish, fd, events,
                       pump_clock_ns() + slice_ns) == 1)
            return true;
    } while (!patience_lost(&patience) && patience.slices_asleep < asleep_max);
    return false;
}

bool program_wait_for(struct program *p, bool (*done)(void *arg), void *arg,
                      int fd, short events)
{
    struct wish wish = {p, done, arg};
    return wait_for(&wish, fd, events, INT_MAX);
}

static bool spins_rightly;

void program_may_spin(void)
{
    spins_rightly = true;
}

/*
 * What a hang's advice says helps nobody if it is not yet taught, if it is
 * against what the exercise asks for, or if it is about clients and there was
 * none.
 */
static bool is_good_advice(const struct program *p, const struct hang *h)
{
    int lesson = 0;
    if ((h->kind == HANG_SPINS && spins_rightly) ||
        (h->kind == HANG_IDLE && p->unreached))
        return false;
    return h->section == NULL ||
           (sscanf(h->section, "lessons/%d", &lesson) == 1 &&
            lesson <= atoi(setting.exercise));
}

/* The advice is what stands at the margin again, behind the first line. */
static void cut_advice(char *text)
{
    for (char *line = strchr(text, '\n'); line != NULL;
         line = strchr(line + 1, '\n'))
        if (line[1] != ' ') {
            *line = '\0';
            return;
        }
}

noreturn void program_hangs(struct program *p, const char *expected)
{
    program_hangs_after(p, expected, "nothing");
}

/* What the program does in place of what is waited for. */
static const char *instead(const struct hang *h)
{
    if (h->kind != HANG_SPINS)
        return "waits, and nothing will wake it";
    return spins_rightly ? "asks again and again" : "keeps the processor busy";
}

noreturn void program_hangs_after(struct program *p, const char *expected,
                                  const char *came)
{
    struct hang h = {.text = NULL};
    p->evidence_of_hang = hang_explain(p->pid, NULL, &h) == 0 ? h.text : NULL;
    if (h.text != NULL && !is_good_advice(p, &h))
        cut_advice(h.text);
    if (p->port == 0)
        program_blame_start(p);
    check_fail(expected, check_text("%s; the program %s", came, instead(&h)));
}

int program_wait_within(struct program *p, int seconds)
{
    struct wish wish = {.program = p};
    const int slices = (int)(seconds * SECOND_NS / slice_ns);
    if (!wait_for(&wish, -1, 0, slices)) {
        struct hang h = {.text = NULL};
        if (hang_explain(p->pid, NULL, &h) == 0 && h.text != NULL) {
            cut_advice(h.text);
            p->evidence_of_hang = h.text;
        }
        check_fail(check_text("%s ends within %d s", p->name, seconds),
                   "it is still running");
    }
    return program_wait(p);
}

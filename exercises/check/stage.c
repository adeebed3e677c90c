/*
 * stage.c - the turns: the program plays until it stands, then the others act,
 * then it plays again. See stage.h, and stage_internal.h for the parts.
 *
 *            plays                     stands
 *     ------------------------------------------------------------------
 *     +--> calls, one by one ---> waits, nothing ready ---> actors act
 *     |                                  |                      |
 *     +---- looks again <----------------+---- time passes <----+
 *
 * A wait is made with a time-out of 0. If nothing is ready, the program stands
 * at the exit of that call; to go on, it makes the same call again, or gets its
 * result: nothing, when the deadline has come. So it never sleeps in the
 * kernel, and the order of things is ours. A program that asks again and again
 * and gets nothing (lesson 02) stands after a number of such calls. One that
 * sleeps in a call all the same (lesson 01) stands when nothing has moved for a
 * while.
 *
 * Outside of turns, while the check waits for something else (that the server
 * listens, that it ends), the program plays too, but no time passes.
 *
 * Read before: stage_internal.h. Read after: stage_call.c, stage_wait.c.
 */
#include "stage_internal.h"

#include "check_internal.h"
#include "crowd.h"
#include "program.h"
#include "pump.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { TRANSCRIPT_MAX = 1 << 20, NS_PER_MS = 1000000 };

struct stage stage;
static struct base_buf transcript;

/* --- the transcript ------------------------------------------------------- */

/* The server's port is another each time: what was sent may name it. */
static void hide_port(char *text)
{
    char port[16];
    if (stage.program == NULL || stage.program->port < 1000)
        return;
    snprintf(port, sizeof port, "%d", stage.program->port);
    for (char *at = text; (at = strstr(at, port)) != NULL;)
        memset(at, '#', strlen(port));
}

void stage_tell(const char *what, ...)
{
    char text[TRACE_TEXT];
    va_list args;
    va_start(args, what);
    vsnprintf(text, sizeof text, what, args);
    va_end(args);
    hide_port(text);
    const int64_t ms = stage_now_ms();
    char *line = check_text("at %" PRId64 ".%03" PRId64 " s: %s", ms / 1000,
                            ms % 1000, text);
    check_did("%s", line);
    (void)base_buf_printf(&transcript, "%s\n", line);
}

const char *stage_transcript(void)
{
    return base_slice_dup(base_buf_slice(&transcript));
}

int64_t stage_now_ms(void)
{
    return stage.now_ns / NS_PER_MS;
}

int stage_faults(void)
{
    return stage.faults;
}

/* --- chance --------------------------------------------------------------- */

/* splitmix64: each number follows from the one before. */
unsigned stage_chance(uint64_t *state, unsigned below)
{
    *state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (unsigned)((z ^ (z >> 31)) % below);
}

/* --- who stands ----------------------------------------------------------- */

/* The next task of the program that stands, behind `t`; NULL: from the first.
 */
static struct trace_task *next_standing(struct trace_task *t)
{
    for (t = t == NULL ? trace_tasks : t->next; t != NULL; t = t->next)
        if (t->trace == stage.trace && t->stands)
            return t;
    return NULL;
}

/* It sleeps in the kernel: it does not merely wait for a processor. */
static bool sleeps(pid_t tid)
{
    struct crowd_stat s;
    return crowd_stat(tid, tid, &s) && s.state == 'S';
}

/* All of the program stand, or sleep in a call. */
static bool stands(void *arg)
{
    (void)arg;
    if (stage.trace == NULL || !stage.trace->begun)
        return false;
    for (const struct trace_task *t = trace_tasks; t != NULL; t = t->next)
        if (t->trace == stage.trace && !t->stands &&
            !(t->inside && stage.idle && sleeps(t->tid)))
            return false;
    return true;
}

/* All that stand look again, or get what they have waited for. */
static void look(void)
{
    stage.idle = false;
    for (struct trace_task *t = NULL; (t = next_standing(t)) != NULL;)
        stage_wait_wake(t);
}

static void on_idle(void)
{
    stage.idle = true;
    if (!stage.playing)
        look();
}

/* --- turns ---------------------------------------------------------------- */

static struct program *on_stage(struct program *p)
{
    if (!stage.open)
        check_error("stage_open comes before the program is started");
    stage.program = p;
    return p;
}

static void play(void)
{
    stage.playing = true;
    if (!program_wait_for(stage.program, stands, NULL, -1, 0))
        program_hangs(stage.program, "the program comes to rest");
    stage.playing = false;
}

void stage_stand(struct program *p)
{
    on_stage(p);
    if (!stands(NULL))
        play();
}

void stage_settle(struct program *p)
{
    stage_stand(p);
    look();
    play();
}

void stage_play(struct program *p)
{
    stage_settle(p);
}

static int64_t next_deadline(void)
{
    int64_t next = STAGE_NEVER;
    for (struct trace_task *t = NULL; (t = next_standing(t)) != NULL;)
        if (t->staged->deadline_ns < next)
            next = t->staged->deadline_ns;
    return next;
}

bool stage_has_deadline(void)
{
    return next_deadline() != STAGE_NEVER;
}

bool stage_pass(int64_t end_ns)
{
    const int64_t next = next_deadline();
    if (next == STAGE_NEVER || next > end_ns)
        return false;
    if (next > stage.now_ns)
        stage.now_ns = next;
    look();
    play();
    return true;
}

void stage_play_ms(struct program *p, int64_t ms)
{
    const int64_t end_ns = stage.now_ns + ms * NS_PER_MS;
    stage_settle(p);
    while (stage_pass(end_ns))
        continue;
    stage.now_ns = end_ns;
    stage_settle(p); /* one that asks the clock all the time sees it now */
}

/* --- the end of a call, the end of the play ------------------------------- */

void stage_finish(struct trace_task *t, int64_t result)
{
    t->call.result = result;
    (void)regs_finish(t->tid, t->call.args, result);
    trace_call_done(t);
    trace_resume(t);
}

/*
 * The calls that the program stands in are made as it made them, so that it
 * sleeps in the kernel and hang.h can see why.
 */
noreturn void stage_hangs(struct program *p, const char *expected)
{
    stage.let_go = true;
    for (struct trace_task *t = NULL; (t = next_standing(t)) != NULL;) {
        (void)regs_repeat(t->tid, t->call.number, t->call.args);
        t->repeats = true;
        trace_resume(t);
    }
    stage.idle = false;
    stage.playing = true;
    (void)pump_until(stands, NULL, -1, 0, pump_clock_ns() + SECOND_NS);
    program_hangs(p, expected);
}

/* --- open ----------------------------------------------------------------- */

void stage_open(void)
{
    if (stage.open)
        check_error("the stage is open already");
    stage.open = true;
    stage.chance = check_seed();
    stage.data = ~check_seed();
    base_buf_init(&transcript, TRANSCRIPT_MAX);
    trace_stage = &stage_hooks;
    pump_on_idle = on_idle;
}

/*
 * program_state.c - what a program holds, from /proc; whether it rests; stopped
 * for a while and going on.
 *
 * Read before: patience.c, crowd.h. Read after: peer.c.
 */
#include "program.h"

#include "check_internal.h"
#include "crowd.h"
#include "pump.h"

#include <signal.h>
#include <string.h>

int64_t program_cpu_ns(const struct program *p)
{
    return crowd_look(p->jail.warden, false).cpu_ns;
}

int program_descriptors(const struct program *p)
{
    return crowd_descriptors(p->jail.warden, false);
}

int program_threads(const struct program *p)
{
    return crowd_look(p->jail.warden, false).threads;
}

int program_processes(const struct program *p)
{
    const struct crowd c = crowd_look(p->jail.warden, false);
    return c.processes + c.zombies;
}

int program_zombies(const struct program *p)
{
    return crowd_look(p->jail.warden, false).zombies;
}

struct rest {
    struct program *program;
    int64_t cpu_before_ns;
    bool busy;
};

static bool rests(void *arg)
{
    struct rest *r = arg;
    if (!peers_delivered())
        return false;
    if (crowd_awake(r->program->jail.warden, false) == 0)
        return true;
    r->busy = program_cpu_ns(r->program) - r->cpu_before_ns > SECOND_NS;
    return r->busy;
}

void program_rest(struct program *p)
{
    struct rest rest = {p, program_cpu_ns(p), false};
    if (!program_wait_for(p, rests, &rest, -1, 0))
        program_hangs(p, "the program comes to rest");
    program_expect_runs(p, "the program goes on");
    if (!rest.busy)
        return;
    check_cause("A loop that has nothing to do must sleep in its waiting call. "
                "This one goes round and round: perhaps it waits for a socket "
                "to be writable although it has nothing to write, or it does "
                "not take what has made it wake.",
                NULL);
    program_hangs(p, "with nothing to do, the program sleeps");
}

/* True if it stands: by the signal, or before its tracer. */
static bool stands(void *arg)
{
    const struct program *p = arg;
    struct crowd_stat s;
    return !crowd_stat(p->pid, 0, &s) || strchr("TtZX", s.state) != NULL;
}

void program_pause(struct program *p)
{
    story_add("the program is stopped for a while (SIGSTOP)");
    kill(p->pid, SIGSTOP);
    crowd_kill(p->jail.warden, SIGSTOP);
    /* A signal takes effect a moment after kill. */
    if (!program_is_traced(p))
        program_rest(p);
    else if (!program_wait_for(p, stands, p, -1, 0))
        program_hangs(p, "the program is stopped");
}

void program_resume(struct program *p)
{
    story_add("the program goes on (SIGCONT)");
    crowd_kill(p->jail.warden, SIGCONT);
}

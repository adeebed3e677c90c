/*
 * claims.c - checks what the course claims of callbacks.
 *
 *     E12   callbacks tear the stack: an error cannot get back
 *     E17   threads and a loop of one thread do not conflict
 *     E18   one long computation in a callback holds up all others
 *
 * Read before: flow.h, miniloop.h, ../common/claim.h.
 * Rests on: backtrace(3), pthreads(7).
 */
#include "../common/claim.h"
#include "../common/common.h"
#include "flow.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void loop_init(struct miniloop *l)
{
    const int error = mini_init(l);
    if (error != 0)
        die(-error, NULL, "cannot set up the loop");
}

static void loop_run(struct miniloop *l)
{
    const int error = mini_run(l);
    if (error != 0)
        die(-error, NULL, "the loop failed");
}

/* --- E12 ------------------------------------------------------------------ */

static void flow_row(const struct claim_result *r, const char *name,
                     const struct flow_seen *seen)
{
    claim_row(r, "%-26s%8d%15d  %s", name, seen->ours, seen->undone,
              seen->told != 0 ? "login" : "the loop, which drops it");
}

static int callbacks_tear_the_stack(struct claim_result *r)
{
    static const char *const names[FLOW_STYLES] = {
        "each step calls the next", "each defers the next", "with a context"};
    struct flow_seen seen[FLOW_STYLES];
    claim_row(r, "%-26s%8s%15s  %s", "step 4 of 5 fails", "frames",
              "steps told", "who gets the error");
    for (enum flow_style style = FLOW_STRAIGHT; style < FLOW_STYLES; style++) {
        const int error = flow_run(style, -EHOSTUNREACH, &seen[style]);
        if (error != 0)
            return claim_not_measured(r, "no loop: %s", strerror(-error));
        flow_row(r, names[style], &seen[style]);
    }
    const struct flow_seen *straight = &seen[FLOW_STRAIGHT];
    const struct flow_seen *torn = &seen[FLOW_CALLBACKS];
    const struct flow_seen *context = &seen[FLOW_CONTEXT];
    return claim_conclude(
        r,
        straight->ours == 5 && straight->told != 0 && torn->ours == 1 &&
            torn->told == 0 && context->told != 0,
        "a backtrace at step 4 shows %d functions of ours in straight code and "
        "%d in callbacks, where the error reaches %s; a context brings it to "
        "login, past the %d steps between",
        straight->ours, torn->ours, torn->told != 0 ? "login" : "nobody",
        straight->undone);
}

/* --- E17 ------------------------------------------------------------------ */

enum { PRODUCERS = 4, POSTS = 250000 };

struct post {
    struct call call;
    int producer, number;
};

struct crowd {
    struct miniloop loop;
    struct post *posts[PRODUCERS];
    pthread_t threads[PRODUCERS];
    int next[PRODUCERS]; /* number expected of each; the loop thread's */
    int arrived, disorder;
};

static struct crowd crowd;

static void on_post(void *arg)
{
    const struct post *p = arg;
    crowd.disorder += p->number != crowd.next[p->producer];
    crowd.next[p->producer] = p->number + 1;
    if (++crowd.arrived == PRODUCERS * POSTS)
        mini_stop(&crowd.loop);
}

static void *produce(void *arg)
{
    struct post *posts = arg;
    for (int i = 0; i < POSTS; i++)
        mini_post(&crowd.loop, &posts[i].call);
    return NULL;
}

/* Nanoseconds of all posts; false if there are not enough threads. */
static bool post_all(double *took_ns)
{
    crowd = (struct crowd){.arrived = 0};
    loop_init(&crowd.loop);
    for (int i = 0; i < PRODUCERS; i++) {
        crowd.posts[i] = allocate_array(POSTS, sizeof *crowd.posts[i]);
        for (int j = 0; j < POSTS; j++) {
            struct post *p = &crowd.posts[i][j];
            *p = (struct post){.producer = i, .number = j};
            p->call = (struct call){.function = on_post, .arg = p};
        }
    }
    const int64_t start_ns = claim_now_ns();
    int started = 0;
    while (started < PRODUCERS &&
           pthread_create(&crowd.threads[started], NULL, produce,
                          crowd.posts[started]) == 0)
        started++;
    if (started == PRODUCERS)
        loop_run(&crowd.loop);
    *took_ns = (double)(claim_now_ns() - start_ns);
    for (int i = 0; i < started; i++)
        pthread_join(crowd.threads[i], NULL);
    mini_fini(&crowd.loop);
    for (int i = 0; i < PRODUCERS; i++)
        free(crowd.posts[i]);
    return started == PRODUCERS;
}

static int threads_and_loop_agree(struct claim_result *r)
{
    double took_ns[CLAIM_RUNS];
    long arrived = 0, disorder = 0;
    for (int run = 0; run < CLAIM_RUNS; run++) {
        if (!post_all(&took_ns[run]))
            return claim_not_measured(r, "there are not enough threads");
        arrived += crowd.arrived;
        disorder += crowd.disorder;
    }
    const long due = (long)CLAIM_RUNS * PRODUCERS * POSTS;
    const double each_ns =
        claim_median(took_ns, CLAIM_RUNS) / (PRODUCERS * POSTS);
    claim_row(r, "%12s%12s%8s%14s%12s", "posted", "arrived", "lost",
              "out of order", "each takes");
    claim_row(r, "%12s%12s%8s%14s%9s ns", claim_number(due).text,
              claim_number(arrived).text, claim_number(due - arrived).text,
              claim_number(disorder).text, claim_short(each_ns).text);
    return claim_conclude(
        r, arrived == due && disorder == 0,
        "%d threads posted %s calls in %d runs: %s lost, %s out of a thread's "
        "order; a call took %s ns from a thread's hand to the loop's",
        PRODUCERS, claim_number(due).text, CLAIM_RUNS,
        claim_number(due - arrived).text, claim_number(disorder).text,
        claim_short(each_ns).text);
}

/* --- E18 ------------------------------------------------------------------ */

enum { WORK_MS = 300, CHUNK_MS = 1, TICK_MS = 1, NS_PER_MS = 1000000 };

/* A computation, and a timer that stands for all others. */
struct office {
    struct miniloop loop;
    struct call work, done;
    struct timer tick;
    pthread_t thread;
    int left_ms;
    int64_t worst_ns; /* how late the timer came, at most */
};

static struct office office;

/* Takes so much processor time of this thread. */
static void compute(int ms)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    const int64_t end_ns =
        now.tv_sec * 1000000000LL + now.tv_nsec + (int64_t)ms * NS_PER_MS;
    do
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    while (now.tv_sec * 1000000000LL + now.tv_nsec < end_ns);
}

static void on_tick(void *arg)
{
    (void)arg;
    const int64_t late_ns = claim_now_ns() - office.tick.due_ns;
    if (late_ns > office.worst_ns)
        office.worst_ns = late_ns;
    if (office.left_ms > 0)
        mini_timer_start(&office.loop, &office.tick, TICK_MS);
    else
        mini_stop(&office.loop);
}

static void work_at_once(void *arg)
{
    (void)arg;
    compute(WORK_MS);
    office.left_ms = 0;
}

static void work_in_chunks(void *arg)
{
    (void)arg;
    compute(CHUNK_MS);
    office.left_ms -= CHUNK_MS;
    if (office.left_ms > 0)
        mini_defer(&office.loop, &office.work);
}

static void on_done(void *arg)
{
    (void)arg;
    office.left_ms = 0;
}

static void *work_beside(void *arg)
{
    (void)arg;
    compute(WORK_MS);
    mini_post(&office.loop, &office.done);
    return NULL;
}

static void work_in_a_thread(void *arg)
{
    (void)arg;
    const int error = pthread_create(&office.thread, NULL, work_beside, NULL);
    if (error != 0)
        die(error, NULL, "cannot start a thread");
}

/* Milliseconds that the timer was late at most while the work was done. */
static double worst_wait_ms(void (*work)(void *arg))
{
    office = (struct office){.left_ms = WORK_MS};
    loop_init(&office.loop);
    office.work.function = work;
    office.done.function = on_done;
    office.tick.call.function = on_tick;
    mini_defer(&office.loop, &office.work);
    mini_timer_start(&office.loop, &office.tick, TICK_MS);
    loop_run(&office.loop);
    if (work == work_in_a_thread)
        pthread_join(office.thread, NULL);
    mini_fini(&office.loop);
    return (double)office.worst_ns / NS_PER_MS;
}

static int computing_holds_up_all(struct claim_result *r)
{
    static const struct {
        const char *name;
        void (*work)(void *arg);
    } ways[] = {
        {"in one callback", work_at_once},
        {"1 ms at a time, deferred", work_in_chunks},
        {"in a thread, which posts", work_in_a_thread},
    };
    double worst_ms[3];
    claim_row(r, "%-30s%24s", "computing for 300 ms", "others wait at most");
    for (int i = 0; i < 3; i++) {
        double runs_ms[CLAIM_RUNS];
        for (int run = 0; run < CLAIM_RUNS; run++)
            runs_ms[run] = worst_wait_ms(ways[i].work);
        worst_ms[i] = claim_median(runs_ms, CLAIM_RUNS);
        claim_row(r, "%-30s%21s ms", ways[i].name,
                  claim_short(worst_ms[i]).text);
    }
    return claim_conclude(
        r, worst_ms[0] > 0.9 * WORK_MS && worst_ms[1] < worst_ms[0] / 10,
        "while a callback computed for %d ms a timer came %s ms late; with "
        "the work cut into chunks of %d ms, each deferred, %s ms; in a thread "
        "beside the loop, %s ms",
        WORK_MS, claim_short(worst_ms[0]).text, CHUNK_MS,
        claim_short(worst_ms[1]).text, claim_short(worst_ms[2]).text);
}

int main(int argc, char **argv)
{
    static const struct claim claims[] = {
        {"E12", "callbacks tear the stack: an error cannot get back",
         callbacks_tear_the_stack},
        {"E17", "threads and a loop of one thread do not conflict",
         threads_and_loop_agree},
        {"E18", "one long computation in a callback holds up all others",
         computing_holds_up_all},
        {.id = NULL},
    };
    return claims_main(argc, argv, "07-callbacks", claims);
}

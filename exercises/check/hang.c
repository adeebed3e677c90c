/*
 * hang.c - explains a hang, in the order of a doctor: who is ill, what is
 * there to be seen, what it means, and what helps.
 *
 * Each thread of the process and of its children is a case of its own, with
 * the descriptors of its process. The case that explains most is told: a
 * parent that waits for its child says less than the child that waits for
 * bytes.
 *
 * Read before: hang.h, hang_parts.h. Read after: hang_tasks.c.
 */
#include "hang_parts.h"

#include <stdlib.h>

enum { CASES_MAX = 64 };

void hang_case_fini(struct hang_case *c)
{
    hang_fds_fini(&c->fds);
    hang_interests_fini(&c->interests);
}

static struct hang_case look(const struct hang_tasks *tasks, size_t i,
                             pid_t asked, const char *dump)
{
    struct hang_case c = {
        .tasks = tasks, .task = tasks->at[i], .asked = asked, .dump = dump};
    hang_fds_init(&c.fds, c.task.pid, c.task.tid);
    hang_interests_init(&c.interests, &c.task, tasks, &c.fds);
    hang_judge(&c);
    return c;
}

static void tell(const struct hang_tasks *tasks, pid_t asked, const char *dump,
                 struct hang *h)
{
    struct hang_case best = look(tasks, 0, asked, dump);
    for (size_t i = 1; i < tasks->n && i < CASES_MAX; i++) {
        struct hang_case c = look(tasks, i, asked, dump);
        struct hang_case worse = c;
        if (c.weight > best.weight) {
            worse = best;
            best = c;
        }
        hang_case_fini(&worse);
    }
    *h = (struct hang){
        .kind = best.kind,
        .tid = best.task.tid,
        .call = best.task.number,
        .fd = best.fd,
        .other = best.other,
        .waiting = best.waiting,
        .text = hang_words(&best),
        .section = hang_lesson_of(&best)->section,
    };
    hang_case_fini(&best);
}

int hang_explain(pid_t pid, const char *dump, struct hang *h)
{
    struct hang_tasks tasks;
    hang_tasks_init(&tasks, pid);
    *h = (struct hang){.kind = HANG_OTHER, .call = -1, .fd = -1, .other = -1};
    const int error = tasks.n == 0 ? tasks.error : 0;
    if (tasks.n > 0) {
        tell(&tasks, pid, dump, h);
    } else if (error == 0) {
        h->kind = HANG_GONE;
        h->text = base_strdup("the program has ended");
    }
    hang_tasks_fini(&tasks);
    return error;
}

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

/* Threads of one process, which stand behind each other, share its `fds`. */
static struct hang_case look(const struct hang_tasks *tasks, size_t i,
                             const struct hang_fds *fds)
{
    struct hang_case c = {.tasks = tasks, .task = tasks->at[i], .fds = *fds};
    hang_interests_init(&c.interests, &c.task, tasks, fds);
    hang_judge(&c);
    return c;
}

/* All but the text. */
static struct hang report(const struct hang_case *c)
{
    return (struct hang){
        .kind = c->kind,
        .tid = c->task.tid,
        .call = c->task.number,
        .fd = c->fd,
        .other = c->other,
        .waiting = c->waiting,
        .lesson = hang_lesson_of(c)->text,
        .section = hang_lesson_of(c)->section,
    };
}

static void tell(const struct hang_tasks *tasks, struct hang *h)
{
    struct hang_fds fds = {0};
    char *text = NULL;
    int weight = -1;
    for (size_t i = 0; i < tasks->n && i < CASES_MAX; i++) {
        const struct hang_task *t = &tasks->at[i];
        if (i == 0 || t->pid != tasks->at[i - 1].pid) {
            hang_fds_fini(&fds);
            hang_fds_init(&fds, t->pid, t->tid);
        }
        struct hang_case c = look(tasks, i, &fds);
        if (c.weight > weight) {
            weight = c.weight;
            free(text);
            text = hang_words(&c);
            *h = report(&c);
        }
        hang_interests_fini(&c.interests);
    }
    hang_fds_fini(&fds);
    h->text = text;
}

int hang_explain(pid_t pid, const char *dump, struct hang *h)
{
    struct hang_tasks tasks;
    hang_tasks_init(&tasks, pid);
    tasks.dump = dump;
    *h = (struct hang){.kind = HANG_OTHER, .call = -1, .fd = -1, .other = -1};
    const int error = tasks.n == 0 ? tasks.error : 0;
    if (tasks.n > 0) {
        tell(&tasks, h);
    } else if (error == 0) {
        h->kind = HANG_GONE;
        h->text = base_strdup("the program has ended");
    }
    hang_tasks_fini(&tasks);
    return error;
}

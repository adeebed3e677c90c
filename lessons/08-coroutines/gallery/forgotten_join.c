/*
 * forgotten_join.c - a mistake: a task is started, and nobody asks what became
 * of it.
 *
 * `save` fails, and the program says that all is well. The handle that co_spawn
 * returns is a promise to join the task. Who does not keep it loses the result,
 * and the task's stack stays until the loop goes; then there is a warning, with
 * the line where the task was started.
 *
 * The cure: join it (co_join), as here. Or start it in a group, which waits for
 * all that it has started; or by co_go, if nobody can use the result: then at
 * least an error is logged.
 *
 * Read before: stack_overflow.c, ../recipes/background.c. Read after:
 * lost_wakeup.c.
 */
#include "gallery.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int save(void *arg)
{
    (void)arg;
    const int error = co_sleep(10 * LOOP_MS); /* a disk takes its time */
    return error != 0 ? error : -ENOSPC;
}

static int forget(struct co_task *saving)
{
    (void)saving;
    puts("saved, we suppose");
    return co_sleep(20 * LOOP_MS); /* the program goes on to other things */
}

static int ask(struct co_task *saving)
{
    int result;
    const int error = co_join(saving, &result);
    if (error != 0)
        return error;
    printf("%s\n", result == 0 ? "saved" : strerror(-result));
    return result;
}

static int first(void *arg)
{
    (void)arg;
    struct co_task *saving = co_spawn(loop_current(), save, NULL);
    if (saving == NULL)
        return -ENOMEM;
    return mended ? ask(saving) : forget(saving);
}

int main(int argc, char **argv)
{
    return gallery_main(argc, argv, "A task fails, and nobody asks.", first);
}

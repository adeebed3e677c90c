/*
 * monkey.c - see monkey.h. The beginning: main becomes a task.
 *
 * The C library calls main from __libc_start_main. That, too, is a name, so we
 * stand before it and hand on another main, which makes a loop and runs the
 * program's own in its first task. When that returns the process exits, as it
 * does with threads, whatever the other tasks are doing.
 *
 * Read before: monkey.h. Read after: patch_io.c.
 * Rests on: dlsym(3), the Linux Standard Base on __libc_start_main.
 */
#include "monkey.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int main_fn(int argc, char **argv, char **envp);

int __libc_start_main(main_fn *main, int argc, char **argv, void (*init)(void),
                      void (*fini)(void), void (*rtld_fini)(void),
                      void *stack_end);

/* Of address space: what is not touched costs nothing. */
enum { STACK_SIZE = 1 << 20 };

struct loop *monkey_loop;

static struct {
    main_fn *main;
    int argc;
    char **argv, **envp;
} program;

static int run_program(void *arg)
{
    (void)arg;
    co_set_name("main");
    return program.main(program.argc, program.argv, program.envp);
}

static int main_in_a_task(int argc, char **argv, char **envp)
{
    program.argc = argc;
    program.argv = argv;
    program.envp = envp;
    int error = loop_new(&monkey_loop, NULL);
    if (error == 0)
        error = co_setup(monkey_loop,
                         &(struct co_options){.stack_size = STACK_SIZE});
    if (error != 0) {
        fprintf(stderr, "monkey: cannot make a loop: %s\n", strerror(-error));
        return 2;
    }
    return co_run(monkey_loop, run_program, NULL);
}

int __libc_start_main(main_fn *main, int argc, char **argv, void (*init)(void),
                      void (*fini)(void), void (*rtld_fini)(void),
                      void *stack_end)
{
    __typeof__(&__libc_start_main) start =
        (__typeof__(start))dlsym(RTLD_NEXT, "__libc_start_main");
    program.main = main;
    return start(main_in_a_task, argc, argv, init, fini, rtld_fini, stack_end);
}

static void find(struct real *r)
{
    *r = (struct real){
        .accept4 = (__typeof__(r->accept4))dlsym(RTLD_NEXT, "accept4"),
        .close = (__typeof__(r->close))dlsym(RTLD_NEXT, "close"),
        .connect = (__typeof__(r->connect))dlsym(RTLD_NEXT, "connect"),
        .nanosleep = (__typeof__(r->nanosleep))dlsym(RTLD_NEXT, "nanosleep"),
        .poll = (__typeof__(r->poll))dlsym(RTLD_NEXT, "poll"),
        .pthread_create =
            (__typeof__(r->pthread_create))dlsym(RTLD_NEXT, "pthread_create"),
        .pthread_detach =
            (__typeof__(r->pthread_detach))dlsym(RTLD_NEXT, "pthread_detach"),
        .pthread_join =
            (__typeof__(r->pthread_join))dlsym(RTLD_NEXT, "pthread_join"),
        .read = (__typeof__(r->read))dlsym(RTLD_NEXT, "read"),
        .recv = (__typeof__(r->recv))dlsym(RTLD_NEXT, "recv"),
        .send = (__typeof__(r->send))dlsym(RTLD_NEXT, "send"),
        .socket = (__typeof__(r->socket))dlsym(RTLD_NEXT, "socket"),
        .write = (__typeof__(r->write))dlsym(RTLD_NEXT, "write"),
    };
}

const struct real *real(void)
{
    static struct real table;
    if (table.write == NULL)
        find(&table);
    return &table;
}

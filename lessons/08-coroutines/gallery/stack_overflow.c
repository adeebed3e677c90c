/*
 * stack_overflow.c - a mistake: a large array in a function of a task.
 *
 * A thread has 8 MiB of stack, a task 64 KiB: that is why there can be a
 * hundred thousand of them. An array of a megabyte does not fit. Below each
 * stack lies a page that nobody may touch, so the first touch ends the program.
 * The library looks whose page it was, and says the task's name; without that
 * line it would be a bare "Segmentation fault".
 *
 * A page below a stack helps only if nobody steps over it. So the kit is
 * compiled with -fstack-clash-protection: a large frame is touched page by
 * page, from the top.
 *
 * The cure: large memory comes from malloc. Where deep recursion needs the
 * stack, co_setup gives all tasks of a loop larger ones: that costs address
 * space only, until it is used.
 *
 * Read before: cpu_in_task.c. Read after: forgotten_join.c.
 * Rests on: mmap(2), sigaltstack(2), setrlimit(2).
 */
#include "gallery.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

enum { N = 250001 }; /* numbers of 4 bytes */

static int by_value(const void *left, const void *right)
{
    const int a = *(const int *)left, b = *(const int *)right;
    return (a > b) - (a < b);
}

static void print_median(int *numbers)
{
    for (int i = 0; i < N; i++)
        numbers[i] = (int)(i * 7919L % N); /* all of 0 to N - 1, mixed */
    qsort(numbers, N, sizeof *numbers, by_value);
    printf("the median is %d\n", numbers[N / 2]);
}

/* Were it inlined, its array would be in the frame of `report`, from the start.
 */
static void __attribute__((noinline)) on_the_stack(void)
{
    int numbers[N];
    print_median(numbers);
}

static void on_the_heap(void)
{
    int *numbers = base_alloc_array(N, sizeof *numbers);
    print_median(numbers);
    free(numbers);
}

static int report(void *arg)
{
    (void)arg;
    co_set_name("the monthly report");
    if (mended)
        on_the_heap();
    else
        on_the_stack();
    return 0;
}

int main(int argc, char **argv)
{
    /* It is meant to fail: without a core file. */
    setrlimit(RLIMIT_CORE, &(struct rlimit){0});
    return gallery_main(argc, argv, "A task puts a megabyte on its stack.",
                        report);
}

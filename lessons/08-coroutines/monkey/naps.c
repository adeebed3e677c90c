/*
 * naps.c - threads that sleep, one longer than the other, each by another name
 * for it: the last to lie down is the first to get up.
 *
 * Under monkey.so they are tasks of one thread, and what sleeps is a task. If
 * it were the thread, nobody could get up before the first.
 *
 * Read before: fetch.c. Read after: monkey.h.
 * Rests on: pthread_create(3), nanosleep(2), sleep(3), usleep(3), poll(2).
 */
#include "../../common/common.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { SLEEPERS = 4 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t all_lie = PTHREAD_COND_INITIALIZER;
static int lying; /* the lock's */

/* Returns the number of this sleeper, when all have lain down. */
static int lie_down(void)
{
    pthread_mutex_lock(&lock);
    const int number = lying + 1;
    usleep(1000); /* nobody else may count meanwhile */
    lying = number;
    printf("%d lies down\n", number);
    if (number == SLEEPERS)
        pthread_cond_broadcast(&all_lie);
    while (lying < SLEEPERS)
        pthread_cond_wait(&all_lie, &lock);
    pthread_mutex_unlock(&lock);
    return number;
}

static void nap(int number)
{
    if (number == 1)
        sleep(1);
    else if (number == 2)
        poll(NULL, 0, 600);
    else if (number == 3)
        usleep(400000);
    else
        nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
}

static void *sleeper(void *arg)
{
    const int number = lie_down();
    nap(number);
    printf("%d gets up\n", number);
    return arg;
}

int main(int argc, char **argv)
{
    parse_options(argc, argv, "Four threads take naps.",
                  &(struct option){.name = NULL});
    pthread_t threads[SLEEPERS];
    for (int i = 0; i < SLEEPERS; i++) {
        const int error = pthread_create(&threads[i], NULL, sleeper, NULL);
        if (error != 0)
            die(error, NULL, "cannot start a thread");
    }
    for (int i = 0; i < SLEEPERS; i++)
        pthread_join(threads[i], NULL);
}

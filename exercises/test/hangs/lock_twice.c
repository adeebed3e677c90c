/*
 * lock_twice.c - a function that locks calls another that locks.
 */
#include "scene.h"

#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void add(int *sum)
{
    pthread_mutex_lock(&lock);
    *sum += 1;
    pthread_mutex_unlock(&lock);
}

int main(void)
{
    int sum = 0;
    scene_say("now");
    pthread_mutex_lock(&lock);
    add(&sum);
    return sum;
}

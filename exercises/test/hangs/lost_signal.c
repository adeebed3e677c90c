/*
 * lost_signal.c - signals a condition before anybody waits for it.
 */
#include "scene.h"

#include <pthread.h>

int main(void)
{
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t filled = PTHREAD_COND_INITIALIZER;
    pthread_cond_signal(&filled);
    pthread_mutex_lock(&lock);
    scene_say("now");
    pthread_cond_wait(&filled, &lock);
    return 0;
}

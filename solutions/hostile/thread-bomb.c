/* against 05-drain: makes threads as long as there is room. */
#include <pthread.h>
#include <unistd.h>

static void *more(void *arg)
{
    pthread_t thread;
    while (pthread_create(&thread, NULL, more, NULL) == 0)
        ;
    for (;;)
        usleep(1000);
    return arg;
}

int main(void)
{
    more(NULL);
}

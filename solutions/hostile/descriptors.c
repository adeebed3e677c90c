/* against 05-drain: opens descriptors, in all processes, until none is left. */
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

int main(void)
{
    for (int i = 0; i < 10; i++)
        if (fork() == 0)
            break;
    for (int fd = 0; fd != -1;) {
        fd = epoll_create1(0);
        inotify_add_watch(inotify_init1(0), "/", IN_ALL_EVENTS);
        timerfd_create(CLOCK_MONOTONIC, 0);
        eventfd(1, 0);
        socket(AF_INET, SOCK_STREAM, 0);
        open("/dev/null", O_RDWR);
    }
    pause();
}

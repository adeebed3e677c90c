/* against 05-drain: waits in calls whose arguments are none. */
#include "lessons/common/common.h"

#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <unistd.h>

static void *waits_with_select(void *sets)
{
    syscall(SYS_select, 1024, sets, sets, sets, NULL);
    return NULL;
}

int main(void)
{
    struct pollfd *fds = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < 256; i++)
        fds[i] = (struct pollfd){.fd = i % 2 ? -i : 1000000 + i, .events = -1};
    pthread_t thread;
    pthread_create(&thread, NULL, waits_with_select, fds + 1000);
    const int epoll = epoll_create1(0);
    struct epoll_event event = {.events = ~0U};
    for (int i = 0, fd; i < 50 && (fd = epoll_create1(0)) != -1; i++)
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    for (int i = 0; i < 256; i++)
        fds[i].fd = -1 - i;
    announce(listen_on(0, 0));
    syscall(SYS_poll, fds, 256, -1);
}

/*
 * monkey.h - a library that makes a program of blocking calls and threads run
 * as tasks of one thread, without changing it.
 *
 *     LD_PRELOAD=$PWD/build/lessons/08-coroutines/monkey/monkey.so PROGRAM...
 *
 * A program calls `recv` by its name, and when it is started the dynamic linker
 * looks for that name. LD_PRELOAD has it look here first. So these functions
 * take the place of the C library's; what they cannot do, they pass on to it.
 *
 *     the program             monkey.so                        libloop
 *       pthread_create -----> co_spawn                           |
 *       recv ---------------> recv (of libc): EAGAIN             |
 *                             co_wait_fd ----------------------> others run
 *                             recv (of libc): 40 bytes <-------- ready
 *       <---- 40 bytes ------ returns
 *
 * gevent does this to Python: monkey.patch_all() puts functions of its own
 * into the modules socket, select, time, threading, ssl, subprocess, os and
 * signal, which switch greenlets instead of blocking. Libraries written for
 * threads, such as drivers for databases, then run in tasks; and code can be
 * read as if nothing had happened. That is its merit, and its fault:
 *
 *   - What does not pass through a patched name blocks all: a computation; a
 *     library in C that calls the kernel by itself (libc's own getaddrinfo and
 *     printf do); every name that was forgotten (here sendmsg, select,
 *     epoll_wait, sem_wait and many more); and disks, for which there is no
 *     "not ready".
 *   - One no longer sees where a function may suspend. A call added deep inside
 *     a library can break what was whole between two lines. Threads' locks help
 *     against that, which tasks had made superfluous.
 *   - It is for the whole process: every library gets what it did not ask for.
 *     What belongs to a thread (errno, _Thread_local) belongs to all tasks now.
 *
 * That is why the course does not build on it. A wait should be seen: co_recv.
 *
 * SIMPLIFIED: gevent asks a pool of threads for names and files; this has
 * none. Mutexes must be of the default kind; threads cannot be cancelled and
 * end by returning; fcntl(2) with O_NONBLOCK is not noticed, so that sockets
 * are non-blocking for a program if it says so to socket(2) or accept4(2).
 *
 * Read before: fetch.c, ../../../loop/co.h. Read after: patch_io.c.
 * Rests on: ld.so(8), dlsym(3) with RTLD_NEXT.
 */
#ifndef LESSONS_MONKEY_H
#define LESSONS_MONKEY_H

#include "loop/co.h"

#include <poll.h>
#include <pthread.h>
#include <time.h>

/* The functions that ours stand before. */
struct real {
    int (*accept4)(int fd, struct sockaddr *addr, socklen_t *len, int flags);
    int (*close)(int fd);
    int (*connect)(int fd, const struct sockaddr *addr, socklen_t len);
    int (*nanosleep)(const struct timespec *time, struct timespec *left);
    int (*poll)(struct pollfd *fds, nfds_t n, int timeout_ms);
    int (*pthread_create)(pthread_t *thread, const pthread_attr_t *attr,
                          void *(*fn)(void *arg), void *arg);
    int (*pthread_detach)(pthread_t thread);
    int (*pthread_join)(pthread_t thread, void **result);
    ssize_t (*read)(int fd, void *bytes, size_t len);
    ssize_t (*recv)(int fd, void *bytes, size_t len, int flags);
    ssize_t (*send)(int fd, const void *bytes, size_t len, int flags);
    int (*socket)(int domain, int type, int protocol);
    ssize_t (*write)(int fd, const void *bytes, size_t len);
};

/* Found when first asked for. */
const struct real *real(void);

/*
 * The loop on which the program runs. Who calls outside of a task is the loop
 * itself, or was there before it: then the real functions do as ever.
 */
extern struct loop *monkey_loop;
static inline bool in_task(void)
{
    return co_current() != NULL;
}

#endif

/*
 * echo.c - an echo server in every model, correct in each, and with the flaw
 * that is asked for:
 *
 *     echo --port 0 [MODEL [FLAW]] [idle=SECONDS]
 *
 *     MODEL   select poll epoll edge polling blocking
 *     FLAW    blocking   connections stay blocking descriptors
 *             listener   the listener does
 *             sleep      it sleeps 1 ms after each wait
 *             lock       it takes a lock of a file after each wait
 *             file       it reads a file after each wait: no flaw
 *             spin       it waits with a time-out of 0
 *             room       it asks for room always
 *             thread     a thread that waits for the end
 *             fork       a child that waits for the end
 *             exec       system("true")
 *             uring      an io_uring that is not used
 *             also       a poll beside the model's wait
 *             fionbio    non-blocking by ioctl: no flaw
 *             dontwait   MSG_DONTWAIT on blocking descriptors: no flaw
 *             once       it sends once, and forgets the rest
 *             whole      it takes each recv for 100 bytes, and drops others
 *             fatal      it drops a connection at EAGAIN
 *     idle    a connection that is silent for so long is closed
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { FDS = 256, ROOM = 4096, BATCH = 16 };
enum { IN = 1, OUT = 2 };

static struct conn {
    bool open;
    size_t len; /* bytes received and not yet sent back */
    long long silent_since_ms;
    char bytes[ROOM];
} conns[FDS];

static const char *model = "epoll", *flaw = "";
static int listener, epoll, stop_pipe[2], n_open;
static int interest[FDS], ready[FDS];
static long long idle_ms;

static bool has(const char *what)
{
    return strcmp(flaw, what) == 0;
}

static bool is(const char *what)
{
    return strcmp(model, what) == 0;
}

static long long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* --- interest ------------------------------------------------------------- */

static void watch(int fd, int wants)
{
    const int before = interest[fd];
    interest[fd] = wants;
    if (wants == before || (!is("epoll") && !is("edge")))
        return;
    struct epoll_event event = {.data.fd = fd};
    if (is("edge") && fd != stop_pipe[0] && fd != listener)
        event.events = EPOLLIN | EPOLLOUT | EPOLLET;
    else
        event.events = ((wants & IN) != 0 ? (unsigned)EPOLLIN : 0) |
                       ((wants & OUT) != 0 ? (unsigned)EPOLLOUT : 0);
    if (before != 0 && is("edge") && wants != 0)
        return; /* once and for all */
    epoll_ctl(epoll,
              before == 0  ? EPOLL_CTL_ADD
              : wants == 0 ? EPOLL_CTL_DEL
                           : EPOLL_CTL_MOD,
              fd, &event);
}

static int wait_select(int ms)
{
    fd_set in, out;
    FD_ZERO(&in);
    FD_ZERO(&out);
    for (int fd = 0; fd < FDS; fd++) {
        if ((interest[fd] & IN) != 0)
            FD_SET(fd, &in);
        if ((interest[fd] & OUT) != 0)
            FD_SET(fd, &out);
    }
    struct timeval time = {ms / 1000, ms % 1000 * 1000};
    const int n = select(FDS, &in, &out, NULL, ms < 0 ? NULL : &time);
    for (int fd = 0; fd < FDS && n > 0; fd++)
        ready[fd] =
            (FD_ISSET(fd, &in) ? IN : 0) | (FD_ISSET(fd, &out) ? OUT : 0);
    return n;
}

static int wait_poll(int ms)
{
    struct pollfd fds[FDS];
    nfds_t n = 0;
    for (int fd = 0; fd < FDS; fd++)
        if (interest[fd] != 0)
            fds[n++] = (struct pollfd){
                .fd = fd,
                .events = (short)(((interest[fd] & IN) != 0 ? POLLIN : 0) |
                                  ((interest[fd] & OUT) != 0 ? POLLOUT : 0))};
    const int came = poll(fds, n, ms);
    for (nfds_t i = 0; i < n && came > 0; i++)
        ready[fds[i].fd] =
            ((fds[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0 ? IN : 0) |
            ((fds[i].revents & POLLOUT) != 0 ? OUT : 0);
    return came;
}

static int wait_epoll(int ms)
{
    struct epoll_event events[BATCH];
    const int n = epoll_wait(epoll, events, BATCH, ms);
    for (int i = 0; i < n; i++)
        ready[events[i].data.fd] =
            ((events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 ? IN
                                                                       : 0) |
            ((events[i].events & EPOLLOUT) != 0 ? OUT : 0);
    return n;
}

static int wait_ready(int ms)
{
    memset(ready, 0, sizeof ready);
    if (is("select"))
        return wait_select(ms);
    if (is("poll"))
        return wait_poll(ms);
    if (is("epoll") || is("edge"))
        return wait_epoll(ms);
    for (int fd = 0; fd < FDS; fd++) /* polling, blocking: ask them all */
        ready[fd] = interest[fd];
    return 1;
}

/* --- connections ---------------------------------------------------------- */

static void drop(int fd)
{
    watch(fd, 0);
    conns[fd].open = false;
    n_open--;
    close(fd);
}

static void take(void)
{
    const bool blocks =
        is("blocking") || has("blocks") || has("dontwait") || has("fionbio");
    for (int i = 0; i < BATCH; i++) {
        const int fd =
            accept4(listener, NULL, NULL,
                    SOCK_CLOEXEC | (blocks ? 0 : (int)SOCK_NONBLOCK));
        if (fd == -1 && errno == ECONNABORTED)
            continue;
        if (fd == -1)
            return;
        const int on = 1;
        if (has("fionbio"))
            ioctl(fd, FIONBIO, &on);
        conns[fd] = (struct conn){.open = true, .silent_since_ms = now_ms()};
        n_open++;
        watch(fd, has("room") ? IN | OUT : IN);
        if (has("listener") || is("blocking"))
            return;
    }
}

/* Sends back what it has; false if the connection is over. */
static bool flush(int fd)
{
    struct conn *c = &conns[fd];
    while (c->len > 0) {
        const ssize_t n =
            send(fd, c->bytes, c->len,
                 MSG_NOSIGNAL | (has("dontwait") ? (int)MSG_DONTWAIT : 0));
        if (n == -1 && errno == EINTR)
            continue;
        if (n == -1)
            return errno == EAGAIN && !has("fatal");
        c->len -= has("once") ? c->len : (size_t)n;
        memmove(c->bytes, c->bytes + n, c->len);
    }
    return true;
}

/* Receives and sends back until it has to wait; false if it is over. */
static bool serve(int fd)
{
    struct conn *c = &conns[fd];
    for (;;) {
        if (!flush(fd))
            return false;
        if (c->len > 0)
            return true;
        const ssize_t n = recv(fd, c->bytes, sizeof c->bytes,
                               has("dontwait") ? MSG_DONTWAIT : 0);
        if (n == 0)
            return false;
        if (n == -1 && errno == EINTR)
            continue;
        if (n == -1)
            return errno == EAGAIN && !has("fatal");
        c->len = has("whole") && n < 100 ? 0 : (size_t)n;
        c->silent_since_ms = now_ms();
        if (!is("edge"))
            return flush(fd);
    }
}

static void drop_silent(void)
{
    for (int fd = 0; fd < FDS && idle_ms > 0; fd++)
        if (conns[fd].open && now_ms() - conns[fd].silent_since_ms >= idle_ms)
            drop(fd);
}

/* Until the first connection has been silent for too long; -1: for ever. */
static int sleep_ms(void)
{
    long long least = -1;
    for (int fd = 0; fd < FDS && idle_ms > 0; fd++) {
        if (!conns[fd].open)
            continue;
        const long long left = conns[fd].silent_since_ms + idle_ms - now_ms();
        if (least == -1 || left < least)
            least = left < 0 ? 0 : left;
    }
    return has("spin") ? 0 : (int)least;
}

/* --- flaws ---------------------------------------------------------------- */

static void *wait_for_end(void *arg)
{
    char byte;
    while (read(stop_pipe[0], &byte, 0) == 0)
        pause();
    return arg;
}

static void start_with_flaw(void)
{
    pthread_t thread;
    if (has("thread"))
        pthread_create(&thread, NULL, wait_for_end, NULL);
    if (has("fork") && fork() == 0) {
        wait_for_end(NULL);
        _exit(0);
    }
    if (has("exec"))
        (void)!system("true"); /* the jail may forbid it */
#ifdef SYS_io_uring_setup
    char zero[120] = "";
    if (has("uring"))
        syscall(SYS_io_uring_setup, 4, zero);
#endif
}

static void turn_with_flaw(void)
{
    if (has("sleep"))
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    char bytes[64];
    const bool opens = has("file") || has("lock");
    const int file = opens ? open("/etc/ld.so.cache", O_RDONLY) : -1;
    if (has("lock"))
        flock(file, LOCK_SH);
    if (file != -1 && read(file, bytes, sizeof bytes) > 0)
        close(file);
    struct pollfd one = {.fd = listener, .events = POLLIN};
    if (has("also"))
        poll(&one, 1, 0);
}

/* --- start ---------------------------------------------------------------- */

static void on_stop(int signal)
{
    (void)signal;
    if (write(stop_pipe[1], "", 1) != 1)
        _exit(1);
}

static void listen_on(void)
{
    struct sockaddr_in name = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof name;
    const int flags =
        has("listener") || is("blocking") ? 0 : (int)SOCK_NONBLOCK;
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
    if (bind(listener, (struct sockaddr *)&name, size) == -1 ||
        listen(listener, 16) == -1 ||
        getsockname(listener, (struct sockaddr *)&name, &size) == -1)
        exit(1);
    printf("listening on http://127.0.0.1:%d\n", ntohs(name.sin_port));
    fflush(stdout);
    watch(listener, IN);
}

static bool turn(void)
{
    const int n = wait_ready(sleep_ms());
    if (n == -1 && errno != EINTR)
        exit(1);
    if (ready[stop_pipe[0]] != 0 && !is("polling") && !is("blocking"))
        return false;
    turn_with_flaw();
    for (int fd = 0; fd < FDS && n > 0; fd++) {
        if (!conns[fd].open || ready[fd] == 0)
            continue;
        if (!serve(fd))
            drop(fd);
        else
            watch(fd, has("room") ? IN | OUT : conns[fd].len > 0 ? OUT : IN);
    }
    const bool busy = is("blocking") && n_open > 0;
    if (n > 0 && ready[listener] != 0 && !busy)
        take();
    drop_silent();
    return true;
}

int main(int argc, char **argv)
{
    const char *const models[] = {"select",  "poll",     "epoll", "edge",
                                  "polling", "blocking", NULL};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--port") == 0)
            i++;
        else if (strncmp(argv[i], "idle=", 5) == 0)
            idle_ms = atoi(argv[i] + 5) * 1000LL;
        else
            flaw = argv[i];
        for (int j = 0; models[j] != NULL; j++)
            if (flaw == argv[i] && strcmp(models[j], argv[i]) == 0) {
                model = models[j];
                flaw = "";
            }
    }
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll == -1 || pipe2(stop_pipe, O_NONBLOCK | O_CLOEXEC) == -1)
        return 1;
    watch(stop_pipe[0], IN);
    const struct sigaction action = {.sa_handler = on_stop};
    sigaction(SIGTERM, &action, NULL);
    listen_on();
    start_with_flaw();
    while (turn())
        ;
}

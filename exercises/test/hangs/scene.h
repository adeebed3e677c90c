/*
 * scene.h - what the programs of this folder share: a listener whose port they
 * tell, connections, and the word "now" before the call that hangs.
 *
 * Each program has one fault and hangs. It tells its story on stdout, a line a
 * step; play.c reads it and plays the clients; test_hang.c has the hang
 * explained. Until "now" nothing is to be explained.
 *
 * Read before: nothing. Read after: ../play.h.
 */
#ifndef HANGS_SCENE_H
#define HANGS_SCENE_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* A program of two descriptors or three does not recover: it says what. */
static inline int scene_must(int result, const char *what)
{
    if (result == -1) {
        perror(what);
        exit(1);
    }
    return result;
}

static inline void scene_say(const char *line)
{
    dprintf(STDOUT_FILENO, "%s\n", line);
}

/* Listens on a free port of loopback, and says "port 41967". */
static inline int scene_listen(void)
{
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof addr;
    const int fd = scene_must(socket(AF_INET, SOCK_STREAM, 0), "socket");
    scene_must(bind(fd, (struct sockaddr *)&addr, len), "bind");
    scene_must(listen(fd, 16), "listen");
    scene_must(getsockname(fd, (struct sockaddr *)&addr, &len), "getsockname");
    dprintf(STDOUT_FILENO, "port %d\n", ntohs(addr.sin_port));
    return fd;
}

static inline int scene_accept(int listener)
{
    return scene_must(accept(listener, NULL, NULL), "accept");
}

static inline void scene_non_blocking(int fd)
{
    const int flags = scene_must(fcntl(fd, F_GETFL), "fcntl");
    scene_must(fcntl(fd, F_SETFL, flags | O_NONBLOCK), "fcntl");
}

static inline void scene_watch(int epoll, int fd, uint32_t events)
{
    struct epoll_event e = {.events = events, .data.fd = fd};
    scene_must(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e), "epoll_ctl");
}

/* Waits until something is ready, and returns its descriptor. */
static inline int scene_wait(int epoll)
{
    struct epoll_event e;
    scene_must(epoll_wait(epoll, &e, 1, -1), "epoll_wait");
    return e.data.fd;
}

#endif

/*
 * play_stories.c - the seeded hangs: each program of hangs/ has one fault, and
 * has to be explained with the right kind, call, descriptors, number of waiting
 * bytes, and section of a lesson.
 *
 * Read before: play.h. Read after: play_texts.c.
 */
#include "play.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

const struct play_story play_stories[] = {
    {"blocked_read", "ccns13", HANG_READ_OTHER, "recv", 4, 5, 13,
     "While a call blocks", "13 bytes lie unread in descriptor 5", 0, NULL},
    {"backlog", "cnc", HANG_READ_OTHER, "recv", 4, 3, 1, "While a call blocks",
     "1 connection waits to be accepted", 0, NULL},
    {"wants_more", "cs40n", HANG_READ, "recv", 4, -1, 0, "three outcomes",
     "so far 40 bytes came in, 0 bytes went out", 0, NULL},
    {"wants_more", "cs40nz", HANG_STOPPED, "recv", -1, -1, 0, NULL,
     "stopped by a signal", 0, "stopped"},
    {"never_answers", "cs40n", HANG_IDLE, "poll", -1, -1, 0, "04-poll",
     "place 1 of poll's array: POLLIN", 0, NULL},
    {"own_pipe", "n", HANG_READ, "read", 3, -1, 0, "three outcomes",
     "This process holds one", 0, NULL},
    {"unix_other", "n", HANG_READ_OTHER, "read", 3, 5, 7, "While a call blocks",
     "7 bytes lie unread in descriptor 5", 0, NULL},
    {"blocked_write", "cn", HANG_WRITE, "send", 4, -1, 0,
     "Send what the kernel takes", "the peer leaves what it has unread", 0,
     NULL},
    {"accept_blocks", "cs5n", HANG_ACCEPT, "accept", 3, 4, 5,
     "until the backlog is empty", "5 bytes lie unread in descriptor 4", 0,
     NULL},
    {"edge", "cls97n", HANG_EDGE, "epoll_wait", 4, 5, 87, "edge speaks once",
     "EPOLLIN | EPOLLET (edge-triggered)", 0, NULL},
    {"edge_accept", "ccgn", HANG_EDGE, "epoll_wait", 4, 3, 1,
     "edge speaks once", "accept until EAGAIN", 0, NULL},
    {"oneshot", "cs5ns8", HANG_ONESHOT, "epoll_wait", 5, 4, 8,
     "Forget to re-arm", "EPOLLONESHOT alone (disarmed)", 0, NULL},
    {"unsent", "cnd", HANG_UNSENT, "epoll_wait", 5, 4, 0, "Forget to re-arm",
     "and not for room in descriptor 4", 0, NULL},
    {"waits_for_room", "cn", HANG_WRITE, "epoll_wait", 5, 4, SIZE_MAX,
     "one system call more", "for room in descriptor 4", 0, NULL},
    {"epoll_forgets", "cns9", HANG_NOT_WATCHED, "epoll_wait", 4, 5, 9,
     "the kernel is told only what is news", "no interest in it", 0, NULL},
    {"epoll_stale", "clcns6", HANG_NOT_WATCHED, "epoll_wait", 5, 4, 6,
     "one system call more", "of a file that was closed here", 0, NULL},
    {"epoll_elsewhere", "cns6", HANG_NOT_WATCHED, "epoll_wait", 5, 6, 6,
     "The kernel lists a descriptor", "for which nobody waits", 0, NULL},
    {"eventfd_unwatched", "n", HANG_NOT_WATCHED, "epoll_wait", 5, 4, 1,
     "the kernel is told only what is news", "its count is 1", 0, NULL},
    {"poll_listener", "cnc", HANG_NOT_ACCEPTED, "poll", -1, 3, 1,
     "each connection gets the next place", "no place in poll's array", 0,
     NULL},
    {"poll_listener_aside", "cnc", HANG_NOT_ACCEPTED, "poll", -1, 3, 1,
     "the walk goes backwards", "a pause of the listener", 0, NULL},
    {"poll_negative", "cns3", HANG_NOT_WATCHED, "poll", -1, 4, 3,
     "the walk goes backwards", "place 1 of poll's array: -4", 0, NULL},
    {"poll_writes_only", "cns3", HANG_NOT_WATCHED, "poll", -1, 4, 3,
     "the walk goes backwards", "place 1 of poll's array: no event", 0, NULL},
    {"select_nfds", "cns3", HANG_NOT_WATCHED, "select", -1, 4, 3,
     "forgets the question", "but nfds is 4", 0, NULL},
    {"select_stale", "cs3nc", HANG_NOT_ACCEPTED, "select", -1, 3, 1,
     "a new descriptor is made non-blocking", "in none of select's sets", 0,
     NULL},
    {"select_except", "cns3", HANG_NOT_WATCHED, "select", -1, 4, 3,
     "in one set, and out of the other", "stands in exceptfds", 0, NULL},
    {"busy_room", "cn", HANG_SPINS, "epoll_wait", 5, 4, 0,
     "in one set, and out of the other", "EPOLLIN | EPOLLOUT", -1, NULL},
    {"busy_again", "cn", HANG_SPINS, "recv", 4, -1, 0, "has to ask again",
     "recv(4) fails: EAGAIN", -1, NULL},
    {"busy_computes", "n", HANG_SPINS, NULL, -1, -1, 0, NULL,
     "makes no system call", -1, NULL},
    {"busy_thread", "n", HANG_SPINS, NULL, -1, -1, 0, NULL,
     "makes no system call", 0, "read"},
    {"deadlock", "n", HANG_LOCK, "futex", -1, -1, 0, "gallery of mistakes",
     "waits for a lock that thread", 2, NULL},
    {"lock_twice", "n", HANG_LOCK, "futex", -1, -1, 0, "gallery of mistakes",
     "waits for a lock that it holds itself", 0, NULL},
    {"join_ring", "n", HANG_LOCK, "futex", -1, -1, 0, "gallery of mistakes",
     "waits for the end of thread", 3, NULL},
    {"lost_signal", "n", HANG_LOCK, "futex", -1, -1, 0, "gallery of mistakes",
     "waits for a condition", 0, NULL},
    {"child_stays", "n", HANG_CHILD, "wait4", -1, -1, 0,
     "A process for each connection", "process", 0, NULL},
    {"child_reads", "cn", HANG_READ, "recv", 4, -1, 0, "three outcomes",
     "a child of the program", 0, NULL},
    {"sleeps", "cns4", HANG_SLEEP, "clock_nanosleep", -1, 4, 4,
     "A timer is a call with a deadline", "for 1000.000 s", 0, NULL},
    {"connects", "n", HANG_CONNECT, "connect", 5, 3, 1,
     "`connect` returns before", "not answered yet", 0, NULL},
    {"uring_idle", "cns4", HANG_NOT_WATCHED, "io_uring_enter", 3, 5, 4,
     "ask for what is missing", "no operation takes from it", 0, NULL},
    {"nested", "cs97n", HANG_EDGE, "epoll_wait", 5, 4, 87, "edge speaks once",
     "interest in epoll 6: EPOLLIN", 0, NULL},
    {"uring_two", "n", HANG_IDLE, "io_uring_enter", 3, -1, 0, "Wait for two",
     "it waits for 2 completions; 1 lies in the ring", 0, NULL},
    {"ticker", "cnc", HANG_NOT_ACCEPTED, "poll", -1, 3, 1,
     "each connection gets the next place", "the program waits in poll", 0,
     NULL},
    {"half_closed", "cs4ne", HANG_NOT_WATCHED, "epoll_wait", 5, 4, 0,
     "the kernel is told only what is news", "the end of descriptor 4", 0,
     NULL},
    {"half_closed", "cs4ne", HANG_NOT_WATCHED, "epoll_wait", 5, 4, 0,
     "the kernel is told only what is news", "so far 4 bytes came in", 0, NULL},
    {"crowd", "n", HANG_NOT_WATCHED, "epoll_wait", 3, 504, 1,
     "the kernel is told only what is news", "descriptors more", 0, NULL},
};

const size_t play_n_stories = sizeof play_stories / sizeof play_stories[0];

const struct play_story *play_story_of(const char *program)
{
    const struct play_story *s = play_stories;
    while (strcmp(s->program, program) != 0)
        s++;
    return s;
}

void play_assert_has(const char *text, const char *part)
{
    if (text == NULL || strstr(text, part) == NULL)
        fail_msg("\"%s\" does not stand in:\n%s", part, text);
}

void play_test_story(void **state)
{
    const struct play_story *s = *state;
    struct hang h;
    play_all(s);
    assert_int_equal(hang_explain(play.pid, NULL, &h), 0);
    print_message("%s\n", h.text);
    assert_string_equal(hang_kind_name(h.kind), hang_kind_name(s->kind));
    if (s->call != NULL)
        assert_string_equal(hang_call_of(h.call)->name, s->call);
    else
        assert_int_equal(h.call, -1);
    assert_int_equal(h.fd, s->fd);
    assert_int_equal(h.other, s->other);
    if (s->waiting == SIZE_MAX)
        assert_true(h.waiting > 0);
    else
        assert_int_equal(h.waiting, s->waiting);
    assert_true(h.text != NULL && h.lesson != NULL);
    if (strstr(h.lesson, s->phrase) == NULL) /* there it is in one line */
        play_assert_has(h.text, s->phrase);
    if (s->section == NULL)
        assert_null(h.section);
    else
        play_assert_has(h.section, s->section);
    free(h.text);
}

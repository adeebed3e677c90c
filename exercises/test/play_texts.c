/*
 * play_texts.c - what a student reads of some hangs, from the first word to the
 * last.
 *
 * Read before: play_stories.c. Read after: test_hang.c.
 */
#include "play.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <stdlib.h>

/* Numbers that differ from run to run become N; large sizes, too. */
static void replace_numbers(char *text)
{
    static const char *const before[] = {"127.0.0.1:", "port ", "thread ",
                                         "process "};
    for (size_t i = 0; i < sizeof before / sizeof before[0]; i++)
        for (char *at = text; (at = strstr(at, before[i])) != NULL;) {
            at += strlen(before[i]);
            const size_t len = strspn(at, "0123456789");
            if (len == 0)
                continue;
            *at = 'N';
            memmove(at + 1, at + len, strlen(at + len) + 1);
        }
    for (char *at = text; (at = strpbrk(at, "0123456789")) != NULL;) {
        const size_t len = strspn(at, "0123456789");
        if (len >= 5) {
            *at = 'N';
            memmove(at + 1, at + len, strlen(at + len) + 1);
        }
        at += len < 5 ? len : 1;
    }
}

static const struct {
    const char *program, *text;
} golden[] = {
    {"blocked_read",
     "the program waits in recv(4), while 13 bytes lie unread in descriptor 5\n"
     "  descriptor 5   a connection from 127.0.0.1:N: 13 bytes lie unread\n"
     "                 so far 13 bytes came in, 0 bytes went out\n"
     "  descriptor 4   a connection from 127.0.0.1:N: nothing lies unread\n"
     "                 so far 0 bytes came in, 0 bytes went out\n"
     "  descriptor 3   listens on port N: no connection waits\n"
     "One call blocks for one descriptor; bytes for another have to\n"
     "wait. Ask which descriptor is ready before you read, or make\n"
     "each non-blocking.\n"
     "read: lessons/01-blocking/README.md, \"While a call blocks, the process "
     "does nothing else\""},
    {"edge",
     "the program waits in epoll_wait(4), and nothing will wake it\n"
     "  descriptor 5   a connection from 127.0.0.1:N: 87 bytes lie unread\n"
     "                 so far 97 bytes came in, 0 bytes went out\n"
     "                 interest in epoll 4: EPOLLIN | EPOLLET "
     "(edge-triggered)\n"
     "  descriptor 3   listens on port N: no connection waits\n"
     "                 interest in epoll 4: EPOLLIN\n"
     "Edge-triggered interest is reported once, when bytes arrive.\n"
     "What was not read then is not reported again: read until\n"
     "EAGAIN.\n"
     "read: lessons/05-epoll/README.md, \"Level repeats, edge speaks once, "
     "one-shot disarms\""},
    {"oneshot",
     "the program waits in epoll_wait(5), and nothing will wake it\n"
     "  descriptor 4   a connection from 127.0.0.1:N: 8 bytes lie unread\n"
     "                 so far 13 bytes came in, 0 bytes went out\n"
     "                 interest in epoll 5: EPOLLONESHOT alone (disarmed)\n"
     "  descriptor 3   listens on port N: no connection waits\n"
     "One-shot interest is reported once and then disarmed: even new\n"
     "bytes do not count until EPOLL_CTL_MOD arms it again.\n"
     "read: lessons/05-epoll/README.md, \"1. Forget to re-arm\""},
    {"select_nfds",
     "the program waits in select, and does not hear that 3 bytes lie unread "
     "in descriptor 4\n"
     "  descriptor 4   a connection from 127.0.0.1:N: 3 bytes lie unread\n"
     "                 so far 3 bytes came in, 0 bytes went out\n"
     "                 stands in readfds, but nfds is 4: descriptors below "
     "that count\n"
     "  descriptor 3   listens on port N: no connection waits\n"
     "                 stands in readfds\n"
     "The first argument of select is the highest descriptor plus\n"
     "one: the kernel looks no farther. It has to grow with each new\n"
     "connection.\n"
     "read: lessons/03-select/README.md, \"The kernel sleeps for you, and "
     "forgets the question\""},
    {"busy_room",
     "the program never waits: it burns the processor and calls epoll_wait(5) "
     "again and again\n"
     "  epoll_wait(5) returns 1\n"
     "  descriptor 4   a connection from 127.0.0.1:N: nothing lies unread\n"
     "                 so far 0 bytes came in, 0 bytes went out\n"
     "                 interest in epoll 5: EPOLLIN | EPOLLOUT\n"
     "  descriptor 3   listens on port N: no connection waits\n"
     "A socket nearly always has room, so a wait that asks for it\n"
     "returns at once, for ever. Ask for room only while bytes are\n"
     "left to be sent.\n"
     "read: lessons/03-select/README.md, \"Arm: in one set, and out of the "
     "other\""},
    {"deadlock",
     "thread N of the program waits for a lock that thread N holds\n"
     "  thread N waits in futex\n"
     "If the holder waits for something that this thread has, both\n"
     "wait for ever: a deadlock. One order for all locks is the\n"
     "cure.\n"
     "read: lessons/08-coroutines/README.md, \"A gallery of mistakes\""},
    {"child_reads",
     "process N, a child of the program, waits in recv(4), and nothing comes\n"
     "  descriptor 4   a connection from 127.0.0.1:N: nothing lies unread\n"
     "                 so far 0 bytes came in, 0 bytes went out\n"
     "The call sleeps until bytes come, and the other side sends\n"
     "none. Either all has been read and an answer is due, or the\n"
     "program waits for more than the other side sends: one read may\n"
     "bring a part, or all at once.\n"
     "read: lessons/01-blocking/README.md, \"`recv` has three outcomes\""},
    {"waits_for_room",
     "the program waits in epoll_wait(5) for room in descriptor 4\n"
     "  descriptor 4   a connection from 127.0.0.1:N: nothing lies unread\n"
     "                 so far 0 bytes came in, N bytes went out\n"
     "                 N bytes more are to be taken by the peer\n"
     "                 the peer leaves what it has unread\n"
     "                 interest in epoll 5: EPOLLOUT\n"
     "  descriptor 3   listens on port N: no connection waits\n"
     "It waits for room to write, and there is none as long as the\n"
     "peer does not read.\n"
     "read: lessons/05-epoll/README.md, \"Re-arm: one system call more, or "
     "none\""},
};

void play_test_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof golden / sizeof golden[0]; i++) {
        struct hang h;
        play_all(play_story_of(golden[i].program));
        assert_int_equal(hang_explain(play.pid, NULL, &h), 0);
        replace_numbers(h.text);
        assert_string_equal(h.text, golden[i].text);
        free(h.text);
        play_end(NULL);
    }
}

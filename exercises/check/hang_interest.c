/*
 * hang_interest.c - for which events a program waits: what it has told an
 * epoll, the array it gave to poll, the sets it gave to select.
 *
 * An epoll keeps its list in the kernel, which shows it in fdinfo:
 *
 *     tfd:        6 events: 80000019 data: ...  pos:0 ino:16079304 sdev:9
 *
 * events is 40000000 alone where EPOLLONESHOT has fired: disarmed. The file is
 * known by `ino`, so that an interest in a file that was closed, and whose
 * number another has now, is told from one that counts. The array and the sets
 * lie in the program's memory, which stands still while it is blocked.
 *
 * Read before: hang_fds.c. Read after: hang_judge.c.
 * Rests on: proc(5), fdinfo of epoll; select(2), poll(2), epoll_ctl(2).
 */
#include "hang_parts.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/select.h>

enum { INFO_MAX = 16 << 20, POLL_MAX = 1 << 20, SET_MAX_BITS = 1 << 20 };

static struct hang_interest *add(struct hang_interests *in)
{
    if (in->n == in->size) {
        in->size = in->size == 0 ? 64 : 2 * in->size;
        in->at = base_realloc(in->at, in->size * sizeof in->at[0]);
    }
    struct hang_interest *i = &in->at[in->n++];
    *i = (struct hang_interest){0};
    return i;
}

/* --- epoll ---------------------------------------------------------------- */

static void add_epoll(struct hang_interests *in, const struct hang_fds *fds,
                      const struct hang_task *t, int epoll)
{
    struct base_buf text;
    base_buf_init(&text, INFO_MAX);
    hang_slurp(&text, "/proc/%d/task/%d/fdinfo/%d", t->pid, t->tid, epoll);
    struct base_slice rest = base_buf_slice(&text);
    while (rest.len > 0) {
        const struct base_slice row = base_slice_cut(&rest, '\n', NULL);
        char line[160];
        snprintf(line, sizeof line, "%.*s", BASE_SLICE_ARGS(row));
        int fd;
        unsigned events;
        unsigned long inode;
        if (sscanf(line, "tfd: %d events: %x data: %*x pos:%*d ino:%lx", &fd,
                   &events, &inode) != 3)
            continue;
        const struct hang_fd *f = hang_fds_find(fds, fd);
        *add(in) = (struct hang_interest){
            .source = CALL_EPOLL,
            .from = epoll,
            .fd = fd,
            .events = events,
            .flaw =
                f == NULL || f->inode != inode ? FLAW_STALE : FLAW_ELSEWHERE,
        };
    }
    base_buf_fini(&text);
}

/* Whoever waits for `epoll` hears what it is told. */
static void is_heard(struct hang_interests *in, int epoll)
{
    for (size_t i = 0; i < in->n; i++) {
        struct hang_interest *each = &in->at[i];
        if (each->source != CALL_EPOLL || each->from != epoll ||
            each->flaw != FLAW_ELSEWHERE)
            continue;
        each->flaw = FLAW_NONE;
        is_heard(in, each->fd); /* an epoll in an epoll */
    }
}

/* The one that a thread waits for; all of them, of one that runs. */
static void mark_heard(struct hang_interests *in, const struct hang_task *t,
                       const struct hang_tasks *tasks)
{
    for (size_t i = 0; i < tasks->n; i++) {
        const struct hang_task *each = &tasks->at[i];
        if (each->pid == t->pid && each->call->class == CALL_EPOLL)
            is_heard(in, (int)each->args[0]);
    }
    for (size_t i = 0; i < in->n; i++)
        if (in->at[i].source != CALL_EPOLL && in->at[i].flaw == FLAW_NONE)
            is_heard(in, in->at[i].fd); /* an epoll in poll's array */
        else if (!hang_waits_for_events(t->call))
            is_heard(in, in->at[i].from);
}

/* --- poll and select ------------------------------------------------------ */

/* -6 and ~6 are both ways to put 6 aside. */
static int put_aside(const struct hang_fds *fds, int number)
{
    const int ways[] = {-number, ~number};
    for (int i = 0; i < 2; i++)
        if (ways[i] > 2 && hang_fds_find(fds, ways[i]) != NULL)
            return ways[i];
    return -1;
}

static void add_poll(struct hang_interests *in, const struct hang_fds *fds,
                     const struct hang_task *t)
{
    const size_t n = (size_t)t->args[1];
    if (n == 0 || n > POLL_MAX)
        return;
    struct pollfd *array = base_alloc_array(n, sizeof *array);
    if (hang_peek(t->pid, t->args[0], array, n * sizeof *array))
        for (size_t i = 0; i < n; i++)
            *add(in) = (struct hang_interest){
                .source = CALL_POLL,
                .from = (int)i,
                .fd =
                    array[i].fd < 0 ? put_aside(fds, array[i].fd) : array[i].fd,
                .events = (uint16_t)array[i].events,
                .flaw = array[i].fd < 0 ? FLAW_NEGATIVE : FLAW_NONE,
                .number = array[i].fd,
            };
    free(array);
}

static bool has_bit(const uint8_t *set, int fd)
{
    return set[fd / 8] & (1u << (fd % 8));
}

/* Bits above nfds may be another variable's: only open descriptors count. */
static void add_select(struct hang_interests *in, const struct hang_fds *fds,
                       const struct hang_task *t)
{
    static const uint32_t events[] = {EPOLLIN, EPOLLOUT, EPOLLPRI};
    const int nfds = (int)t->args[0];
    const int bits = nfds > FD_SETSIZE ? nfds : FD_SETSIZE;
    if (nfds < 0 || bits > SET_MAX_BITS)
        return;
    const size_t size = ((size_t)bits + 63) / 64 * 8;
    uint8_t *sets = base_alloc_array(3, size);
    for (size_t i = 0; i < 3; i++)
        if (!hang_peek(t->pid, t->args[1 + i], sets + i * size, size))
            memset(sets + i * size, 0, size);
    for (size_t i = 0; i < fds->n && fds->at[i].fd < bits; i++) {
        const int fd = fds->at[i].fd;
        uint32_t asked = 0;
        for (size_t set = 0; set < 3; set++)
            if (has_bit(sets + set * size, fd))
                asked |= events[set];
        if (asked != 0)
            *add(in) = (struct hang_interest){
                .source = CALL_SELECT,
                .from = -1,
                .fd = fd,
                .events = asked,
                .flaw = fd >= nfds ? FLAW_BEYOND : FLAW_NONE,
                .number = nfds,
            };
    }
    free(sets);
}

/* --- all of them ---------------------------------------------------------- */

void hang_interests_init(struct hang_interests *in, const struct hang_task *t,
                         const struct hang_tasks *tasks,
                         const struct hang_fds *fds)
{
    *in = (struct hang_interests){0};
    if (t->call->class == CALL_POLL)
        add_poll(in, fds, t);
    if (t->call->class == CALL_SELECT)
        add_select(in, fds, t);
    for (size_t i = 0; i < fds->n; i++)
        if (fds->at[i].kind == FD_EPOLL)
            add_epoll(in, fds, t, fds->at[i].fd);
    mark_heard(in, t, tasks);
}

void hang_interests_fini(struct hang_interests *in)
{
    free(in->at);
    *in = (struct hang_interests){0};
}

const struct hang_interest *hang_interest_in(const struct hang_interests *in,
                                             int fd)
{
    const struct hang_interest *best = NULL;
    for (size_t i = 0; i < in->n; i++) {
        const struct hang_interest *each = &in->at[i];
        if (each->fd == fd && (best == NULL || each->flaw == FLAW_NONE))
            best = each;
    }
    return best;
}

/*
 * claims.c - checks what the course claims of poll.
 *
 *     E08   select and poll scan every descriptor at each call, epoll only
 *           ready ones
 *
 * The course notes add that each registration with epoll copies all
 * descriptors. It copies one: the price of epoll is that this is a system call,
 * and so a descriptor that is watched but once is dearer than with poll.
 *
 * Read before: server.c, ../common/claim.h. Read after: ../05-epoll/server.c.
 * Rests on: poll(2), epoll_ctl(2).
 */
#include "../common/claim.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { SIZES = 4, SPARE = 64, TIMES = 20000 };

static const int sizes[SIZES] = {100, 1000, 4000, 16000};

/* Nanoseconds to watch a ready descriptor for one event with poll. */
static double once_by_poll_ns(int fd)
{
    const int64_t start_ns = claim_cpu_ns();
    for (int i = 0; i < TIMES; i++)
        poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, -1);
    return (double)(claim_cpu_ns() - start_ns) / TIMES;
}

/* The same with epoll, which has to be told before and after. */
static double once_by_epoll_ns(int epoll, int fd)
{
    const int64_t start_ns = claim_cpu_ns();
    for (int i = 0; i < TIMES; i++) {
        struct epoll_event event = {.events = EPOLLIN};
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
        epoll_wait(epoll, &event, 1, -1);
        epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
    }
    return (double)(claim_cpu_ns() - start_ns) / TIMES;
}

static void measure_once(double ns[2])
{
    const int fd = eventfd(1, EFD_CLOEXEC),
              epoll = epoll_create1(EPOLL_CLOEXEC);
    double samples[2][CLAIM_RUNS];
    for (int run = 0; run < CLAIM_RUNS; run++) {
        samples[0][run] = once_by_poll_ns(fd);
        samples[1][run] = once_by_epoll_ns(epoll, fd);
    }
    ns[0] = claim_median(samples[0], CLAIM_RUNS);
    ns[1] = claim_median(samples[1], CLAIM_RUNS);
    close(epoll);
    close(fd);
}

static int poll_scans_all(struct claim_result *r)
{
    double us[SIZES][CLAIM_WAYS];
    int n = 0;
    claim_row(r, "%-20s%16s%16s%16s", "watched, 1 is ready", "select", "poll",
              "epoll");
    for (; n < SIZES && sizes[n] + SPARE < getdtablesize(); n++) {
        const struct claim_turn turn = {.watched = sizes[n], .ready = 1};
        if (claim_turn_us(&turn, us[n]) != 0)
            break;
        claim_row(r, "%20s%13s us%13s us%13s us", claim_number(sizes[n]).text,
                  claim_short(us[n][BY_SELECT]).text,
                  claim_short(us[n][BY_POLL]).text,
                  claim_short(us[n][BY_EPOLL]).text);
    }
    if (n < 2)
        return claim_not_measured(r, "ulimit -n is %d, which is too low",
                                  getdtablesize());
    const int last = n - 1;
    /* A set of bits comes and goes; of a pollfd only `revents` goes back. */
    const long fd_bytes = sizeof(struct pollfd) + sizeof(short);
    claim_row(r, "%-20s%13s B %13s B %13zu B", "copied for so many",
              claim_number(sizes[last] / 8 * 2).text,
              claim_number(sizes[last] * fd_bytes).text,
              sizeof(struct epoll_event));
    double once[2];
    measure_once(once);
    claim_row(r, "%-20s%13s   %13.1f us%13.1f us", "1, for one event", "-",
              once[0] / 1e3, once[1] / 1e3);

    const double times = (double)sizes[last] / sizes[0];
    double grew[CLAIM_WAYS];
    for (int way = 0; way < CLAIM_WAYS; way++)
        grew[way] = us[last][way] / us[0][way];
    return claim_conclude(
        r,
        grew[BY_SELECT] > times / 4 && grew[BY_POLL] > times / 4 &&
            grew[BY_EPOLL] < 4,
        "%.0f times as many descriptors make select %s times as slow, poll %s "
        "times, epoll %s times; but to watch one for a single event costs "
        "epoll three calls and %.1f us, poll one call and %.1f us",
        times, claim_short(grew[BY_SELECT]).text,
        claim_short(grew[BY_POLL]).text, claim_short(grew[BY_EPOLL]).text,
        once[1] / 1e3, once[0] / 1e3);
}

int main(int argc, char **argv)
{
    static const struct claim claims[] = {
        {"E08",
         "select and poll scan every descriptor at each call, epoll only ready "
         "ones",
         poll_scans_all},
        {.id = NULL},
    };
    return claims_main(argc, argv, "04-poll", claims);
}

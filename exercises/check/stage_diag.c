/*
 * stage_diag.c - asks the kernel for one TCP connection of the loopback, by its
 * two ports: its state, and what lies unread in it. See stage_internal.h.
 *
 * sock_diag(7) finds it by its hash; /proc/net/tcp says the same, but walks
 * through the whole table of the system for it, which takes milliseconds. It is
 * used where there is no sock_diag.
 *
 * Read before: stage_internal.h. Read after: stage_wire.c.
 * Rests on: sock_diag(7), netlink(7), proc(5).
 */
#include "stage_internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LINE_SIZE = 512, LISTENING = 10, ANSWER_SIZE = 4096 };

/* --- sock_diag ------------------------------------------------------------ */

struct question {
    struct nlmsghdr header;
    struct inet_diag_req_v2 body;
};

static struct question question_for(int port, int to_port)
{
    const uint32_t loopback = htonl(INADDR_LOOPBACK);
    return (struct question){
        .header = {.nlmsg_len = sizeof(struct question),
                   .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                   .nlmsg_flags = NLM_F_REQUEST},
        .body = {
            .sdiag_family = AF_INET,
            .sdiag_protocol = IPPROTO_TCP,
            .idiag_states = ~0U,
            .id = {.idiag_sport = htons((uint16_t)port),
                   .idiag_dport = htons((uint16_t)to_port),
                   .idiag_src = {loopback},
                   .idiag_dst = {loopback},
                   .idiag_cookie = {INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE}}}};
}

/* False: the kernel does not answer such questions. */
static bool ask(int netlink, int port, int to_port, struct stage_end *end)
{
    union {
        struct nlmsghdr header;
        char bytes[ANSWER_SIZE];
    } answer;
    const struct question question = question_for(port, to_port);
    if (send(netlink, &question, sizeof question, 0) == -1)
        return false;
    const ssize_t n = recv(netlink, &answer, sizeof answer, 0);
    if (n < (ssize_t)sizeof answer.header)
        return false;
    if (answer.header.nlmsg_type == NLMSG_ERROR) {
        const struct nlmsgerr *error = NLMSG_DATA(&answer.header);
        return error->error == -ENOENT; /* there is no such connection */
    }
    const struct inet_diag_msg *found = NLMSG_DATA(&answer.header);
    if (found->idiag_state != LISTENING) /* else it is the listener's port */
        *end = (struct stage_end){found->idiag_state, found->idiag_rqueue};
    return true;
}

/* --- /proc/net/tcp -------------------------------------------------------- */

static struct stage_end search(int port, int to_port)
{
    struct stage_end end = {.state = 0};
    char line[LINE_SIZE];
    FILE *f = fopen("/proc/self/net/tcp", "re");
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        unsigned here, there, state, unsent, unread;
        if (sscanf(line, " %*d: %*x:%x %*x:%x %x %x:%x", &here, &there, &state,
                   &unsent, &unread) == 5 &&
            here == (unsigned)port && there == (unsigned)to_port)
            end = (struct stage_end){(int)state, unread};
    }
    if (f != NULL)
        fclose(f);
    return end;
}

struct stage_end stage_end_of(int port, int to_port)
{
    static int netlink = -1;
    static bool silent;
    struct stage_end end = {.state = 0};
    if (netlink == -1 && !silent)
        netlink =
            socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (!silent && netlink != -1 && ask(netlink, port, to_port, &end))
        return end;
    silent = true;
    return search(port, to_port);
}

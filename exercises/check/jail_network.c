/*
 * jail_network.c - a network of one's own: loopback alone, all ports free.
 *
 * Rests on: network_namespaces(7), netdevice(7). Read before: jail.h.
 */
#include "jail_internal.h"

#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static int raise_loopback(void)
{
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd == -1)
        return -errno;
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    const int error = ioctl(fd, SIOCSIFFLAGS, &request) == -1 ? -errno : 0;
    close(fd);
    return error;
}

int jail_own_network(enum jail_tier tier)
{
    if (tier != JAIL_SPACES && tier != JAIL_BWRAP)
        return 0;
    const uid_t uid = geteuid();
    const gid_t gid = getegid();
    if (uid == 0) /* root needs no user namespace for this */
        return unshare(CLONE_NEWNET) == -1 ? -errno : raise_loopback();
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) == -1)
        return -errno;
    const int error = jail_map_user(uid, uid, gid, gid);
    return error != 0 ? error : raise_loopback();
}

int jail_fresh_network(enum jail_tier tier)
{
    if (!jail_own_files(tier))
        return 0;
    return unshare(CLONE_NEWNET) == -1 ? -errno : raise_loopback();
}

/* against 05-drain: packets by hand, netlink, and the kernel's tables. */
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void)
{
    if (socket(AF_INET, SOCK_RAW, IPPROTO_TCP) != -1)
        puts("a raw socket");
    if (socket(AF_PACKET, SOCK_RAW, 0) != -1)
        puts("a packet socket");
    if (socket(AF_VSOCK, SOCK_STREAM, 0) != -1)
        puts("a socket to the machine around");
    const int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = 0};
    if (ioctl(fd, SIOCSIFFLAGS, &request) == 0)
        puts("loopback is down");
    fflush(stdout);
    pause();
}

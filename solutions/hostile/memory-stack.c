/* against 05-drain: calls itself until the stack has taken everything. */
#include <string.h>
#include <sys/resource.h>

static int deeper(int depth)
{
    volatile char room[65536];
    memset((void *)room, depth, sizeof room);
    return depth < 0 ? room[0] : deeper(depth + 1) + room[1];
}

int main(void)
{
    const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
    setrlimit(RLIMIT_STACK, &all);
    return deeper(0);
}

/*
 * trace_names.c - flags and constants of system calls by their names:
 * "O_RDWR|O_CLOEXEC", "EPOLL_CTL_ADD". See trace_text.c for the letters.
 *
 * Read before: trace_internal.h. Read after: trace_text.c.
 */
#include "trace_internal.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

void trace_put(struct base_buf *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)base_buf_vprintf(b, format, args);
    va_end(args);
}

/* --- bits ----------------------------------------------------------------- */

struct bit {
    uint64_t value;
    const char *name;
};

/* "A|B", with what has no name in hexadecimal; `none` if there is no bit. */
static void put_bits(struct base_buf *b, uint64_t value, const struct bit *bits,
                     const char *none)
{
    const char *between = "";
    for (; bits->name != NULL; bits++) {
        if ((value & bits->value) != bits->value)
            continue;
        trace_put(b, "%s%s", between, bits->name);
        between = "|";
        value &= ~bits->value;
    }
    if (value != 0)
        trace_put(b, "%s0x%" PRIx64, between, value);
    else if (*between == '\0')
        trace_put(b, "%s", none);
}

static const struct bit epoll_bits[] = {
    {EPOLLIN, "EPOLLIN"},           {EPOLLOUT, "EPOLLOUT"},
    {EPOLLRDHUP, "EPOLLRDHUP"},     {EPOLLPRI, "EPOLLPRI"},
    {EPOLLERR, "EPOLLERR"},         {EPOLLHUP, "EPOLLHUP"},
    {EPOLLONESHOT, "EPOLLONESHOT"}, {EPOLLEXCLUSIVE, "EPOLLEXCLUSIVE"},
    {EPOLLET, "EPOLLET"},           {0, NULL}};

static const struct bit poll_bits[] = {
    {POLLIN, "POLLIN"},     {POLLOUT, "POLLOUT"},
    {POLLPRI, "POLLPRI"},   {POLLRDHUP, "POLLRDHUP"},
    {POLLERR, "POLLERR"},   {POLLHUP, "POLLHUP"},
    {POLLNVAL, "POLLNVAL"}, {0, NULL}};

/* SOCK_NONBLOCK and SOCK_CLOEXEC are the same bits as these of open(2). */
static const struct bit open_bits[] = {
    {O_WRONLY, "O_WRONLY"},       {O_RDWR, "O_RDWR"},
    {O_CREAT, "O_CREAT"},         {O_EXCL, "O_EXCL"},
    {O_TRUNC, "O_TRUNC"},         {O_APPEND, "O_APPEND"},
    {O_NONBLOCK, "O_NONBLOCK"},   {O_CLOEXEC, "O_CLOEXEC"},
    {O_DIRECTORY, "O_DIRECTORY"}, {0, NULL}};

static const struct bit type_bits[] = {{SOCK_NONBLOCK, "SOCK_NONBLOCK"},
                                       {SOCK_CLOEXEC, "SOCK_CLOEXEC"},
                                       {0, NULL}};

static const struct bit message_bits[] = {
    {MSG_NOSIGNAL, "MSG_NOSIGNAL"}, {MSG_DONTWAIT, "MSG_DONTWAIT"},
    {MSG_PEEK, "MSG_PEEK"},         {MSG_WAITALL, "MSG_WAITALL"},
    {MSG_MORE, "MSG_MORE"},         {MSG_TRUNC, "MSG_TRUNC"},
    {MSG_ERRQUEUE, "MSG_ERRQUEUE"}, {0, NULL}};

static const struct bit clone_bits[] = {{CLONE_THREAD, "CLONE_THREAD"},
                                        {CLONE_VM, "CLONE_VM"},
                                        {CLONE_FILES, "CLONE_FILES"},
                                        {CLONE_VFORK, "CLONE_VFORK"},
                                        {0, NULL}};

/* --- names ---------------------------------------------------------------- */

/* The name of a value; if it has none, the number. */
static void put_name(struct base_buf *b, uint64_t value,
                     const struct bit *values)
{
    for (; values->name != NULL; values++)
        if (values->value == value) {
            trace_put(b, "%s", values->name);
            return;
        }
    trace_put(b, "%" PRId64, (int64_t)value);
}

static const struct bit epoll_operations[] = {{EPOLL_CTL_ADD, "EPOLL_CTL_ADD"},
                                              {EPOLL_CTL_MOD, "EPOLL_CTL_MOD"},
                                              {EPOLL_CTL_DEL, "EPOLL_CTL_DEL"},
                                              {0, NULL}};

static const struct bit fcntl_operations[] = {
    {F_DUPFD, "F_DUPFD"},
    {F_DUPFD_CLOEXEC, "F_DUPFD_CLOEXEC"},
    {F_GETFD, "F_GETFD"},
    {F_SETFD, "F_SETFD"},
    {F_GETFL, "F_GETFL"},
    {F_SETFL, "F_SETFL"},
    {0, NULL}};

static const struct bit ioctls[] = {{FIONBIO, "FIONBIO"},
                                    {FIONREAD, "FIONREAD"},
                                    {TCGETS, "TCGETS"},
                                    {TIOCGWINSZ, "TIOCGWINSZ"},
                                    {0, NULL}};

static const struct bit clocks[] = {
    {CLOCK_REALTIME, "CLOCK_REALTIME"},
    {CLOCK_MONOTONIC, "CLOCK_MONOTONIC"},
    {CLOCK_PROCESS_CPUTIME_ID, "CLOCK_PROCESS_CPUTIME_ID"},
    {CLOCK_THREAD_CPUTIME_ID, "CLOCK_THREAD_CPUTIME_ID"},
    {CLOCK_MONOTONIC_RAW, "CLOCK_MONOTONIC_RAW"},
    {CLOCK_REALTIME_COARSE, "CLOCK_REALTIME_COARSE"},
    {CLOCK_MONOTONIC_COARSE, "CLOCK_MONOTONIC_COARSE"},
    {CLOCK_BOOTTIME, "CLOCK_BOOTTIME"},
    {0, NULL}};

static const struct bit domains[] = {{AF_UNIX, "AF_UNIX"},
                                     {AF_INET, "AF_INET"},
                                     {AF_INET6, "AF_INET6"},
                                     {AF_NETLINK, "AF_NETLINK"},
                                     {0, NULL}};

static const struct bit types[] = {{SOCK_STREAM, "SOCK_STREAM"},
                                   {SOCK_DGRAM, "SOCK_DGRAM"},
                                   {SOCK_RAW, "SOCK_RAW"},
                                   {SOCK_SEQPACKET, "SOCK_SEQPACKET"},
                                   {0, NULL}};

static const struct bit hows[] = {{SHUT_RD, "SHUT_RD"},
                                  {SHUT_WR, "SHUT_WR"},
                                  {SHUT_RDWR, "SHUT_RDWR"},
                                  {0, NULL}};

static void put_flags(struct base_buf *b, char letter, uint64_t value)
{
    const uint64_t type = value & 0xf; /* socket(2): the rest are flags */
    switch (letter) {
    case 'e':
        put_bits(b, value, epoll_bits, "0");
        break;
    case 'l':
        put_bits(b, value, poll_bits, "0");
        break;
    case 'o':
        put_bits(b, value, open_bits, "O_RDONLY");
        break;
    case 'Y':
        if (type != 0)
            put_name(b, type, types);
        if (type != 0 && value != type)
            trace_put(b, "|");
        if (type == 0 || value != type)
            put_bits(b, value & ~type, type_bits, "0");
        break;
    case 'G':
        put_bits(b, value, message_bits, "0");
        break;
    case 'C':
        put_bits(b, value & ~(uint64_t)0xff, clone_bits, "0");
        break;
    default:
        trace_put(b, "0x%" PRIx64, value);
    }
}

void trace_put_value(struct base_buf *b, char letter, uint64_t value)
{
    static const struct {
        char letter;
        const struct bit *values;
    } lists[] = {{'O', epoll_operations}, {'F', fcntl_operations},
                 {'i', ioctls},           {'k', clocks},
                 {'y', domains},          {'h', hows}};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        if (lists[i].letter == letter) {
            put_name(b, (uint32_t)value, lists[i].values);
            return;
        }
    put_flags(b, letter, value);
}

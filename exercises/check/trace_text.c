/*
 * trace_text.c - one system call in the form of strace(1). See
 * trace_internal.h.
 *
 *     epoll_wait(4, [{EPOLLIN, data=5}], 64, -1) = 1
 *     recvfrom(5, "GET / HTTP/1.1\r\n", 4096, 0, NULL, NULL) = 16
 *
 * What goes into the kernel is written down at the entry, what comes out at the
 * exit, as the program's memory is then. So of a call that never ended the
 * beginning is there. The letters of trace_calls.c, an argument each:
 *
 *     f d u x p   descriptor, number, unsigned, hexadecimal, address
 *     s           a name with a NUL          D   the folder of a name, or CWD
 *     w           bytes to send, the next argument is how many
 *     v           the same in pieces         r   bytes received (out)
 *     E           epoll's events (out)       c   what epoll_ctl is told
 *     P           poll's array               S   one of select's sets
 *     t T I       timespec, timeval, itimerspec
 *     a           an address of a peer
 *     o y Y G h   flags of open, domain and type of a socket, of recv, shutdown
 *     O F i k g C operation of epoll_ctl, of fcntl, of ioctl; clock, signal,
 *                 flags of clone
 *
 * Read before: trace_calls.c. Read after: trace.c.
 */
#include "trace_internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>

enum { LIST_MAX = 8 /* elements shown of an array */, NAME_SHOWN = 64 };

/* What does not fit into the text is left out of it. */
__attribute__((format(printf, 2, 3))) static void put(struct base_buf *b,
                                                      const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)base_buf_vprintf(b, format, args);
    va_end(args);
}

const char *trace_errno(int error)
{
    const char *name = strerrorname_np(error);
    return name != NULL ? name : "an unknown error";
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
        put(b, "%s%s", between, bits->name);
        between = "|";
        value &= ~bits->value;
    }
    if (value != 0)
        put(b, "%s0x%" PRIx64, between, value);
    else if (*between == '\0')
        put(b, "%s", none);
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
            put(b, "%s", values->name);
            return;
        }
    put(b, "%" PRId64, (int64_t)value);
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

/* --- bytes of the program --------------------------------------------------
 */

static void put_byte(struct base_buf *b, unsigned char byte)
{
    static const char plain[] = "\nn\rr\tt\"\"\\\\";
    for (size_t i = 0; i + 1 < sizeof plain; i += 2)
        if ((unsigned char)plain[i] == byte) {
            put(b, "\\%c", plain[i + 1]);
            return;
        }
    put(b, byte >= ' ' && byte < 0x7f ? "%c" : "\\x%02x", byte);
}

static void put_bytes(struct base_buf *b, const char *bytes, size_t len,
                      size_t all)
{
    put(b, "\"");
    for (size_t i = 0; i < len; i++)
        put_byte(b, (unsigned char)bytes[i]);
    put(b, len < all ? "\"..." : "\"");
}

static void put_pointer(struct base_buf *b, uint64_t address)
{
    if (address == 0)
        put(b, "NULL");
    else
        put(b, "0x%" PRIx64, address);
}

/* Bytes at `address`; of `len` so many as are shown. */
static void put_memory(struct trace_task *t, uint64_t address, uint64_t len)
{
    char bytes[TRACE_BYTES];
    const size_t size = len < sizeof bytes ? (size_t)len : sizeof bytes;
    const size_t n = trace_peek(t->tid, address, bytes, size);
    if (n < size)
        put_pointer(&t->text, address);
    else
        put_bytes(&t->text, bytes, n, (size_t)len);
}

static void put_path(struct trace_task *t, uint64_t address)
{
    char name[NAME_SHOWN];
    const size_t n = trace_peek(t->tid, address, name, sizeof name);
    const size_t len = strnlen(name, n);
    if (n == 0)
        put_pointer(&t->text, address);
    else
        put_bytes(&t->text, name, len, len < n ? len : len + 1);
}

/* The first piece, and how many there are. */
static void put_pieces(struct trace_task *t, uint64_t address, uint64_t n)
{
    struct iovec piece;
    if (n == 0 ||
        trace_peek(t->tid, address, &piece, sizeof piece) < sizeof piece) {
        put_pointer(&t->text, address);
        return;
    }
    put(&t->text, "[{");
    put_memory(t, (uint64_t)(uintptr_t)piece.iov_base, piece.iov_len);
    put(&t->text, ", %zu}%s]", piece.iov_len, n > 1 ? ", ..." : "");
}

static void put_address(struct trace_task *t, uint64_t address, uint64_t len)
{
    struct sockaddr_in in;
    char text[INET_ADDRSTRLEN];
    if (len < sizeof in ||
        trace_peek(t->tid, address, &in, sizeof in) < sizeof in ||
        in.sin_family != AF_INET ||
        inet_ntop(AF_INET, &in.sin_addr, text, sizeof text) == NULL)
        put_pointer(&t->text, address);
    else
        put(&t->text, "{%s:%d}", text, ntohs(in.sin_port));
}

/* Two numbers of 64 bits: seconds, and parts of which `unit` are one. */
static void put_time(struct trace_task *t, uint64_t address, int64_t unit)
{
    int64_t time[2];
    if (trace_peek(t->tid, address, time, sizeof time) < sizeof time)
        put_pointer(&t->text, address);
    else
        put(&t->text,
            unit == 1000000 ? "{%" PRId64 ".%06" PRId64 " s}"
                            : "{%" PRId64 ".%09" PRId64 " s}",
            time[0], time[1]);
}

/* --- sets of descriptors ---------------------------------------------------
 */

static void put_epoll_data(struct base_buf *b, uint64_t data)
{
    put(b, data > INT_MAX ? ", data=0x%" PRIx64 "}" : ", data=%" PRIu64 "}",
        data);
}

static void put_epoll_event(struct trace_task *t, uint64_t address)
{
    struct epoll_event event;
    if (trace_peek(t->tid, address, &event, sizeof event) < sizeof event) {
        put_pointer(&t->text, address);
        return;
    }
    put(&t->text, "{");
    put_bits(&t->text, event.events, epoll_bits, "0");
    put_epoll_data(&t->text, event.data.u64);
}

static void put_epoll_events(struct trace_task *t, uint64_t address, int64_t n)
{
    if (n < 0) {
        put_pointer(&t->text, address);
        return;
    }
    put(&t->text, "[");
    for (int64_t i = 0; i < n && i < LIST_MAX; i++) {
        put(&t->text, i > 0 ? ", " : "");
        put_epoll_event(t, address + (uint64_t)i * sizeof(struct epoll_event));
    }
    put(&t->text, n > LIST_MAX ? ", ...]" : "]");
}

/* poll's array: what is asked, or of those that are ready what came. */
static void put_poll(struct trace_task *t, bool came)
{
    const uint64_t n = t->call.args[1];
    const char *between = "";
    put(&t->text, "[");
    for (uint64_t i = 0; i < n && i < 4 * LIST_MAX; i++) {
        struct pollfd p;
        if (trace_peek(t->tid, t->call.args[0] + i * sizeof p, &p, sizeof p) <
            sizeof p)
            break;
        if (came && p.revents == 0)
            continue;
        put(&t->text, "%s{%d, ", between, p.fd);
        put_bits(&t->text, (uint16_t)(came ? p.revents : p.events), poll_bits,
                 "0");
        put(&t->text, "}");
        between = ", ";
    }
    put(&t->text, n > (uint64_t)4 * LIST_MAX ? ", ...]" : "]");
}

static void put_set(struct trace_task *t, uint64_t address)
{
    fd_set set;
    FD_ZERO(&set);
    const uint64_t n =
        t->call.args[0] < FD_SETSIZE ? t->call.args[0] : FD_SETSIZE;
    /* The kernel reads whole words, and no more of them than it needs. */
    const size_t size = (size_t)(n + NFDBITS - 1) / NFDBITS * sizeof(fd_mask);
    if (address == 0 || trace_peek(t->tid, address, &set, size) < size) {
        put_pointer(&t->text, address);
        return;
    }
    const char *between = "";
    put(&t->text, "[");
    for (int fd = 0; fd < (int)n; fd++)
        if (FD_ISSET(fd, &set)) {
            put(&t->text, "%s%d", between, fd);
            between = " ";
        }
    put(&t->text, "]");
}

/* --- arguments -------------------------------------------------------------
 */

static void put_flags(struct base_buf *b, char letter, uint64_t value)
{
    const uint64_t type = value & 0xf; /* socket(2): the rest are flags */
    switch (letter) {
    case 'o':
        put_bits(b, value, open_bits, "O_RDONLY");
        break;
    case 'Y':
        if (type != 0)
            put_name(b, type, types);
        if (type != 0 && value != type)
            put(b, "|");
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
        put(b, "0x%" PRIx64, value);
    }
}

static void put_named(struct base_buf *b, char letter, uint64_t value)
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

static void put_number(struct base_buf *b, char letter, uint64_t value)
{
    const char *signal = sigabbrev_np((int)value);
    if (letter == 'D' && (int)value == AT_FDCWD)
        put(b, "AT_FDCWD");
    else if (letter == 'g' && signal != NULL)
        put(b, "SIG%s", signal);
    else if (letter == 'u')
        put(b, "%" PRIu64, value);
    else
        put(b, "%d", (int)value); /* descriptors and small numbers are ints */
}

static void put_argument(struct trace_task *t, char letter, int i)
{
    const uint64_t value = t->call.args[i];
    const uint64_t next = i + 1 < TRACE_ARGS ? t->call.args[i + 1] : 0;
    const int64_t result = t->call.result;
    if (strchr("fduDg", letter) != NULL)
        put_number(&t->text, letter, value);
    else if (letter == 'p' || (letter == 'r' && result < 0))
        put_pointer(&t->text, value);
    else if (letter == 's')
        put_path(t, value);
    else if (letter == 'w')
        put_memory(t, value, next);
    else if (letter == 'r')
        put_memory(t, value, (uint64_t)result);
    else if (letter == 'v')
        put_pieces(t, value, next);
    else if (letter == 'E')
        put_epoll_events(t, value, result);
    else if (letter == 'c')
        put_epoll_event(t, value);
    else if (letter == 'P')
        put_poll(t, false);
    else if (letter == 'S')
        put_set(t, value);
    else if (letter == 'a')
        put_address(t, value, next);
    else if (letter == 't' || letter == 'T')
        put_time(t, value, letter == 'T' ? 1000000 : 1000000000);
    else if (letter == 'I') /* an interval, then the first time */
        put_time(t, value == 0 ? 0 : value + 2 * sizeof(int64_t), 1000000000);
    else
        put_named(&t->text, letter, value);
}

/* Puts the arguments from t->text_arg on, until one that `out` stops at. */
static void put_arguments(struct trace_task *t, const char *letters,
                          const char *out)
{
    for (; letters[t->text_arg] != '\0'; t->text_arg++) {
        const char letter = letters[t->text_arg];
        if (strchr(out, letter) != NULL)
            return;
        put(&t->text, t->text_arg > 0 ? ", " : "");
        put_argument(t, letter, t->text_arg);
    }
}

/* --- the whole call --------------------------------------------------------
 */

void trace_text_entry(struct trace_task *t)
{
    const struct trace_name *name = trace_name_of(t->call.number);
    base_buf_clear(&t->text);
    t->text_arg = 0;
    if (name == NULL) {
        put(&t->text, "syscall_%ld(", t->call.number);
        return;
    }
    put(&t->text, "%s(", name->name);
    put_arguments(t, name->args, "rE");
}

/* Of those that wait for many: which are ready. */
static void put_ready(struct trace_task *t, const char *letters)
{
    if (letters[0] == 'P') {
        put(&t->text, " (");
        put_poll(t, true);
        put(&t->text, ")");
        return;
    }
    static const char *const names[] = {" (in ", " (out ", " (except "};
    for (int i = 1; i <= 3; i++)
        if (t->call.args[i] != 0) {
            put(&t->text, "%s", names[i - 1]);
            put_set(t, t->call.args[i]);
            put(&t->text, ")");
        }
}

void trace_text_exit(struct trace_task *t)
{
    const struct trace_name *name = trace_name_of(t->call.number);
    const char *letters = name == NULL ? "" : name->args;
    const int64_t result = t->call.result;
    put_arguments(t, letters, "");
    if (result < 0 && result > -4096)
        put(&t->text, ") = -1 %s", trace_errno((int)-result));
    else if (result > INT_MAX)
        put(&t->text, ") = 0x%" PRIx64, (uint64_t)result);
    else
        put(&t->text, ") = %" PRId64, result);
    if (result > 0 && (letters[0] == 'P' || strncmp(letters, "dS", 2) == 0))
        put_ready(t, letters);
}

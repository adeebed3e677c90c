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
 *     e l         bits of what epoll and poll tell (within E, c and P)
 *
 * Read before: trace_calls.c. Read after: trace.c.
 */
#include "trace_internal.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/uio.h>

enum { LIST_MAX = 8 /* elements shown of an array */, NAME_SHOWN = 64 };

const char *trace_errno(int error)
{
    const char *name = strerrorname_np(error);
    return name != NULL ? name : "an unknown error";
}

/* --- bytes of the program ------------------------------------------------- */

static void put_byte(struct base_buf *b, unsigned char byte)
{
    static const char plain[] = "\nn\rr\tt\"\"\\\\";
    for (size_t i = 0; i + 1 < sizeof plain; i += 2)
        if ((unsigned char)plain[i] == byte) {
            trace_put(b, "\\%c", plain[i + 1]);
            return;
        }
    trace_put(b, byte >= ' ' && byte < 0x7f ? "%c" : "\\x%02x", byte);
}

static void put_bytes(struct base_buf *b, const char *bytes, size_t len,
                      size_t all)
{
    trace_put(b, "\"");
    for (size_t i = 0; i < len; i++)
        put_byte(b, (unsigned char)bytes[i]);
    trace_put(b, len < all ? "\"..." : "\"");
}

static void put_pointer(struct base_buf *b, uint64_t address)
{
    if (address == 0)
        trace_put(b, "NULL");
    else
        trace_put(b, "0x%" PRIx64, address);
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
    trace_put(&t->text, "[{");
    put_memory(t, (uint64_t)(uintptr_t)piece.iov_base, piece.iov_len);
    trace_put(&t->text, ", %zu}%s]", piece.iov_len, n > 1 ? ", ..." : "");
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
        trace_put(&t->text, "{%s:%d}", text, ntohs(in.sin_port));
}

/* Two numbers of 64 bits: seconds, and parts of which `unit` are one. */
static void put_time(struct trace_task *t, uint64_t address, int64_t unit)
{
    int64_t time[2];
    if (trace_peek(t->tid, address, time, sizeof time) < sizeof time)
        put_pointer(&t->text, address);
    else
        trace_put(&t->text,
                  unit == 1000000 ? "{%" PRId64 ".%06" PRId64 " s}"
                                  : "{%" PRId64 ".%09" PRId64 " s}",
                  time[0], time[1]);
}

/* --- sets of descriptors -------------------------------------------------- */

static void put_epoll_data(struct base_buf *b, uint64_t data)
{
    trace_put(b,
              data > INT_MAX ? ", data=0x%" PRIx64 "}" : ", data=%" PRIu64 "}",
              data);
}

static void put_epoll_event(struct trace_task *t, uint64_t address)
{
    struct epoll_event event;
    if (trace_peek(t->tid, address, &event, sizeof event) < sizeof event) {
        put_pointer(&t->text, address);
        return;
    }
    trace_put(&t->text, "{");
    trace_put_value(&t->text, 'e', event.events);
    put_epoll_data(&t->text, event.data.u64);
}

static void put_epoll_events(struct trace_task *t, uint64_t address, int64_t n)
{
    if (n < 0) {
        put_pointer(&t->text, address);
        return;
    }
    trace_put(&t->text, "[");
    for (int64_t i = 0; i < n && i < LIST_MAX; i++) {
        trace_put(&t->text, i > 0 ? ", " : "");
        put_epoll_event(t, address + (uint64_t)i * sizeof(struct epoll_event));
    }
    trace_put(&t->text, n > LIST_MAX ? ", ...]" : "]");
}

/* poll's array: what is asked, or of those that are ready what came. */
static void put_poll(struct trace_task *t, bool came)
{
    const uint64_t n = t->call.args[1];
    const char *between = "";
    trace_put(&t->text, "[");
    for (uint64_t i = 0; i < n && i < 4 * LIST_MAX; i++) {
        struct pollfd p;
        if (trace_peek(t->tid, t->call.args[0] + i * sizeof p, &p, sizeof p) <
            sizeof p)
            break;
        if (came && p.revents == 0)
            continue;
        trace_put(&t->text, "%s{%d, ", between, p.fd);
        trace_put_value(&t->text, 'l', (uint16_t)(came ? p.revents : p.events));
        trace_put(&t->text, "}");
        between = ", ";
    }
    trace_put(&t->text, n > (uint64_t)4 * LIST_MAX ? ", ...]" : "]");
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
    trace_put(&t->text, "[");
    for (int fd = 0; fd < (int)n; fd++)
        if (FD_ISSET(fd, &set)) {
            trace_put(&t->text, "%s%d", between, fd);
            between = " ";
        }
    trace_put(&t->text, "]");
}

/* --- arguments ------------------------------------------------------------ */

static void put_number(struct base_buf *b, char letter, uint64_t value)
{
    const char *signal = sigabbrev_np((int)value);
    if (letter == 'D' && (int)value == AT_FDCWD)
        trace_put(b, "AT_FDCWD");
    else if (letter == 'g' && signal != NULL)
        trace_put(b, "SIG%s", signal);
    else if (letter == 'u')
        trace_put(b, "%" PRIu64, value);
    else
        trace_put(b, "%d",
                  (int)value); /* descriptors and small numbers are ints */
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
        trace_put_value(&t->text, letter, value);
}

/* Puts the arguments from t->text_arg on, until one that `out` stops at. */
static void put_arguments(struct trace_task *t, const char *letters,
                          const char *out)
{
    for (; letters[t->text_arg] != '\0'; t->text_arg++) {
        const char letter = letters[t->text_arg];
        if (strchr(out, letter) != NULL)
            return;
        trace_put(&t->text, t->text_arg > 0 ? ", " : "");
        put_argument(t, letter, t->text_arg);
    }
}

/* --- the whole call ------------------------------------------------------- */

void trace_text_entry(struct trace_task *t)
{
    const struct trace_name *name = trace_name_of(t->call.number);
    base_buf_clear(&t->text);
    t->text_arg = 0;
    if (name == NULL) {
        trace_put(&t->text, "syscall_%ld(", t->call.number);
        return;
    }
    trace_put(&t->text, "%s(", name->name);
    put_arguments(t, name->args, "rE");
}

/* Of those that wait for many: which are ready. */
static void put_ready(struct trace_task *t, const char *letters)
{
    if (letters[0] == 'P') {
        trace_put(&t->text, " (");
        put_poll(t, true);
        trace_put(&t->text, ")");
        return;
    }
    static const char *const names[] = {" (in ", " (out ", " (except "};
    for (int i = 1; i <= 3; i++)
        if (t->call.args[i] != 0) {
            trace_put(&t->text, "%s", names[i - 1]);
            put_set(t, t->call.args[i]);
            trace_put(&t->text, ")");
        }
}

void trace_text_exit(struct trace_task *t)
{
    const struct trace_name *name = trace_name_of(t->call.number);
    const char *letters = name == NULL ? "" : name->args;
    const int64_t result = t->call.result;
    put_arguments(t, letters, "");
    if (result < 0 && result > -4096)
        trace_put(&t->text, ") = -1 %s", trace_errno((int)-result));
    else if (result > INT_MAX)
        trace_put(&t->text, ") = 0x%" PRIx64, (uint64_t)result);
    else
        trace_put(&t->text, ") = %" PRId64, result);
    if (result > 0 && (letters[0] == 'P' || strncmp(letters, "dS", 2) == 0))
        put_ready(t, letters);
}

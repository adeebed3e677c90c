/*
 * common.h - what the lessons share, so that each lesson shows only what is
 * new in it: start-up (options, listening, dying), the HTTP of the hello
 * server, and the HTTP of the fetch client. None of it waits for the network:
 * every recv, send, accept and connect stands in the lesson itself.
 *
 *   start-up    parse_options, listen_on, announce, stop_on_signal, die
 *   server      struct hello: bytes received in, bytes to send out
 *   client      struct target and struct page: the same from the other side
 *
 * Read before: nothing. Read after: lessons/01-blocking/serve.c.
 * Rests on: socket(7), tcp(7), RFC 9112 (HTTP/1.1), RFC 9110 section 15.
 */
#ifndef LESSONS_COMMON_H
#define LESSONS_COMMON_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdnoreturn.h>
#include <sys/socket.h>

/* --- start-up ------------------------------------------------------------ */

/*
 * One row of a program's option table; a row without a name ends the table.
 * An option takes a number or a word, by which pointer is set, and the
 * pointer's target holds the default. A name of one letter is given as -n, a
 * longer one as --port, and "URL" (capitals) is the one argument without a
 * dash.
 */
struct option {
    const char *name;
    const char *help;  /* one line for --help */
    int *number;       /* a number between min and max goes here, or */
    int min, max;      /* ... */
    const char **word; /* a word goes here; */
    const char *words; /* the words allowed, "level,edge,oneshot"; NULL: any */
};

/*
 * Fills the targets of `options` from the command line. Prints help and exits
 * with 0 on --help; explains a bad argument and exits with 2.
 * `about` is one sentence for --help. Call it first in main: it also notes the
 * program's name for messages.
 */
void parse_options(int argc, char **argv, const char *about,
                   const struct option *options);

/*
 * Ends the program with status 2 and a message of up to two lines: what was
 * tried (printf format), with the reason of `error` (an errno value, 0: none),
 * and what to `try` (NULL: nothing). For start-up only: never because of one
 * connection.
 */
noreturn void die(int error, const char *try, const char *tried, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * Returns a TCP socket that listens on 127.0.0.1:`port` (0: a free port), or
 * dies. `flags` is or-ed into the socket's type (SOCK_NONBLOCK; the descriptor
 * is close-on-exec always). Accepted sockets inherit TCP_NODELAY, see tcp(7).
 */
int listen_on(int port, int flags);

/* Prints "listening on http://127.0.0.1:PORT" for a listening descriptor. */
void announce(int listener);

/*
 * Arranges that SIGINT or SIGTERM sets `stopping`, and returns a descriptor
 * that is readable from then on. A loop that sleeps watches it beside the
 * others, lest the signal come after the loop has looked at `stopping` and
 * before it falls asleep. Nothing has to be read from it. This is the self-pipe
 * trick, see select(2), NOTES.
 */
extern volatile sig_atomic_t stopping;
int stop_on_signal(void);

/* True if accept(2) failed for want of descriptors or memory: pause, go on. */
bool out_of_resources(int error);

/*
 * Raises the limit of open descriptors as far as the system allows; returns
 * the limit (at most a million), which no descriptor reaches.
 */
int raise_descriptor_limit(void);

/*
 * Memory from malloc and calloc; the program ends when there is none: this is
 * the one place. The caller frees it.
 */
void *allocate(size_t size);
void *allocate_array(int n, size_t size);

/* --- server: the HTTP of one connection ---------------------------------- */

enum {
    HEAD_MAX = 8192, /* a request head longer than this is answered 431 */
    OUT_MAX = 2048, /* answers waiting to be sent; more requests wait in `in` */
};

/*
 * The bytes of one connection between two system calls. The server receives
 * into `in` and tells hello_received; answers appear in `out`; the server
 * sends them and tells hello_sent. It answers GET and HEAD of / with
 * "Hello, world!", as many requests as came, in order, and refuses what is not
 * HTTP. hello_wants says what to do next. Embedded by its user, who owns it.
 */
struct hello {
    unsigned in_len;   /* bytes received and not yet answered */
    unsigned out_len;  /* bytes of `out` in use ... */
    unsigned out_sent; /* ... and how many of them are sent */
    bool eof;          /* the peer sends no more, but may still read */
    bool last;         /* close once `out` is sent */
    bool refused;      /* framing in doubt: see hello_close */
    char out[OUT_MAX];
    char in[HEAD_MAX];
};

enum want { WANT_READ, WANT_WRITE, WANT_CLOSE };

/* Makes `h` ready for a new connection. Touches only its first bytes. */
void hello_init(struct hello *h);

/* `n` bytes were received behind in[in_len]; 0: the peer has shut down. */
void hello_received(struct hello *h, size_t n);

/* `n` bytes were sent from out[out_sent] on. */
void hello_sent(struct hello *h, size_t n);

/* What the connection needs next. */
enum want hello_wants(const struct hello *h);

/*
 * Closes `fd`. After a refusal it first takes what the peer has sent already:
 * to close with bytes unread makes the kernel send RST, which may overtake the
 * answer that says what was wrong (RFC 9112 section 9.6).
 */
void hello_close(const struct hello *h, int fd);

/* --- client: one page ----------------------------------------------------- */

/*
 * Counts a system call of fetch: CALL(recv(...)) is a trip into the kernel.
 * fetch prints the total, the price that its model pays.
 */
extern unsigned long calls;
#define CALL(call) (calls++, (call))

/* Where the pages are, and what to send for one. */
struct target {
    struct sockaddr_storage addr;
    socklen_t addr_len;
    char request[1024];
    size_t request_len;
};

/* Splits http://HOST[:PORT][/PATH], looks HOST up (this may block), or dies. */
void target_parse(struct target *t, const char *url);

enum { PAGE_HEAD_MAX = 1024 };

/* What is known of one page while it arrives; starts as all zero. */
struct page {
    size_t sent;     /* bytes of the request sent */
    size_t received; /* bytes of the answer received, head and body */
    char head[PAGE_HEAD_MAX];
};

/* `n` bytes of the answer have arrived in `bytes`. */
void page_received(struct page *p, const char *bytes, size_t n);

/*
 * The server has closed. Returns NULL if the answer is a whole 200, else a
 * constant text that says what is wrong with it.
 */
const char *page_verdict(const struct page *p);

/* What all pages together cost. */
struct tally {
    int done, failed;
    unsigned long long bytes;
    const char *first_failure;
    double wall_start, cpu_start; /* seconds */
};

void tally_start(struct tally *t);

/* One page has ended. `failure` is a constant text, NULL if it went well. */
void tally_page(struct tally *t, const struct page *p, const char *failure);

/*
 * Prints the result line; returns main's status: 0, or 1 if a page failed, or 2
 * if all did.
 */
int tally_print(const struct tally *t);

/*
 * How many of `n` pages to get at once, if the user asked for `wanted` (0: as
 * many as possible) and the program has `limit` descriptors. Dies if `wanted`
 * does not fit.
 */
int pages_at_once(int n, int wanted, int limit);

#endif

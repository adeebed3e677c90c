/*
 * common.c - see common.h. Three parts: start-up, the server's HTTP, the
 * client's HTTP.
 *
 * The server's HTTP is deliberately small: no bodies, no Date header, two
 * methods, one page. SIMPLIFIED: a silent client is never thrown out, for
 * that needs timers: see lesson 07.
 */
#include "common.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* --- start-up ------------------------------------------------------------ */

static const char *program = "lesson";

noreturn void die(int error, const char *try, const char *tried, ...)
{
    va_list args;
    va_start(args, tried);
    fprintf(stderr, "%s: ", program);
    vfprintf(stderr, tried, args);
    va_end(args);
    if (error != 0)
        fprintf(stderr, ": %s", strerror(error));
    fputc('\n', stderr);
    if (try != NULL)
        fprintf(stderr, "  try:     %s\n", try);
    exit(2);
}

static noreturn void help(const char *about, const struct option *options)
{
    printf("usage: %s [OPTION...]", program);
    for (const struct option *o = options; o->name != NULL; o++)
        if (strcmp(o->name, "URL") == 0)
            printf(" URL");
    printf("\n%s\n\n", about);
    for (const struct option *o = options; o->name != NULL; o++) {
        const char *dashes = strlen(o->name) == 1 ? "-" : "--";
        if (strcmp(o->name, "URL") == 0)
            dashes = "";
        printf("  %2s%-10s %s", dashes, o->name, o->help);
        if (o->number != NULL)
            printf(" (%d to %d, default %d)", o->min, o->max, *o->number);
        if (o->words != NULL)
            printf(" (%s; default %s)", o->words, *o->word);
        putchar('\n');
    }
    puts("  --help       print this and exit");
    exit(0);
}

static bool one_of(const char *words, const char *word)
{
    const size_t len = strcspn(word, ",") == strlen(word) ? strlen(word) : 0;
    for (const char *at = words; len > 0; at++) {
        if (strncmp(at, word, len) == 0 && (at[len] == ',' || !at[len]))
            return true;
        at = strchr(at, ',');
        if (at == NULL)
            return false;
    }
    return false;
}

static void set_option(const struct option *o, const char *value)
{
    if (o->word != NULL) {
        if (o->words != NULL && !one_of(o->words, value))
            die(0, NULL, "'%s' is no value of '%s': it takes one of %s", value,
                o->name, o->words);
        *o->word = value;
        return;
    }
    char *end;
    errno = 0;
    const long number = strtol(value, &end, 10);
    if (end == value || *end != '\0' || errno != 0 || number < o->min ||
        number > o->max)
        die(0, NULL, "'%s' is no value of '%s': it takes a number, %d to %d",
            value, o->name, o->min, o->max);
    *o->number = (int)number;
}

/* The option that `arg` names; *value is set if it holds one (--port=80). */
static const struct option *find_option(const struct option *options,
                                        const char *arg, const char **value)
{
    for (const struct option *o = options; o->name != NULL; o++)
        if (arg[0] == '-' && arg[1] == o->name[0] && o->name[1] == '\0' &&
            isdigit((unsigned char)arg[2])) {
            *value = arg + 2; /* -n20 */
            return o;
        }
    if (arg[0] != '-') {
        arg = "URL=";
    } else {
        arg += arg[1] == '-' ? 2 : 1;
    }
    const size_t len = strcspn(arg, "=");
    *value = arg[len] == '=' ? arg + len + 1 : NULL;
    for (const struct option *o = options; o->name != NULL; o++)
        if (strncmp(o->name, arg, len) == 0 && o->name[len] == '\0')
            return o;
    return NULL;
}

/*
 * If a standard stream is closed, the next socket gets its number, and what we
 * print goes to a client. So they are opened, to nowhere.
 */
static void keep_standard_streams(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    while (fd != -1 && fd <= STDERR_FILENO);
    if (fd != -1)
        close(fd);
}

void parse_options(int argc, char **argv, const char *about,
                   const struct option *options)
{
    const char *slash = strrchr(argv[0], '/');
    program = slash != NULL ? slash + 1 : argv[0];
    keep_standard_streams();
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            help(about, options);
        const char *value;
        const struct option *o = find_option(options, argv[i], &value);
        if (o == NULL)
            die(0, "--help lists the options", "unknown option '%s'", argv[i]);
        if (strcmp(o->name, "URL") == 0)
            value = argv[i];
        else if (value == NULL && (value = argv[++i]) == NULL)
            die(0, "--help lists the options", "'%s' needs a value", o->name);
        set_option(o, value);
    }
}

int listen_on(int port, int flags)
{
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
    if (fd == -1)
        die(errno, NULL, "cannot make a socket");
    const int on = 1;
    /* A server must restart at once, though old connections linger in
     * TIME_WAIT; and small answers must not wait for the ACK of the one
     * before (Nagle). socket(7), tcp(7). */
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == -1)
        die(errno, NULL, "cannot set the listener's options");
    const struct sockaddr_in addr = {
        .sin_family = AF_INET,
        .sin_port = htons((in_port_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    if (bind(fd, (const struct sockaddr *)&addr, sizeof addr) == -1 ||
        listen(fd, SOMAXCONN) == -1)
        die(errno,
            "--port 0, which picks a free port, or stop what listens there",
            "cannot listen on port %d", port);
    return fd;
}

void announce(int listener)
{
    struct sockaddr_in addr = {.sin_port = 0};
    socklen_t len = sizeof addr;
    if (getsockname(listener, (struct sockaddr *)&addr, &len) == -1)
        die(errno, NULL, "cannot learn the port");
    printf("listening on http://127.0.0.1:%d\n", ntohs(addr.sin_port));
    fflush(stdout);
}

volatile sig_atomic_t stopping;
static int stop_pipe[2];

static void on_stop(int signo)
{
    (void)signo;
    const int saved = errno; /* the interrupted code may be about to read it */
    stopping = 1;
    if (write(stop_pipe[1], "", 1) == -1)
        errno = saved; /* the pipe is full: it is readable already */
}

int stop_on_signal(void)
{
    const struct sigaction action = {.sa_handler = on_stop};
    if (pipe2(stop_pipe, O_CLOEXEC | O_NONBLOCK) == -1 ||
        sigaction(SIGINT, &action, NULL) == -1 ||
        sigaction(SIGTERM, &action, NULL) == -1)
        die(errno, NULL, "cannot set up signals");
    return stop_pipe[0];
}

bool out_of_resources(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS ||
           error == ENOMEM;
}

int raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
        die(errno, NULL, "cannot learn the limit of descriptors");
    limit.rlim_cur = limit.rlim_max < 1 << 20 ? limit.rlim_max : 1 << 20;
    if (setrlimit(RLIMIT_NOFILE, &limit) == -1)
        die(errno, NULL, "cannot raise the limit of descriptors");
    return (int)limit.rlim_cur;
}

static void *or_die(void *memory, size_t size)
{
    if (memory == NULL)
        die(ENOMEM, NULL, "cannot allocate %zu bytes", size);
    return memory;
}

void *allocate(size_t size)
{
    return or_die(malloc(size), size);
}

void *allocate_array(int n, size_t size)
{
    return or_die(calloc((size_t)n, size), (size_t)n * size);
}

/* --- server: the HTTP of one connection ---------------------------------- */

/* One request head, as far as the hello server cares. */
struct request {
    int status;      /* of the answer */
    bool http10;     /* HTTP/1.0, which closes unless asked to keep alive */
    bool head;       /* HEAD: answer without the body */
    bool hosts;      /* a Host field was seen */
    bool close;      /* "Connection: close" */
    bool keep_alive; /* "Connection: keep-alive" */
};

/* A line or a part of one: `len` bytes at `at`, borrowed from hello.in. */
struct text {
    const char *at;
    size_t len;
};

static bool text_is(struct text t, const char *word)
{
    return t.len == strlen(word) && strncasecmp(t.at, word, t.len) == 0;
}

static struct text trim(struct text t)
{
    while (t.len > 0 && (t.at[0] == ' ' || t.at[0] == '\t'))
        t.at++, t.len--;
    while (t.len > 0 && (t.at[t.len - 1] == ' ' || t.at[t.len - 1] == '\t'))
        t.len--;
    return t;
}

/* Cuts *rest at the first `mark`; the part before it is returned. */
static struct text cut(struct text *rest, char mark)
{
    const char *end = memchr(rest->at, mark, rest->len);
    if (end == NULL) {
        const struct text all = *rest;
        *rest = (struct text){all.at + all.len, 0};
        return all;
    }
    const struct text first = {rest->at, (size_t)(end - rest->at)};
    rest->at += first.len + 1;
    rest->len -= first.len + 1;
    return first;
}

/* method SP request-target SP HTTP-version (RFC 9112 section 3). */
static int request_line(struct request *r, struct text line)
{
    const struct text method = cut(&line, ' ');
    const struct text target = cut(&line, ' ');
    const struct text version = line;
    if (method.len == 0 || target.len == 0 || version.len != 8 ||
        memcmp(version.at, "HTTP/", 5) != 0 || version.at[6] != '.' ||
        !isdigit((unsigned char)version.at[5]) ||
        !isdigit((unsigned char)version.at[7]))
        return 400;
    if (version.at[5] != '1')
        return 505;
    r->http10 = version.at[7] == '0';
    r->head = method.len == 4 && memcmp(method.at, "HEAD", 4) == 0;
    if (!r->head && (method.len != 3 || memcmp(method.at, "GET", 3) != 0))
        return 405;
    return target.len == 1 && target.at[0] == '/' ? 200 : 404;
}

/* name ":" value (RFC 9112 section 5). Returns 200, or why not. */
static int field_line(struct request *r, struct text line)
{
    if (memchr(line.at, ':', line.len) == NULL)
        return 400;
    struct text value = line;
    const struct text name = cut(&value, ':');
    /* A space before the colon, or a line that begins with one, has been used
     * to smuggle requests: RFC 9112 sections 5.1 and 5.2. */
    if (name.len == 0 || memchr(name.at, ' ', name.len) != NULL ||
        memchr(name.at, '\t', name.len) != NULL)
        return 400;
    if (text_is(name, "host")) {
        const bool twice = r->hosts;
        r->hosts = true;
        return twice ? 400 : 200;
    }
    if (text_is(name, "transfer-encoding"))
        return 413;
    if (text_is(name, "content-length"))
        return text_is(trim(value), "0") ? 200 : 413;
    if (text_is(name, "connection")) {
        while (value.len > 0) {
            const struct text option = trim(cut(&value, ','));
            r->close |= text_is(option, "close");
            r->keep_alive |= text_is(option, "keep-alive");
        }
    }
    return 200;
}

/* True for a byte that no line of a head may hold: RFC 9110 section 5.5. */
static bool has_control(struct text line)
{
    for (size_t i = 0; i < line.len; i++)
        if (iscntrl((unsigned char)line.at[i]) && line.at[i] != '\t')
            return true;
    return false;
}

/* A refusal wins over 404 and 405, whose framing is sound. */
static bool refuses(int status)
{
    return status != 200 && status != 404 && status != 405;
}

/*
 * Reads one request head from the start of in[0..len). Returns its length with
 * *r filled, or 0 if its end has not arrived. A head is read anew from its
 * start whenever bytes are added: at most HEAD_MAX of them, so that is cheap
 * enough; lesson 09's parser goes on where it stopped.
 */
static size_t read_request(struct request *r, const char *in, size_t len)
{
    *r = (struct request){.status = 0};
    struct text rest = {in, len};
    while (memchr(rest.at, '\n', rest.len) != NULL) {
        struct text line = cut(&rest, '\n');
        if (line.len > 0 && line.at[line.len - 1] == '\r')
            line.len--;
        if (line.len == 0 && r->status == 0)
            continue; /* an empty line before a request: section 2.2 */
        if (line.len == 0) {
            if (!r->hosts && !r->http10 && !refuses(r->status))
                r->status = 400; /* section 3.2 */
            return len - rest.len;
        }
        int status = has_control(line) ? 400 : 200;
        if (status == 200)
            status =
                r->status == 0 ? request_line(r, line) : field_line(r, line);
        if (refuses(status))
            return r->status = status, len - rest.len;
        if (r->status == 0)
            r->status = status;
    }
    return 0;
}

static const char *reason(int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed\r\nAllow: GET, HEAD";
    case 413:
        return "Content Too Large";
    case 431:
        return "Request Header Fields Too Large";
    case 505:
        return "HTTP Version Not Supported";
    default:
        return "Bad Request";
    }
}

static void answer(struct hello *h, const struct request *r)
{
    const bool keep =
        !refuses(r->status) && !r->close && (!r->http10 || r->keep_alive);
    /* The answer that is asked for a million times is not put together anew. */
    static const char hello[] = "HTTP/1.1 200 OK\r\n"
                                "Content-Type: text/plain\r\n"
                                "Content-Length: 14\r\n"
                                "\r\n"
                                "Hello, world!\n";
    char *out = h->out + h->out_len;
    if (r->status == 200 && keep && !r->head && !r->http10) {
        memcpy(out, hello, sizeof hello - 1);
        h->out_len += sizeof hello - 1;
        return;
    }
    char body[64] = "Hello, world!\n";
    if (r->status != 200)
        snprintf(body, sizeof body, "%d %.*s\n", r->status,
                 (int)strcspn(reason(r->status), "\r"), reason(r->status));
    const int n =
        snprintf(out, OUT_MAX - h->out_len,
                 "HTTP/1.1 %d %s\r\nContent-Type: text/plain\r\n"
                 "Content-Length: %zu\r\n%s\r\n%s",
                 r->status, reason(r->status), strlen(body),
                 !keep ? "Connection: close\r\n"
                       : (r->http10 ? "Connection: keep-alive\r\n" : ""),
                 r->head ? "" : body);
    h->out_len += (unsigned)n;
    h->last = !keep;
    h->refused = refuses(r->status);
}

enum { ANSWER_MAX = 256 }; /* no answer is longer */

/* Answers what `in` holds, while `out` has room for one more answer. */
static void answer_all(struct hello *h)
{
    size_t used = 0;
    while (!h->last && OUT_MAX - h->out_len >= ANSWER_MAX) {
        struct request r;
        const size_t len = read_request(&r, h->in + used, h->in_len - used);
        used += len;
        if (len == 0 && h->in_len - used == HEAD_MAX)
            r.status = 431; /* RFC 6585 section 5 */
        else if (len == 0) {
            h->last = h->eof;
            break;
        }
        answer(h, &r);
    }
    h->in_len -= (unsigned)used;
    if (used > 0 && h->in_len > 0)
        memmove(h->in, h->in + used, h->in_len);
}

void hello_init(struct hello *h)
{
    memset(h, 0, offsetof(struct hello, out));
}

void hello_received(struct hello *h, size_t n)
{
    h->in_len += (unsigned)n;
    h->eof = n == 0;
    answer_all(h);
}

void hello_sent(struct hello *h, size_t n)
{
    h->out_sent += (unsigned)n;
    if (h->out_sent < h->out_len)
        return;
    h->out_len = h->out_sent = 0;
    answer_all(h);
}

enum want hello_wants(const struct hello *h)
{
    if (h->out_sent < h->out_len)
        return WANT_WRITE;
    return h->last ? WANT_CLOSE : WANT_READ;
}

void hello_close(const struct hello *h, int fd)
{
    /* SIMPLIFIED: takes what has arrived, not what is still on its way. */
    char scrap[4096];
    if (h->refused && shutdown(fd, SHUT_WR) == 0)
        for (int i = 0; i < 64; i++)
            if (recv(fd, scrap, sizeof scrap, MSG_DONTWAIT) <= 0)
                break;
    close(fd);
}

/* --- client: one page ----------------------------------------------------- */

unsigned long calls;

void target_parse(struct target *t, const char *url)
{
    static const char scheme[] = "http://";
    if (url == NULL)
        die(0, "fetch -n 20 http://127.0.0.1:PORT/", "no URL given");
    char host[256] = "";
    const char *rest = url + strlen(scheme);
    const size_t len =
        strncmp(url, scheme, strlen(scheme)) == 0 ? strcspn(rest, "/") : 0;
    if (len == 0 || len >= sizeof host || strpbrk(url, " \r\n") != NULL)
        die(0, "http://127.0.0.1:PORT/", "'%s' is no URL of a page", url);
    memcpy(host, rest, len);
    const char *path = rest[len] == '/' ? rest + len : "/";
    t->request_len = (size_t)snprintf(t->request, sizeof t->request,
                                      "GET %s HTTP/1.1\r\nHost: %s\r\n"
                                      "Connection: close\r\n\r\n",
                                      path, host);
    if (t->request_len >= sizeof t->request)
        die(0, NULL, "the URL is longer than %zu bytes", sizeof t->request);

    char *colon = strrchr(host, ':');
    if (colon != NULL)
        *colon++ = '\0';
    const long port = colon != NULL ? strtol(colon, NULL, 10) : 80;
    if (port < 1 || port > 65535)
        die(0, "http://127.0.0.1:PORT/", "'%s' has no port between 1 and 65535",
            url);
    const struct addrinfo hints = {.ai_family = AF_INET,
                                   .ai_socktype = SOCK_STREAM};
    struct addrinfo *found;
    const int error =
        getaddrinfo(host, colon != NULL ? colon : "80", &hints, &found);
    if (error != 0)
        die(0, "http://127.0.0.1:PORT/", "cannot look up '%s': %s", host,
            gai_strerror(error));
    memcpy(&t->addr, found->ai_addr, found->ai_addrlen);
    t->addr_len = found->ai_addrlen;
    freeaddrinfo(found);
}

void page_received(struct page *p, const char *bytes, size_t n)
{
    const size_t room = sizeof p->head - 1;
    if (p->received < room) {
        const size_t part = n < room - p->received ? n : room - p->received;
        memcpy(p->head + p->received, bytes, part);
    }
    p->received += n;
}

const char *page_verdict(const struct page *p)
{
    if (p->received == 0)
        return "the server closed without an answer";
    if (strncmp(p->head, "HTTP/1.1 200 ", 13) != 0)
        return "the answer's status is not 200";
    const char *end = strstr(p->head, "\r\n\r\n");
    if (end == NULL)
        return "the answer's head has no end";
    const char *length = strcasestr(p->head, "\r\nContent-Length:");
    if (length != NULL && length < end) {
        const size_t body = p->received - (size_t)(end + 4 - p->head);
        if (strtoull(length + 17, NULL, 10) != body)
            return "the answer's body is cut short";
    }
    return NULL;
}

static double seconds(struct timespec t)
{
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double clock_now(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return seconds(now);
}

void tally_start(struct tally *t)
{
    *t = (struct tally){.wall_start = clock_now(CLOCK_MONOTONIC),
                        .cpu_start = clock_now(CLOCK_PROCESS_CPUTIME_ID)};
    calls = 0;
}

void tally_page(struct tally *t, const struct page *p, const char *failure)
{
    t->bytes += p->received;
    if (failure == NULL)
        t->done++;
    else if (t->failed++ == 0)
        t->first_failure = failure;
}

int tally_print(const struct tally *t)
{
    const double wall = clock_now(CLOCK_MONOTONIC) - t->wall_start;
    const double cpu = clock_now(CLOCK_PROCESS_CPUTIME_ID) - t->cpu_start;
    printf("%d pages, %llu bytes, %.3f s wall, %.4f s cpu, %lu system calls\n",
           t->done, t->bytes, wall, cpu, calls);
    if (t->failed == 0)
        return 0;
    fprintf(stderr, "%s: %d of %d pages failed; the first: %s\n", program,
            t->failed, t->failed + t->done, t->first_failure);
    if (t->done > 0)
        return 1;
    fprintf(stderr, "  try:     build/bench/slowd --port 8001, which is there "
                    "to be asked\n");
    return 2;
}

int pages_at_once(int n, int wanted, int limit)
{
    const int spare = 16; /* standard streams, the name service, epoll, ... */
    if (limit <= spare || wanted > limit - spare)
        die(0, "a smaller -c, or a greater ulimit -n",
            "%d pages at once need more than %d descriptors",
            wanted > 0 ? wanted : 1, limit);
    if (wanted == 0)
        wanted = limit - spare;
    return wanted < n ? wanted : n;
}

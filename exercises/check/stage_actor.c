/*
 * stage_actor.c - the actors of stage.h. They act while the program stands, and
 * what they do has arrived when the function returns.
 *
 * Read before: stage.c, stage_wire.c.
 */
#include "pump.h"
#include "stage_internal.h"

#include "check_internal.h"
#include "program.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 64, LOOK_MAX = 256, NO_FD_YET = -2 };

/* The program was given time. */
_Static_assert(STAGE_PATIENCE_S == 10, "IN_VAIN says how many seconds");
#define IN_VAIN                                                                \
    ";\nten seconds went by on the program's clock, which the check moves on"

static const int stream = SOCK_STREAM | SOCK_CLOEXEC;

static struct actor *actor_new(struct program *p, const char *name, int fd)
{
    if (!stage.open || stage.n_actors == STAGE_ACTORS)
        check_error("actors need an open stage, and are %d at most",
                    STAGE_ACTORS);
    if (fd == -1)
        check_error("no socket for %s: %s", name, strerror(errno));
    struct actor *a = base_alloc(sizeof *a);
    *a = (struct actor){.name = base_strdup(name), .program = p, .fd = fd};
    stage.actors[stage.n_actors++] = a;
    return a;
}

static int port_of(int fd, int (*ask)(int, struct sockaddr *, socklen_t *))
{
    struct sockaddr_in name = {.sin_family = AF_INET};
    socklen_t size = sizeof name;
    if (ask(fd, (struct sockaddr *)&name, &size) == -1)
        check_error("a socket without a name: %s", strerror(errno));
    return ntohs(name.sin_port);
}

static struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* --- waiting for the program ---------------------------------------------- */

/*
 * Lets the program play until done(a), ten seconds of the stage at most. True:
 * it is so. A program that stands without a deadline hangs.
 */
static bool becomes(struct actor *a, bool (*done)(struct actor *a),
                    const char *expected)
{
    const int64_t end_ns = stage.now_ns + STAGE_PATIENCE_S * SECOND_NS;
    stage_settle(a->program);
    for (;;) {
        stage_wire_to(a);
        if (done(a))
            return true;
        program_expect_runs(a->program, expected);
        if (!stage_has_deadline())
            stage_hangs(a->program, expected);
        if (!stage_pass(end_ns))
            return false;
    }
}

/* --- connections ---------------------------------------------------------- */

static void begin_connection(struct actor *a)
{
    const int yes = 1;
    setsockopt(a->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    a->port = port_of(a->fd, getsockname);
    a->to_port = port_of(a->fd, getpeername);
}

struct actor *actor_connect(struct program *server, const char *name)
{
    stage_stand(server);
    program_expect_runs(server, check_text("%s is connected", name));
    struct actor *a = actor_new(server, name, socket(AF_INET, stream, 0));
    const struct sockaddr_in to = loopback(program_port(server));
    if (connect(a->fd, (const struct sockaddr *)&to, sizeof to) == -1) {
        const int error = errno;
        program_blame_start(server);
        check_fail(check_text("%s is connected", name), strerror(error));
    }
    server->unreached = false;
    begin_connection(a);
    stage_wire_until(a, STAGE_WIRE_MADE);
    stage_tell("%s connects", name);
    return a;
}

struct actor *actor_listen(const char *name)
{
    struct actor *a = actor_new(NULL, name, socket(AF_INET, stream, 0));
    const struct sockaddr_in any = loopback(0);
    if (bind(a->fd, (const struct sockaddr *)&any, sizeof any) == -1 ||
        listen(a->fd, BACKLOG) == -1)
        check_error("%s cannot listen: %s", name, strerror(errno));
    a->port = port_of(a->fd, getsockname);
    a->listens = true;
    return a;
}

int actor_port(const struct actor *a)
{
    return a->port;
}

/* --- the program connects ------------------------------------------------- */

static struct actor *listener_at(int port)
{
    for (int i = 0; i < stage.n_actors; i++)
        if (stage.actors[i]->listens && stage.actors[i]->port == port)
            return stage.actors[i];
    return NULL;
}

void stage_connected(struct trace_task *t)
{
    struct sockaddr_in to;
    struct trace_fd *fd = trace_fd(t->fds, (int)t->call.args[0]);
    if (trace_peek(t->tid, t->call.args[1], &to, sizeof to) < sizeof to)
        return;
    const struct actor *listener = listener_at(ntohs(to.sin_port));
    if (listener == NULL)
        return;
    (void)stage_actor_of(t, (int)t->call.args[0]); /* learns fd->port */
    fd->remote_port = listener->port;
    struct actor *a = actor_new(stage.program, listener->name, NO_FD_YET);
    a->port = listener->port;
    a->to_port = fd->port;
    const struct actor other_end = {.port = a->to_port, .to_port = a->port};
    stage_wire_until(&other_end, STAGE_WIRE_MADE);
}

/* The first connection to `listener` that nobody has accepted; NULL: none. */
static struct actor *caller_of(const struct actor *listener)
{
    for (int i = 0; i < stage.n_actors; i++)
        if (stage.actors[i]->fd == NO_FD_YET &&
            stage.actors[i]->port == listener->port)
            return stage.actors[i];
    return NULL;
}

static bool is_called(struct actor *listener)
{
    return caller_of(listener) != NULL;
}

struct actor *actor_accept(struct program *p, struct actor *listener,
                           const char *name)
{
    const char *expected =
        check_text("the program connects to %s", listener->name);
    listener->program = p;
    if (!becomes(listener, is_called, expected))
        check_fail(expected, "it does not" IN_VAIN);
    const int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd == -1)
        check_error("%s cannot accept: %s", listener->name, strerror(errno));
    struct actor *a = caller_of(listener);
    a->fd = fd;
    a->program = p;
    a->name = base_strdup(name);
    begin_connection(a);
    stage_tell("%s accepts a connection of the program: %s", listener->name,
               name);
    return a;
}

/* --- send ----------------------------------------------------------------- */

/* Before an act: the program stands, and is there. */
static void before(struct actor *a, const char *expected)
{
    stage_stand(a->program);
    program_expect_runs(a->program, expected);
}

void actor_send(struct actor *a, const void *bytes, size_t len)
{
    const char *expected =
        check_text("the program receives what %s sends", a->name);
    before(a, expected);
    stage_tell("%s sends %zu bytes: %s", a->name, len,
               bytes_escape(bytes, len));
    for (size_t done = 0; done < len;) {
        const long long unread = stage_wire_unread(a);
        const ssize_t n = send(a->fd, (const char *)bytes + done, len - done,
                               MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n == -1 && errno != EAGAIN)
            check_fail(check_text("the connection of %s stays open", a->name),
                       check_text("sending fails: %s", strerror(errno)));
        if (n > 0 && unread >= 0)
            stage_wire_from(a, unread + n);
        done += n > 0 ? (size_t)n : 0;
        if (done == len)
            return;
        stage_settle(a->program); /* it makes room */
        program_expect_runs(a->program, expected);
        if (n <= 0 && stage_wire_unread(a) >= unread &&
            !stage_pass(stage.now_ns + STAGE_PATIENCE_S * SECOND_NS))
            stage_hangs(a->program, expected);
    }
}

void actor_send_text(struct actor *a, const char *text)
{
    actor_send(a, text, strlen(text));
}

/* --- receive -------------------------------------------------------------- */

/* Takes what is there, up to a->wanted bytes in all; notes the end. */
static void take(struct actor *a)
{
    while (a->got < a->wanted && !a->ended) {
        const ssize_t n =
            recv(a->fd, a->bytes + a->got, a->wanted - a->got, MSG_DONTWAIT);
        if (n == -1 && errno == EAGAIN)
            return;
        if (n <= 0) {
            a->ended = true;
            a->was_reset = n == -1;
            return;
        }
        a->got += (size_t)n;
        a->taken += n;
    }
}

static bool has_come(struct actor *a)
{
    take(a);
    return a->ended || a->got == a->wanted ||
           memcmp(a->bytes, a->hoped, a->got) != 0;
}

static void want(struct actor *a, const void *hoped, size_t len)
{
    a->bytes = base_realloc(a->bytes, len + 1);
    a->hoped = hoped;
    a->wanted = len;
    a->got = 0;
}

void actor_expect(struct actor *a, const void *bytes, size_t len)
{
    const char *expected = check_text("%s receives %zu bytes: %s", a->name, len,
                                      bytes_escape(bytes, len));
    want(a, bytes, len);
    const bool came = becomes(a, has_come, expected);
    if (memcmp(a->bytes, bytes, a->got) != 0)
        check_fail(expected, bytes_difference(bytes, len, a->bytes, a->got));
    if (a->ended)
        check_fail(expected,
                   check_text("after %zu of them the program has closed the "
                              "connection%s",
                              a->got,
                              a->was_reset ? " with a reset (RST)" : ""));
    if (!came)
        check_fail(expected,
                   check_text("%zu of %zu bytes" IN_VAIN, a->got, len));
    stage_tell("%s receives %zu bytes: %s", a->name, len,
               bytes_escape(bytes, len));
}

void actor_expect_text(struct actor *a, const char *text)
{
    actor_expect(a, text, strlen(text));
}

void actor_expect_nothing(struct actor *a)
{
    const char *expected = check_text("nothing comes for %s now", a->name);
    stage_settle(a->program);
    stage_wire_to(a);
    program_expect_runs(a->program, expected);
    want(a, "", LOOK_MAX);
    take(a);
    if (a->got > 0)
        check_fail(expected, bytes_escape(a->bytes, a->got));
    if (a->ended)
        check_fail(expected, "the connection is closed");
    stage_tell("nothing has come for %s", a->name);
}

static bool has_ended(struct actor *a)
{
    take(a);
    return a->ended || a->got > 0;
}

void actor_expect_close(struct actor *a)
{
    const char *expected = check_text(
        "the program closes the connection of %s, and sends nothing more",
        a->name);
    want(a, "", LOOK_MAX);
    const bool came = becomes(a, has_ended, expected);
    if (a->got > 0)
        check_fail(expected, check_text("more bytes: %s",
                                        bytes_escape(a->bytes, a->got)));
    if (!came)
        check_fail(expected, "it is still open" IN_VAIN);
    if (a->was_reset)
        check_fail(expected, "the connection is reset (RST): closed with "
                             "bytes unread");
    stage_tell("%s sees the end of the connection", a->name);
}

/* --- end ------------------------------------------------------------------ */

void actor_finish(struct actor *a)
{
    before(a, "the program goes on");
    shutdown(a->fd, SHUT_WR);
    stage_wire_until(a, STAGE_WIRE_FINISHED);
    stage_tell("%s sends no more (shutdown)", a->name);
}

static void end(struct actor *a, enum stage_wire state)
{
    close(a->fd);
    a->fd = -1;
    stage_wire_until(a, state);
}

void actor_close(struct actor *a)
{
    before(a, "the program goes on");
    end(a, STAGE_WIRE_FINISHED);
    stage_tell("%s closes", a->name);
}

void actor_reset(struct actor *a)
{
    before(a, "the program goes on");
    const struct linger hard = {.l_onoff = 1, .l_linger = 0};
    setsockopt(a->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    end(a, STAGE_WIRE_GONE);
    stage_tell("%s vanishes (RST)", a->name);
}

/*
 * jail.c - see jail.h: what all tiers have in common.
 *
 *     jail_start   fork - keeper - (walls of the tier) - exec warden
 *                                                          fork - program
 *     jail_go      a packet through the gate               exec
 *     jail_end     kill keeper and warden
 *
 * Read before: jail.h. Read after: jail_spaces.c, jail_bwrap.c, warden.c.
 */
#include "jail_internal.h"

#include "crowd.h"
#include "landlock.h"
#include "warden.h"

#include "../../loop/base.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    GATE_TIMEOUT_MS = 10000,
    CLEAR_TIMEOUT_MS = 5000,
    /* Neither useradd(8) nor subuid(5) nor systemd gives away these. */
    FIRST_UID = 0x70000000,
};

static const struct jail_tier_ops *const tiers[] = {
    [JAIL_LIMITS] = &jail_limits,
    [JAIL_USER] = &jail_user,
    [JAIL_SPACES] = &jail_spaces,
    [JAIL_BWRAP] = &jail_bwrap,
};

/* /etc/alternatives leads from cc to the compiler. */
const char *const jail_system_paths[] = {"/usr",
                                         "/bin",
                                         "/sbin",
                                         "/lib",
                                         "/lib64",
                                         "/lib32",
                                         "/etc/ld.so.cache",
                                         "/etc/alternatives",
                                         NULL};

const char *jail_tier_name(enum jail_tier tier)
{
    return tiers[tier]->name;
}

const char jail_tier_words[] = "limits,user,namespaces,bubblewrap";

enum jail_tier jail_tier_named(const char *name)
{
    enum jail_tier tier = JAIL_BWRAP;
    while (tier > JAIL_LIMITS && strcmp(tiers[tier]->name, name) != 0)
        tier--;
    return tier;
}

bool jail_own_files(enum jail_tier tier)
{
    return tiers[tier]->own_files;
}

const char *jail_missing(enum jail_tier tier)
{
    if (tier == JAIL_USER && landlock_works())
        return "The program sees the network, and the ports of others.";
    return tiers[tier]->missing;
}

/* --- the two tiers without namespaces ------------------------------------- */

int jail_exec(const struct jail_options *o, const char *path, char *const *argv)
{
    static const char *const only_path[] = {"PATH=/usr/bin:/bin", NULL};
    const char *const *env = o->env != NULL ? o->env : only_path;
    execve(path, argv, (char *const *)env);
    return -errno;
}

static int enter_limits(const struct jail_options *o, char *const *argv)
{
    if (chdir(o->work) == -1)
        return -errno;
    return jail_exec(o, argv[0], argv);
}

/* No two processes have the same id at the same time, so no two users. */
uid_t jail_user_of(pid_t keeper)
{
    return FIRST_UID + (uid_t)keeper;
}

int jail_drop_root(void)
{
    if (geteuid() != 0)
        return 0;
    const uid_t uid = jail_user_of(getpid());
    if (setgroups(0, NULL) == -1 || setresgid(uid, uid, uid) == -1 ||
        setresuid(uid, uid, uid) == -1)
        return -errno;
    /* Or its own /proc would be root's, uid_map with it. */
    prctl(PR_SET_DUMPABLE, 1);
    return 0;
}

static int enter_user(const struct jail_options *o, char *const *argv)
{
    if (geteuid() != 0)
        return -EPERM;
    const int error = landlock_confine(o);
    return error != 0 ? error : enter_limits(o, argv);
}

const struct jail_tier_ops jail_limits = {
    .name = "limits",
    .missing = "Nothing keeps the program from reading and changing your "
               "files, from your other processes, or from the network.",
    .enter = enter_limits,
};

const struct jail_tier_ops jail_user = {
    .name = "user",
    .missing = "The program sees the system's files and the network, and the "
               "ports of others, and it may leave files in /tmp. (It cannot "
               "open what is other users' alone.)",
    .own_user = true,
    .keepers = 1,
    .enter = enter_user,
};

/* --- start ---------------------------------------------------------------- */

const char *jail_path(const struct jail_options *options, const char *name)
{
    static char path[4096];
    const bool own = tiers[options->tier]->own_files;
    snprintf(path, sizeof path, "%s/%s", own ? "/work" : options->work, name);
    return path;
}

/* Descriptors 0 to 3 become input, output and the gate; all others go. */
static int take_descriptors(int input, int output, int gate)
{
    /* Out of the way first: they may have these very numbers. */
    int fds[] = {input, output, gate};
    for (int i = 0; i < 3; i++) {
        fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 16);
        if (fds[i] == -1)
            return -errno;
    }
    if (dup2(fds[0], 0) == -1 || dup2(fds[1], 1) == -1 ||
        dup2(fds[1], 2) == -1 || dup2(fds[2], WARDEN_GATE) == -1)
        return -errno;
    return close_range(WARDEN_GATE + 1, ~0U, 0) == -1 ? -errno : 0;
}

/* The keeper, until it becomes bwrap or the warden. */
static void be_keeper(const struct jail_options *o, const char *const *program,
                      int output, int gate)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    umask(022); /* what a compiler makes is run by another user */
    setsid();   /* no terminal, no group of ours */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int input =
        o->input >= 0 ? o->input : open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (take_descriptors(input, output, gate) < 0)
        _exit(126);

    const struct jail_limits *l = &o->limits;
    const long user = tiers[o->tier]->own_user ? jail_user_of(getpid()) : 0;
    const long processes =
        l->processes > 0 ? l->processes + tiers[o->tier]->keepers : 0;
    const long numbers[] = {l->cpu_s,     l->wall_s, l->memory_mb,
                            processes,    l->files,  l->file_mb,
                            l->sanitized, o->execs,  user};
    char texts[JAIL_WARDEN_ARGS][24];
    char *argv[JAIL_WARDEN_ARGS + JAIL_ARGS + 1];
    int n = 0;
    argv[n++] = (char *)(tiers[o->tier]->own_files ? JAIL_WARDEN : o->warden);
    for (; n < JAIL_WARDEN_ARGS; n++) {
        snprintf(texts[n], sizeof texts[n], "%ld", numbers[n - 1]);
        argv[n] = texts[n];
    }
    for (; *program != NULL && n < JAIL_WARDEN_ARGS + JAIL_ARGS; program++)
        argv[n++] = (char *)*program;
    argv[n] = NULL;
    const int error = tiers[o->tier]->enter(o, argv);
    const struct warden_word word = {.kind = WARDEN_NOEXEC, .status = -error};
    send(WARDEN_GATE, &word, sizeof word, MSG_NOSIGNAL);
    _exit(126);
}

/* Receives a word, and who sent it. 1, 0 at the end, or a negative errno. */
static int hear(struct jail *j, struct warden_word *word, pid_t *from,
                int flags)
{
    char control[CMSG_SPACE(sizeof(struct ucred))];
    struct iovec iov = {word, sizeof *word};
    struct msghdr m = {.msg_iov = &iov,
                       .msg_iovlen = 1,
                       .msg_control = control,
                       .msg_controllen = sizeof control};
    const ssize_t n = recvmsg(j->gate, &m, flags | MSG_CMSG_CLOEXEC);
    if (n == -1)
        return -errno;
    if (n != sizeof *word)
        return 0;
    const struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    if (from != NULL && c != NULL && c->cmsg_type == SCM_CREDENTIALS) {
        struct ucred who;
        memcpy(&who, CMSG_DATA(c), sizeof who);
        *from = who.pid;
    }
    return 1;
}

/* Waits for the program to stand at the gate. */
static int await_ready(struct jail *j)
{
    struct pollfd fd = {.fd = j->gate, .events = POLLIN};
    if (poll(&fd, 1, GATE_TIMEOUT_MS) != 1)
        return -ETIMEDOUT;
    struct warden_word word;
    const int heard = hear(j, &word, &j->pid, MSG_DONTWAIT);
    if (heard <= 0)
        return heard < 0 ? heard : -ECHILD;
    if (word.kind != WARDEN_READY)
        return -word.status;
    j->warden = crowd_parent(j->pid);
    return j->warden > 0 ? 0 : -ECHILD; /* 0 would be: all processes */
}

int jail_start(struct jail *j, const struct jail_options *options,
               const char *const *argv)
{
    *j = (struct jail){
        .tier = options->tier, .gate = -1, .output = -1, .status = -1};
    int gate[2], output[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, gate) == -1)
        return -errno;
    if (pipe2(output, O_CLOEXEC) == -1) {
        const int error = -errno;
        close(gate[0]);
        close(gate[1]);
        return error;
    }
    const int yes = 1;
    setsockopt(gate[0], SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes);
    fcntl(output[0], F_SETFL, O_NONBLOCK);
    j->gate = gate[0];
    j->output = output[0];
    j->keeper = fork();
    if (j->keeper == 0)
        be_keeper(options, argv, output[1], gate[1]);
    int error = j->keeper == -1 ? -errno : 0;
    close(gate[1]);
    close(output[1]);
    if (error == 0)
        error = await_ready(j);
    if (error != 0)
        jail_end(j);
    return error;
}

uid_t jail_owner(const struct jail *j)
{
    const bool ours = geteuid() != 0 || j->tier == JAIL_LIMITS;
    return ours ? geteuid() : jail_user_of(j->keeper);
}

int jail_go(struct jail *j)
{
    return send(j->gate, "g", 1, MSG_NOSIGNAL) == 1 ? 0 : -errno;
}

int jail_look(struct jail *j)
{
    static const enum jail_end ends[] = {
        [WARDEN_READY] = JAIL_LOST, /* again: only a liar says it twice */
        [WARDEN_NOEXEC] = JAIL_NOEXEC, [WARDEN_ENDED] = JAIL_EXITED,
        [WARDEN_MEMORY] = JAIL_MEMORY, [WARDEN_CPU] = JAIL_CPU,
        [WARDEN_WALL] = JAIL_WALL,
    };
    if (j->end != JAIL_RUNS)
        return 1;
    struct warden_word word;
    const int heard = hear(j, &word, NULL, MSG_DONTWAIT);
    if (heard == -EAGAIN || heard == -EINTR)
        return 0;
    j->end = JAIL_LOST;
    if (heard == 1 && (unsigned)word.kind <= WARDEN_WALL) {
        j->end = ends[word.kind];
        j->status = word.status;
        j->left = word.left;
    }
    return 1;
}

/*
 * Where the keeper is the warden, and the only one who knows what there is to
 * be ended, it gets some time for it; else its end is that of all.
 */
static void end_keeper(const struct jail *j)
{
    const struct jail_tier_ops *tier = tiers[j->tier];
    struct pollfd fd = {.fd = pidfd_open(j->keeper, 0), .events = POLLIN};
    if (!tier->own_pids && fd.fd != -1)
        poll(&fd, 1, CLEAR_TIMEOUT_MS);
    if (fd.fd != -1)
        close(fd.fd);
    if (j->end == JAIL_RUNS || j->end == JAIL_LOST)
        kill(j->keeper, SIGKILL);
    if (tier->own_user) /* in case the warden was kept from doing so */
        crowd_end_user(jail_user_of(j->keeper));
    while (waitpid(j->keeper, NULL, __WALL) == -1 && errno == EINTR)
        ;
}

void jail_end(struct jail *j)
{
    if (j->gate != -1)
        close(j->gate); /* a warden that lives clears up when it sees this */
    if (j->output != -1)
        close(j->output);
    if (j->keeper > 0)
        end_keeper(j);
    *j = (struct jail){.gate = -1,
                       .output = -1,
                       .end = j->end,
                       .status = j->status,
                       .left = j->left,
                       .warden = j->warden};
}

/* --- which tier ----------------------------------------------------------- */

bool jail_tier_works(enum jail_tier tier, const char *warden)
{
    const struct jail_options o = {
        .tier = tier,
        .warden = warden,
        .work = "/",
        .input = -1,
        .limits = {.cpu_s = 5,
                   .wall_s = 10,
                   .memory_mb = 64,
                   .processes = 8,
                   .files = 16,
                   .file_mb = 1},
    };
    const char *const argv[] = {"/bin/true", NULL};
    struct jail j;
    if (jail_start(&j, &o, argv) < 0)
        return false;
    jail_go(&j);
    struct pollfd fd = {.fd = j.gate, .events = POLLIN};
    const bool well = poll(&fd, 1, GATE_TIMEOUT_MS) == 1 && jail_look(&j) &&
                      j.end == JAIL_EXITED && j.status == 0;
    jail_end(&j);
    return well;
}

enum jail_tier jail_best_tier(const char *warden)
{
    for (enum jail_tier tier = JAIL_BWRAP; tier > JAIL_LIMITS; tier--)
        if (jail_tier_works(tier, warden))
            return tier;
    return JAIL_LIMITS;
}

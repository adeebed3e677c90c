/*
 * watch_saves.c - watches files by inotify, or by looking.
 *
 * A burst. An editor's save is several changes (truncate, write, close, rename,
 * the time of the file), "save all" several saves. Each change moves the timer
 * `quiet`; when 50 ms have passed without one, the files are looked at once
 * more, and it was one save. Someone who never stops writing gets a save each
 * second nevertheless.
 *
 * The cross-check. In each beat (a second) the files' times are compared with
 * those of the last event. A difference may be an event still on its way;
 * if it is there a beat later, no event will come, and we poll.
 *
 * Rests on: inotify(7), stat(2), statfs(2).
 * Read before: watch_saves.h. Read after: watch.c.
 */
#include "watch_saves.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/vfs.h>
#include <unistd.h>

static const int64_t quiet_ns = 50 * LOOP_MS;
static const int64_t burst_ns = LOOP_SECOND;
static const int64_t poll_ns = 200 * LOOP_MS;
static const int64_t check_ns = LOOP_SECOND;

enum {
    /* Of a file in the folder: written, or put there. */
    SAVES = IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_MODIFY | IN_ATTRIB,
    /* Of the folder itself: another has its name now, if any. */
    GONE = IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED,
};

/* --- looking ------------------------------------------------------------- */

/*
 * By open and fstat, not by stat: network file systems look at the server's
 * file when one is opened (nfs(5), "close-to-open"), and may answer stat from
 * what they remember.
 */
static struct watch_saves_file look_at(const char *dir, const char *name)
{
    char path[PATH_MAX];
    struct stat st;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd == -1)
        return (struct watch_saves_file){0};
    const int error = fstat(fd, &st);
    close(fd);
    if (error == -1)
        return (struct watch_saves_file){0};
    return (struct watch_saves_file){st.st_dev, st.st_ino, st.st_size,
                                     st.st_mtim};
}

static bool same_file(const struct watch_saves_file *a,
                      const struct watch_saves_file *b)
{
    return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
           a->written.tv_sec == b->written.tv_sec &&
           a->written.tv_nsec == b->written.tv_nsec;
}

/* True if a file differs from what was seen; `note`: it is seen now. */
static bool differs(struct watch_saves *s, bool note)
{
    bool different = false;
    for (size_t i = 0; s->options.files[i] != NULL; i++) {
        const struct watch_saves_file now =
            look_at(s->options.dir, s->options.files[i]);
        different = different || !same_file(&now, &s->seen[i]);
        if (note)
            s->seen[i] = now;
    }
    return different;
}

/* --- from changes to a save ---------------------------------------------- */

static void on_quiet(struct loop_timer *t);

static void changed(struct watch_saves *s)
{
    const int64_t now = loop_now(s->loop);
    const bool first = s->first_ns == 0;
    if (first)
        s->first_ns = now;
    int64_t deadline_ns = now + quiet_ns;
    if (deadline_ns > s->first_ns + burst_ns)
        deadline_ns = s->first_ns + burst_ns;
    loop_timer_start(s->loop, &s->quiet, deadline_ns, on_quiet, s);
    if (first)
        s->options.on_change(s->options.arg);
}

static bool take_events(struct watch_saves *s);
static void use_polling(struct watch_saves *s, const char *why);

static void on_quiet(struct loop_timer *t)
{
    struct watch_saves *s = t->arg;
    const bool late = loop_now(s->loop) >= s->first_ns + burst_ns;
    const bool more = take_events(s) || differs(s, true);
    if (more && !late) {
        changed(s);
        return;
    }
    s->first_ns = 0;
    s->options.on_save(s->options.arg);
}

bool watch_saves_look(struct watch_saves *s)
{
    if (take_events(s) || differs(s, true))
        changed(s);
    return s->first_ns != 0;
}

/* --- inotify ------------------------------------------------------------- */

static bool is_ours(const struct watch_saves *s, const char *name)
{
    for (const char *const *file = s->options.files; *file != NULL; file++)
        if (strcmp(*file, name) == 0)
            return true;
    return false;
}

/* Takes all that is there; true if one of the files has changed. */
static bool take_events(struct watch_saves *s)
{
    union {
        struct inotify_event event;
        char bytes[8192];
    } buffer;
    bool ours = false, gone = false;
    ssize_t len;
    while (s->fd != -1 &&
           (len = read(s->fd, buffer.bytes, sizeof buffer)) > 0) {
        for (ssize_t at = 0; at < len;) {
            const struct inotify_event *event = (void *)(buffer.bytes + at);
            gone = gone || (event->mask & GONE) != 0;
            ours = ours || (event->mask & IN_Q_OVERFLOW) != 0 ||
                   (event->len > 0 && is_ours(s, event->name));
            at += (ssize_t)(sizeof *event + event->len);
        }
    }
    if (gone)
        use_polling(s, "the folder was replaced");
    if (!ours && !gone)
        return false;
    s->doubt = false;
    differs(s, true);
    return true;
}

static void on_readable(struct loop_watcher *w, unsigned events)
{
    struct watch_saves *s = w->arg;
    if (events == LOOP_ERROR)
        use_polling(s, "inotify cannot be waited for");
    else if (take_events(s))
        changed(s);
}

/* --- the beat ------------------------------------------------------------ */

static void on_beat(struct loop_periodic *p)
{
    struct watch_saves *s = p->arg;
    if (take_events(s)) {
        changed(s);
        return;
    }
    if (!differs(s, s->fd == -1)) {
        s->doubt = false;
        return;
    }
    if (s->fd != -1 && !s->doubt) {
        s->doubt = true;
        return;
    }
    if (s->fd != -1) {
        differs(s, true);
        use_polling(s, "inotify did not tell of a save");
    }
    changed(s);
}

static void start_beat(struct watch_saves *s)
{
    const int64_t period_ns = s->fd == -1 ? poll_ns : check_ns;
    loop_periodic_stop(&s->beat);
    const int error =
        loop_periodic_start(s->loop, &s->beat, period_ns, 0, on_beat, s);
    assert(error == 0);
    (void)error;
}

static void use_polling(struct watch_saves *s, const char *why)
{
    if (s->fd == -1)
        return;
    loop_watcher_stop(&s->watcher);
    close(s->fd);
    s->fd = -1;
    s->why = why;
    start_beat(s);
    s->options.on_poll(s->options.arg);
}

/* --- does inotify see anything here? ------------------------------------- */

const char *watch_saves_blind(unsigned long type)
{
    static const struct {
        unsigned long type;
        const char *why;
    } known[] = {
        {0x01021997, "9p: another system writes there (WSL, a virtual disk)"},
        {0x00006969, "NFS: other machines write there"},
        {0x0000517b, "SMB: other machines write there"},
        {0xfe534d42, "SMB: other machines write there"},
        {0xff534d42, "CIFS: other machines write there"},
        {0x65735546, "FUSE or virtiofs: another system may write there"},
        {0x53464846, "WSL's file system: Windows writes there"},
        {0x786f4256, "a shared folder of VirtualBox: the host writes there"},
        {0xbacbacbc, "a shared folder of VMware: the host writes there"},
        {0x7c7c6673, "a shared folder of Parallels: the host writes there"},
        {0x00c36400, "Ceph: other machines write there"},
        {0x5346414f, "AFS: other machines write there"},
        {0x73757245, "Coda: other machines write there"},
        {0x0bd00bd0, "Lustre: other machines write there"},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (known[i].type == type)
            return known[i].why;
    return NULL;
}

/* Makes a file in folder `dir`; true if inotify has told of it at once. */
static bool probe_works(const char *dir)
{
    char path[PATH_MAX];
    char event[sizeof(struct inotify_event) + NAME_MAX + 1];
    snprintf(path, sizeof path, "%s/.watch-XXXXXX", dir);
    const int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (fd == -1)
        return false;
    if (inotify_add_watch(fd, dir, IN_CREATE) == -1) {
        const bool absent = errno == ENOENT; /* then nothing can be tried */
        close(fd);
        return absent;
    }
    const int file = mkostemp(path, O_CLOEXEC);
    /* Events are queued by the call that makes them, see fs/notify. */
    const bool told = file == -1 || read(fd, event, sizeof event) > 0;
    if (file != -1) {
        close(file);
        unlink(path);
    }
    close(fd);
    return told;
}

/* Opens inotify for the folder, or returns in words why not. */
static const char *open_inotify(struct watch_saves *s)
{
    struct statfs fs;
    if (s->options.poll)
        return "as you said";
    const char *blind = NULL;
    if (statfs(s->options.dir, &fs) == 0)
        blind = watch_saves_blind((unsigned long)fs.f_type & 0xffffffff);
    if (blind != NULL)
        return blind;
    if (s->options.probe != NULL && !probe_works(s->options.probe))
        return "inotify did not tell of a probe";
    s->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (s->fd == -1)
        return "no inotify: too many are in use, or the kernel has none";
    if (inotify_add_watch(s->fd, s->options.dir, SAVES | GONE) != -1 &&
        loop_watcher_start(s->loop, &s->watcher, s->fd, LOOP_READ, on_readable,
                           s) == 0)
        return NULL;
    close(s->fd);
    s->fd = -1;
    return "inotify refused: the limit of watches is reached (inotify(7))";
}

/* --- life ---------------------------------------------------------------- */

void watch_saves_start(struct watch_saves *s, struct loop *loop,
                       const struct watch_saves_options *options)
{
    s->options = *options;
    s->loop = loop;
    s->fd = -1;
    s->doubt = false;
    s->first_ns = 0;
    s->why = open_inotify(s);
    /* After inotify: what changes in between is seen twice, not never. */
    differs(s, true);
    start_beat(s);
}

void watch_saves_stop(struct watch_saves *s)
{
    if (s->loop == NULL)
        return;
    loop_periodic_stop(&s->beat);
    loop_timer_stop(&s->quiet);
    loop_watcher_stop(&s->watcher);
    if (s->fd != -1)
        close(s->fd);
    s->fd = -1;
    s->loop = NULL;
}

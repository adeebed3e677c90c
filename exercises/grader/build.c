/*
 * build.c - see build.h.
 *
 * One shell script in one jail makes both programs side by side. It is made of
 * names from exercise.ini alone; nothing of the student's is in it.
 *
 * What a program may not do is to bring a sanitizer of its own, or to ask not
 * to be looked at: then no memory error would be seen. So it is refused if it
 * names one of the sanitizers' functions, has the attribute no_sanitize, a
 * malloc of its own, or looks for functions by name. For the sanitized build,
 * what is looked at is what is compiled: the preprocessed text, in which
 * nothing depends on anything any more.
 *
 * Read before: build.h, ../check/jail.h. Read after: run.c.
 */
#include "build.h"

#include "scratch.h"

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WORDS_MAX = 16384, SCRIPT_MAX = 16384 };

static const struct jail_limits limits = {
    .cpu_s = 30,
    .wall_s = 60,
    .memory_mb = 1500,
    .processes = 64,
    .files = 256,
    .file_mb = 64,
    .sanitized = true, /* a compiler's address space is its own affair */
};

/* --- the script ----------------------------------------------------------- */

/* The object of "lessons/common/common.c"; CPU in a name is this one's. */
static void add_part(struct base_buf *script, const char *variant,
                     struct base_slice part)
{
#if defined __aarch64__
    static const char cpu[] = "aarch64";
#else
    static const char cpu[] = "x86_64";
#endif
    part.len -= 2;
    base_buf_printf(script, " $kit/%s/", variant);
    const ssize_t at = base_slice_find(part, base_slice_of("CPU"));
    if (at >= 0) {
        base_buf_printf(script, "%.*s%s", (int)at, part.ptr, cpu);
        part = base_slice_skip(part, (size_t)at + 3);
    }
    base_buf_printf(script, "%.*s.o", (int)part.len, part.ptr);
}

static void compile(struct base_buf *script, const struct exercise *e,
                    const char *variant, const char *flags)
{
    base_buf_printf(script, "%s() {\n", variant);
    for (int i = 0; e->files[i] != NULL; i++) {
        if (!base_slice_ends(base_slice_of(e->files[i]), base_slice_of(".c")))
            continue;
        base_buf_printf(script, "compile %s %s %s || return\n", variant,
                        e->files[i], flags);
    }
    base_buf_printf(script,
                    "refuse %s || return\ncc %s -pthread -o ../%s/%s "
                    "../%s/*.c.o",
                    variant, flags, variant, e->program, variant);
    for (int i = 0; e->parts[i] != NULL; i++)
        add_part(script, variant, base_slice_of(e->parts[i]));
    base_buf_printf(script, " %s\n}\n",
                    e->libraries != NULL ? e->libraries : "");
}

/* compile VARIANT FILE FLAGS...; refuse VARIANT. By .symver, a name may have a
 * version behind it: malloc@@V1. */
static const char functions[] =
    "compile() {\n"
    "  to=../$1/$2 file=$2\n"
    "  shift 2\n"
    "  if test $to != ../sanitized/$file; then\n"
    "    cc $flags \"$@\" -c $file -o $to.o\n"
    "    return\n"
    "  fi\n"
    "  cc $flags \"$@\" -E $file -o $to.i || return\n"
    "  if grep -E 'no_sanitize|no_address_safety|disable_sanitizer' $to.i\n"
    "  then\n"
    "    echo 'the attribute no_sanitize is not allowed here'\n"
    "    return 1\n"
    "  fi\n"
    "  if grep -wE '_*(asan|lsan|ubsan|tsan|sanitizer|interceptor)_[a-z_0-9]*' "
    "$to.i\n"
    "  then\n"
    "    echo 'these names belong to the sanitizers: give yours others'\n"
    "    return 1\n"
    "  fi\n"
    "  cc $flags \"$@\" -c $to.i -o $to.o\n"
    "}\n"
    "refuse() {\n"
    "  if nm --defined-only ../$1/*.c.o | grep -E ' "
    "(_*(asan|lsan|ubsan|tsan|sanitizer|interceptor)_.*|malloc|free|calloc|"
    "realloc|memalign|posix_memalign|aligned_alloc)(@.*)?$'; then\n"
    "    echo 'these names belong to the sanitizers: give yours others'\n"
    "    return 1\n"
    "  fi\n"
    "  if nm --undefined-only ../$1/*.c.o | grep -E ' "
    "(__(lsan|sanitizer)_.*|__asan_(un)?poison_memory_region|"
    "dl(open|mopen|sym|vsym))(@.*)?$'; then\n"
    "    echo 'these functions are not allowed here'\n"
    "    return 1\n"
    "  fi\n"
    "}\n";

static char *make_script(const struct exercise *e,
                         const struct build_options *o,
                         const struct jail_options *jail,
                         struct base_arena *arena)
{
    struct base_buf b;
    base_buf_init(&b, SCRIPT_MAX);
    const bool own = jail_own_files(o->tier);
    base_buf_printf(&b,
                    "kit=%s\nflags=\"-std=gnu17 -D_GNU_SOURCE -g -pthread "
                    "-fno-omit-frame-pointer -Wall -Wextra -I$kit/include "
                    "-ffile-prefix-map=%s=/work\"\n",
                    own ? "/kit" : jail->kit, own ? "/work" : o->work);
    base_buf_printf(&b, "%s", functions);
    compile(&b, e, "plain", "-O2");
    /* The warnings once are enough. */
    compile(&b, e, "sanitized",
            "-O1 -w -fsanitize=address,undefined -fno-sanitize-recover=all");
    /* What both say is told once. */
    if (!own) /* where the compiler may write */
        base_buf_printf(&b, "export TMPDIR=%s/plain\n", o->work);
    base_buf_printf(&b, "cd src || exit\n"
                        "sanitized > ../sanitized/log 2>&1 &\n"
                        "plain\nfirst=$?\n"
                        "wait $! && test $first = 0 && exit 0\n"
                        "test $first = 0 && cat ../sanitized/log\n"
                        "exit 1\n");
    char *script = base_arena_strdup(arena, base_buf_slice(&b));
    base_buf_fini(&b);
    return script;
}

/* --- the jail ------------------------------------------------------------- */

/* Reads what comes until the end; keeps the first of it. */
static void collect(struct jail *j, struct base_buf *words)
{
    char bytes[4096];
    for (;;) {
        struct pollfd fds[] = {{j->output, POLLIN, 0}, {j->gate, POLLIN, 0}};
        poll(fds, 2, -1);
        if ((fds[0].revents & (POLLIN | POLLHUP)) != 0) {
            const ssize_t n = read(j->output, bytes, sizeof bytes);
            if (n > 0)
                base_buf_append(words, (struct base_slice){bytes, (size_t)n});
            if (n > 0)
                continue;
        }
        if (jail_look(j) == 1)
            return;
    }
}

static const char *limit_words(enum jail_end end)
{
    switch (end) {
    case JAIL_MEMORY:
        return "\nthe compiler needed too much memory, and was ended\n";
    case JAIL_CPU:
    case JAIL_WALL:
        return "\nthe compiler did not come to an end, and was ended\n";
    default:
        return "";
    }
}

/* The folders that the compiler writes to, and what is in them. */
static const char *const folders[] = {"plain", "sanitized"};
enum { N_FOLDERS = sizeof folders / sizeof folders[0] };

static uid_t new_owner; /* nftw gives its function no argument */

static int give_one(const char *path, const struct stat *info, int type,
                    struct FTW *at)
{
    (void)info;
    (void)type;
    (void)at;
    return lchown(path, new_owner, (gid_t)new_owner);
}

/*
 * If the grader is root the compiler is another user, and owns them meanwhile.
 * Nobody else ever does: not the program either, when it runs.
 */
static int give_folders(const char *work, uid_t owner)
{
    int error = geteuid() == 0 ? 0 : 1;
    new_owner = owner;
    for (int i = 0; i < N_FOLDERS && error == 0; i++) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%s/%s", work, folders[i]);
        error = nftw(path, give_one, 4, FTW_PHYS) != 0 ? -EPERM : 0;
    }
    return error < 0 ? error : 0;
}

static int run_script(const struct jail_options *jail, const char *script,
                      struct base_arena *arena, const char **words)
{
    const char *const argv[] = {"/bin/sh", "-c", script, NULL};
    struct jail j;
    int error = jail_start(&j, jail, argv);
    if (error < 0)
        return error;
    error = give_folders(jail->work, jail_owner(&j));
    if (error == 0)
        error = jail_go(&j);
    if (error < 0) {
        jail_end(&j);
        return error;
    }
    struct base_buf said;
    base_buf_init(&said, WORDS_MAX);
    collect(&j, &said);
    jail_end(&j);
    error = give_folders(jail->work, 0);
    *words = base_arena_printf(arena, "%.*s%s", (int)base_buf_len(&said),
                               base_buf_slice(&said).ptr, limit_words(j.end));
    base_buf_fini(&said);
    if (error < 0 || j.end == JAIL_LOST || j.end == JAIL_NOEXEC)
        return -ECHILD;
    return j.end == JAIL_EXITED && j.status == 0 ? 0 : -ENOEXEC;
}

int build_submission(const struct exercise *e, const struct build_options *o,
                     struct base_arena *arena, const char **words)
{
    *words = "";
    if (e->program == NULL)
        return 0;
    for (int i = 0; i < N_FOLDERS; i++) {
        const char *path =
            base_arena_printf(arena, "%s/%s", o->work, folders[i]);
        const int error = scratch_mkdir(path);
        if (error != 0)
            return error;
    }
    const struct jail_options jail = {
        .tier = o->tier,
        .warden = o->warden,
        .work = o->work,
        .writable = true,
        .execs = true,
        .kit = o->kit,
        .input = -1,
        .limits = limits,
    };
    return run_script(&jail, make_script(e, o, &jail, arena), arena, words);
}

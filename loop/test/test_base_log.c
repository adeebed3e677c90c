/*
 * test_base_log.c - what a line looks like, who may speak, where lines go, and
 * that no message and no disk can do harm. Time is the test's own.
 *
 * Read before: base.h, log. Read after: test_base_option.c.
 * Rests on: cmocka; pipe(2) O_DIRECT, which keeps writes apart; openpty(3).
 */
#include "loop/base.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <pty.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* --- fixture: a folder, a clock, a stderr to look into -------------------- */

static char folder[] = "/tmp/test_base_log.XXXXXX";
static char path[64];
static int64_t now_ns;

static int64_t clock_of_test(void)
{
    return now_ns;
}

/* Sets the clock to a local time, which is UTC here. */
static void set_clock(const char *text)
{
    struct tm tm = {0};
    assert_non_null(strptime(text, "%Y-%m-%d %H:%M:%S", &tm));
    now_ns = (int64_t)mktime(&tm) * 1000000000 + 123456789;
}

static void remove_files(void)
{
    DIR *dir = opendir(folder);
    for (const struct dirent *e = readdir(dir); e != NULL; e = readdir(dir))
        unlinkat(dirfd(dir), e->d_name, 0);
    closedir(dir);
}

static int set_up(void **state)
{
    (void)state;
    strcpy(folder + strlen(folder) - 6, "XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/log", folder);
    set_clock("2026-11-21 17:39:54");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    base_log_close();
    remove_files();
    return rmdir(folder);
}

static struct base_log_config to_file(void)
{
    struct base_log_config config = base_log_default;
    config.file = path;
    config.clock_ns = clock_of_test;
    return config;
}

static void assert_opens(const struct base_log_config *config)
{
    assert_int_equal(base_log_open(config), 0);
}

/* What the file `name` in the folder holds; valid until the next call. */
static const char *content(const char *name)
{
    static char text[200000];
    char full[128];
    snprintf(full, sizeof full, "%s/%s", folder, name);
    const int fd = open(full, O_RDONLY | O_CLOEXEC);
    if (fd == -1)
        return NULL;
    size_t len = 0;
    for (ssize_t n = 1; n > 0; len += (size_t)n) {
        n = read(fd, text + len, sizeof text - 1 - len);
        assert_true(n >= 0);
    }
    close(fd);
    text[len] = '\0';
    return text;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* The names of the files in the folder, sorted, with blanks between. */
static const char *files(void)
{
    static char names[2000];
    char each[50][32];
    size_t n = 0;
    DIR *dir = opendir(folder);
    for (const struct dirent *e = readdir(dir); e != NULL; e = readdir(dir))
        if (e->d_name[0] != '.')
            snprintf(each[n++], sizeof each[0], "%.31s", e->d_name);
    closedir(dir);
    qsort(each, n, sizeof each[0], by_name);
    names[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        strcat(names, i > 0 ? " " : "");
        strcat(names, each[i]);
    }
    return names;
}

/* The file ends with this message. */
static void assert_last(const char *name, const char *message)
{
    const char *text = content(name);
    if (text == NULL)
        fail_msg("there is no %s", name);
    assert_true(strlen(text) > strlen(message));
    assert_memory_equal(text + strlen(text) - strlen(message) - 1, message,
                        strlen(message));
}

/* --- the line ------------------------------------------------------------- */

/* The file's one line is a stamp with this letter and logger, and `message`. */
static void assert_line(const char *letter_time_logger, const char *message)
{
    char wanted[BASE_LOG_LINE];
    snprintf(wanted, sizeof wanted, "[%s test_base_log.c:", letter_time_logger);
    const char *line = content("log");
    assert_memory_equal(line, wanted, strlen(wanted));
    const char *rest = line + strlen(wanted);
    rest += strspn(rest, "0123456789");
    snprintf(wanted, sizeof wanted, "] %s\n", message);
    assert_string_equal(rest, wanted);
    assert_int_equal(truncate(path, 0), 0);
}

static void test_a_line_says_level_time_logger_and_place(void **state)
{
    (void)state;
    struct base_log_config config = to_file();
    config.level = BASE_DEBUG;
    assert_opens(&config);
    base_log_debug("one %d", 1);
    assert_line("D 2026-11-21 17:39:54.123 general", "one 1");
    base_log_info("two");
    assert_line("I 2026-11-21 17:39:54.123 general", "two");
    base_log(BASE_APPLICATION, BASE_WARNING, "three");
    assert_line("W 2026-11-21 17:39:54.123 application", "three");
    set_clock("2027-01-02 03:04:05");
    base_log(BASE_ACCESS, BASE_ERROR, "500 GET /");
    assert_line("E 2027-01-02 03:04:05.123 access", "500 GET /");
}

static void test_bytes_cannot_forge_a_line_or_steer_a_terminal(void **state)
{
    (void)state;
    static const struct {
        const char *message, *line;
    } cases[] = {
        {"a\n[E 2026 forged", "a\\n[E 2026 forged"},
        {"a\r\x1b[2Jb\x07\x7f", "a\\x0d\\x1b[2Jb\\x07\\x7f"},
        {"a\tb", "a\tb"},
        {"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
         "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"},
        {"caf\xe9", "caf\\xe9"},
        {"\xc2\x9b"
         "2J",
         "\\xc2\\x9b2J"},
        {"\xed\xa0\x80", "\\xed\\xa0\\x80"},
        {"cut \xe2\x82", "cut \\xe2\\x82"},
        {"", ""},
    };
    const struct base_log_config config = to_file();
    assert_opens(&config);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        base_log_info("%s", cases[i].message);
        assert_line("I 2026-11-21 17:39:54.123 general", cases[i].line);
    }
}

static void assert_cut(const char *message, const char *end)
{
    base_log_info("%s", message);
    const char *line = content("log");
    const size_t len = strlen(line);
    assert_true(len <= BASE_LOG_LINE && len > BASE_LOG_LINE - 16);
    assert_string_equal(line + len - strlen(end), end);
    assert_ptr_equal(strchr(line, '\n'), line + len - 1);
    assert_int_equal(truncate(path, 0), 0);
}

static void test_a_long_line_is_cut_between_characters(void **state)
{
    (void)state;
    const struct base_log_config config = to_file();
    assert_opens(&config);
    char message[2 * BASE_LOG_LINE + 1] = "";
    memset(message, 'x', sizeof message - 1);
    assert_cut(message, "xx...\n");
    memset(message, '\1', sizeof message - 1);
    assert_cut(message, "\\x01...\n");
    for (size_t i = 0; i < sizeof message - 1; i++)
        message[i] = "\xc3\xa9"[i % 2];
    assert_cut(message, "\xc3\xa9...\n");
    assert_cut(message + 1, "\xc3\xa9...\n"); /* begins with half of one */
}

/* --- who may speak -------------------------------------------------------- */

static char heard[1000];

static void hear(enum base_logger logger, enum base_level level,
                 const char *message, void *arg)
{
    assert_ptr_equal(arg, heard);
    const size_t len = strlen(heard);
    snprintf(heard + len, sizeof heard - len, "%d%d%s ", (int)logger,
             (int)level, message);
}

static void say_all(void)
{
    heard[0] = '\0';
    base_log_debug("d");
    base_log_info("i");
    base_log_warning("w");
    base_log_error("e");
    base_log(BASE_ACCESS, BASE_INFO, "a");
    base_log(BASE_GENERAL, BASE_NONE, "never");
}

static void test_levels_and_loggers(void **state)
{
    (void)state;
    struct base_log_config config = base_log_default;
    config.sink = hear;
    config.sink_arg = heard;
    assert_opens(&config);
    say_all();
    assert_string_equal(heard, "01i 02w 03e 21a ");
    base_log_set_level(BASE_ACCESS, BASE_NONE);
    say_all();
    assert_string_equal(heard, "01i 02w 03e ");
    config.level = BASE_ERROR;
    assert_opens(&config);
    say_all();
    assert_string_equal(heard, "03e ");
    assert_true(base_log_enabled(BASE_GENERAL, BASE_ERROR));
    assert_false(base_log_enabled(BASE_GENERAL, BASE_WARNING));
    config.level = BASE_NONE;
    assert_opens(&config);
    say_all();
    assert_string_equal(heard, "");
}

static void test_the_sink_gets_the_escaped_message(void **state)
{
    (void)state;
    struct base_log_config config = base_log_default;
    config.sink = hear;
    config.sink_arg = heard;
    assert_opens(&config);
    heard[0] = '\0';
    base_log_info("a\nb");
    assert_string_equal(heard, "01a\\nb ");
}

/* --- stderr --------------------------------------------------------------- */

static int kept_stderr = -1;

/* From now on stderr is `fd`, which is closed. */
static void redirect_stderr(int fd)
{
    kept_stderr = dup(STDERR_FILENO);
    assert_int_equal(dup2(fd, STDERR_FILENO), STDERR_FILENO);
    close(fd);
}

static void restore_stderr(void)
{
    dup2(kept_stderr, STDERR_FILENO);
    close(kept_stderr);
}

static void test_a_line_is_one_write(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe2(ends, O_DIRECT | O_NONBLOCK), 0);
    assert_opens(&base_log_default);
    redirect_stderr(ends[1]);
    base_log_info("first");
    base_log_info("second");
    restore_stderr();
    char packet[BASE_LOG_LINE];
    ssize_t n = read(ends[0], packet, sizeof packet);
    assert_true(n > 7);
    assert_memory_equal(packet + n - 8, "] first\n", 8);
    assert_ptr_equal(memchr(packet, '\n', (size_t)n), packet + n - 1);
    n = read(ends[0], packet, sizeof packet);
    assert_true(n > 8);
    assert_memory_equal(packet + n - 9, "] second\n", 9);
    assert_int_equal(read(ends[0], packet, sizeof packet), 0);
    close(ends[0]);
}

/* What one line on a terminal, or else a pipe, looks like. */
static const char *line_on(bool terminal)
{
    static char line[BASE_LOG_LINE];
    int ends[2];
    if (terminal)
        assert_int_equal(openpty(&ends[0], &ends[1], NULL, NULL, NULL), 0);
    else
        assert_int_equal(pipe(ends), 0);
    struct base_log_config config = base_log_default;
    config.clock_ns = clock_of_test;
    assert_opens(&config);
    redirect_stderr(ends[1]);
    base_log_warning("colour?");
    const ssize_t n = read(ends[0], line, sizeof line - 1);
    restore_stderr();
    close(ends[0]);
    assert_true(n > 0);
    line[n] = '\0';
    return line;
}

static void test_colour_on_a_terminal_alone(void **state)
{
    (void)state;
    unsetenv("NO_COLOR");
    setenv("TERM", "xterm", 1);
    const char *line = line_on(true);
    assert_memory_equal(line, "\x1b[33m[W 2026", 12);
    assert_non_null(strstr(line, "] \x1b[0mcolour?"));
    assert_null(strchr(line_on(false), '\x1b'));
    setenv("NO_COLOR", "1", 1);
    assert_null(strchr(line_on(true), '\x1b'));
    setenv("NO_COLOR", "", 1);
    assert_non_null(strchr(line_on(true), '\x1b'));
    setenv("TERM", "dumb", 1);
    assert_null(strchr(line_on(true), '\x1b'));
}

/* True if a line reaches stderr under `config`. */
static bool reaches_stderr(const struct base_log_config *config)
{
    int ends[2];
    char byte;
    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    assert_opens(config);
    redirect_stderr(ends[1]);
    base_log_info("x");
    const ssize_t n = read(ends[0], &byte, 1);
    restore_stderr();
    close(ends[0]);
    return n == 1;
}

static void test_to_stderr_a_file_or_both(void **state)
{
    (void)state;
    struct base_log_config config = to_file();
    assert_false(reaches_stderr(&config));
    assert_true(strlen(content("log")) > 0);
    assert_int_equal(truncate(path, 0), 0);
    config.to_stderr = true;
    assert_true(reaches_stderr(&config));
    assert_true(strlen(content("log")) > 0);
    config.to_stderr = false;
    config.file = "";
    assert_true(reaches_stderr(&config));
    config.file = NULL;
    assert_true(reaches_stderr(&config));
}

/* --- faults --------------------------------------------------------------- */

static void test_a_full_disk_costs_lines_alone(void **state)
{
    (void)state;
    struct base_log_config config = to_file();
    config.file = "/dev/full";
    assert_opens(&config);
    errno = EXDEV;
    for (int i = 0; i < 10; i++)
        base_log_error("nobody reads this");
    assert_int_equal(errno, EXDEV);
}

static void test_a_reader_that_has_gone_costs_lines_alone(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    assert_opens(&base_log_default);
    redirect_stderr(ends[1]);
    errno = EXDEV;
    base_log_error("nobody reads this"); /* SIGPIPE would end the test */
    assert_int_equal(errno, EXDEV);
    restore_stderr();
}

static void test_a_limit_of_file_size_costs_lines_alone(void **state)
{
    (void)state;
    const struct base_log_config config = to_file();
    struct rlimit limit;
    assert_opens(&config);
    base_log_error("one");
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    const struct rlimit low = {strlen(content("log")), limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
    base_log_error("two"); /* SIGXFSZ would end the test */
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    base_log_error("three");
    assert_null(strstr(content("log"), "two"));
    assert_last("log", "three");
}

static void test_what_cannot_be_opened_leaves_the_log_as_it_was(void **state)
{
    (void)state;
    struct base_log_config config = to_file();
    assert_opens(&config);
    config.file = "/nonexistent/folder/log";
    assert_int_equal(base_log_open(&config), -ENOENT);
    config = to_file();
    config.rotate_mode = "sometimes";
    assert_int_equal(base_log_open(&config), -EINVAL);
    config.rotate_mode = "time";
    const char *const bad[] = {"", "X", "W", "W7", "SS", "Midnight", "W01"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        config.rotate_when = bad[i];
        assert_int_equal(base_log_open(&config), -EINVAL);
    }
    config.rotate_when = "S";
    config.rotate_interval = 0;
    assert_int_equal(base_log_open(&config), -EINVAL);
    base_log_info("still here");
    assert_line("I 2026-11-21 17:39:54.123 general", "still here");
}

static void test_rotation_that_fails_goes_on_in_the_open_file(void **state)
{
    (void)state;
    struct base_log_config config = to_file();
    config.max_size = 10;
    config.backups = 1;
    char blocker[80];
    snprintf(blocker, sizeof blocker, "%s.1", path);
    assert_int_equal(mkdir(blocker, 0700), 0); /* a file cannot replace it */
    assert_opens(&config);
    base_log_info("one");
    base_log_info("two");
    assert_non_null(strstr(content("log"), "one"));
    assert_non_null(strstr(content("log"), "two"));
    rmdir(blocker);
}

/* --- rotation ------------------------------------------------------------- */

static void test_rotation_by_size(void **state)
{
    (void)state;
    struct base_log_config config = to_file();
    config.max_size = 150;
    config.backups = 2;
    assert_opens(&config);
    for (int i = 0; i < 8; i++) { /* two lines of 63 bytes fit */
        base_log_info("line %d", i);
        assert_true(strlen(content("log")) <= 150);
    }
    assert_string_equal(files(), "log log.1 log.2");
    assert_last("log", "line 7");
    assert_last("log.1", "line 5");
    assert_last("log.2", "line 3");
    base_log_close();
    assert_opens(&config); /* a new run goes on where the last one was */
    base_log_info("line 8");
    assert_last("log", "line 8");
    assert_last("log.1", "line 7");
}

static void test_a_line_beyond_the_size_has_a_file_for_itself(void **state)
{
    (void)state;
    struct base_log_config config = to_file();
    config.max_size = 10;
    assert_opens(&config);
    base_log_info("one");
    assert_string_equal(files(), "log");
    base_log_info("two");
    assert_string_equal(files(), "log log.1");
}

static void test_without_backups_size_rotates_nothing(void **state)
{
    (void)state;
    struct base_log_config config = to_file();
    config.max_size = 10;
    config.backups = 0;
    assert_opens(&config);
    base_log_info("one");
    base_log_info("two");
    assert_string_equal(files(), "log");
    assert_last("log", "two");
}

/*
 * From Saturday, 2026-11-21 17:39:54 on, `when` and `interval` rotate at `then`
 * and not a second before.
 */
static void assert_turns(const char *when, int interval, const char *then)
{
    remove_files();
    set_clock("2026-11-21 17:39:54");
    struct base_log_config config = to_file();
    config.rotate_mode = "time";
    config.rotate_when = when;
    config.rotate_interval = interval;
    assert_opens(&config);
    base_log_info("old");
    set_clock(then);
    now_ns -= 1000000000;
    base_log_info("still old");
    assert_string_equal(files(), "log");
    now_ns += 1000000000;
    base_log_info("new");
    char wanted[64];
    snprintf(wanted, sizeof wanted, "log log.%.10s_%.2s-%.2s-%.2s", then,
             then + 11, then + 14, then + 17);
    assert_string_equal(files(), wanted);
    assert_last("log", "new");
    assert_last(wanted + 4, "still old");
}

static void test_rotation_by_time(void **state)
{
    (void)state;
    assert_turns("S", 1, "2026-11-21 17:39:55");
    assert_turns("S", 30, "2026-11-21 17:40:24");
    assert_turns("M", 5, "2026-11-21 17:44:54");
    assert_turns("H", 1, "2026-11-21 18:39:54");
    assert_turns("D", 2, "2026-11-23 17:39:54");
    assert_turns("midnight", 1, "2026-11-22 00:00:00");
    assert_turns("midnight", 3, "2026-11-24 00:00:00");
    assert_turns("W0", 1, "2026-11-24 00:00:00"); /* when Monday is over */
    assert_turns("W5", 1, "2026-11-22 00:00:00"); /* Saturday, today */
    assert_turns("W6", 2, "2026-11-30 00:00:00");
}

static void test_midnight_where_days_have_25_hours(void **state)
{
    (void)state;
    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    tzset();
    struct base_log_config config = to_file();
    config.rotate_mode = "time";
    /* Sunday 2026-10-25 begins at 22:00 and ends at 23:00 UTC. */
    now_ns = (int64_t)1792879200 * 1000000000;
    assert_opens(&config);
    base_log_info("old");
    now_ns += (int64_t)(25 * 3600 - 1) * 1000000000;
    base_log_info("still old");
    assert_string_equal(files(), "log");
    now_ns += 1000000000;
    base_log_info("new");
    assert_string_equal(files(), "log log.2026-10-26_00-00-00");
    setenv("TZ", "UTC", 1);
    tzset();
}

static void test_time_keeps_the_newest_backups(void **state)
{
    (void)state;
    struct base_log_config config = to_file();
    config.rotate_mode = "time";
    config.rotate_when = "H";
    config.backups = 2;
    assert_opens(&config);
    const char *const bystanders[] = {"log.1", "log.2026-01-01_00-00-0x",
                                      "other.2026-01-01_00-00-00"};
    for (size_t i = 0; i < 3; i++) {
        char name[80];
        snprintf(name, sizeof name, "%s/%s", folder, bystanders[i]);
        close(open(name, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    }
    for (int i = 0; i < 5; i++) {
        base_log_info("hour %d", i);
        now_ns += (int64_t)3600 * 1000000000;
    }
    assert_string_equal(files(),
                        "log log.1 log.2026-01-01_00-00-0x "
                        "log.2026-11-21_20-39-54 log.2026-11-21_21-39-54 "
                        "other.2026-01-01_00-00-00");
}

static void test_a_clock_set_back_overwrites_no_file(void **state)
{
    (void)state;
    struct base_log_config config = to_file();
    config.rotate_mode = "time";
    config.rotate_when = "S";
    assert_opens(&config);
    base_log_info("one");
    now_ns += 1000000000;
    base_log_info("two"); /* "one" is in log.2026-11-21_17-39-55 */
    base_log_close();
    now_ns -= 1000000000;
    truncate(path, 0); /* so that its age does not count */
    assert_opens(&config);
    base_log_info("three");
    now_ns += 1000000000;
    base_log_info("four");
    assert_string_equal(files(), "log log.2026-11-21_17-39-55");
    assert_last("log.2026-11-21_17-39-55", "one");
    assert_last("log", "four");
}

static void
test_a_file_of_an_earlier_run_is_as_old_as_its_last_line(void **state)
{
    (void)state;
    struct base_log_config config = to_file();
    config.rotate_mode = "time";
    assert_opens(&config);
    base_log_info("yesterday's");
    base_log_close();
    const struct timespec times[2] = {{.tv_sec = now_ns / 1000000000},
                                      {.tv_sec = now_ns / 1000000000}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    set_clock("2026-11-22 08:00:00");
    assert_opens(&config);
    base_log_info("today's");
    assert_string_equal(files(), "log log.2026-11-22_08-00-00");
}

/* --- threads -------------------------------------------------------------- */

enum { THREADS = 4, LINES = 300 };

static void *speak(void *name)
{
    for (int i = 0; i < LINES; i++)
        base_log_info("%s %d", (const char *)name, i);
    return NULL;
}

/* Each thread's lines are there, whole and in its order. */
static void test_lines_of_threads_do_not_mix(void **state)
{
    (void)state;
    static char names[THREADS][2] = {"0", "1", "2", "3"};
    const struct base_log_config config = to_file();
    assert_opens(&config);
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, speak, names[i]), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    int next[THREADS] = {0}, lines = 0;
    struct base_slice rest = base_slice_of(content("log"));
    for (; rest.len > 0; lines++) {
        const struct base_slice line = base_slice_cut(&rest, '\n', NULL);
        assert_true(base_slice_starts(line, base_slice_of("[I 2026-11-21 ")));
        const ssize_t at = base_slice_find(line, base_slice_of("] "));
        const int thread = line.ptr[at + 2] - '0';
        assert_in_range(thread, 0, THREADS - 1);
        int64_t i;
        const struct base_slice number = base_slice_skip(line, (size_t)at + 4);
        assert_int_equal(base_slice_to_int(number, &i), 0);
        assert_int_equal(i, next[thread]++);
    }
    assert_int_equal(lines, THREADS * LINES);
}

/* --- options -------------------------------------------------------------- */

static int parse(struct base_log_config *config, int argc, char **argv)
{
    struct base_options *options = base_options_new("Logs.", NULL);
    assert_int_equal(base_log_define(options, config), 0);
    int error = base_options_parse(options, argc, argv, true);
    if (error == -EINVAL)
        assert_true(strlen(base_options_error(options)) > 0);
    /* The config's strings belong to the set, the log's are its own. */
    base_options_free(options);
    return error;
}

static void test_options_open_the_log(void **state)
{
    (void)state;
    struct base_log_config config = base_log_default;
    config.clock_ns = clock_of_test;
    char prefix[96];
    snprintf(prefix, sizeof prefix, "--log-file-prefix=%s", path);
    char *argv[] = {"test",
                    prefix,
                    "--logging=error",
                    "--log_file_max_size=10",
                    "--log-file-num-backups=1",
                    NULL};
    assert_int_equal(parse(&config, 5, argv), 5);
    base_log_info("not this");
    base_log_error("one");
    base_log_error("two");
    base_log_error("three");
    assert_string_equal(files(), "log log.1");
    assert_last("log", "three");
    assert_last("log.1", "two");
}

static void test_options_rotate_by_time(void **state)
{
    (void)state;
    struct base_log_config config = base_log_default;
    config.clock_ns = clock_of_test;
    char prefix[96];
    snprintf(prefix, sizeof prefix, "--log-file-prefix=%s", path);
    char *argv[] = {"test",
                    prefix,
                    "--log-rotate-mode=time",
                    "--log-rotate-when=M",
                    "--log-rotate-interval=2",
                    NULL};
    assert_int_equal(parse(&config, 5, argv), 5);
    base_log_error("one");
    now_ns += (int64_t)120 * 1000000000;
    base_log_error("two");
    assert_string_equal(files(), "log log.2026-11-21_17-41-54");
}

static void test_options_that_make_no_sense_are_errors(void **state)
{
    (void)state;
    char *const bad[] = {"--log-rotate-mode=sometimes", "--log-rotate-when=X",
                         "--log-rotate-interval=0", "--logging=loud",
                         "--log-file-prefix=/nonexistent/folder/log"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct base_log_config config = base_log_default;
        char *argv[] = {"test", bad[i], NULL};
        assert_true(parse(&config, 2, argv) < 0);
    }
}

static void test_logging_none_is_silent(void **state)
{
    (void)state;
    struct base_log_config config = base_log_default;
    config.sink = hear;
    config.sink_arg = heard;
    char *argv[] = {"test", "--logging=none", NULL};
    assert_int_equal(parse(&config, 2, argv), 2);
    say_all();
    assert_string_equal(heard, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    setenv("TZ", "UTC", 1);
    tzset();
    const struct CMUnitTest tests[] = {
        TEST(test_a_line_says_level_time_logger_and_place),
        TEST(test_bytes_cannot_forge_a_line_or_steer_a_terminal),
        TEST(test_a_long_line_is_cut_between_characters),
        TEST(test_levels_and_loggers),
        TEST(test_the_sink_gets_the_escaped_message),
        TEST(test_a_line_is_one_write),
        TEST(test_colour_on_a_terminal_alone),
        TEST(test_to_stderr_a_file_or_both),
        TEST(test_a_full_disk_costs_lines_alone),
        TEST(test_a_reader_that_has_gone_costs_lines_alone),
        TEST(test_a_limit_of_file_size_costs_lines_alone),
        TEST(test_what_cannot_be_opened_leaves_the_log_as_it_was),
        TEST(test_rotation_that_fails_goes_on_in_the_open_file),
        TEST(test_rotation_by_size),
        TEST(test_a_line_beyond_the_size_has_a_file_for_itself),
        TEST(test_without_backups_size_rotates_nothing),
        TEST(test_rotation_by_time),
        TEST(test_midnight_where_days_have_25_hours),
        TEST(test_time_keeps_the_newest_backups),
        TEST(test_a_clock_set_back_overwrites_no_file),
        TEST(test_a_file_of_an_earlier_run_is_as_old_as_its_last_line),
        TEST(test_lines_of_threads_do_not_mix),
        TEST(test_options_open_the_log),
        TEST(test_options_rotate_by_time),
        TEST(test_options_that_make_no_sense_are_errors),
        TEST(test_logging_none_is_silent),
    };
    return cmocka_run_group_tests_name("base_log", tests, NULL, NULL);
}

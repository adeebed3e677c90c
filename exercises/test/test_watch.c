/*
 * test_watch.c - `grade watch` as its user sees it: at a terminal (a pty) and
 * without one. The check is a play: this same program, called with "check",
 * does what the student's file says. Every wait is for a text or a line in a
 * file; nothing depends on time.
 *
 * Read before: ../grader/watch.h, test_watch_saves.c.
 * Rests on: cmocka, pty(7), forkpty(3).
 */
#include "../grader/watch.h"

#include "../grader/watch_text.h"
#include "../grader/workspace.h"
#include "tree_of.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#define ONE "exercises/01-one/answer.c"
#define TWO "exercises/02-two/answer.c"

/* --- the play: grade check EXERCISE -------------------------------------- */

/* A run is a line in `runs`, so the test can count and wait. */
static void note_run(const char *word)
{
    const int fd = open("runs", O_WRONLY | O_CREAT | O_APPEND, 0666);
    char line[64];
    const int len = snprintf(line, sizeof line, "%s\n", word);
    if (fd == -1 || write(fd, line, (size_t)len) != len)
        abort();
    close(fd);
}

/* A child in a session of its own, and its child: nobody waits for them. */
static void leave_family(void)
{
    char pid[32];
    for (int i = 0; i < 2; i++)
        if (fork() == 0)
            setsid();
        else if (i == 0)
            return;
        else
            break;
    snprintf(pid, sizeof pid, "pid %d", (int)getpid());
    note_run(pid);
    for (;;)
        pause();
}

static int play(const char *columns, const char *exercise)
{
    struct base_arena arena;
    base_arena_init(&arena, 1 << 14);
    struct exercise e;
    struct base_slice text;
    const char *why;
    char sha256[SHA256_HEX];
    if (exercise_load(exercise, &arena, &e, &why) != 0 ||
        files_read(base_arena_printf(&arena, "%s/answer.c", e.dir), &arena,
                   &text) != 0)
        return 2;
    note_run(text.ptr);
    const bool done = base_slice_starts(text, base_slice_of("done"));
    if (base_slice_starts(text, base_slice_of("hang")))
        pause();
    if (base_slice_starts(text, base_slice_of("family"))) {
        leave_family();
        note_run("left a family");
        pause();
    }
    if (base_slice_starts(text, base_slice_of("deaf"))) {
        signal(SIGTERM, SIG_IGN);
        note_run("is deaf");
        for (;;)
            pause();
    }
    if (base_slice_starts(text, base_slice_of("overtaken")))
        tree_write(ONE, "saved at the last moment");
    if (base_slice_starts(text, base_slice_of("crash")))
        raise(SIGKILL);
    printf("for %s columns\nthe check says: %s\nnext:   a line for others\n",
           columns, text.ptr);
    fprintf(stderr, "and on standard error: %s\n", text.ptr);
    workspace_sha256(&e, sha256);
    progress_note(exercise, sha256, done ? 3 : 1, 3);
    base_arena_fini(&arena);
    return done ? 0 : 1;
}

/* --- a watch under test -------------------------------------------------- */

static struct {
    pid_t pid;
    int fd; /* the terminal's other side, or a pipe's */
    char said[1 << 18];
    size_t len, from; /* what was waited for ends at `from` */
} it;

static void add_exercise(const char *name, const char *page)
{
    char path[128];
    snprintf(path, sizeof path, "exercises/%s/exercise.ini", name);
    tree_write(path, "title = A thing to do\nlesson = 01\nkind = write\n"
                     "minutes = 20\nfiles = answer.c\n"
                     "[checks]\nanswers = 3\n");
    snprintf(path, sizeof path, "exercises/%s/README.md", name);
    tree_write(path, page);
    snprintf(path, sizeof path, "exercises/%s/skeleton/answer.c", name);
    tree_write(path, "TODO");
}

static const char page[] =
    "# One\n\n<details><summary>First: <b>look</b></summary>\n\nlook here\n\n"
    "<details><summary>Hint 2</summary>\n\nthen there\n\n"
    "</details>\n</details>\n\n## What you have seen\n\n"
    "That a save is enough.\n\n## Afterwards\n\nmore\n";

static int setup(void **state)
{
    if (tree_setup(state) != 0)
        return 1;
    char *here = getcwd(NULL, 0);
    unsetenv("LOOP_TRACE");
    setenv("TMPDIR", here, 1); /* a watch that is killed does not tidy up */
    free(here);
    memset(&it, 0, sizeof it);
    it.fd = -1;
    add_exercise("01-one", page);
    add_exercise("02-two", "# Two\n");
    return 0;
}

/* Fails the test if a watch that was not killed has left something. */
static int teardown(void **state)
{
    const bool killed = it.pid > 0;
    if (killed) {
        kill(it.pid, SIGKILL);
        waitpid(it.pid, NULL, 0);
    }
    glob_t left;
    const int found = glob("watch.*", 0, NULL, &left);
    if (found == 0)
        globfree(&left);
    if (it.fd != -1)
        close(it.fd);
    return tree_teardown(state) != 0 || (found == 0 && !killed);
}

static void be_watch(struct watch_options options)
{
    exit(watch_run(&options));
}

static void start_at_terminal(struct watch_options options)
{
    const struct winsize size = {.ws_row = 24, .ws_col = 100};
    it.pid = forkpty(&it.fd, NULL, NULL, &size);
    assert_int_not_equal(it.pid, -1);
    if (it.pid == 0)
        be_watch(options);
}

static void start_plainly(struct watch_options options)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    it.pid = fork();
    assert_int_not_equal(it.pid, -1);
    if (it.pid == 0) {
        const int null = open("/dev/null", O_RDONLY);
        dup2(null, 0);
        dup2(ends[1], 1);
        dup2(ends[1], 2);
        be_watch(options);
    }
    close(ends[1]);
    it.fd = ends[0];
}

/* Reads more of what it says; false at the end. */
static bool listen_on(void)
{
    struct pollfd p = {.fd = it.fd, .events = POLLIN};
    assert_true(it.len < sizeof it.said - 1);
    if (poll(&p, 1, 60000) != 1)
        fail_msg("it says no more than: %s", it.said + it.from);
    const ssize_t n =
        read(it.fd, it.said + it.len, sizeof it.said - 1 - it.len);
    if (n <= 0) /* a terminal without a program is EIO, pty(7) */
        return false;
    it.len += (size_t)n;
    it.said[it.len] = '\0';
    return true;
}

/* Waits until it says `text`, behind what was waited for before. */
static void expect(const char *text)
{
    const char *at;
    while ((at = strstr(it.said + it.from, text)) == NULL)
        if (!listen_on())
            fail_msg("\"%s\" is not in: %s", text, it.said + it.from);
    it.from = (size_t)(at - it.said) + strlen(text);
}

static void press(const char *keys)
{
    assert_int_equal(write(it.fd, keys, strlen(keys)), strlen(keys));
}

static int wait_for_end(void)
{
    int status;
    while (listen_on())
        ;
    assert_int_equal(waitpid(it.pid, &status, 0), it.pid);
    it.pid = 0;
    if (status != 0)
        print_message("it said last: %s\n", it.said + it.from);
    return status;
}

static int count_lines(const char *part)
{
    const char *runs = tree_read("runs");
    int n = 0;
    for (; runs != NULL && (runs = strstr(runs, part)) != NULL; runs++)
        n++;
    return n;
}

static int count_runs(const char *word)
{
    char line[64];
    snprintf(line, sizeof line, "%s\n", word);
    return count_lines(line);
}

/* Waits until a check has begun, or has said this word. */
static void expect_run(const char *word)
{
    for (int i = 0; count_runs(word) == 0; i++) {
        assert_true(i < 60000);
        assert_int_equal(waitpid(it.pid, NULL, WNOHANG), 0);
        poll(NULL, 0, 1);
    }
}

/* --- without a terminal -------------------------------------------------- */

static void test_it_goes_from_one_to_the_next(void **state)
{
    (void)state;
    start_plainly((struct watch_options){0});
    expect("watching exercises/01-one");
    expect("made " ONE);
    expect("checking 01-one");
    expect("the check says: TODO");
    expect("01-one is not done");
    tree_write(ONE, "done at first");
    expect("the check says: done at first");
    expect("That a save is enough.");
    expect("01-one is done");
    expect("watching exercises/02-two");
    expect("02-two is not done");
    tree_write(TWO, "done as well");
    expect("all 2 exercises are done");
    assert_int_equal(wait_for_end(), 0);
    assert_null(strstr(it.said, "Afterwards"));
}

static void test_it_begins_with_the_first_unfinished(void **state)
{
    (void)state;
    char sha256[SHA256_HEX];
    struct exercise e = {.dir = "exercises/01-one", .files = {"answer.c"}};
    tree_write(ONE, "done");
    assert_int_equal(workspace_sha256(&e, sha256), 0);
    assert_int_equal(progress_note("01-one", sha256, 3, 3), 0);
    start_plainly((struct watch_options){0});
    expect("watching exercises/02-two");
    kill(it.pid, SIGTERM);
    assert_int_equal(wait_for_end(), 0);
    tree_write(ONE, "changed since");
    start_plainly((struct watch_options){0});
    expect("watching exercises/01-one");
    kill(it.pid, SIGTERM);
    assert_int_equal(wait_for_end(), 0);
}

static void test_it_begins_where_it_is_told(void **state)
{
    (void)state;
    start_plainly((struct watch_options){.exercise = "02", .poll = true});
    expect("watching exercises/02-two by polling");
    expect("02-two is not done");
    tree_write(TWO, "saved");
    expect("the check says: saved");
    kill(it.pid, SIGINT);
    assert_int_equal(wait_for_end(), 0);
    assert_non_null(strstr(it.said, "stopped; your work is in"));
}

static void test_no_such_exercise(void **state)
{
    (void)state;
    start_plainly((struct watch_options){.exercise = "09"});
    assert_int_equal(WEXITSTATUS(wait_for_end()), 2);
    assert_non_null(strstr(it.said, "grade watch: "));
}

static void test_a_check_that_dies_is_told(void **state)
{
    (void)state;
    tree_write(ONE, "crash");
    start_plainly((struct watch_options){0});
    expect("ended by signal 9");
    tree_write(ONE, "better");
    expect("the check says: better");
}

/* --- saves while a check runs -------------------------------------------- */

static void test_a_save_ends_a_check_that_hangs(void **state)
{
    (void)state;
    tree_write(ONE, "hang");
    start_plainly((struct watch_options){0});
    expect_run("hang");
    tree_write(ONE, "no more");
    expect("the check says: no more");
    expect("is not done");
    assert_null(strstr(it.said, "signal"));
    assert_int_equal(count_runs("hang"), 1);
    assert_int_equal(count_runs("no more"), 1);
}

static void test_a_check_that_does_not_end_is_ended(void **state)
{
    (void)state;
    tree_write(ONE, "deaf");
    start_plainly((struct watch_options){0});
    expect_run("is deaf");
    tree_write(ONE, "no more");
    expect("the check says: no more");
}

static void test_the_end_waits_for_the_checks_end(void **state)
{
    (void)state;
    tree_write(ONE, "deaf");
    start_plainly((struct watch_options){0});
    expect_run("is deaf");
    kill(it.pid, SIGTERM);
    /* wait_for_end reads until nobody holds the pipe: the check has gone. */
    assert_int_equal(wait_for_end(), 0);
}

/* Polling has not seen the save yet when the check ends: who asks is told. */
static void test_a_result_of_the_past_is_not_shown(void **state)
{
    (void)state;
    tree_write(ONE, "overtaken");
    start_plainly((struct watch_options){.poll = true});
    expect("the check says: saved at the last moment");
    assert_null(strstr(it.said, "says: overtaken"));
    assert_int_equal(count_runs("overtaken"), 1);
}

/* The check is told to end and cannot end what it had started: we do. */
static void test_nothing_outlives_a_check(void **state)
{
    (void)state;
    tree_write(ONE, "family");
    start_plainly((struct watch_options){0});
    expect_run("left a family");
    while (count_lines("pid ") < 2)
        poll(NULL, 0, 1);
    tree_write(ONE, "the next");
    expect("the check says: the next");
    const char *runs = tree_read("runs");
    for (int i = 0; i < 2; i++) {
        runs = strstr(runs, "pid ") + strlen("pid ");
        assert_int_equal(kill((pid_t)strtol(runs, NULL, 10), 0), -1);
        assert_int_equal(errno, ESRCH);
    }
}

static void test_a_burst_of_saves_ends_with_the_last(void **state)
{
    (void)state;
    char word[32];
    start_plainly((struct watch_options){0});
    expect("01-one is not done");
    for (int i = 0; i < 200; i++) {
        snprintf(word, sizeof word, "number %d,", i);
        tree_write(ONE, word);
    }
    expect("the check says: number 199,");
    assert_int_equal(count_runs("number 199,"), 1);
}

/* --- at a terminal ------------------------------------------------------- */

static void test_hints_come_one_at_a_time(void **state)
{
    (void)state;
    start_at_terminal((struct watch_options){0});
    expect("the check says: TODO");
    expect("h hint 1  l list  r reset  n next  q quit");
    assert_null(strstr(it.said, "look here"));
    press("h");
    expect("First: look\r\nlook here");
    expect("h hint 2");
    assert_null(strstr(it.said, "then there"));
    press("h");
    expect("then there");
    expect("\r\nl list  r reset");
    assert_null(strstr(it.said, "a line for others"));
    assert_null(strstr(it.said, "What you have seen"));
    press("q");
    assert_int_equal(wait_for_end(), 0);
}

static void test_a_pause_when_it_is_done(void **state)
{
    (void)state;
    tree_write(ONE, "done");
    start_at_terminal((struct watch_options){0});
    expect("what you have seen");
    expect("That a save is enough.");
    expect("space: go on to 02-two");
    assert_null(strstr(it.said, TWO));
    press("hl");
    expect("done            01-one"); /* of the list: h has not gone on */
    press("x");
    expect("space: go on to 02-two");
    press(" ");
    expect("made " TWO);
    expect("the check says: TODO");
    tree_write(TWO, "done");
    expect("all 2 exercises are done");
    expect("l list  q quit");
    press("l");
    expect("done            01-one");
    expect("done            02-two");
    expect("2 of 2 done");
    press("q");
    assert_int_equal(wait_for_end(), 0);
}

static void test_a_deleted_file_is_told(void **state)
{
    (void)state;
    tree_write(ONE, "mine");
    start_at_terminal((struct watch_options){0});
    expect("says: mine");
    unlink(ONE);
    expect("a file of yours was gone");
    expect("made " ONE " from its skeleton");
    expect("says: TODO");
}

static void test_reset_asks_and_keeps(void **state)
{
    (void)state;
    tree_write(ONE, "mine");
    start_at_terminal((struct watch_options){0});
    expect("says: mine");
    expect("q quit");
    press("r");
    expect("y begin anew");
    press("n");
    expect("says: mine");
    assert_string_equal(tree_read(ONE), "mine");
    press("r");
    expect("y begin anew");
    press("y");
    expect("kept " ONE " as " ONE ".bak-1");
    expect("says: TODO");
    assert_string_equal(tree_read(ONE ".bak-1"), "mine");
}

static void test_next_leaves_one_for_later(void **state)
{
    (void)state;
    start_at_terminal((struct watch_options){0});
    expect("n next");
    press("n");
    expect("exercises/02-two/answer.c");
    expect("n next");
    press("n");
    expect("exercises/01-one/answer.c");
    expect("q quit");
    expect("says: TODO");
    expect("q quit");
    press("\033[A\033[15~l"); /* an arrow and F5 are no keys of ours */
    expect("> 1 of 3          01-one");
    press("x");
    expect("says: TODO");
}

static void test_a_save_turns_the_page_back(void **state)
{
    (void)state;
    start_at_terminal((struct watch_options){0});
    expect("l list");
    press("l");
    expect("any key: back");
    tree_write(ONE, "a save");
    expect("says: a save");
}

static void test_another_width_is_told_to_the_check(void **state)
{
    (void)state;
    start_at_terminal((struct watch_options){0});
    expect("q quit");
    assert_int_equal(ioctl(it.fd, TIOCSWINSZ, &(struct winsize){.ws_col = 60}),
                     0);
    tree_write(ONE, "for the narrow one");
    expect("for 60 columns");
    expect("says: for the narrow one");
}

/* --- the terminal is given back ------------------------------------------ */

static tcflag_t mode(void)
{
    struct termios t;
    assert_int_equal(tcgetattr(it.fd, &t), 0);
    return t.c_lflag & (ICANON | ECHO);
}

static void test_every_end_gives_the_terminal_back(void **state)
{
    (void)state;
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, 0};
    for (int i = 0; i < 5; i++) {
        start_at_terminal((struct watch_options){0});
        /* Held open, or the terminal ends with its last program. */
        const int held = open(ptsname(it.fd), O_RDWR | O_NOCTTY | O_CLOEXEC);
        assert_int_not_equal(held, -1);
        expect("q quit");
        assert_int_equal(mode(), 0);
        if (signals[i] != 0)
            kill(it.pid, signals[i]);
        else
            press("q");
        int status;
        assert_int_equal(waitpid(it.pid, &status, 0), it.pid);
        assert_int_equal(status, 0);
        assert_int_equal(mode(), ICANON | ECHO);
        close(held);
        close(it.fd);
        memset(&it, 0, sizeof it);
        it.fd = -1;
    }
}

static void test_a_stop_gives_it_back_for_a_while(void **state)
{
    (void)state;
    start_at_terminal((struct watch_options){0});
    expect("q quit");
    int status;
    kill(it.pid, SIGTSTP);
    assert_int_equal(waitpid(it.pid, &status, WUNTRACED), it.pid);
    assert_true(WIFSTOPPED(status));
    assert_int_equal(mode(), ICANON | ECHO);
    tree_write(ONE, "saved meanwhile");
    kill(it.pid, SIGCONT);
    expect("says: saved meanwhile");
    expect("q quit");
    assert_int_equal(mode(), 0);
    press("q");
    assert_int_equal(wait_for_end(), 0);
}

/* --- texts of the page --------------------------------------------------- */

static void assert_hint(const char *text, int n, const char *title,
                        const char *expected)
{
    struct watch_hint hint;
    assert_true(watch_text_hint(base_slice_of(text), n, &hint));
    assert_true(base_slice_equal(hint.title, base_slice_of(title)));
    assert_true(base_slice_equal(hint.text, base_slice_of(expected)));
}

static void test_hints_of_a_page(void **state)
{
    (void)state;
    static const char row[] =
        "<details><summary>a</summary>one</details>\n"
        "<details>\n<summary>b: <code>c</code></summary>\n\n  two\nlines \n"
        "</details>\n";
    assert_hint(row, 0, "a", "one");
    assert_hint(row, 1, "b: <code>c</code>", "  two\nlines");
    assert_hint(page, 0, "First: <b>look</b>", "look here");
    assert_hint(page, 1, "Hint 2", "then there");
    assert_hint("<details>cut", 0, "", "cut");
    struct watch_hint hint;
    assert_false(watch_text_hint(base_slice_of(row), 2, &hint));
    assert_false(watch_text_hint(base_slice_of(page), 2, &hint));
    assert_false(watch_text_hint(base_slice_of(""), 0, &hint));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(int argc, char **argv)
{
    if (argc == 5 && strcmp(argv[1], "check") == 0)
        return play(argv[3], argv[4]);
    const struct CMUnitTest tests[] = {
        TEST(test_it_goes_from_one_to_the_next),
        TEST(test_it_begins_with_the_first_unfinished),
        TEST(test_it_begins_where_it_is_told),
        TEST(test_no_such_exercise),
        TEST(test_a_check_that_dies_is_told),
        TEST(test_a_save_ends_a_check_that_hangs),
        TEST(test_a_check_that_does_not_end_is_ended),
        TEST(test_the_end_waits_for_the_checks_end),
        TEST(test_a_result_of_the_past_is_not_shown),
        TEST(test_nothing_outlives_a_check),
        TEST(test_a_burst_of_saves_ends_with_the_last),
        TEST(test_hints_come_one_at_a_time),
        TEST(test_a_pause_when_it_is_done),
        TEST(test_a_deleted_file_is_told),
        TEST(test_reset_asks_and_keeps),
        TEST(test_next_leaves_one_for_later),
        TEST(test_a_save_turns_the_page_back),
        TEST(test_another_width_is_told_to_the_check),
        TEST(test_every_end_gives_the_terminal_back),
        TEST(test_a_stop_gives_it_back_for_a_while),
        TEST(test_hints_of_a_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

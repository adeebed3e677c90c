/*
 * test_watch_saves.c - every way to save is seen, once, by inotify and by
 * looking; and where inotify is blind, looking takes its place. Time is the
 * test's own, so no machine is too slow.
 *
 * Read before: ../grader/watch_saves.h. Read after: test_watch.c.
 * Rests on: cmocka.
 */
#include "../grader/watch_saves.h"

#include "tree_of.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <cmocka.h>

#define DIR "exercises/05-drain/"

static struct loop *loop;
static struct watch_saves saves;
static int64_t now_ns;
static int n_changes, n_saves, n_polls;

static int64_t clock_ns(void *arg)
{
    (void)arg;
    return now_ns;
}

static void on_change(void *arg)
{
    (void)arg;
    n_changes++;
}

static void on_save(void *arg)
{
    (void)arg;
    n_saves++;
}

static void on_poll(void *arg)
{
    (void)arg;
    n_polls++;
}

static int setup(void **state)
{
    const int error = tree_setup(state);
    if (error != 0)
        return error;
    n_changes = n_saves = n_polls = 0;
    now_ns = LOOP_SECOND;
    saves = (struct watch_saves){0};
    tree_write(DIR "server.c", "one");
    tree_write(DIR "client.c", "two");
    tree_write("elsewhere/server.c", "three");
    return loop_new(&loop, &(struct loop_options){.clock_ns = clock_ns});
}

static int teardown(void **state)
{
    watch_saves_stop(&saves);
    const size_t active = loop_active(loop);
    loop_free(loop);
    return active != 0 || tree_teardown(state);
}

static void start(bool poll)
{
    static const char *const files[] = {"server.c", "client.c", NULL};
    watch_saves_start(&saves, loop,
                      &(struct watch_saves_options){
                          .dir = "exercises/05-drain",
                          .files = files,
                          .probe = "exercises",
                          .poll = poll,
                          .on_change = on_change,
                          .on_save = on_save,
                          .on_poll = on_poll,
                      });
}

static void start_inotify(void)
{
    start(false);
    if (saves.why == NULL)
        return;
    printf("# skipped: %s\n", saves.why);
    skip();
}

/* Lets `ms` pass, and the loop see all that is there by then. */
static void pass(int ms)
{
    now_ns += ms * LOOP_MS;
    for (int i = 0; i < 4; i++)
        assert_true(loop_run_once(loop, 0) >= 0);
}

static void assert_counts(int changes, int saved)
{
    assert_int_equal(n_changes, changes);
    assert_int_equal(n_saves, saved);
}

/* --- the ways to save ---------------------------------------------------- */

static void write_in_place(void)
{
    tree_write(DIR "server.c", "a longer one");
}

static void rename_over(void)
{
    tree_write(DIR ".server.c.swp", "mine");
    assert_int_equal(rename(DIR ".server.c.swp", DIR "server.c"), 0);
}

static void remove_and_make(void)
{
    assert_int_equal(unlink(DIR "server.c"), 0);
    tree_write(DIR "server.c", "made anew");
}

static void save_all(void)
{
    for (int i = 0; i < 20; i++) {
        tree_write(DIR "server.c", i % 2 == 0 ? "even" : "odd number");
        tree_write(DIR "client.c", i % 2 == 0 ? "odd number" : "even");
    }
    tree_write(DIR "client.c", "at last");
}

static void (*const ways[])(void) = {write_in_place, rename_over,
                                     remove_and_make, save_all};
enum { N_WAYS = sizeof ways / sizeof ways[0] };

static void test_each_way_is_one_save(void **state)
{
    (void)state;
    start_inotify();
    for (int i = 0; i < N_WAYS; i++) {
        ways[i]();
        pass(0);
        assert_counts(i + 1, i);
        pass(49);
        assert_counts(i + 1, i);
        pass(1);
        assert_counts(i + 1, i + 1);
    }
    pass(10000);
    assert_counts(N_WAYS, N_WAYS);
    assert_int_equal(n_polls, 0);
}

static void test_each_way_is_one_save_by_polling(void **state)
{
    (void)state;
    start(true);
    assert_non_null(saves.why);
    for (int i = 0; i < N_WAYS; i++) {
        ways[i]();
        pass(0);
        assert_counts(i, i);
        pass(200);
        assert_counts(i + 1, i);
        pass(50);
        assert_counts(i + 1, i + 1);
    }
    pass(10000);
    assert_counts(N_WAYS, N_WAYS);
}

static void test_other_files_are_nobodys_business(void **state)
{
    (void)state;
    start_inotify();
    tree_write(DIR "4913", "vim's trial");
    tree_write(DIR "server.c~", "a copy");
    tree_write(DIR "server.o", "built");
    assert_int_equal(unlink(DIR "4913"), 0);
    assert_non_null(tree_read(DIR "server.c")); /* reading is no save */
    pass(5000);
    pass(5000);
    assert_counts(0, 0);
}

static void test_each_change_asks_for_quiet_anew(void **state)
{
    (void)state;
    start_inotify();
    for (int i = 0; i < 5; i++) {
        tree_write(DIR "server.c", "the next piece");
        pass(40);
        assert_counts(1, 0);
    }
    pass(50);
    assert_counts(1, 1);
}

static void test_one_who_never_stops_is_heard_each_second(void **state)
{
    (void)state;
    start_inotify();
    for (int i = 0; i < 100; i++) {
        tree_write(DIR "server.c", "the next piece");
        pass(40);
    }
    assert_in_range(n_saves, 3, 4);
}

/* Between a save and its event there is a moment: who asks is told. */
static void test_who_looks_needs_no_event(void **state)
{
    (void)state;
    for (int poll = 0; poll < 2; poll++) {
        start(poll == 1);
        const int before = n_saves;
        assert_false(watch_saves_look(&saves));
        tree_write(DIR "server.c", poll == 0 ? "first" : "the second");
        assert_true(watch_saves_look(&saves));
        assert_true(watch_saves_look(&saves));
        pass(50);
        assert_int_equal(n_saves, before + 1);
        assert_false(watch_saves_look(&saves));
        watch_saves_stop(&saves);
    }
}

/* --- where inotify is blind ---------------------------------------------- */

static void test_a_save_that_inotify_does_not_tell(void **state)
{
    (void)state;
    /* The folder holds a link; what it leads to is saved somewhere else. */
    assert_int_equal(unlink(DIR "server.c"), 0);
    assert_int_equal(symlink("../../elsewhere/server.c", DIR "server.c"), 0);
    start_inotify();
    tree_write("elsewhere/server.c", "changed in silence");
    pass(1000); /* in doubt */
    assert_counts(0, 0);
    pass(1000);
    assert_counts(1, 0);
    assert_int_equal(n_polls, 1);
    assert_non_null(strstr(saves.why, "did not tell"));
    pass(50);
    assert_counts(1, 1);
    tree_write("elsewhere/server.c", "and once more in silence");
    pass(200);
    pass(50);
    assert_counts(2, 2);
    assert_int_equal(n_polls, 1);
}

static void test_another_folder_in_its_place(void **state)
{
    (void)state;
    start_inotify();
    assert_int_equal(rename("exercises/05-drain", "exercises/old"), 0);
    tree_write(DIR "server.c", "of the new folder");
    pass(0);
    assert_int_equal(n_polls, 1);
    pass(50);
    assert_counts(1, 1);
    tree_write(DIR "server.c", "a save in the new folder");
    pass(200);
    pass(50);
    assert_counts(2, 2);
}

static void test_no_folder_at_all_is_polled(void **state)
{
    (void)state;
    static const char *const files[] = {"server.c", NULL};
    watch_saves_start(&saves, loop,
                      &(struct watch_saves_options){
                          .dir = "exercises/later",
                          .files = files,
                          .on_change = on_change,
                          .on_save = on_save,
                          .on_poll = on_poll,
                      });
    assert_non_null(saves.why);
    tree_write("exercises/later/server.c", "now it is there");
    pass(200);
    pass(50);
    assert_counts(1, 1);
}

/* Numbers as in statfs(2) and linux/magic.h. */
static void test_file_systems_of_others(void **state)
{
    (void)state;
    static const unsigned long blind[] = {0x01021997, 0x6969, 0xff534d42,
                                          0x65735546, 0x53464846};
    static const unsigned long seeing[] = {0xef53, 0x01021994, 0x9123683e,
                                           0x58465342, 0x794c7630};
    for (int i = 0; i < 5; i++) {
        assert_non_null(watch_saves_blind(blind[i]));
        assert_null(watch_saves_blind(seeing[i]));
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_each_way_is_one_save),
        TEST(test_each_way_is_one_save_by_polling),
        TEST(test_other_files_are_nobodys_business),
        TEST(test_each_change_asks_for_quiet_anew),
        TEST(test_one_who_never_stops_is_heard_each_second),
        TEST(test_who_looks_needs_no_event),
        TEST(test_a_save_that_inotify_does_not_tell),
        TEST(test_another_folder_in_its_place),
        TEST(test_no_folder_at_all_is_polled),
        TEST(test_file_systems_of_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_intake.c - what is taken from folders: the right place, no link, no
 * surprise, and words for each slip.
 *
 * Read before: handed.h, test_intake_list.c. Read after:
 * test_intake_archive.c. Rests on: cmocka.
 */
#include "../grader/intake_internal.h"
#include "handed.h"
#include "tree_of.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* --- the place ------------------------------------------------------------*/

static void test_takes_the_wanted_files_alone(void **state)
{
    (void)state;
    tree_write("ada/05-drain/server.c", "int server;");
    tree_write("ada/05-drain/notes.txt", "mine");
    tree_write("ada/05-drain/a.out", "\x7f"
                                     "ELF");
    tree_write("ada/04-poll/server.c", "int other;");
    hand_in("ada", false, "notes.txt");
    handed_server("int server;");
    assert_string_equal(tree_read("into/notes.txt"), "mine");
    assert_null(tree_read("into/a.out"));
    assert_string_equal(taken.notes, "not asked for, not looked at: a.out");
}

static void test_the_folder_may_lie_deeper(void **state)
{
    (void)state;
    tree_write("ada/kit/exercises/05-drain/server.c", "int server;");
    tree_write("ada/kit/exercises/05-drain/skeleton/server.c", "int todo;");
    tree_write("ada/kit/lessons/05-epoll/server.c", "int lesson;");
    hand_in("ada", false, NULL);
    handed_server("int server;");
}

static void test_files_alone_count_when_one_exercise_is_graded(void **state)
{
    (void)state;
    tree_write("ada/server.c", "int server;");
    tree_write("ada/skeleton/server.c", "int todo;");
    hand_in("ada", true, NULL);
    handed_server("int server;");
    hand_in("ada", false, NULL);
    handed_is(SUBMISSION_EMPTY, "there is no folder 05-drain; there is:");
    tree_write("bob/homework/server.c", "int bob;");
    hand_in("bob", true, NULL);
    handed_server("int bob;");
}

static void test_work_for_another_exercise_is_none_for_this(void **state)
{
    (void)state;
    tree_write("ada/06-count/counts.txt", "1");
    hand_in("ada", true, NULL);
    handed_is(SUBMISSION_EMPTY, "there is no folder 05-drain; there is: "
                                "06-count/counts.txt");
    tree_write("bob/src/counts.txt", "1");
    hand_in("bob", true, NULL);
    handed_is(SUBMISSION_MISSING, "server.c is missing");
}

static void test_two_places_are_one_too_many(void **state)
{
    (void)state;
    tree_write("ada/one/05-drain/server.c", "int one;");
    tree_write("ada/two/05-drain/server.c", "int two;");
    hand_in("ada", false, NULL);
    handed_is(SUBMISSION_REFUSED,
              "in two places, one/05-drain and two/05-drain");
}

/* --- slips ----------------------------------------------------------------*/

static void test_names_the_file_that_was_meant(void **state)
{
    (void)state;
    tree_write("ada/05-drain/Server.c", "int server;");
    hand_in("ada", false, NULL);
    handed_is(SUBMISSION_MISSING,
              "you handed in Server.c; the exercise needs server.c");
    tree_write("bob/05-drain/server (1).c", "int server;");
    tree_write("bob/05-drain/README.md", "# bob");
    hand_in("bob", false, NULL);
    handed_is(SUBMISSION_MISSING,
              "you handed in server (1).c; the exercise needs server.c");
    tree_write("eve/05-drain/src/server.c", "int server;");
    hand_in("eve", false, NULL);
    handed_is(SUBMISSION_MISSING, "server.c is missing in 05-drain: you handed "
                                  "it in as 05-drain/src/server.c");
    tree_write("dan/05-drain/work.zip", "PK");
    hand_in("dan", false, NULL);
    handed_is(SUBMISSION_MISSING, "you handed in work.zip, an archive within");
}

static void test_says_what_is_there_instead(void **state)
{
    (void)state;
    tree_write("ada/05-drain/main.py", "print()");
    tree_write("ada/05-drain/server.c", "int server;");
    hand_in("ada", false, "notes.txt");
    handed_is(SUBMISSION_MISSING,
              "notes.txt is missing\nyou handed in: main.py");
    tree_write("bob/a/main.c", "int main;");
    hand_in("bob", true, NULL);
    handed_is(SUBMISSION_MISSING,
              "server.c is missing\nyou handed in: a/main.c");
}

static void test_a_folder_of_nearly_the_right_name(void **state)
{
    (void)state;
    tree_write("ada/05-Drain-final/server.c", "int server;");
    hand_in("ada", false, NULL);
    handed_is(
        SUBMISSION_MISSING,
        "you handed in the folder 05-Drain-final; it must be called 05-drain");
}

static void test_nothing_is_called_empty(void **state)
{
    (void)state;
    handed_shell("mkdir -p ada bob/05-drain eve/05-drain/server.c");
    hand_in("ada", false, NULL);
    handed_is(SUBMISSION_EMPTY, "nothing was handed in: the folder is empty");
    tree_write("bob/04-poll/server.c", "x");
    hand_in("bob", false, NULL);
    handed_is(SUBMISSION_EMPTY, "the folder 05-drain is empty");
    hand_in("eve", false, NULL);
    handed_is(SUBMISSION_EMPTY, "nothing was handed in: the folder is empty");
    tree_write("dan/05-drain/server.c", "");
    hand_in("dan", false, NULL);
    handed_is(SUBMISSION_EMPTY, "server.c has 0 bytes");
}

/* --- tricks ---------------------------------------------------------------*/

static void test_no_link_is_followed(void **state)
{
    (void)state;
    tree_write("secret/server.c", "int secret;");
    tree_write("ada/05-drain/README.md", "x");
    handed_shell("ln -s ../../secret/server.c ada/05-drain/server.c");
    hand_in("ada", false, NULL);
    handed_is(SUBMISSION_REFUSED, "server.c is a link");
    tree_write("bob/README.md", "x");
    handed_shell("ln -s ../secret bob/05-drain");
    hand_in("bob", false, NULL);
    handed_is(SUBMISSION_REFUSED, "05-drain is a link");
    hand_in("bob", true, NULL);
    handed_is(SUBMISSION_REFUSED, "05-drain is a link");
    handed_shell("ln -s secret eve");
    hand_in("eve", true, NULL);
    handed_is(SUBMISSION_REFUSED, "eve is a link");
}

/* One that is put there after the folder was looked through, too. */
static void test_no_part_of_a_path_is_a_link(void **state)
{
    (void)state;
    tree_write("d/e/file", "x");
    handed_shell("ln -s e d/link; ln -s file d/e/link");
    const int root = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    const int fd = intake_open(root, "d/e/file", O_RDONLY);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(intake_open(root, "d/link/file", O_RDONLY), -ENOTDIR);
    assert_int_equal(intake_open(root, "d/e/link", O_RDONLY), -ELOOP);
    assert_int_equal(intake_open(root, "d/e/none", O_RDONLY), -ENOENT);
    close(root);
}

static void test_links_beside_it_do_no_harm(void **state)
{
    (void)state;
    tree_write("ada/05-drain/server.c", "int server;");
    handed_shell("ln -s / ada/05-drain/root; ln -s . ada/loop");
    hand_in("ada", false, NULL);
    handed_server("int server;");
}

static void test_a_hard_link_is_plain_content(void **state)
{
    (void)state;
    tree_write("ada/05-drain/mine.c", "int server;");
    handed_shell("ln ada/05-drain/mine.c ada/05-drain/server.c");
    hand_in("ada", false, NULL);
    handed_server("int server;");
    struct stat status;
    assert_int_equal(stat("into/server.c", &status), 0);
    assert_int_equal(status.st_nlink, 1);
}

static void test_waits_for_no_fifo(void **state)
{
    (void)state;
    handed_shell("mkdir -p ada/05-drain && mkfifo ada/05-drain/server.c");
    hand_in("ada", false, NULL);
    handed_is(SUBMISSION_REFUSED, "server.c is no plain file");
    handed_shell("mkfifo bob.zip");
    hand_in("bob.zip", false, NULL);
    handed_is(SUBMISSION_REFUSED, "bob.zip is no plain file");
}

static void test_reads_no_device(void **state)
{
    (void)state;
    handed_shell("mkdir -p ada/05-drain");
    if (mknod("ada/05-drain/server.c", S_IFCHR | 0666, 0x105) == -1) {
        print_message("# skipped: mknod wants root\n");
        skip();
    }
    hand_in("ada", false, NULL);
    handed_is(SUBMISSION_REFUSED, "server.c is no plain file");
}

static void test_a_file_has_a_bound(void **state)
{
    (void)state;
    handed_shell("mkdir -p ada/05-drain; "
                 "head -c 1048576 /dev/zero >ada/05-drain/server.c");
    hand_in("ada", false, NULL);
    handed_is(SUBMISSION_GRADED, NULL);
    handed_shell("echo >>ada/05-drain/server.c");
    hand_in("ada", false, NULL);
    handed_is(SUBMISSION_REFUSED, "server.c has 1048577 bytes; at most");
    /* Sparse: 1 TB, and not a block of it on the disk. */
    assert_int_equal(truncate("ada/05-drain/server.c", INT64_C(1) << 40), 0);
    hand_in("ada", false, NULL);
    handed_is(SUBMISSION_REFUSED, "at most 1048576");
}

static void test_a_crowd_of_files_ends_the_search(void **state)
{
    (void)state;
    handed_shell("mkdir -p ada && cd ada && "
                 "i=0; while [ $i -lt 2500 ]; do : >f$i; i=$((i+1)); done");
    hand_in("ada", true, NULL);
    handed_is(SUBMISSION_MISSING, "more than 2000 entries were handed in");
    /* What lies near the top is found, however much lies deeper. */
    handed_shell("mkdir bob && mv ada bob/zoo");
    tree_write("bob/05-drain/server.c", "int server;");
    hand_in("bob", false, NULL);
    handed_server("int server;");
}

static void test_the_hash_is_of_names_and_contents(void **state)
{
    (void)state;
    char first[65];
    tree_write("ada/05-drain/server.c", "ab");
    tree_write("ada/05-drain/notes.txt", "c");
    hand_in("ada", false, "notes.txt");
    memcpy(first, taken.sha256, sizeof(first));
    tree_write("bob/05-drain/server.c", "ab");
    tree_write("bob/05-drain/notes.txt", "c");
    tree_write("bob/05-drain/more.txt", "not wanted");
    hand_in("bob", false, "notes.txt");
    assert_string_equal(taken.sha256, first);
    tree_write("bob/05-drain/server.c", "a");
    tree_write("bob/05-drain/notes.txt", "bc");
    hand_in("bob", false, "notes.txt");
    handed_is(SUBMISSION_GRADED, NULL);
    assert_string_not_equal(taken.sha256, first);
}

/* The name of the second file in the first one does not make it begin. */
static void test_no_content_passes_for_a_name(void **state)
{
    (void)state;
    char first[65];
    handed_shell("mkdir -p ada/05-drain bob/05-drain; "
                 "printf 'Anotes.txt\\000B' >ada/05-drain/server.c; "
                 "printf 'C' >ada/05-drain/notes.txt; "
                 "printf 'A' >bob/05-drain/server.c; "
                 "printf 'Bnotes.txt\\000C' >bob/05-drain/notes.txt");
    hand_in("ada", false, "notes.txt");
    handed_is(SUBMISSION_GRADED, NULL);
    memcpy(first, taken.sha256, sizeof(first));
    hand_in("bob", false, "notes.txt");
    handed_is(SUBMISSION_GRADED, NULL);
    assert_string_not_equal(taken.sha256, first);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, tree_setup, handed_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_takes_the_wanted_files_alone),
        TEST(test_the_folder_may_lie_deeper),
        TEST(test_files_alone_count_when_one_exercise_is_graded),
        TEST(test_work_for_another_exercise_is_none_for_this),
        TEST(test_two_places_are_one_too_many),
        TEST(test_names_the_file_that_was_meant),
        TEST(test_says_what_is_there_instead),
        TEST(test_a_folder_of_nearly_the_right_name),
        TEST(test_nothing_is_called_empty),
        TEST(test_no_link_is_followed),
        TEST(test_no_part_of_a_path_is_a_link),
        TEST(test_links_beside_it_do_no_harm),
        TEST(test_a_hard_link_is_plain_content),
        TEST(test_waits_for_no_fifo),
        TEST(test_reads_no_device),
        TEST(test_a_file_has_a_bound),
        TEST(test_a_crowd_of_files_ends_the_search),
        TEST(test_the_hash_is_of_names_and_contents),
        TEST(test_no_content_passes_for_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_intake_list.c - who has handed something in: as folders, as archives,
 * and as Moodle and Canvas name them.
 *
 * Read before: handed.h. Read after: test_intake.c. Rests on: cmocka.
 */
#include "../grader/download.h"
#include "handed.h"
#include "tree_of.h"

#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* What the last list_class found. */
static struct base_arena arena;
static struct handed_in *list;
static char *notes;

static int setup(void **state)
{
    base_arena_init(&arena, 1000);
    return tree_setup(state);
}

static int teardown(void **state)
{
    base_arena_fini(&arena);
    return handed_teardown(state);
}

static ssize_t list_class(void)
{
    return intake_list("class", &arena, &list, &notes);
}

static void assert_listed(const struct handed_in *h, const char *student,
                          const char *path, bool archive)
{
    assert_string_equal(h->student, student);
    assert_string_equal(h->path, path);
    assert_int_equal(h->archive, archive);
}

static void test_lists_folders_and_archives_by_name(void **state)
{
    (void)state;
    tree_write("class/carol.tar.gz", "x");
    tree_write("class/bob.b.ZIP", "x");
    tree_write("class/ada/server.c", "x");
    tree_write("class/dan.tgz", "x");
    tree_write("class/eve.tar", "x");
    tree_write("class/.hidden", "x");
    tree_write("class/.zip", "x");
    assert_int_equal(list_class(), 5);
    assert_listed(&list[0], "ada", "class/ada", false);
    assert_listed(&list[1], "bob.b", "class/bob.b.ZIP", true);
    assert_listed(&list[2], "carol", "class/carol.tar.gz", true);
    assert_listed(&list[3], "dan", "class/dan.tgz", true);
    assert_listed(&list[4], "eve", "class/eve.tar", true);
    assert_null(notes);
}

static void test_notes_what_it_leaves_out(void **state)
{
    (void)state;
    tree_write("class/ada/server.c", "x");
    tree_write("class/ada.zip", "x");
    tree_write("class/grades.txt", "x");
    assert_int_equal(mkfifo("class/pipe", 0600), 0);
    assert_int_equal(list_class(), 1);
    assert_string_equal(notes,
                        "ada.zip: this student's folder or archive is there "
                        "already\n"
                        "grades.txt: neither folder nor archive\n"
                        "pipe: neither folder nor archive");
}

static void test_a_class_that_is_not_there(void **state)
{
    (void)state;
    assert_int_equal(intake_list("nowhere", &arena, &list, &notes), -ENOENT);
}

/* Names are bytes: of 255 there may be any but NUL and the slash. */
static void test_a_name_may_hold_any_byte(void **state)
{
    (void)state;
    char name[256], path[300];
    memset(name, 0xff, 255);
    memcpy(name, "\n\x1b[31m'\"&<;", 11);
    name[255] = '\0';
    snprintf(path, sizeof(path), "class/%s/05-drain/server.c", name);
    assert_int_equal(mkdir("class", 0700), 0);
    handed_shell("touch class/.keep");
    *strrchr(path, '/') = '\0';
    *strrchr(path, '/') = '\0';
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(list_class(), 1);
    assert_string_equal(list[0].student, name);
    hand_in(list[0].path, false, NULL);
    handed_is(SUBMISSION_EMPTY, "the folder is empty");
}

/* --- an archive in a folder -----------------------------------------------*/

static void test_a_lone_archive_is_what_its_folder_hands_in(void **state)
{
    (void)state;
    handed_needs("zip");
    handed_shell("mkdir -p class/ada 05-drain; echo 1 >05-drain/server.c; "
                 "zip -q class/ada/work.zip 05-drain/server.c; "
                 "mkdir class/ada/__MACOSX; touch class/ada/.DS_Store");
    assert_int_equal(list_class(), 1);
    assert_listed(&list[0], "ada", "class/ada/work.zip", true);
    hand_in_listed(&list[0], false, NULL);
    handed_server("1\n");
}

static void test_an_archive_beside_others_is_not_alone(void **state)
{
    (void)state;
    tree_write("class/ada/work.zip", "x");
    tree_write("class/ada/other.zip", "x");
    assert_int_equal(mkdir("class/bob", 0700), 0);
    assert_int_equal(symlink("../ada/work.zip", "class/bob/work.zip"), 0);
    assert_int_equal(list_class(), 2);
    assert_listed(&list[0], "ada", "class/ada", false);
    assert_listed(&list[1], "bob", "class/bob", false);
}

static void test_an_archive_that_is_not_read_is_refused(void **state)
{
    (void)state;
    tree_write("class/ada.rar", "x");
    tree_write("class/bob.7z", "x");
    tree_write("class/bob.zip", "x");
    assert_int_equal(list_class(), 2);
    assert_listed(&list[0], "ada", "class/ada.rar", true);
    assert_listed(&list[1], "bob", "class/bob.zip", true);
    assert_string_equal(
        notes, "bob.7z: this student's folder or archive is there already");
    hand_in_listed(&list[0], false, NULL);
    handed_is(SUBMISSION_REFUSED, "ada.rar: an archive of this kind is not "
                                  "read: hand in a .zip, .tar.gz or .tar");
}

/* --- downloads ------------------------------------------------------------*/

static void assert_parsed(const char *name, const char *student, const char *id,
                          const char *file)
{
    struct download d;
    assert_true(download_parse(name, &d));
    assert_true(base_slice_equal(d.student, base_slice_of(student)));
    assert_true(base_slice_equal(d.id, base_slice_of(id)));
    assert_string_equal(download_file(&d, &arena), file);
}

static void test_names_of_downloads(void **state)
{
    (void)state;
    assert_parsed("Ada Brook_4711_assignsubmission_file", "Ada Brook", "4711",
                  "");
    assert_parsed("Ada Brook_4711_assignsubmission_file_", "Ada Brook", "4711",
                  "");
    assert_parsed("A_B_4711_assignsubmission_file_my_server-1.c", "A_B", "4711",
                  "my_server-1.c");
    assert_parsed("brookada_4711_8152_server.c", "brookada", "4711",
                  "server.c");
    assert_parsed("brookada_LATE_4711_8152_my_server-12.c", "brookada", "4711",
                  "my_server.c");
    /* What a student calls a file makes it nobody else's. */
    assert_parsed("brookada_4711_8152_12_assignsubmission_file_server.c",
                  "brookada", "4711", "12_assignsubmission_file_server.c");
    assert_parsed("Ada Brook_4711_assignsubmission_file_x_12_13_server.c",
                  "Ada Brook", "4711", "x_12_13_server.c");
    assert_parsed("brook_ada_LATE_4711_8152_server.c", "brook_ada", "4711",
                  "server.c");
    assert_parsed("brookada_4711_8152_-1.c", "brookada", "4711", "-1.c");
    assert_parsed("brookada_4711_8152_README-2", "brookada", "4711", "README");
}

static void test_names_that_are_none_of_a_download(void **state)
{
    (void)state;
    static const char *const names[] = {
        "",
        "ada.brook",
        "server.c",
        "ada_brook_05_server.c",
        "ada_4711_server.c",
        "ada_4711_8152_",
        "_4711_8152_server.c",
        "ada_LATE_8152_server.c",
        "ada_47x1_8152_server.c",
        "_assignsubmission_file_",
        "Ada_assignsubmission_file_server.c",
        "_4711_assignsubmission_file_server.c",
        "Ada_47x_assignsubmission_file_server.c",
    };
    struct download d;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (download_parse(names[i], &d))
            fail_msg("\"%s\" is taken for a download", names[i]);
}

static void test_moodle_folders(void **state)
{
    (void)state;
    tree_write("class/Ada Brook_11_assignsubmission_file/server.c", "a");
    tree_write("class/Ada Brook_12_assignsubmission_file/server.c", "b");
    tree_write("class/Ada Brook_12_assignsubmission_onlinetext/x.html", "b");
    assert_int_equal(list_class(), 2);
    assert_string_equal(list[0].student, "Ada Brook");
    assert_string_equal(list[0].id, "11");
    assert_string_equal(list[1].student, "Ada Brook 12");
    assert_string_equal(list[1].id, "12");
    assert_string_equal(
        notes, "Ada Brook_12_assignsubmission_onlinetext: this student's "
               "folder or archive is there already");
    hand_in_listed(&list[1], true, NULL);
    handed_server("b");
}

/* Canvas makes no folders: what looks like it is somebody's own name. */
static void test_a_folder_is_none_of_canvas(void **state)
{
    (void)state;
    tree_write("class/group_11_22_b/server.c", "x");
    assert_int_equal(list_class(), 1);
    assert_listed(&list[0], "group_11_22_b", "class/group_11_22_b", false);
    assert_null(list[0].id);
}

/* The number tells two of one name apart, and is no part of the name. */
static void test_the_name_has_no_number(void **state)
{
    (void)state;
    tree_write("class/Ada_11_assignsubmission_file/server.c", "a");
    tree_write("class/Ada_12_assignsubmission_file/server.c", "b");
    assert_int_equal(list_class(), 2);
    assert_string_equal(list[1].student, "Ada 12");
    assert_string_equal(list[1].named, "Ada");
}

static void test_a_note_is_a_line(void **state)
{
    (void)state;
    tree_write("class/x\nada: copied", "x");
    assert_int_equal(list_class(), 0);
    assert_null(strchr(notes, '\n'));
}

static void test_of_many_that_are_left_out_the_rest_is_counted(void **state)
{
    (void)state;
    char path[40];
    for (int i = 0; i < 203; i++) {
        snprintf(path, sizeof path, "class/%03d", i);
        tree_write(path, "x");
    }
    assert_int_equal(list_class(), 0);
    assert_non_null(strstr(notes, "\n199: neither folder nor archive\n"
                                  "and 3 more"));
}

static void test_loose_files_of_canvas(void **state)
{
    (void)state;
    tree_write("class/brookada_11_100_server.c", "a");
    tree_write("class/brookada_11_101_notes.txt", "n");
    tree_write("class/larsenfinn_LATE_12_102_server-3.c", "b");
    tree_write("class/raogita_13_103_notes.txt", "n");
    assert_int_equal(list_class(), 3);
    assert_null(notes);
    assert_string_equal(list[1].student, "larsenfinn");
    hand_in_listed(&list[1], true, NULL);
    handed_server("b");
    hand_in_listed(&list[2], true, NULL);
    handed_is(SUBMISSION_MISSING, "server.c is missing");
    hand_in_listed(&list[0], true, "notes.txt");
    handed_server("a");
    assert_string_equal(tree_read("into/notes.txt"), "n");
}

static void test_an_archive_of_canvas_comes_before_loose_files(void **state)
{
    (void)state;
    tree_write("class/brookada_11_100_notes.txt", "n");
    tree_write("class/brookada_11_101_work.zip", "x");
    assert_int_equal(list_class(), 1);
    assert_listed(&list[0], "brookada", "class/brookada_11_101_work.zip", true);
    assert_string_equal(notes,
                        "brookada_11_100_notes.txt: this student's folder or "
                        "archive is there already");
}

static void
test_loose_files_come_before_an_archive_that_is_not_read(void **state)
{
    (void)state;
    tree_write("class/brookada_11_100_notes.rar", "x");
    tree_write("class/brookada_11_101_server.c", "a");
    assert_int_equal(list_class(), 1);
    assert_null(notes);
    hand_in_listed(&list[0], true, NULL);
    handed_server("a");
}

static void test_one_loose_file_twice_is_refused(void **state)
{
    (void)state;
    tree_write("class/brookada_11_100_server.c", "a");
    tree_write("class/brookada_11_101_server-1.c", "b");
    assert_int_equal(list_class(), 1);
    hand_in_listed(&list[0], true, NULL);
    handed_is(SUBMISSION_REFUSED, "two files server.c");
}

static void test_the_folder_of_loose_files_may_be_a_link(void **state)
{
    (void)state;
    tree_write("real/brookada_11_100_server.c", "a");
    assert_int_equal(symlink("real", "class"), 0);
    assert_int_equal(list_class(), 1);
    hand_in_listed(&list[0], true, NULL);
    handed_server("a");
}

/* The third is called as the second would be. */
static void test_nobody_is_left_out_for_a_name(void **state)
{
    (void)state;
    tree_write("class/Ada Brook 12_99_assignsubmission_file/server.c", "c");
    tree_write("class/Ada Brook_11_assignsubmission_file/server.c", "a");
    tree_write("class/Ada Brook_12_assignsubmission_file/server.c", "b");
    assert_int_equal(list_class(), 3);
    assert_null(notes);
}

static void test_a_file_name_makes_nobody_another(void **state)
{
    (void)state;
    tree_write("class/mallory_11_100_12_assignsubmission_file_server.c", "m");
    tree_write("class/zoe_12_101_server.c", "z");
    assert_int_equal(list_class(), 2);
    assert_string_equal(list[0].id, "11");
    assert_string_equal(list[1].student, "zoe");
    hand_in_listed(&list[1], true, NULL);
    handed_server("z");
}

static void test_a_link_among_loose_files_is_refused(void **state)
{
    (void)state;
    tree_write("class/brookada_11_100_notes.txt", "n");
    assert_int_equal(symlink("/etc/passwd", "class/brookada_11_101_server.c"),
                     0);
    assert_int_equal(list_class(), 1);
    hand_in_listed(&list[0], true, NULL);
    handed_is(SUBMISSION_REFUSED, "is a link");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_lists_folders_and_archives_by_name),
        TEST(test_notes_what_it_leaves_out),
        TEST(test_a_class_that_is_not_there),
        TEST(test_a_name_may_hold_any_byte),
        TEST(test_a_lone_archive_is_what_its_folder_hands_in),
        TEST(test_an_archive_beside_others_is_not_alone),
        TEST(test_an_archive_that_is_not_read_is_refused),
        TEST(test_names_of_downloads),
        TEST(test_names_that_are_none_of_a_download),
        TEST(test_moodle_folders),
        TEST(test_a_folder_is_none_of_canvas),
        TEST(test_the_name_has_no_number),
        TEST(test_a_note_is_a_line),
        TEST(test_of_many_that_are_left_out_the_rest_is_counted),
        TEST(test_loose_files_of_canvas),
        TEST(test_an_archive_of_canvas_comes_before_loose_files),
        TEST(test_loose_files_come_before_an_archive_that_is_not_read),
        TEST(test_one_loose_file_twice_is_refused),
        TEST(test_the_folder_of_loose_files_may_be_a_link),
        TEST(test_nobody_is_left_out_for_a_name),
        TEST(test_a_file_name_makes_nobody_another),
        TEST(test_a_link_among_loose_files_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_intake_archive.c - what is taken from archives, made here by the
 * programs that students use, and what is refused: every trick with a name, a
 * link or a size, and what is damaged.
 *
 * Read before: test_intake.c. Read after: test_tar.c.
 * Rests on: cmocka; zip, tar, bsdtar and python3, where installed.
 */
#include "handed.h"
#include "tree_of.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* --- what students do -----------------------------------------------------*/

static void test_a_zip(void **state)
{
    (void)state;
    handed_needs("bsdtar");
    handed_needs("zip");
    tree_write("05-drain/server.c", "int server;");
    tree_write("05-drain/notes.txt", "mine");
    handed_shell("zip -qr ada.zip 05-drain");
    hand_in("ada.zip", false, NULL);
    handed_server("int server;");
    assert_string_equal(taken.notes, "not asked for, not looked at: notes.txt");
    assert_null(tree_read("into/notes.txt"));
}

static void test_a_tar_of_each_kind(void **state)
{
    (void)state;
    static const char *const commands[] = {
        "tar --format=gnu -czf ada.tar.gz 05-drain",
        "tar --format=ustar -czf ada.tar.gz 05-drain",
        "tar --format=pax -czf ada.tar.gz 05-drain",
        "tar --format=v7 -czf ada.tar.gz ./05-drain",
        "tar --format=pax -cf ada.tar.gz ./05-drain", /* the name lies */
        "tar --format=gnu -c 05-drain | gzip -1 >ada.tar.gz",
    };
    char long_name[300];
    snprintf(long_name, sizeof(long_name), "05-drain/%0120d.txt", 7);
    tree_write("05-drain/server.c", "int server;");
    for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
        handed_shell(commands[i]);
        hand_in("ada.tar.gz", false, NULL);
        handed_server("int server;");
        /* From now on with a name too long for a header; v7 has no place. */
        if (i == 3)
            tree_write(long_name, "long");
    }
    assert_non_null(strstr(taken.notes, long_name + strlen("05-drain/")));
}

static void test_a_tar_by_bsdtar_and_by_python(void **state)
{
    (void)state;
    handed_needs("bsdtar");
    handed_needs("python3");
    tree_write("05-drain/server.c", "int server;");
    handed_shell("bsdtar -czf ada.tgz 05-drain");
    hand_in("ada.tgz", false, NULL);
    handed_server("int server;");
    handed_shell("python3 -m tarfile -c bob.tar 05-drain");
    hand_in("bob.tar", false, NULL);
    handed_server("int server;");
    handed_shell("python3 -m zipfile -c eve.zip 05-drain");
    hand_in("eve.zip", false, NULL);
    handed_server("int server;");
}

static void test_one_folder_around_all(void **state)
{
    (void)state;
    tree_write("homework/05-drain/server.c", "int server;");
    handed_shell("tar -czf ada.tgz homework");
    hand_in("ada.tgz", false, NULL);
    handed_server("int server;");
}

static void test_no_folder_counts_for_the_only_exercise(void **state)
{
    (void)state;
    tree_write("server.c", "int server;");
    handed_shell("tar -czf ada.tgz server.c");
    hand_in("ada.tgz", true, NULL);
    handed_server("int server;");
    hand_in("ada.tgz", false, NULL);
    handed_is(SUBMISSION_EMPTY,
              "there is no folder 05-drain; there is: server.c");
}

/* What macOS adds is no second submission. */
static void test_what_systems_add_is_not_seen(void **state)
{
    (void)state;
    tree_write("05-drain/server.c", "int server;");
    tree_write("05-drain/._server.c", "fork");
    tree_write("__MACOSX/05-drain/server.c", "fork");
    tree_write(".git/05-drain/server.c", "old");
    handed_shell("tar -czf ada.tgz __MACOSX .git 05-drain");
    hand_in("ada.tgz", false, NULL);
    handed_server("int server;");
    assert_null(taken.notes);
}

static void test_slips_are_named(void **state)
{
    (void)state;
    tree_write("05-drain/Server.c", "int server;");
    handed_shell("tar -czf ada.tgz 05-drain");
    hand_in("ada.tgz", false, NULL);
    handed_is(SUBMISSION_MISSING,
              "you handed in Server.c; the exercise needs server.c");
    tree_write("05-drain/Server.c", "int server;");
    handed_shell("tar -czf inner.tar.gz 05-drain; rm -r 05-drain; "
                 "mkdir 05-drain; mv inner.tar.gz 05-drain; "
                 "tar -czf bob.tgz 05-drain");
    hand_in("bob.tgz", false, NULL);
    handed_is(SUBMISSION_MISSING,
              "server.c is missing: you handed in inner.tar.gz, an archive "
              "within; the exercise needs the files");
}

static void test_nothing_in_it(void **state)
{
    (void)state;
    tree_write("ada.zip", "");
    hand_in("ada.zip", false, NULL);
    handed_is(SUBMISSION_EMPTY, "ada.zip has 0 bytes");
    handed_shell("tar -czf bob.tgz -T /dev/null");
    hand_in("bob.tgz", false, NULL);
    handed_is(SUBMISSION_EMPTY, "the archive is empty");
    tree_write("05-drain/server.c", "");
    handed_shell("tar -czf eve.tgz 05-drain");
    hand_in("eve.tgz", false, NULL);
    handed_is(SUBMISSION_EMPTY, "server.c has 0 bytes");
    handed_needs("bsdtar");
    handed_shell("printf 'PK\\005\\006%18s' | tr ' ' '\\000' >dan.zip");
    hand_in("dan.zip", false, NULL);
    handed_is(SUBMISSION_EMPTY, "the archive is empty");
}

/* --- tricks with names ----------------------------------------------------*/

static void test_no_absolute_path_and_no_way_out(void **state)
{
    (void)state;
    tree_write("x/05-drain/server.c", "int server;");
    handed_shell("tar -czPf ada.tgz \"$PWD/x/05-drain\"");
    hand_in("ada.tgz", false, NULL);
    handed_is(SUBMISSION_REFUSED, "has an absolute path");
    handed_shell("cd x/05-drain && tar -czPf ../../bob.tgz ../05-drain");
    hand_in("bob.tgz", false, NULL);
    handed_is(SUBMISSION_REFUSED, "leads out of the archive");
}

/* Python writes what it is told: a zip with these entries. */
static void make_zip(const char *path, const char *entries)
{
    char command[1024];
    handed_needs("bsdtar");
    handed_needs("python3");
    snprintf(command, sizeof(command),
             "python3 -W ignore - <<'END'\n"
             "import zipfile\n"
             "with zipfile.ZipFile('%s', 'w', zipfile.ZIP_DEFLATED) as z:\n"
             "    for name, text in %s:\n"
             "        z.writestr(name, text)\n"
             "END\n",
             path, entries);
    handed_shell(command);
}

static void test_the_same_in_a_zip(void **state)
{
    (void)state;
    make_zip("ada.zip", "[('/05-drain/server.c', 'x')]");
    hand_in("ada.zip", false, NULL);
    handed_is(SUBMISSION_REFUSED, "/05-drain/server.c has an absolute path");
    make_zip("bob.zip", "[('05-drain/server.c', 'x'), ('a/../../b', 'x')]");
    hand_in("bob.zip", false, NULL);
    handed_is(SUBMISSION_REFUSED, "a/../../b leads out of the archive");
    make_zip("eve.zip", "[('05-drain\\\\server.c', 'x')]"); /* Windows */
    hand_in("eve.zip", false, NULL);
    handed_server("x");
}

static void test_names_that_clash(void **state)
{
    (void)state;
    make_zip("ada.zip", "[('05-drain/server.c', 'a'), "
                        "('./05-drain//server.c', 'b')]");
    hand_in("ada.zip", false, NULL);
    handed_is(SUBMISSION_REFUSED, "05-drain/server.c is there twice");
    make_zip("bob.zip", "[('05-drain/server.c', 'a'), "
                        "('05-drain/SERVER.C', 'b')]");
    hand_in("bob.zip", false, NULL);
    handed_is(SUBMISSION_REFUSED, "has server.c twice, in capital");
}

static void test_long_names(void **state)
{
    (void)state;
    make_zip("ada.zip", "[('05-drain/server.c', 'x'), "
                        "('/'.join(['d' * 255] * 5) + '/' + 'n' * 255, 'x')]");
    hand_in("ada.zip", false, NULL);
    handed_server("x");
    make_zip("bob.zip", "[('05-drain/server.c', 'x'), ('n' * 256, 'x')]");
    hand_in("bob.zip", false, NULL);
    handed_is(SUBMISSION_REFUSED, "has a name of more than 255 bytes");
    make_zip("eve.zip", "[('05-drain/server.c', 'x'), ('d/' * 9000, '')]");
    hand_in("eve.zip", false, NULL);
    handed_is(SUBMISSION_REFUSED, "");
}

/* Latin-1, as old systems write; and what calls itself UTF-8 and is none. */
static void test_names_that_are_not_utf8(void **state)
{
    (void)state;
    tree_write("05-drain/server.c", "int server;");
    tree_write("05-drain/gr\xfc\xdf.txt", "x");
    handed_shell("tar -czf ada.tgz 05-drain");
    hand_in("ada.tgz", false, NULL);
    handed_server("int server;");
    assert_string_equal(taken.notes,
                        "not asked for, not looked at: gr\xfc\xdf.txt");
    handed_needs("bsdtar");
    handed_needs("zip");
    tree_write("05-drain/AAAA.txt", "x");
    handed_shell("rm 05-drain/gr*; zip -qr bob.zip 05-drain; "
                 "LC_ALL=C sed -i 's/AAAA/\\xff\\xfe\\xfc\\xdf/g' bob.zip");
    hand_in("bob.zip", false, NULL);
    handed_server("int server;");
    assert_string_equal(taken.notes,
                        "not asked for, not looked at: \xff\xfe\xfc\xdf.txt");
    make_zip("eve.zip", "[('05-drain/server.c', 'x'), ('\\u00e4\\u00e4', '')]");
    handed_shell("LC_ALL=C sed -i 's/\\xc3\\xa4/\\xff\\xff/g' eve.zip");
    hand_in("eve.zip", false, NULL);
    handed_is(SUBMISSION_REFUSED, "Pathname cannot be converted from UTF-8");
}

/* --- what is no plain file ------------------------------------------------*/

static void test_no_links(void **state)
{
    (void)state;
    tree_write("05-drain/notes.txt", "x");
    handed_shell("ln -s /etc/passwd 05-drain/server.c; "
                 "tar -czf ada.tgz 05-drain");
    hand_in("ada.tgz", false, NULL);
    handed_is(SUBMISSION_REFUSED, "05-drain/server.c is a symbolic link");
    /* A folder that is a link, and a file written through it. */
    handed_shell("ln -s /tmp out; tar -cf bob.tar out; rm out; mkdir out; "
                 "echo x >out/server.c; tar -rf bob.tar out/server.c");
    hand_in("bob.tar", false, NULL);
    handed_is(SUBMISSION_REFUSED, "out is a symbolic link");
    handed_shell("rm 05-drain/server.c; ln 05-drain/notes.txt "
                 "05-drain/server.c; tar -czf eve.tgz 05-drain");
    hand_in("eve.tgz", false, NULL);
    handed_is(SUBMISSION_REFUSED, "is a hard link to another file");
    handed_needs("bsdtar");
    handed_needs("zip");
    handed_shell("ln -sf / 05-drain/root; zip -qry dan.zip 05-drain");
    hand_in("dan.zip", false, NULL);
    handed_is(SUBMISSION_REFUSED, "05-drain/root is a symbolic link");
}

static void test_no_devices_and_no_fifos(void **state)
{
    (void)state;
    handed_shell("mkdir 05-drain; mkfifo 05-drain/server.c; "
                 "tar -czf ada.tgz 05-drain");
    hand_in("ada.tgz", false, NULL);
    handed_is(SUBMISSION_REFUSED, "is neither a file nor a folder");
    handed_needs("python3");
    handed_shell("python3 - <<'END'\n"
                 "import tarfile\n"
                 "for kind, path in (tarfile.CHRTYPE, 'bob'), "
                 "(tarfile.BLKTYPE, 'eve'), (b'S', 'dan'):\n"
                 "    t = tarfile.TarInfo('05-drain/server.c')\n"
                 "    t.type = kind\n"
                 "    tarfile.open(path + '.tar', 'w').addfile(t)\n"
                 "END\n");
    const char *const paths[] = {"bob.tar", "eve.tar", "dan.tar"};
    for (size_t i = 0; i < 3; i++) {
        hand_in(paths[i], false, NULL);
        handed_is(SUBMISSION_REFUSED, "server.c is neither a file nor");
    }
}

static void test_sparse_files_are_refused(void **state)
{
    (void)state;
    handed_shell("mkdir 05-drain; truncate -s 1M 05-drain/server.c; "
                 "tar --format=gnu -S -czf ada.tgz 05-drain; "
                 "tar --format=pax -S -czf bob.tgz 05-drain");
    hand_in("ada.tgz", false, NULL);
    handed_is(SUBMISSION_REFUSED, "is neither a file nor a folder");
    hand_in("bob.tgz", false, NULL);
    handed_is(SUBMISSION_REFUSED, "is neither a file nor a folder");
}

/* libarchive knows a form whose entries name files of the disk: not ours. */
static void test_an_archive_takes_no_file_of_ours(void **state)
{
    (void)state;
    tree_write("secret.c", "int secret;");
    handed_shell("printf '#mtree\\n05-drain/server.c type=file "
                 "contents=%s/secret.c\\n' \"$PWD\" >m; "
                 "gzip -c m >ada.tar.gz; cp m bob.zip; (printf "
                 "'PK\\003\\004'; cat m) >eve.zip");
    hand_in("ada.tar.gz", false, NULL);
    handed_is(SUBMISSION_REFUSED, "the archive is damaged");
    hand_in("bob.zip", false, NULL);
    handed_is(SUBMISSION_REFUSED, "bob.zip is neither a zip archive nor");
    handed_needs("bsdtar");
    hand_in("eve.zip", false, NULL);
    handed_is(SUBMISSION_REFUSED, "the archive is damaged");
}

/* --- sizes ----------------------------------------------------------------*/

static void test_bombs(void **state)
{
    (void)state;
    tree_write("05-drain/server.c", "int server;");
    handed_shell("truncate -s 80M 05-drain/zero; tar -czf ada.tgz 05-drain");
    hand_in("ada.tgz", false, NULL);
    handed_is(SUBMISSION_REFUSED, "unpacked it has more than 64 MB");
    /* Behind the archive's end, too, nothing is read for ever. */
    handed_shell("rm 05-drain/zero; tar -cf bob.tar 05-drain; "
                 "(cat bob.tar; head -c 80M /dev/zero) | gzip -1 >bob.tgz");
    hand_in("bob.tgz", false, NULL);
    handed_is(SUBMISSION_REFUSED, "unpacked it has more than 64 MB");
    make_zip("eve.zip", "[('05-drain/server.c', 'x')] + "
                        "[('%d' % i, bytes(10 << 20)) for i in range(8)]");
    hand_in("eve.zip", false, NULL);
    handed_is(SUBMISSION_REFUSED, "unpacked it has more than 64 MB");
}

static void test_ten_thousand_entries(void **state)
{
    (void)state;
    make_zip("ada.zip", "[('05-drain/server.c', 'x')] + "
                        "[('%d' % i, '') for i in range(10000)]");
    hand_in("ada.zip", false, NULL);
    handed_is(SUBMISSION_REFUSED, "it has more than 2000 entries");
}

static void test_large_files(void **state)
{
    (void)state;
    handed_shell("mkdir 05-drain; head -c 1048577 /dev/zero "
                 ">05-drain/server.c; tar -czf ada.tgz 05-drain");
    hand_in("ada.tgz", false, NULL);
    handed_is(SUBMISSION_REFUSED, "server.c has 1048577 bytes; at most");
    handed_shell("truncate -s 17M bob.zip");
    hand_in("bob.zip", false, NULL);
    handed_is(SUBMISSION_REFUSED, "bob.zip has 17825792 bytes; at most");
    /* Twenty files of the right name, 20 MB: not all of it is kept. */
    handed_shell("for i in $(seq 20); do mkdir -p d/$i; head -c 1M /dev/zero "
                 ">d/$i/server.c; done; tar -czf eve.tgz d");
    hand_in("eve.tgz", true, NULL);
    handed_is(SUBMISSION_REFUSED, "server.c is there too often");
}

/* --- damage ---------------------------------------------------------------*/

static void test_no_archive_at_all(void **state)
{
    (void)state;
    tree_write("ada.zip", "int main(void) { return 0; }");
    hand_in("ada.zip", false, NULL);
    handed_is(SUBMISSION_REFUSED,
              "ada.zip is neither a zip archive nor a tar.gz");
    handed_shell("echo hello | gzip >bob.tar.gz");
    hand_in("bob.tar.gz", false, NULL);
    handed_is(SUBMISSION_REFUSED, "the archive is damaged: it breaks off");
}

static void test_a_password(void **state)
{
    (void)state;
    handed_needs("bsdtar");
    handed_needs("zip");
    tree_write("05-drain/server.c", "int server;");
    handed_shell("zip -qr -P secret ada.zip 05-drain");
    hand_in("ada.zip", false, NULL);
    handed_is(SUBMISSION_REFUSED, "locked with a password");
}

/*
 * Wherever it breaks off, nothing is taken but the whole file: in a zip, that
 * is when the directory at its end has been cut, of which nothing is needed.
 */
static void assert_whole_or_nothing(const char *path, bool zip)
{
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    for (off_t len = status.st_size - 1; len > 0; len -= 1 + len / 16) {
        assert_int_equal(truncate(path, len), 0);
        hand_in(path, false, NULL);
        if (zip && taken.state == SUBMISSION_GRADED)
            handed_server("int server;");
        else
            handed_is(SUBMISSION_REFUSED, "");
    }
}

static void test_what_breaks_off(void **state)
{
    (void)state;
    tree_write("05-drain/server.c", "int server;");
    handed_shell("seq 1000 >05-drain/numbers; tar -czf ada.tgz 05-drain");
    assert_whole_or_nothing("ada.tgz", false);
    handed_needs("bsdtar");
    handed_needs("zip");
    handed_shell("zip -qr ada.zip 05-drain");
    assert_whole_or_nothing("ada.zip", true);
}

static void test_gzip_says_what_is_wrong(void **state)
{
    (void)state;
    tree_write("05-drain/server.c", "int server;");
    handed_shell("tar -cf - 05-drain | gzip >ada.tgz; "
                 "printf xxxx | dd of=ada.tgz bs=1 conv=notrunc status=none "
                 "seek=$(($(stat -c %s ada.tgz) - 8))");
    hand_in("ada.tgz", false, NULL);
    handed_is(SUBMISSION_REFUSED, "crc error");
}

static void test_what_is_not_installed_is_the_graders_fault(void **state)
{
    (void)state;
    handed_needs("zip");
    tree_write("05-drain/server.c", "int server;");
    handed_shell("zip -qr ada.zip 05-drain");
    char *path = base_strdup(getenv("PATH"));
    assert_int_equal(setenv("PATH", "/nonexistent", 1), 0);
    hand_in("ada.zip", false, NULL);
    assert_int_equal(setenv("PATH", path, 1), 0);
    free(path);
    handed_is(SUBMISSION_ERROR, "apt install libarchive-tools");
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, tree_setup, handed_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_zip),
        TEST(test_a_tar_of_each_kind),
        TEST(test_a_tar_by_bsdtar_and_by_python),
        TEST(test_one_folder_around_all),
        TEST(test_no_folder_counts_for_the_only_exercise),
        TEST(test_what_systems_add_is_not_seen),
        TEST(test_slips_are_named),
        TEST(test_nothing_in_it),
        TEST(test_no_absolute_path_and_no_way_out),
        TEST(test_the_same_in_a_zip),
        TEST(test_names_that_clash),
        TEST(test_long_names),
        TEST(test_names_that_are_not_utf8),
        TEST(test_no_links),
        TEST(test_no_devices_and_no_fifos),
        TEST(test_sparse_files_are_refused),
        TEST(test_an_archive_takes_no_file_of_ours),
        TEST(test_bombs),
        TEST(test_ten_thousand_entries),
        TEST(test_large_files),
        TEST(test_no_archive_at_all),
        TEST(test_a_password),
        TEST(test_what_breaks_off),
        TEST(test_gzip_says_what_is_wrong),
        TEST(test_what_is_not_installed_is_the_graders_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

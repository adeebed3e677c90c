/*
 * test_similar.c - three students solve one exercise on their own, a fourth
 * copies from the first, with other names, another layout and other comments;
 * a fifth hands in the skeleton, a sixth tries to hide.
 *
 * Read before: similar.h. Read after: nothing.
 * Rests on: cmocka; sim_c, where installed.
 */
#include "../grader/similar_internal.h"
#include "handed.h"
#include "tree_of.h"

#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cmocka.h>

/* What all are given: more tokens than anyone adds. */
#define SKELETON_HEAD                                                          \
    "#include <stdio.h>\n"                                                     \
    "struct conn { int fd; char bytes[512]; size_t len; struct conn *next; "   \
    "};\n"                                                                     \
    "static struct conn *first, *last;\n"                                      \
    "static int counter, limit = 100, verbose;\n"                              \
    "int listen_on(const char *host, int port, int backlog);\n"                \
    "void report(struct conn *c, const char *what, int error) {\n"             \
    "    if (verbose)\n"                                                       \
    "        fprintf(stderr, \"%s: %d %d\\n\", what, c->fd, error);\n"         \
    "    while (c != NULL && c->next != NULL)\n"                               \
    "        c = c->next;\n"                                                   \
    "    counter = counter + 1 < limit ? counter + 1 : limit;\n"               \
    "}\n"

#define SKELETON_TAIL                                                          \
    "int main(int argc, char **argv) {\n"                                      \
    "    const int fd = listen_on(argc > 1 ? argv[1] : \"::1\", 8000, 128);\n" \
    "    for (int i = 0; i < limit && fd >= 0; i++) {\n"                       \
    "        struct conn c = {fd, {0}, 0, first};\n"                           \
    "        drain(&c);\n"                                                     \
    "    }\n"                                                                  \
    "    return 0;\n"                                                          \
    "}\n"

static const char skeleton[] =
    SKELETON_HEAD "int drain(struct conn *c) {\n    return 0; /* TODO */\n"
                  "}\n" SKELETON_TAIL;

static const char ada[] = SKELETON_HEAD
    "int drain(struct conn *c) {\n"
    "    size_t total = 0;\n"
    "    for (;;) {\n"
    "        ssize_t n = read(c->fd, c->bytes, sizeof(c->bytes));\n"
    "        if (n > 0) {\n"
    "            total += n;\n"
    "            c->len = n;\n"
    "            if (total > 65536) { report(c, \"greedy\", 0); break; }\n"
    "            continue;\n"
    "        }\n"
    "        if (n == 0) { close(c->fd); return 0; }\n"
    "        if (errno == EINTR) continue;\n"
    "        if (errno != EAGAIN) report(c, \"read\", errno);\n"
    "        return -errno;\n"
    "    }\n"
    "    return total;\n"
    "}\n" SKELETON_TAIL;

/* Ada's, with other names, layout and comments. */
static const char copy[] =
    SKELETON_HEAD "/* My own solution! */\n"
                  "int drain(struct conn *client)\n"
                  "{\n"
                  "    size_t sum = 0; /* how much */\n"
                  "    for (;;)\n"
                  "    {\n"
                  "        ssize_t got = read(client->sock, client->room,\n"
                  "                           sizeof(client->room));\n"
                  "        if (got > 0)\n"
                  "        {\n"
                  "            sum += got; client->used = got;\n"
                  "            if (sum > 32768)\n"
                  "            { tell(client, \"much\", 1); break; }\n"
                  "            continue;\n"
                  "        }\n"
                  "        if (got == 0) { shut(client->sock); return 0; }\n"
                  "        if (error == AGAIN) continue;\n"
                  "        if (error != LATER) tell(client, \"in\", error);\n"
                  "        return -error;\n"
                  "    }\n"
                  "    return sum;\n"
                  "}\n" SKELETON_TAIL;

static const char bob[] = SKELETON_HEAD
    "static int once(struct conn *c, ssize_t *got) {\n"
    "    do *got = recv(c->fd, c->bytes, 512, MSG_DONTWAIT);\n"
    "    while (*got == -1 && errno == EINTR);\n"
    "    return *got > 0;\n"
    "}\n"
    "int drain(struct conn *c) {\n"
    "    ssize_t got;\n"
    "    while (once(c, &got)) c->len = (size_t)got;\n"
    "    switch (got) {\n"
    "    case 0: c->next = NULL; shutdown(c->fd, SHUT_RDWR); return 1;\n"
    "    case -1: return errno == EWOULDBLOCK ? 0 : -1;\n"
    "    default: abort();\n"
    "    }\n"
    "}\n" SKELETON_TAIL;

static const char eve[] = SKELETON_HEAD
    "enum state { MORE, DONE, BROKEN };\n"
    "static enum state step(int fd, char *to, size_t room, size_t *len) {\n"
    "    struct iovec v = {to, room};\n"
    "    const long r = readv(fd, &v, 1);\n"
    "    *len = r < 0 ? 0 : (unsigned long)r;\n"
    "    return r > 0 ? MORE : r == 0 || errno == EAGAIN ? DONE : BROKEN;\n"
    "}\n"
    "int drain(struct conn *c) {\n"
    "    enum state s = MORE;\n"
    "    int rounds = 0;\n"
    "    while (s == MORE && rounds++ < 16)\n"
    "        s = step(c->fd, c->bytes + c->len, 512 - c->len, &c->len);\n"
    "    return s == BROKEN ? -1 : rounds;\n"
    "}\n" SKELETON_TAIL;

static const char *const files[] = {"server.c", "notes.txt", NULL};
static struct similar found;

static const struct similar_student students[] = {
    {"ada", "class/ada"},
    {"bob", "class/bob"},
    {"<i>eve</i>\n\xff", "class/eve"},
    {"copy", "class/copy"},
    {"stub", "class/stub"},
};
enum { ADA, BOB, EVE, COPY, STUB, STUDENTS };

static void write_class(void)
{
    tree_write("skeleton/server.c", skeleton);
    tree_write("class/ada/server.c", ada);
    tree_write("class/bob/server.c", bob);
    tree_write("class/eve/server.c", eve);
    tree_write("class/copy/server.c", copy);
    tree_write("class/copy/notes.txt", "What I thought");
    tree_write("class/stub/server.c", skeleton);
    assert_int_equal(mkdir("out", 0700), 0);
}

static struct similar_job job_of(size_t n_students)
{
    return (struct similar_job){.exercise = "05-drain",
                                .files = files,
                                .skeleton = "skeleton",
                                .students = students,
                                .n_students = n_students};
}

static void report_class(void)
{
    handed_needs("sim_c");
    write_class();
    const struct similar_job job = job_of(STUDENTS);
    const int error = similar_report(&job, "out", &found);
    if (error)
        fail_msg("%d: %s", error, found.why);
}

static int teardown(void **state)
{
    similar_free(&found);
    found = (struct similar){.n_pairs = 0};
    return handed_teardown(state);
}

/* --- what is found --------------------------------------------------------*/

static void test_the_copy_is_found_first(void **state)
{
    (void)state;
    report_class();
    assert_true(found.n_pairs >= 1);
    assert_int_equal(found.pairs[0].a, ADA);
    assert_int_equal(found.pairs[0].b, COPY);
    assert_true(found.pairs[0].share > 0.9);
    assert_true(found.pairs[0].of_a > 0.8);
    assert_true(found.pairs[0].of_b > 0.8);
}

static void test_independent_ones_are_low(void **state)
{
    (void)state;
    report_class();
    for (size_t i = 1; i < found.n_pairs; i++)
        assert_true(found.pairs[i].share < 0.3);
    assert_true(found.usual < 0.3);
    assert_int_equal(found.compared, STUDENTS - 1);
}

/* All have the skeleton in common, and one has nothing else. */
static void test_the_skeleton_counts_for_nothing(void **state)
{
    (void)state;
    report_class();
    for (size_t i = 0; i < found.n_pairs; i++) {
        assert_int_not_equal(found.pairs[i].a, STUB);
        assert_int_not_equal(found.pairs[i].b, STUB);
    }
    similar_free(&found);
    static const struct similar_student stubs[] = {{"one", "class/stub"},
                                                   {"two", "class/stub"}};
    struct similar_job job = job_of(2);
    job.students = stubs;
    assert_int_equal(similar_report(&job, "out", &found), 0);
    assert_int_equal(found.n_pairs, 0);
    assert_int_equal(found.compared, 0);
    assert_non_null(strstr(tree_read("out/index.html"),
                           "No two submissions have code in common."));
}

/* --- what makes trouble ---------------------------------------------------*/

static void test_nobody_ends_the_run(void **state)
{
    (void)state;
    handed_needs("sim_c");
    write_class();
    handed_shell("mkdir -p class/none; head -c 200000 /dev/urandom "
                 ">class/bob/server.c; (printf '\"'; head -c 300000 /dev/zero "
                 "| tr '\\000' x) >class/eve/server.c");
    static const struct similar_student some[] = {{"ada", "class/ada"},
                                                  {"bob", "class/bob"},
                                                  {"eve", "class/eve"},
                                                  {"none", "class/none"},
                                                  {"copy", "class/copy"}};
    struct similar_job job = job_of(5);
    job.students = some;
    assert_int_equal(similar_report(&job, "out", &found), 0);
    assert_int_equal(found.pairs[0].a, 0);
    assert_int_equal(found.pairs[0].b, 4);
    assert_non_null(strstr(found.notes, "none: left out, there is no C in it"));
    assert_non_null(strstr(tree_read("out/index.html"), "none: left out"));
}

static void on_run(const struct similar_run *run, void *arg)
{
    (void)run;
    (void)arg;
}

/* sim_c says so, and ends with status 0. */
static void test_a_text_that_cannot_be_read(void **state)
{
    (void)state;
    handed_needs("sim_c");
    char said[SIMILAR_SAID];
    assert_int_equal(similar_sim(&(struct similar_sim){.work = ".",
                                                       .texts = "7.c\n",
                                                       .run = SIMILAR_RUN,
                                                       .on_run = on_run},
                                 said),
                     -EPROTO);
}

/* Where sim_c runs as another user, it can read what is ours all the same. */
static void test_whatever_the_umask(void **state)
{
    (void)state;
    const mode_t before = umask(077);
    report_class();
    umask(before);
    assert_int_equal(found.pairs[0].b, COPY);
}

static void test_what_is_not_installed(void **state)
{
    (void)state;
    write_class();
    const struct similar_job job = job_of(STUDENTS);
    char *path = base_strdup(getenv("PATH"));
    assert_int_equal(setenv("PATH", "/nonexistent", 1), 0);
    const int error = similar_report(&job, "out", &found);
    assert_int_equal(setenv("PATH", path, 1), 0);
    free(path);
    assert_int_equal(error, -ENOENT);
    assert_non_null(strstr(found.why, "apt install similarity-tester"));
    assert_null(tree_read("out/index.html"));
}

static void test_too_many(void **state)
{
    (void)state;
    const struct similar_job job = job_of(SIMILAR_STUDENTS_MAX + 1);
    assert_int_equal(similar_report(&job, NULL, &found), -E2BIG);
    assert_non_null(found.why);
}

/* --- the pages ------------------------------------------------------------*/

static void assert_in(const char *page, const char *text)
{
    if (!strstr(page, text))
        fail_msg("\"%s\" is not in the page", text);
}

static void test_the_pages(void **state)
{
    (void)state;
    report_class();
    const char *index = tree_read("out/index.html");
    assert_in(index, "<td class=\"name\">ada</td><td class=\"name\">copy</td>"
                     "<td>100 %</td>");
    assert_in(index, "<a href=\"pair-1.html\">side by side</a>");
    const char *pair = tree_read("out/pair-1.html");
    assert_in(pair, "100 % of what ada wrote, ");
    assert_in(pair, "<a href=\"#a1\">lines 14 to ");
    assert_in(pair, "<a href=\"#b1\">lines 16 to ");
    /* The same run on both sides, numbered 1, a link each way. */
    assert_in(pair, "<a id=\"a1\" href=\"#b1\"");
    assert_in(pair, "<a id=\"b1\" href=\"#a1\"");
    assert_in(pair, "<mark>");
    assert_in(pair, "if (total &gt; 65536)");
    assert_in(pair, "if (sum &gt; 32768)");
    /* What was given is there, but not marked. */
    assert_in(pair, "<span style=\"color:var(--soft)\">int main(");
    assert_null(tree_read("out/pair-51.html"));
}

static size_t count_in(const char *page, const char *text)
{
    size_t n = 0;
    while ((page = strstr(page, text)) != NULL) {
        n++;
        page += strlen(text);
    }
    return n;
}

/* What is one's own above and below is one run, and two marks a side. */
static void test_what_was_given_is_not_marked(void **state)
{
    (void)state;
    handed_needs("sim_c");
    static const char given[] =
        "enum color { RED, GREEN, BLUE, LAST_OF_THEM };\n"
        "struct pixel { enum color of; int x, y; char name[LAST_OF_THEM]; };\n";
    static const char own[] =
        "int sum(int a, int b) { while (a > 0) { b += a--; } return b; }\n";
    char text[1000];
    write_class();
    tree_write("skeleton/server.c", given);
    snprintf(text, sizeof(text), "%s%s%s", own, given, own);
    tree_write("class/ada/server.c", text);
    tree_write("class/bob/server.c", text);
    const struct similar_job job = job_of(2);
    assert_int_equal(similar_report(&job, "out", &found), 0);
    assert_int_equal(found.n_pairs, 1);
    /* And one in the words that explain it. */
    assert_int_equal(count_in(tree_read("out/pair-1.html"), "<mark>"), 5);
}

/* Four make six pairs; five, ten. */
static void test_few_pairs_have_nothing_usual(void **state)
{
    (void)state;
    handed_needs("sim_c");
    static const char few[] = "submissions have code of their own: too few to "
                              "tell what is usual.";
    report_class();
    assert_int_equal(found.compared, 4);
    assert_in(tree_read("out/index.html"), few);
    similar_free(&found);
    tree_write("class/stub/server.c", ada);
    const struct similar_job job = job_of(STUDENTS);
    assert_int_equal(similar_report(&job, "out", &found), 0);
    assert_int_equal(found.compared, 5);
    const char *index = tree_read("out/index.html");
    assert_null(strstr(index, few));
    assert_in(index, "The usual share of two is ");
}

static void test_no_name_gets_into_the_markup(void **state)
{
    (void)state;
    handed_needs("sim_c");
    write_class();
    tree_write("class/eve/server.c", copy);
    const struct similar_job job = job_of(STUDENTS);
    assert_int_equal(similar_report(&job, "out", &found), 0);
    const char *index = tree_read("out/index.html");
    assert_in(index, "&lt;i&gt;eve&lt;/i&gt;\\n\\xff");
    assert_null(strstr(index, "<i>"));
}

static void test_pages_are_well_formed(void **state)
{
    (void)state;
    handed_needs("xmllint");
    report_class();
    handed_shell("for page in out/*.html; do xmllint --html --noout $page 2>&1 "
                 "| grep -v 'Tag \\(main\\|section\\|mark\\) invalid' "
                 "| grep -A2 'error' && exit 1; done; exit 0");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tree_setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_copy_is_found_first),
        TEST(test_independent_ones_are_low),
        TEST(test_the_skeleton_counts_for_nothing),
        TEST(test_nobody_ends_the_run),
        TEST(test_a_text_that_cannot_be_read),
        TEST(test_whatever_the_umask),
        TEST(test_what_is_not_installed),
        TEST(test_too_many),
        TEST(test_the_pages),
        TEST(test_what_was_given_is_not_marked),
        TEST(test_few_pairs_have_nothing_usual),
        TEST(test_no_name_gets_into_the_markup),
        TEST(test_pages_are_well_formed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

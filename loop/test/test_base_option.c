/*
 * test_base_option.c - what Tornado's OptionsTest holds its options to, one
 * test each and in its order, then what is ours: errors that help, limits,
 * values printed and read again, and bytes that make no sense.
 *
 * Read before: base.h, option. Read after: nothing. Rests on: cmocka.
 */
#include "test_base_option_feed.h"

#include "loop/base.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* --- fixture: a set with two options -------------------------------------- */

static struct base_options *set;
static const char *name;
static int port;
static char path[64];

static int set_up(void **state)
{
    (void)state;
    name = "nobody";
    port = 80;
    const struct base_option rows[] = {
        {"name", "who", .string = &name},
        {"port", "where", .number = &port, .max = 65535},
        {0},
    };
    set = base_options_new("Tests.", "[FILE...]");
    strcpy(path, "/tmp/test_base_option.XXXXXX");
    close(mkstemp(path));
    return base_options_define(set, rows);
}

static int tear_down(void **state)
{
    (void)state;
    base_options_free(set);
    return unlink(path);
}

/* Adds one row. */
static int define(const struct base_option row)
{
    const struct base_option rows[] = {row, {0}};
    return base_options_define(set, rows);
}

enum { ARGS_MAX = 10 };

/* Parses a command line given with blanks between its arguments. */
static int parse_words(struct base_options *to, const char *words, bool final)
{
    static char text[500];
    char *argv[ARGS_MAX] = {"test"}, *rest = NULL;
    int argc = 1;
    snprintf(text, sizeof text, "%s", words);
    for (char *w = strtok_r(text, " ", &rest); w != NULL;
         w = strtok_r(NULL, " ", &rest))
        argv[argc++] = w;
    assert_true(argc < ARGS_MAX);
    return base_options_parse(to, argc, argv, final);
}

static int parse(const char *words)
{
    return parse_words(set, words, true);
}

static int parse_text(const char *text)
{
    return base_options_text(set, "app.conf", base_slice_of(text), true);
}

static void write_file(const char *text)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void assert_error(const char *part)
{
    if (strstr(base_options_error(set), part) == NULL)
        fail_msg("'%s' is not in: %s", part, base_options_error(set));
}

/* base_option_print as a text; valid until the next call. */
static const char *printed(const char *option)
{
    static char text[1000];
    struct base_buf out;
    base_buf_init(&out, sizeof text - 1);
    assert_int_equal(base_option_print(base_options_find(set, option), &out),
                     0);
    snprintf(text, sizeof text, "%.*s", BASE_SLICE_ARGS(base_buf_slice(&out)));
    base_buf_fini(&out);
    return text;
}

static const char *printed_all(const char *group)
{
    static char text[1000];
    struct base_buf out;
    base_buf_init(&out, sizeof text - 1);
    assert_int_equal(base_options_print(set, group, &out), 0);
    snprintf(text, sizeof text, "%.*s", BASE_SLICE_ARGS(base_buf_slice(&out)));
    base_buf_fini(&out);
    return text;
}

/* --- OptionsTest ---------------------------------------------------------- */

static void test_parse_command_line(void **state)
{
    (void)state;
    assert_int_equal(parse("--port=443 --name someone"), 4);
    assert_int_equal(port, 443);
    assert_string_equal(name, "someone");
}

static void test_parse_config_file(void **state)
{
    (void)state;
    write_file("# where\n\nport = 443\r\n  name=\xe6\x9d\x8e\xe5\xba\xb7\n");
    assert_int_equal(base_options_file(set, path, true), 0);
    assert_int_equal(port, 443);
    assert_string_equal(name, "\xe6\x9d\x8e\xe5\xba\xb7");
}

static int count(struct base_options *options, void *arg)
{
    assert_ptr_equal(options, set);
    ++*(int *)arg;
    return 0;
}

static void test_parse_callbacks_wait_for_the_final_parse(void **state)
{
    (void)state;
    int calls = 0, others = 0;
    base_options_on_parsed(set, count, &calls);
    base_options_on_parsed(set, count, &others);
    assert_int_equal(parse_words(set, "--port=1", false), 2);
    assert_int_equal(calls, 0);
    assert_int_equal(
        base_options_text(set, "x", base_slice_of("port=2"), false), 0);
    assert_int_equal(calls, 0);
    assert_true(parse("--port=nonsense") < 0);
    assert_int_equal(calls, 0);
    assert_int_equal(parse("--port=3"), 2);
    assert_int_equal(calls, 1);
    assert_int_equal(others, 1);
    assert_int_equal(parse_text("port=4"), 0);
    assert_int_equal(calls, 2);
}

/* Runs base_options_start in a child; its output in `text`, its status back. */
static int start_in_child(const char *argument, int stream, char text[4000])
{
    int ends[2], status;
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0) {
        char *argv[] = {"/usr/bin/program", (char *)(uintptr_t)argument, NULL};
        dup2(ends[1], stream);
        base_options_start(set, 2, argv);
        _exit(77);
    }
    close(ends[1]);
    size_t len = 0;
    for (ssize_t n = 1; n > 0; len += (size_t)n)
        n = read(ends[0], text + len, 3999 - len);
    text[len] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void test_help_prints_and_exits(void **state)
{
    (void)state;
    char text[4000];
    bool verbose = false;
    define((struct base_option){"very_verbose", "say more", .flag = &verbose,
                                .group = "talk"});
    assert_int_equal(start_in_child("--help", STDOUT_FILENO, text), 0);
    assert_string_equal(
        text, "usage: program [OPTION...] [FILE...]\n"
              "Tests.\n\n"
              "  --name TEXT                 who (default nobody)\n"
              "  --port NUMBER               where (0 to 65535; default 80)\n"
              "  --help                      print this and exit\n\n"
              "talk:\n"
              "  --very-verbose              say more\n");
    assert_int_equal(parse("--help"), -ECANCELED);
    assert_int_equal(parse("-h"), -ECANCELED);
}

static void test_subcommand_has_options_of_its_own(void **state)
{
    (void)state;
    bool force = false;
    const struct base_option rows[] = {{"force", .flag = &force}, {0}};
    struct base_options *sub = base_options_new("Does.", NULL);
    base_options_define(sub, rows);
    char *argv[] = {"test", "--port=1", "do", "--force", "it", NULL};
    const int at = base_options_parse(set, 5, argv, true);
    assert_int_equal(at, 2);
    assert_false(force);
    const int rest = base_options_parse(sub, 5 - at, argv + at, true);
    assert_true(force);
    assert_string_equal(argv[at + rest], "it");
    base_options_free(sub);
}

static void test_set_an_option(void **state)
{
    (void)state;
    assert_int_equal(base_options_set(set, "port", "8888"), 0);
    assert_int_equal(port, 8888);
}

static void test_set_checks_the_type(void **state)
{
    (void)state;
    assert_int_equal(base_options_set(set, "port", "http"), -EINVAL);
    assert_error("'http' is no value of 'port': it takes a number, 0 to 65535");
    assert_int_equal(base_options_set(set, "port", "65536"), -ERANGE);
    assert_int_equal(port, 80);
}

static char noted[100];

static int note(struct base_options *options, const struct base_option *row,
                void *arg)
{
    assert_ptr_equal(options, set);
    const size_t len = strlen(noted);
    snprintf(noted + len, sizeof noted - len, "%s%s=%s;", (const char *)arg,
             row->name, *row->string);
    return 0;
}

static void test_set_calls_back(void **state)
{
    (void)state;
    const char *text = "";
    noted[0] = '\0';
    define((struct base_option){"text", .string = &text, .on_set = note,
                                .arg = "!"});
    assert_int_equal(base_options_set(set, "text", "a"), 0);
    assert_int_equal(parse_words(set, "--text=b --text c", false), 4);
    assert_int_equal(parse_text("text = d"), 0);
    assert_string_equal(noted, "!text=a;!text=b;!text=c;!text=d;");
}

static void test_iterate_in_the_order_of_definition(void **state)
{
    (void)state;
    const struct base_option *row = base_options_next(set, NULL);
    assert_string_equal(row->name, "name");
    row = base_options_next(set, row);
    assert_string_equal(row->name, "port");
    assert_null(base_options_next(set, row));
}

static void test_look_up_by_name(void **state)
{
    (void)state;
    assert_ptr_equal(base_options_find(set, "port")->number, &port);
    assert_null(base_options_find(set, "prt"));
}

static void test_set_an_unknown_option(void **state)
{
    (void)state;
    assert_int_equal(base_options_set(set, "prt", "1"), -ENOENT);
    assert_error("unknown option 'prt'\n  try:     port");
}

static void test_items_as_names_and_values(void **state)
{
    (void)state;
    port = 443;
    assert_string_equal(printed("port"), "443");
    assert_string_equal(printed("name"), "nobody");
}

static void test_all_as_lines(void **state)
{
    (void)state;
    assert_string_equal(printed_all(NULL), "name = nobody\nport = 80\n");
}

static void test_one_group_as_lines(void **state)
{
    (void)state;
    int a = 1, b = 2;
    define((struct base_option){"a", .number = &a, .group = "letters"});
    define((struct base_option){"b", .number = &b, .group = "letters"});
    assert_string_equal(printed_all("letters"), "a = 1\nb = 2\n");
    assert_string_equal(printed_all("digits"), "");
    assert_string_equal(base_options_find(set, "a")->group, "letters");
}

/* Tornado's mockable: here a test keeps the variable and puts it back. */
static void test_a_test_may_set_and_put_back(void **state)
{
    (void)state;
    char before[8];
    snprintf(before, sizeof before, "%s", printed("port"));
    assert_int_equal(base_options_set(set, "port", "1"), 0);
    assert_int_equal(port, 1);
    assert_int_equal(base_options_set(set, "port", before), 0);
    assert_int_equal(port, 80);
}

/* A variable of each type. */
static struct {
    const char *string;
    int number;
    int64_t large, span_ns;
    double real;
    bool flag;
    time_t date;
    char colour;
} typed;

static int parse_colour(void *colour, const char *text)
{
    if (strcmp(text, "red") != 0)
        return -EINVAL;
    *(char *)colour = 'r';
    return 0;
}

static void define_types(void)
{
    memset(&typed, 0, sizeof typed);
    const struct base_option rows[] = {
        {"string", .string = &typed.string},
        {"number", .number = &typed.number},
        {"large", .large = &typed.large},
        {"real", .real = &typed.real},
        {"flag", .flag = &typed.flag},
        {"date", .date = &typed.date},
        {"span", .span_ns = &typed.span_ns},
        {"colour", .custom = &typed.colour, .parse = parse_colour,
         .metavar = "COLOUR"},
        {0},
    };
    assert_int_equal(base_options_define(set, rows), 0);
}

static void assert_types_set(void)
{
    assert_string_equal(typed.string, "blue");
    assert_int_equal(typed.number, -42);
    assert_true(typed.large == 5000000000);
    assert_true(typed.real > 1.4999 && typed.real < 1.5001);
    assert_true(typed.flag);
    assert_int_equal(typed.date, 1795282740); /* 2026-11-21 17:39 UTC */
    assert_true(typed.span_ns == 45000000000);
    assert_int_equal(typed.colour, 'r');
}

static void test_types(void **state)
{
    (void)state;
    define_types();
    char *argv[] = {"test",       "--string=blue", "--number=-42",
                    "--large",    "5000000000",    "--real=1.5",
                    "--flag",     "--date",        "2026-11-21 17:39",
                    "--span=45s", "--colour=red",  "file"};
    assert_int_equal(base_options_parse(set, 12, argv, true), 11);
    assert_types_set();
}

static void test_types_in_a_config_file(void **state)
{
    (void)state;
    define_types();
    write_file("string = \"blue\"\nnumber = -42\nlarge = 5000000000\n"
               "real = '1.5'\nflag = True\ndate = 2026-11-21 17:39\n"
               "span = 45s\ncolour = red\n");
    assert_int_equal(base_options_file(set, path, true), 0);
    assert_types_set();
}

static struct base_many many;

static void define_many(enum base_option_type of)
{
    many = (struct base_many){0};
    assert_int_equal(
        define((struct base_option){"many", .many = &many, .of = of}), 0);
}

static void test_multiple_strings(void **state)
{
    (void)state;
    define_many(BASE_STRING);
    assert_int_equal(parse("--many=a,b,c"), 2);
    assert_string_equal(printed("many"), "[a, b, c]");
    assert_int_equal(parse("--many=d"), 2); /* set as a whole */
    assert_int_equal(many.n, 1);
    assert_string_equal(many.items[0].string, "d");
    assert_int_equal(parse("--many="), 2);
    assert_int_equal(many.n, 0);
}

static void test_multiple_numbers_and_ranges(void **state)
{
    (void)state;
    define_many(BASE_NUMBER);
    assert_int_equal(parse("--many=1,2,5:7,-3:-2"), 2);
    assert_string_equal(printed("many"), "[1, 2, 5, 6, 7, -3, -2]");
    assert_int_equal(parse("--many=9223372036854775806:9223372036854775807"),
                     2);
    assert_int_equal(many.n, 2);
}

static void test_to_define_twice_is_an_error(void **state)
{
    (void)state;
    int other = 0;
    assert_int_equal(define((struct base_option){"port", .number = &other}),
                     -EEXIST);
    assert_error("option 'port' is defined twice");
    assert_int_equal(parse("--port=1"), -EEXIST); /* nobody overlooks it */
    assert_error("option 'port' is defined twice");
}

static void test_to_define_with_another_dash_is_an_error(void **state)
{
    (void)state;
    int a = 0;
    static const char *const names[][2] = {{"foo-bar", "foo-bar"},
                                           {"foo_bar", "foo_bar"},
                                           {"foo-bar", "foo_bar"},
                                           {"foo_bar", "foo-bar"},
                                           {"help", NULL}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        base_options_free(set);
        set = base_options_new("", NULL);
        const int error =
            define((struct base_option){names[i][0], .number = &a});
        assert_int_equal(error, names[i][1] != NULL ? 0 : -EEXIST);
        if (names[i][1] != NULL)
            assert_int_equal(
                define((struct base_option){names[i][1], .number = &a}),
                -EEXIST);
    }
}

static int dash = 0, underscore = 0;

static void define_dashes(void)
{
    dash = underscore = 0;
    define((struct base_option){"foo-bar", .number = &dash});
    define((struct base_option){"bar_foo", .number = &underscore});
}

static void test_dash_and_underscore_on_the_command_line(void **state)
{
    (void)state;
    define_dashes();
    assert_int_equal(parse("--foo-bar=1 --bar-foo=2"), 3);
    assert_int_equal(dash + underscore, 3);
    assert_int_equal(parse("--foo_bar=3 --bar_foo=4"), 3);
    assert_int_equal(dash + underscore, 7);
}

static void test_dash_and_underscore_in_a_file(void **state)
{
    (void)state;
    define_dashes();
    assert_int_equal(parse_text("foo-bar = 1\nbar-foo = 2"), 0);
    assert_int_equal(dash + underscore, 3);
    assert_int_equal(parse_text("foo_bar = 3\nbar_foo = 4"), 0);
    assert_int_equal(dash + underscore, 7);
}

static void test_names_are_listed_as_defined_and_shown_with_dashes(void **state)
{
    (void)state;
    define_dashes();
    assert_string_equal(base_options_find(set, "foo_bar")->name, "foo-bar");
    assert_string_equal(base_options_find(set, "bar-foo")->name, "bar_foo");
    assert_non_null(strstr(printed_all(NULL), "foo-bar = 0\nbar_foo = 0\n"));
    struct base_buf out;
    base_buf_init(&out, 4000);
    assert_int_equal(base_options_help(set, "test", &out), 0);
    const struct base_slice help = base_buf_slice(&out);
    assert_true(base_slice_find(help, base_slice_of("--foo-bar NUMBER")) > 0);
    assert_true(base_slice_find(help, base_slice_of("--bar-foo NUMBER")) > 0);
    assert_true(base_slice_find(help, base_slice_of("_")) == -1);
    base_buf_fini(&out);
}

/* --- the command line ----------------------------------------------------- */

static void test_the_remaining_arguments(void **state)
{
    (void)state;
    assert_int_equal(parse(""), 1);
    assert_int_equal(parse("--port=1 a --port=2"), 2);
    assert_int_equal(port, 1);
    assert_int_equal(parse("-- --port=3"), 2);
    assert_int_equal(port, 1);
    assert_int_equal(parse("--port=4 -- a"), 3);
    assert_int_equal(parse("- --port=5"), 1); /* means stdin to many */
    assert_int_equal(port, 4);
    char *none[] = {NULL};
    assert_int_equal(base_options_parse(set, 0, none, true), 0);
}

static void test_names_of_one_letter(void **state)
{
    (void)state;
    int n = 0, h = 0;
    bool quiet = false;
    define((struct base_option){"n", .number = &n});
    define((struct base_option){"q", .flag = &quiet});
    define((struct base_option){"h", .number = &h});
    assert_int_equal(parse("-n20"), 2);
    assert_int_equal(n, 20);
    assert_int_equal(parse("-n 21 -q"), 4);
    assert_int_equal(n, 21);
    assert_true(quiet);
    assert_int_equal(parse("--n=22 -h 7"), 4);
    assert_int_equal(n, 22);
    assert_int_equal(h, 7);
}

static void test_a_flag_takes_no_argument_from_behind(void **state)
{
    (void)state;
    bool flag = false;
    define((struct base_option){"flag", .flag = &flag});
    assert_int_equal(parse("--flag no"), 2);
    assert_true(flag);
    assert_int_equal(parse("--flag=no"), 2);
    assert_false(flag);
}

static void test_errors_of_the_command_line(void **state)
{
    (void)state;
    static const struct {
        const char *words, *says;
        int error;
    } cases[] = {
        {"--port", "'--port' needs a value", -EINVAL},
        {"--prot=1", "unknown option '--prot'\n  try:     --port", -ENOENT},
        {"--po=1", "try:     --port", -ENOENT},
        {"-port=1", "unknown option '-port'\n  try:     --port", -ENOENT},
        {"--zzz", "'--zzz'\n  try:     --help lists the options", -ENOENT},
        {"-x", "unknown option '-x'", -ENOENT},
        {"--=1", "unknown option '--'", -ENOENT},
        {"--port=", "'' is no value of 'port'", -EINVAL},
        {"--port=1e3", "'1e3' is no value of 'port': it takes a number",
         -EINVAL},
        {"--port=99999999999999999999", "takes a number, 0 to 65535", -ERANGE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(parse(cases[i].words), cases[i].error);
        assert_error(cases[i].says);
    }
    assert_int_equal(port, 80);
    assert_int_equal(parse("--port=1"), 2);
    assert_string_equal(base_options_error(set), "");
}

static void test_start_says_what_is_wrong_and_exits_with_2(void **state)
{
    (void)state;
    char text[4000];
    assert_int_equal(start_in_child("--prot=1", STDERR_FILENO, text), 2);
    assert_string_equal(text, "program: unknown option '--prot'\n"
                              "  try:     --port\n");
    char *argv[] = {"test", "--port=7", "file", NULL};
    assert_int_equal(base_options_start(set, 3, argv), 2);
    assert_int_equal(port, 7);
}

/* --- types ---------------------------------------------------------------- */

/* Sets `option` from each text: 0 and printed as said, or refused. */
struct value_case {
    const char *text, *print;
};

static void assert_values(const char *option, const struct value_case *cases)
{
    for (; cases->text != NULL; cases++) {
        const int error = base_options_set(set, option, cases->text);
        if ((error == 0) != (cases->print != NULL))
            fail_msg("'%s': %d", cases->text, error);
        if (cases->print != NULL)
            assert_string_equal(printed(option), cases->print);
    }
}

static void test_spans_of_time(void **state)
{
    (void)state;
    define_types();
    static const struct value_case cases[] = {
        {"45s", "45s"},
        {"1h30m", "1h30m"},
        {"45", "45s"},
        {"1.5h", "1h30m"},
        {"0.001", "1ms"},
        {" 2 days 3 hours ", "2d3h"},
        {"1 week", "1w"},
        {"90min", "1h30m"},
        {"1sec", "1s"},
        {"1ms2us3ns", "1ms2us3ns"},
        {"0", "0s"},
        {"-90s", "-1m30s"},
        {"0.1s", "100ms"},
        {"0.000000001s", "1ns"},
        {"100 seconds", "1m40s"},
        {"", NULL},
        {"-", NULL},
        {"h", NULL},
        {"1x", NULL},
        {"1 fortnight", NULL},
        {"1..5s", NULL},
        {".5s", NULL},
        {"1h-30m", NULL},
        {"99999999999999999999s", NULL},
        {"20000w", NULL},
        {"15250w", "15250w"},
        {"15251w", NULL},
        {"1h 30", "1h30s"},
        {"1 second s", NULL},
        {NULL, NULL},
    };
    assert_values("span", cases);
}

static void test_dates(void **state)
{
    (void)state;
    define_types();
    static const struct value_case cases[] = {
        {"2026-11-21 17:39:54", "2026-11-21 17:39:54"},
        {"2026-11-21 17:39", "2026-11-21 17:39:00"},
        {"2026-11-21T17:39", "2026-11-21 17:39:00"},
        {"2026-11-21T17:39:54", "2026-11-21 17:39:54"},
        {"20261121 17:39:54", "2026-11-21 17:39:54"},
        {"20261121 17:39", "2026-11-21 17:39:00"},
        {"2026-11-21", "2026-11-21 00:00:00"},
        {"20261121", "2026-11-21 00:00:00"},
        {"Sat Nov 21 17:39:54 2026", "2026-11-21 17:39:54"},
        {"2024-02-29", "2024-02-29 00:00:00"},
        {"2026-02-29", NULL},
        {"2026-13-01", NULL},
        {"2026-11-21 25:00", NULL},
        {"2026-11-21 17:39:54 and more", NULL},
        {"tomorrow", NULL},
        {"", NULL},
        {NULL, NULL},
    };
    assert_values("date", cases);
    assert_int_equal(base_options_set(set, "date", "17:39"), 0);
    assert_true(typed.date % 86400 == 17 * 3600 + 39 * 60);
    assert_true(labs(typed.date - time(NULL)) <= 2 * 86400); /* of today */
}

static void test_reals(void **state)
{
    (void)state;
    define_types();
    static const struct value_case cases[] = {
        {"1.5", "1.5"},    {"-2e3", "-2000"}, {".5", "0.5"}, {"+1", "1"},
        {"1e-9", "1e-09"}, {"0.1", "0.1"},    {"nan", NULL}, {"inf", NULL},
        {"1e999", NULL},   {"0x10", NULL},    {" 1", NULL},  {"1,5", NULL},
        {"1.5.2", NULL},   {"", NULL},        {"e", NULL},   {NULL, NULL},
    };
    assert_values("real", cases);
}

static void test_flags(void **state)
{
    (void)state;
    define_types();
    static const struct value_case cases[] = {
        {"true", "true"}, {"False", "false"}, {"1", "true"}, {"0", "false"},
        {"YES", "true"},  {"no", "false"},    {"t", "true"}, {"f", "false"},
        {"on", "true"},   {"off", "false"},   {"y", "true"}, {"n", "false"},
        {"", NULL},       {"maybe", NULL},    {"2", NULL},   {"true,yes", NULL},
        {NULL, NULL},
    };
    assert_values("flag", cases);
}

static void test_numbers_fit_their_variables(void **state)
{
    (void)state;
    define_types();
    static const struct value_case ints[] = {{"2147483647", "2147483647"},
                                             {"2147483648", NULL},
                                             {"-2147483648", "-2147483648"},
                                             {"-2147483649", NULL},
                                             {NULL, NULL}};
    static const struct value_case larges[] = {
        {"9223372036854775807", "9223372036854775807"},
        {"9223372036854775808", NULL},
        {NULL, NULL}};
    assert_values("number", ints);
    assert_values("large", larges);
}

static void test_words_and_own_types_are_checked(void **state)
{
    (void)state;
    define_types();
    const char *mode = "size";
    define((struct base_option){"mode", .string = &mode, .words = "size,time"});
    assert_int_equal(parse("--mode=time"), 2);
    assert_string_equal(mode, "time");
    assert_int_equal(parse("--mode=size,time"), -EINVAL);
    assert_error(
        "'size,time' is no value of 'mode': it takes one of size,time");
    assert_int_equal(parse("--mode=tim"), -EINVAL);
    assert_int_equal(parse("--colour=green"), -EINVAL);
    assert_error("'green' is no value of 'colour': it takes COLOUR");
}

static void test_lists_of_each_type(void **state)
{
    (void)state;
    static const struct {
        enum base_option_type of;
        const char *text, *print;
    } cases[] = {
        {BASE_REAL, "1.5,2", "[1.5, 2]"},
        {BASE_FLAG, "yes, no", "[true, false]"},
        {BASE_DATE, "20261121,2026-11-22 10:00",
         "[2026-11-21 00:00:00, 2026-11-22 10:00:00]"},
        {BASE_SPAN, "90s,1 hour", "[1m30s, 1h]"},
        {BASE_STRING, "a,,b", "[a, \"\", b]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        base_options_free(set);
        set = base_options_new("", NULL);
        define_many(cases[i].of);
        assert_int_equal(base_options_set(set, "many", cases[i].text), 0);
        assert_string_equal(printed("many"), cases[i].print);
    }
}

static void test_a_list_that_is_wrong_changes_nothing(void **state)
{
    (void)state;
    define_many(BASE_NUMBER);
    assert_int_equal(parse("--many=1,2"), 2);
    static const char *const bad[] = {
        "--many=3,x", "--many=3,", "--many=7:5",
        "--many=1:",  "--many=:1", "--many=1:2:3"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(parse(bad[i]), -EINVAL);
        assert_error("is no value of 'many': it takes numbers such as");
        assert_string_equal(printed("many"), "[1, 2]");
    }
}

static void test_a_range_is_no_way_to_fill_the_memory(void **state)
{
    (void)state;
    define_many(BASE_NUMBER);
    assert_int_equal(parse("--many=1:10000"), 2);
    assert_int_equal(many.n, 10000);
    assert_int_equal(parse("--many=0:9223372036854775807"), -ERANGE);
    assert_error("'many' takes a list of at most 10000 values");
    assert_int_equal(parse("--many=1:10000,1"), -ERANGE);
}

/* Makes the numbers of C have a comma, if a German locale can be compiled. */
static bool use_decimal_comma(void)
{
    char folder[] = "/tmp/test_base_option.XXXXXX", command[200];
    if (mkdtemp(folder) == NULL)
        return false;
    snprintf(command, sizeof command,
             "localedef -i de_DE -f UTF-8 %s/de_DE.UTF-8 >%s/log 2>&1", folder,
             folder);
    setenv("LOCPATH", folder, 1);
    const bool done =
        system(command) == 0 && setlocale(LC_NUMERIC, "de_DE.UTF-8") != NULL;
    unsetenv("LOCPATH");
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command) == 0 && done;
}

static void test_reals_do_not_depend_on_the_locale(void **state)
{
    (void)state;
    if (!use_decimal_comma()) {
        print_message("# skipped: localedef makes no German locale here\n");
        skip();
    }
    char comma[8];
    snprintf(comma, sizeof comma, "%.1f", 1.5);
    assert_string_equal(comma, "1,5"); /* so the locale is at work */
    define_types();
    assert_int_equal(parse("--real=1.5"), 2);
    assert_string_equal(printed("real"), "1.5");
    setlocale(LC_NUMERIC, "C");
}

/* --- files ---------------------------------------------------------------- */

static void test_values_in_quotes_and_lists(void **state)
{
    (void)state;
    define_many(BASE_STRING);
    assert_int_equal(parse_text("name = \"a \\\"b\\\" \\x41\\n\\\\\" # c"), 0);
    assert_string_equal(name, "a \"b\" A\n\\");
    assert_int_equal(parse_text("name = 'a\\n\"'"), 0);
    assert_string_equal(name, "a\\n\"");
    assert_int_equal(parse_text("name = a # b \"c\""), 0);
    assert_string_equal(name, "a # b \"c\"");
    assert_int_equal(parse_text("name =\n"), 0);
    assert_string_equal(name, "");
    assert_int_equal(parse_text("many = [ a b , \"c, d\", 'e',]"), 0);
    assert_string_equal(printed("many"), "[a b, \"c, d\", e]");
    assert_int_equal(parse_text("many = a,b"), 0);
    assert_string_equal(printed("many"), "[a, b]");
    assert_int_equal(parse_text("many = \"a,b\""), 0); /* as a string */
    assert_string_equal(printed("many"), "[a, b]");
    assert_int_equal(parse_text("many = []"), 0);
    assert_int_equal(many.n, 0);
}

static void test_numbers_in_lists_may_be_ranges(void **state)
{
    (void)state;
    define_many(BASE_NUMBER);
    assert_int_equal(parse_text("many = [1, 5:7]"), 0);
    assert_string_equal(printed("many"), "[1, 5, 6, 7]");
}

static void test_errors_of_a_file_say_where(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
        int error;
    } cases[] = {
        {"port = 1\n\nprot = 2",
         "app.conf:3: unknown option 'prot'\n  try:  "
         "   port",
         -ENOENT},
        {"port = http", "app.conf:1: 'http' is no value of 'port'", -EINVAL},
        {"\nport 80", "app.conf:2: this line is no option", -EINVAL},
        {"name = \xff", "app.conf:1: this line is not UTF-8", -EILSEQ},
        {"# caf\xe9", "app.conf:1: this line is not UTF-8", -EILSEQ},
        {"port = [1]", "app.conf:1: 'port' takes one value, not a list",
         -EINVAL},
        {"= 1", "app.conf:1: unknown option ''", -ENOENT},
        {"name = \"open", "the value of 'name' has no end", -EINVAL},
        {"name = \"a\" b", "something behind it", -EINVAL},
        {"name = \"\\q\"", "an unknown escape", -EINVAL},
        {"name = \"\\x00\"", "an unknown escape", -EINVAL},
        {"name = \"\\x4\"", "an unknown escape", -EINVAL},
        {"name = [a", "the value of 'name' has no end", -EINVAL},
        {"name = [\"a\" b]", "something behind it", -EINVAL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(parse_text(cases[i].text), cases[i].error);
        assert_error(cases[i].says);
    }
    const struct base_slice nul = {"name = a\0b", 10};
    assert_int_equal(base_options_text(set, "x", nul, true), -EILSEQ);
    assert_int_equal(parse("--prot=1"), -ENOENT);
    assert_null(strstr(base_options_error(set), "app.conf"));
}

static void test_files_that_cannot_be_read(void **state)
{
    (void)state;
    assert_int_equal(base_options_file(set, "/nonexistent", true), -ENOENT);
    assert_error("cannot read options from '/nonexistent': No such file");
    assert_int_equal(base_options_file(set, "/tmp", true), -EISDIR);
    assert_int_equal(base_options_file(set, "/dev/zero", true), -EFBIG);
}

static void test_a_mark_of_byte_order_is_skipped(void **state)
{
    (void)state;
    assert_int_equal(parse_text("\xef\xbb\xbfport = 1"), 0);
    assert_int_equal(port, 1);
}

static void test_what_is_set_later_wins(void **state)
{
    (void)state;
    const char *config = NULL;
    define((struct base_option){"config", .string = &config,
                                .on_set = base_options_config});
    int calls = 0;
    base_options_on_parsed(set, count, &calls);
    write_file("port = 1\nname = file\n");
    char words[100];
    snprintf(words, sizeof words, "--port=2 --name=a --config=%s --port=3",
             path);
    assert_int_equal(parse(words), 5);
    assert_int_equal(port, 3);
    assert_string_equal(name, "file");
    assert_int_equal(calls, 1);
}

static void test_files_that_name_each_other_end(void **state)
{
    (void)state;
    const char *config = NULL;
    define((struct base_option){"config", .string = &config,
                                .on_set = base_options_config});
    char text[100];
    snprintf(text, sizeof text, "config = %s\n", path);
    write_file(text);
    assert_int_equal(base_options_set(set, "config", path), -ELOOP);
    assert_error("files of options name each other");
    assert_int_equal(parse("--port=9"), 2); /* and no harm is done */
    assert_int_equal(port, 9);
}

static int refuse(struct base_options *options, void *arg)
{
    (void)arg;
    return base_options_fail(options, -EPERM, "port %d is not yours", port);
}

static int refuse_silently(struct base_options *options,
                           const struct base_option *row, void *arg)
{
    (void)options;
    (void)row;
    (void)arg;
    return -EPERM;
}

static void test_callbacks_may_refuse(void **state)
{
    (void)state;
    int odd = 0;
    define(
        (struct base_option){"odd", .number = &odd, .on_set = refuse_silently});
    assert_int_equal(parse("--odd=2"), -EPERM);
    assert_error(strerror(EPERM));
    base_options_on_parsed(set, refuse, NULL);
    assert_int_equal(parse("--port=22"), -EPERM);
    assert_error("port 22 is not yours");
}

static void test_texts_outlive_what_they_were_read_from(void **state)
{
    (void)state;
    char text[] = "name = short-lived";
    assert_int_equal(parse_text(text), 0);
    memset(text, 'x', sizeof text - 1);
    assert_string_equal(name, "short-lived");
}

/* --- any bytes ------------------------------------------------------------ */

static const char sample[] =
    "# each type\nstring = \"a\\x01\\n\\\"b\" # c\nword = two\nnumber = -42\n"
    "bounded = 5\nlarge = 9223372036854775807\nreal = 2.5e-3\nflag = yes\n"
    "date = 2026-11-21 17:39\nspan = 1h30m\nletter = q\n"
    "strings = [\"a,b\", c, 'd']\nnumbers = 1,2,5:7\nreals = [1.5, 2]\n"
    "flags = t,f\ndates = 20261121,2026-11-21T10:00\nspans = 1.5d, 3 weeks\n";

static void test_every_beginning_of_a_file(void **state)
{
    (void)state;
    assert_int_equal(feed_options(sample, sizeof sample - 1), 0);
    for (size_t len = 0; len < sizeof sample; len++)
        feed_options(sample, len);
}

static void test_a_file_with_bytes_changed(void **state)
{
    (void)state;
    static const char likely[] = "\n\"'[],=#\\:.- x01a\xc3\xff\0";
    unsigned seed = 1;
    int accepted = 0;
    for (int i = 0; i < 4000; i++) {
        char text[sizeof sample];
        memcpy(text, sample, sizeof text);
        const int changes = 1 + rand_r(&seed) % 3;
        for (int j = 0; j < changes; j++)
            text[(size_t)rand_r(&seed) % (sizeof text - 1)] =
                rand_r(&seed) % 4 > 0
                    ? likely[(size_t)rand_r(&seed) % (sizeof likely - 1)]
                    : (char)rand_r(&seed);
        accepted += feed_options(text, sizeof text - 1) == 0;
    }
    assert_in_range(accepted, 100, 3900); /* both ways were taken */
}

static void test_random_bytes(void **state)
{
    (void)state;
    unsigned seed = 2;
    for (int i = 0; i < 4000; i++) {
        char text[64];
        const size_t len = (size_t)rand_r(&seed) % sizeof text;
        for (size_t j = 0; j < len; j++)
            text[j] = (char)rand_r(&seed);
        feed_options(text, len);
    }
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    setenv("TZ", "UTC", 1);
    tzset();
    const struct CMUnitTest tests[] = {
        TEST(test_parse_command_line),
        TEST(test_parse_config_file),
        TEST(test_parse_callbacks_wait_for_the_final_parse),
        TEST(test_help_prints_and_exits),
        TEST(test_subcommand_has_options_of_its_own),
        TEST(test_set_an_option),
        TEST(test_set_checks_the_type),
        TEST(test_set_calls_back),
        TEST(test_iterate_in_the_order_of_definition),
        TEST(test_look_up_by_name),
        TEST(test_set_an_unknown_option),
        TEST(test_items_as_names_and_values),
        TEST(test_all_as_lines),
        TEST(test_one_group_as_lines),
        TEST(test_a_test_may_set_and_put_back),
        TEST(test_types),
        TEST(test_types_in_a_config_file),
        TEST(test_multiple_strings),
        TEST(test_multiple_numbers_and_ranges),
        TEST(test_to_define_twice_is_an_error),
        TEST(test_to_define_with_another_dash_is_an_error),
        TEST(test_dash_and_underscore_on_the_command_line),
        TEST(test_dash_and_underscore_in_a_file),
        TEST(test_names_are_listed_as_defined_and_shown_with_dashes),
        TEST(test_the_remaining_arguments),
        TEST(test_names_of_one_letter),
        TEST(test_a_flag_takes_no_argument_from_behind),
        TEST(test_errors_of_the_command_line),
        TEST(test_start_says_what_is_wrong_and_exits_with_2),
        TEST(test_spans_of_time),
        TEST(test_dates),
        TEST(test_reals),
        TEST(test_flags),
        TEST(test_numbers_fit_their_variables),
        TEST(test_words_and_own_types_are_checked),
        TEST(test_lists_of_each_type),
        TEST(test_a_list_that_is_wrong_changes_nothing),
        TEST(test_a_range_is_no_way_to_fill_the_memory),
        TEST(test_reals_do_not_depend_on_the_locale),
        TEST(test_values_in_quotes_and_lists),
        TEST(test_numbers_in_lists_may_be_ranges),
        TEST(test_errors_of_a_file_say_where),
        TEST(test_files_that_cannot_be_read),
        TEST(test_a_mark_of_byte_order_is_skipped),
        TEST(test_what_is_set_later_wins),
        TEST(test_files_that_name_each_other_end),
        TEST(test_callbacks_may_refuse),
        TEST(test_texts_outlive_what_they_were_read_from),
        TEST(test_every_beginning_of_a_file),
        TEST(test_a_file_with_bytes_changed),
        TEST(test_random_bytes),
    };
    return cmocka_run_group_tests_name("base_option", tests, NULL, NULL);
}

/*
 * test_base_option_feed.c - any bytes as a file of options; see the header.
 *
 * Read before: test_base_option_feed.h. Read after: test_base_option.c.
 * Rests on: parse and print being each other's inverse.
 */
#include "test_base_option_feed.h"
#include "test_base_page.h"

#include <errno.h>
#include <stdio.h>

enum { PRINTED_MAX = 1 << 24 };

/* One variable of each type. */
struct variables {
    const char *string, *word;
    int number, bounded;
    int64_t large, span_ns;
    double real;
    bool flag;
    time_t date;
    struct base_many strings, numbers, reals, flags, dates, spans;
};

static int parse_letter(void *letter, const char *text)
{
    if (text[0] < 'a' || text[0] > 'z' || text[1] != '\0')
        return -EINVAL;
    *(char *)letter = text[0];
    return 0;
}

static int print_letter(const void *letter, struct base_buf *out)
{
    return base_buf_printf(out, "%c", *(const char *)letter);
}

/* A set whose rows point at `v` and `letter`. */
static struct base_options *new_set(struct variables *v, char *letter)
{
    const struct base_option rows[] = {
        {"string", .string = &v->string},
        {"word", .string = &v->word, .words = "one,two"},
        {"number", .number = &v->number},
        {"bounded", .number = &v->bounded, .min = -5, .max = 5},
        {"large", .large = &v->large},
        {"real", .real = &v->real},
        {"flag", .flag = &v->flag},
        {"date", .date = &v->date},
        {"span", .span_ns = &v->span_ns},
        {"letter", .custom = letter, .parse = parse_letter,
         .print = print_letter},
        {"strings", .many = &v->strings, .of = BASE_STRING},
        {"numbers", .many = &v->numbers, .of = BASE_NUMBER},
        {"reals", .many = &v->reals, .of = BASE_REAL},
        {"flags", .many = &v->flags, .of = BASE_FLAG},
        {"dates", .many = &v->dates, .of = BASE_DATE},
        {"spans", .many = &v->spans, .of = BASE_SPAN},
        {0},
    };
    struct base_options *set = base_options_new("Feeds.", NULL);
    base_options_define(set, rows);
    return set;
}

/* Parses `text` with variables of its own, and prints them all to `out`. */
static int parse_and_print(struct base_slice text, struct base_buf *out)
{
    struct variables v = {.word = "one"};
    char letter = 'x';
    struct base_options *set = new_set(&v, &letter);
    int error = base_options_text(set, "feed", text, true);
    if (error == 0)
        error = base_options_print(set, NULL, out);
    else if (base_options_error(set)[0] == '\0')
        abort(); /* an error without words */
    base_options_free(set);
    return error;
}

static void end(struct base_slice first, struct base_slice second)
{
    fprintf(stderr, "printed first:\n%.*s\nand then:\n%.*s\n",
            BASE_SLICE_ARGS(first), BASE_SLICE_ARGS(second));
    abort();
}

int feed_options(const void *bytes, size_t len)
{
    struct base_buf first, second;
    base_buf_init(&first, PRINTED_MAX);
    base_buf_init(&second, PRINTED_MAX);
    setenv("TZ", "UTC", 1);
    const int error = parse_and_print(at_page_end(bytes, len), &first);
    if (error == 0 &&
        (parse_and_print(base_buf_slice(&first), &second) != 0 ||
         !base_slice_equal(base_buf_slice(&first), base_buf_slice(&second))))
        end(base_buf_slice(&first), base_buf_slice(&second));
    base_buf_fini(&first);
    base_buf_fini(&second);
    return error;
}

/*
 * test_hello.c - the hello's HTTP without a socket: in every split, at the edge
 * of its buffers, and with nonsense.
 */
#include "common.h"
#include "test/client.h"
#include "test/feed.h"

#include <stdlib.h>
#include <string.h>

static void expect(const char *input, const char *answers)
{
    const struct answers a = feed(input, strlen(input), HEAD_MAX, OUT_MAX);
    size_t at = 0;
    for (const char *status = answers; *status != '\0'; status += 4) {
        if (at + 12 > a.len || memcmp(a.bytes + at, "HTTP/1.1 ", 9) != 0 ||
            memcmp(a.bytes + at + 9, status, 3) != 0)
            fail_msg("to \"%s\": no %.3s at byte %zu of \"%.*s\"", input,
                     status, at, (int)a.len, a.bytes);
        const char *next =
            memmem(a.bytes + at + 1, a.len - at - 1, "HTTP/1.1 ", 9);
        at = next != NULL ? (size_t)(next - a.bytes) : a.len;
    }
    if (at != a.len)
        fail_msg("to \"%s\": more than %s", input, answers);
    free(a.bytes);
}

/* What is asked, and the statuses of the answers, a comma behind each. */
static const struct {
    const char *input, *answers;
} cases[] = {
    {"", ""},
    {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "200,"},
    {"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "200,"},
    {"GET / HTTP/1.1\nHost: a\n\n", "200,"},
    {"GET / HTTP/1.0\r\n\r\nGET / HTTP/1.0\r\n\r\n", "200,"},
    {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\nGET / HTTP/1.0\r\n\r\n",
     "200,200,"},
    {"GET / HTTP/1.1\r\nHost: a\r\nConnection: x , close\r\n\r\n"
     "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
     "200,"},
    {"GET /x HTTP/1.1\r\nHost: a\r\n\r\nPUT / HTTP/1.1\r\nHost: a\r\n\r\n",
     "404,405,"},
    {"GET / HTTP/1.1\r\nHost: a\r\n", ""},
    {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "200,"},
    {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +0\r\n\r\n", "413,"},
    {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", "413,"},
    {"GET / HTTP/1.1\r\n\r\n", "400,"},
    {"GET / HTTP/1.1\r\nHost: a\r\nX:\001\r\n\r\n", "400,"},
    {"GET / HTTP/11\r\nHost: a\r\n\r\n", "400,"},
    {"GET / HTTP/1.Z\r\nHost: a\r\n\r\n", "400,"},
    {"GET / HTTP/1.1\r\nHost: a\r\nX: \177\r\n\r\n", "400,"},
    {"GET / HTTP/3.0\r\n\r\n", "505,"},
    {"\x16\x03\x01\x02\n", "400,"}, /* a TLS client */
};

static void statuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect(cases[i].input, cases[i].answers);
}

static void every_split_gives_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        feed_in_all_ways(cases[i].input, strlen(cases[i].input));
}

/* A head of exactly HEAD_MAX bytes passes; one byte more does not. */
static void the_longest_head(void **state)
{
    (void)state;
    static char input[HEAD_MAX + 2];
    static const char begin[] = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
    for (size_t len = HEAD_MAX; len <= HEAD_MAX + 1; len++) {
        memset(input, 'x', len);
        memcpy(input, begin, sizeof begin - 1);
        memcpy(input + len - 4, "\r\n\r\n", 5);
        expect(input, len == HEAD_MAX ? "200," : "431,");
        feed_in_all_ways(input, len);
    }
}

/* More requests than `out` has room for: none is lost, in order. */
static void many_at_once(void **state)
{
    (void)state;
    enum { N = 250, LEN = sizeof HELLO_REQUEST - 1 };
    static char input[N * LEN + 1];
    for (int i = 0; i < N; i++)
        memcpy(input + (size_t)i * LEN, HELLO_REQUEST, LEN + 1);
    const struct answers a = feed(input, N * LEN, HEAD_MAX, 100);
    assert_int_equal(a.len, N * 79);
    assert_true(a.closed);
    free(a.bytes);
}

/* Sound requests with bytes changed at random: nothing breaks in any split. */
static void nonsense(void **state)
{
    (void)state;
    unsigned seed = 1;
    print_message("# seed %u\n", seed);
    char input[512];
    for (int round = 0; round < 20000; round++) {
        const char *text =
            cases[(size_t)rand_r(&seed) % (sizeof cases / sizeof cases[0])]
                .input;
        const size_t len = strlen(text);
        memcpy(input, text, len + 1);
        for (int i = rand_r(&seed) % 4; i > 0 && len > 0; i--)
            input[(size_t)rand_r(&seed) % len] = (char)rand_r(&seed);
        feed_in_all_ways(input, len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statuses),
        cmocka_unit_test(every_split_gives_the_same),
        cmocka_unit_test(the_longest_head),
        cmocka_unit_test(many_at_once),
        cmocka_unit_test(nonsense),
    };
    return cmocka_run_group_tests_name("hello", tests, NULL, NULL);
}

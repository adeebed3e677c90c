/* fetch_cases.c - what every fetch client must do. See cases.h. */
#include "cases.h"

#include <stdio.h>
#include <string.h>

void expect_fetch(const char *program, int pages)
{
    struct proc backend, fetch;
    start_program(
        &backend,
        (const char *[]){"bench/slowd", "--port", "0", "--delay", "1", NULL},
        0);
    char url[64], n[16], result[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/page/3", backend.port);
    snprintf(n, sizeof n, "%d", pages);
    const int status = run_program(
        &fetch, (const char *[]){program, "-n", n, url, NULL}, 60000);
    snprintf(result, sizeof result, "%d pages, %d bytes, ", pages, 228 * pages);
    if (status != 0 || strstr(fetch.said, result) != fetch.said)
        fail_msg("status %d, said: %s (not: %s)", status, fetch.said, result);

    snprintf(url, sizeof url, "http://127.0.0.1:%d/missing", backend.port);
    assert_int_equal(run_program(&fetch,
                                 (const char *[]){program, "-n", n, url, NULL},
                                 60000),
                     2);
    assert_non_null(strstr(fetch.said, "status is not 200"));
    proc_stop(&backend);

    /* Nobody listens there any more. */
    assert_int_equal(run_program(&fetch,
                                 (const char *[]){program, "-n", n, url, NULL},
                                 60000),
                     2);
    assert_non_null(strstr(fetch.said, "Connection refused"));
    assert_non_null(strstr(fetch.said, "try: "));
}

void expect_fetch_errors(const char *program)
{
    static const struct {
        const char *args[4], *message;
    } bad[] = {
        {{NULL}, "no URL given"},
        {{"ftp://127.0.0.1/", NULL}, "is no URL"},
        {{"http://", NULL}, "is no URL"},
        {{"-n", "0", "http://127.0.0.1:1/", NULL}, "a number, 1 to 1000000"},
        {{"-n", "many", "http://127.0.0.1:1/", NULL}, "a number, 1 to"},
        {{"http://no-such-host.invalid/", NULL}, "cannot look up"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *args[ARGS_MAX] = {program};
        for (int j = 0; j < 4 && bad[i].args[j] != NULL; j++)
            args[j + 1] = bad[i].args[j];
        struct proc p;
        const int status = run_program(&p, args, 30000);
        if (status != 2 || strstr(p.said, bad[i].message) == NULL)
            fail_msg("%s: status %d, said: %s", bad[i].message, status, p.said);
    }
}

/*
 * jailed.c - see jailed.h. Read before: jailed.h. Read after: jailed_sees.c.
 */
#include "jailed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

char jailed_warden[100], jailed_work[100];
bool jailed_there[JAIL_BWRAP + 1];

struct jail_options jailed_options_for(enum jail_tier tier)
{
    static const char *const env[] = {"PATH=/usr/bin:/bin", NULL};
    return (struct jail_options){
        .tier = tier,
        .warden = jailed_warden,
        .work = jailed_work,
        .env = env,
        .input = -1,
        .limits = {.cpu_s = 10,
                   .wall_s = 60,
                   .memory_mb = 64 + 400 * JAILED_SANITIZED,
                   .processes = 16,
                   .files = 64,
                   .file_mb = 4,
                   .sanitized = JAILED_SANITIZED},
    };
}

void jailed_start(struct jail *j, const struct jail_options *o,
                  const char *name)
{
    const char *const argv[] = {jail_path(o, "inside"), "inside", name, NULL};
    assert_int_equal(0, jail_start(j, o, argv));
}

void jailed_hear_until(struct jail *j, char *said, const char *text)
{
    size_t len = 0;
    said[0] = '\0';
    for (ssize_t n = 1; n > 0 && (text == NULL || !strstr(said, text));) {
        struct pollfd fd = {.fd = j->output, .events = POLLIN};
        assert_int_equal(1, poll(&fd, 1, JAILED_PATIENCE_MS * 3));
        n = read(j->output, said + len, JAILED_SAID_MAX - 1 - len);
        len += n > 0 ? (size_t)n : 0;
        said[len] = '\0';
    }
}

void jailed_await_end(struct jail *j)
{
    struct pollfd fd = {.fd = j->gate, .events = POLLIN};
    while (jail_look(j) != 1)
        assert_int_equal(1, poll(&fd, 1, JAILED_PATIENCE_MS * 3));
}

const char *jailed_run(struct jail *j, const struct jail_options *o,
                       const char *name)
{
    static char said[JAILED_SAID_MAX];
    jailed_start(j, o, name);
    assert_int_equal(0, jail_go(j));
    jailed_hear_until(j, said, NULL);
    jailed_await_end(j);
    jail_end(j);
    return said;
}

const char *jailed_look(enum jail_tier tier, const char *name)
{
    const struct jail_options o = jailed_options_for(tier);
    struct jail j;
    const char *said = jailed_run(&j, &o, name);
    assert_int_equal(JAIL_EXITED, j.end);
    assert_int_equal(0, j.status);
    return said;
}

void jailed_skip_unless(bool there_is, const char *why)
{
    if (there_is)
        return;
    printf("# skipped: %s\n", why);
    fflush(stdout);
    skip();
}

enum jail_tier jailed_tier_of(void **state)
{
    const enum jail_tier tier = (enum jail_tier)(intptr_t)*state;
    jailed_skip_unless(jailed_there[tier], "this tier does not work here");
    return tier;
}

void jailed_expect_line(const char *text, const char *line)
{
    if (strstr(text, line) == NULL)
        fail_msg("no line \"%s\" in:\n%s", line, text);
}

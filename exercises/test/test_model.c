/*
 * test_model.c - model_expect tells the models apart: each program of
 * traced/echo.c passes as what it is and as nothing else, and each flaw is
 * found, in words that name it.
 *
 * Read before: test_trace.c, traced/echo.c. Read after: test_stage.c.
 */
#include "traced.h"

#include "../check/trace.h"

#include <string.h>

static const char *option, *flaw;
static enum model expected;

/* A client is served, and another is silent: wakes and waits of all kinds. */
static void serves(void)
{
    const char *const options[] = {option, flaw, NULL};
    struct program *server = server_start(TRACED, options);
    (void)peer_connect(server);
    struct peer *peer = peer_connect(server);
    for (int i = 0; i < 4; i++) {
        peer_send_text(peer, "ping\n");
        peer_expect_text(peer, "ping\n");
    }
    model_expect(server, expected);
}

/* One client alone: for servers that can serve no more. */
static void serves_one(void)
{
    const char *const options[] = {option, flaw, NULL};
    struct program *server = server_start(TRACED, options);
    struct peer *peer = peer_connect(server);
    peer_send_text(peer, "ping\n");
    peer_expect_text(peer, "ping\n");
    model_expect(server, expected);
}

static void runs(const char *model, const char *with, enum model as)
{
    option = model;
    flaw = with;
    expected = as;
    traced_run(strcmp(model, "blocking") == 0 ? serves_one : serves);
}

/* The section of the message is a heading of that page. */
static void section_exists(void)
{
    char page[256], *line = NULL, *heading = strstr(found.section, ", \"");
    size_t size = 0;
    bool exists = false;
    assert_non_null(heading);
    snprintf(page, sizeof page, "%.*s", (int)(heading - found.section),
             found.section);
    heading[strlen(heading) - 1] = '\0';
    FILE *f = fopen(page, "r");
    assert_non_null(f);
    while (!exists && getline(&line, &size, f) != -1)
        exists = line[0] == '#' && strstr(line, heading + 3) != NULL;
    fclose(f);
    free(line);
    if (!exists)
        fail_msg("%s has no heading \"%s", page, heading + 3);
}

static void fails(const char *model, const char *with, enum model as,
                  const char *came, const char *cause)
{
    runs(model, with, as);
    traced_failed(came, cause);
    section_exists();
}

static const struct {
    const char *option;
    enum model model;
    const char *came; /* when another was expected */
} models[] = {
    {"select", MODEL_SELECT, "it waits with select ("},
    {"poll", MODEL_POLL, "it waits with poll ("},
    {"epoll", MODEL_EPOLL, "it waits with epoll_wait ("},
    {"edge", MODEL_EPOLL_EDGE, "it waits with epoll_wait ("},
    {"polling", MODEL_POLLING, "it asks again and again"},
    {"blocking", MODEL_BLOCKING, "; it waits in:\naccept4("},
};
enum { MODELS = sizeof models / sizeof *models };

static void test_each_model_is_known(void **state)
{
    (void)state;
    for (int i = 0; i < MODELS; i++) {
        runs(models[i].option, NULL, models[i].model);
        traced_passed();
    }
}

static void test_another_wait_is_told(void **state)
{
    (void)state;
    for (int i = 0; i < MODELS; i++)
        for (int j = 0; j < 3; j++)
            if (i != j && (i != 3 || j != 2))
                fails(models[i].option, NULL, models[j].model, models[i].came,
                      NULL);
    fails("epoll", NULL, MODEL_URING, "it waits with epoll_wait", "io_uring");
    fails("select", NULL, MODEL_POLLING, "it waits with select", NULL);
    fails("poll", NULL, MODEL_BLOCKING, "it waits with poll", NULL);
    fails("blocking", NULL, MODEL_POLLING, "left blocking", NULL);
    fails("polling", NULL, MODEL_BLOCKING, "EAGAIN", NULL);
}

static void test_level_and_edge(void **state)
{
    (void)state;
    fails("edge", NULL, MODEL_EPOLL, "it asks for edges:\nepoll_ctl(",
          "reported once");
    fails("epoll", NULL, MODEL_EPOLL_EDGE, "it asks for level:\nepoll_ctl(",
          "Without EPOLLET");
}

static void test_company(void **state)
{
    (void)state;
    fails("epoll", "thread", MODEL_EPOLL, "it makes threads: 1", "Threads");
    fails("epoll", "fork", MODEL_EPOLL, "it makes children (fork): 1",
          "A process for each");
    fails("epoll", "exec", MODEL_EPOLL, "it executes other programs",
          "system, popen and exec");
}

static void test_what_is_hidden(void **state)
{
    (void)state;
    fails("epoll", "also", MODEL_EPOLL, "it waits also with poll", NULL);
    fails("epoll", "uring", MODEL_EPOLL, "it uses io_uring", NULL);
}

static void test_blocking_descriptors(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) /* the fourth, edge, hangs in the drain */
        fails(models[i].option, "blocks", models[i].model,
              "a descriptor is left blocking:\nrecvfrom(", "SOCK_NONBLOCK");
    fails("epoll", "listener", MODEL_EPOLL, "left blocking:\naccept4(", NULL);
}

static void test_no_flaw(void **state)
{
    (void)state;
    static const char *const good[] = {"file", "fionbio", "dontwait"};
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 4; j++) {
            runs(models[j].option, good[i], models[j].model);
            traced_passed();
        }
}

static void test_sleeps_between_waits(void **state)
{
    (void)state;
    fails("select", "sleep", MODEL_SELECT, "another call sleeps:\nclock_nano",
          "only the wait may sleep");
    fails("epoll", "lock", MODEL_EPOLL, "another call sleeps:\nflock(", NULL);
}

static void test_busy_loops(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++)
        fails(models[i].option, "spin", models[i].model,
              "calls in a row found nothing", "A time-out of 0");
    for (int i = 0; i < 3; i++) {
        fails(models[i].option, "room", models[i].model,
              "waits in a row reported something", "a socket nearly always");
    }
}

static int setup(void **state)
{
    traced_setup(state);
    traced_compile("echo");
    return 0;
}

int main(void)
{
    const struct CMUnitTest all[] = {
        cmocka_unit_test(test_each_model_is_known),
        cmocka_unit_test(test_another_wait_is_told),
        cmocka_unit_test(test_level_and_edge),
        cmocka_unit_test(test_company),
        cmocka_unit_test(test_what_is_hidden),
        cmocka_unit_test(test_blocking_descriptors),
        cmocka_unit_test(test_no_flaw),
        cmocka_unit_test(test_sleeps_between_waits),
        cmocka_unit_test(test_busy_loops),
    };
    return cmocka_run_group_tests(all, setup, traced_teardown);
}

/*
 * crawl_cases.c - what every crawl must do: against slowd, which counts, and
 * against a site where everything is odd. See cases.h.
 */
#include "../common.h"
#include "cases.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs crawl; fails the test unless its status and first words are these. */
static void expect_crawl(const char *const *args, int status, const char *said)
{
    struct proc crawl;
    const int ended = run_program(&crawl, args, 60000);
    if (ended != status || strstr(crawl.said, said) == NULL)
        fail_msg("status %d, said: %s (not: %s)", ended, crawl.said, said);
}

static void start_slowd(struct proc *slowd, const char *delay, char url[64])
{
    start_program(slowd,
                  (const char *[]){"bench/slowd", "--port", "0", "--delay",
                                   delay, "--pages", "500", NULL},
                  0);
    snprintf(url, 64, "http://127.0.0.1:%d/page/0", slowd->port);
}

/* What slowd says that it was asked for. */
static void slowd_stats(const struct proc *slowd, int *requests, int *most,
                        int *again)
{
    char text[1024];
    const int fd = client_connect(slowd->port);
    client_send(fd, "GET /stats HTTP/1.1\r\nHost: test\r\n\r\n");
    client_receive_all(fd, text, sizeof text);
    close(fd);
    const char *body = strstr(text, "\r\n\r\n");
    assert_non_null(body);
    assert_int_equal(sscanf(body,
                            " %d requests, at most %d at once, %d for a page",
                            requests, most, again),
                     3);
}

void expect_crawl_once(const char *program)
{
    static const char *const at_once[] = {"1", "3", "10", "100"};
    for (int i = 0; i < 4; i++) {
        struct proc slowd;
        char url[64];
        int requests, most, again;
        start_slowd(&slowd, i < 2 ? "0" : "5", url);
        expect_crawl((const char *[]){program, "-c", at_once[i], url, NULL}, 0,
                     "500 pages, 50 dead links, 0 failed, ");
        slowd_stats(&slowd, &requests, &most, &again);
        assert_int_equal(requests, 550);
        assert_int_equal(again, 0);
        assert_in_range(most, 1, atoi(at_once[i]));
        proc_stop(&slowd);
    }
}

void expect_crawl_gives_up(const char *program)
{
    struct proc slowd;
    char url[64];
    start_slowd(&slowd, "60000", url);
    expect_crawl((const char *[]){program, "--patience", "50", url, NULL}, 2,
                 "/page/0: no answer in time\n"
                 "0 pages, 0 dead links, 1 failed, at most 1 in flight");
    proc_stop(&slowd);
    expect_crawl((const char *[]){program, url, NULL}, 2, "Connection refused");
}

void expect_crawl_errors(const char *program)
{
    static const struct {
        const char *args[4], *message;
    } bad[] = {
        {{NULL}, "no URL given"},
        {{"ftp://127.0.0.1/", NULL}, "is no URL"},
        {{"http://", NULL}, "is no URL"},
        {{"http:///x", NULL}, "is no URL"},
        {{"http://127.0.0.1:1/a b", NULL}, "is no URL"},
        {{"-c", "0", "http://127.0.0.1:1/", NULL}, "a number, 1 to 1000"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *args[ARGS_MAX] = {program};
        for (int j = 0; j < 4 && bad[i].args[j] != NULL; j++)
            args[j + 1] = bad[i].args[j];
        expect_crawl(args, 2, bad[i].message);
    }
}

/* --- the odd site --------------------------------------------------------- */

#define OK(links)                                                              \
    "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n<html>" links "</html>"

/* %d is the site's port. Each is to be asked for once, and nothing else. */
static const struct {
    const char *path, *answer;
} odd_site[] = {
    {"/a/start",
     OK("<a href=\"b\">1</a> <a class=x href='f'>2</a> <a href=\"./b\">3</a>"
        "<A HREF=\"../c?x=1\">4</A> <a href=\"/d#there\">5</a>"
        "<a href=\"/d\">6</a> <a href=\"http://127.0.0.1:%d/e\">7</a>"
        "<a href=\"#here\">8</a> <a href=\"\">9</a> <a name=\"x\">10</a>"
        "<a href=\"http://127.0.0.1:%d1/other\">11</a>"
        "<a href=\"//127.0.0.1:%d/other\">12</a>"
        "<a href=\"mailto:a@b\">13</a> <b href=\"bold\">14</b>"
        "<a href=\"split HTTP/1.1\">15</a> <abbr href=\"abbr\">16</abbr>"
        "<a href=\"/x/y/../../z/./\">17</a> <a href=\"../../../up\">18</a>"
        "<a href=\"g\">19</a> <a href=\"/unfinished")},
    {"/a/b", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"},
    {"/a/f", OK("<a href=\"?q=/../x\">1</a> <a href=\"start\">2</a>")},
    {"/a/f?q=/../x", OK("")},
    {"/c?x=1", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
               "<a href=\"/cut\">cut short</a>"},
    {"/d", ""},
    {"/e", "HTTP/1.1 301 Moved\r\nLocation: /moved\r\n"
           "Content-Length: 0\r\n\r\n"},
    {"/z/", OK("<a href=\".\">1</a> <a href=\"../a/start\">2</a>")},
    {"/up", "SSH-2.0-what_is_HTTP\r\n"},
    {"/a/g", "long"},
};

enum { ODD_PAGES = sizeof odd_site / sizeof odd_site[0] };

/* How often each was asked for; the last: anything else. Shared by processes.
 */
static int *odd_asked;

static void answer_oddly(int fd, int port)
{
    char request[2048], answer[2048];
    size_t len = 0;
    do {
        const ssize_t n = recv(fd, request + len, sizeof request - 1 - len, 0);
        if (n <= 0)
            return;
        len += (size_t)n;
        request[len] = '\0';
    } while (strstr(request, "\r\n\r\n") == NULL);
    request[4 + strcspn(request + 4, " ")] = '\0';
    int i = 0;
    while (i < ODD_PAGES && strcmp(request + 4, odd_site[i].path) != 0)
        i++;
    odd_asked[i]++;
    if (i == ODD_PAGES)
        return;
    if (strcmp(odd_site[i].answer, "long") == 0) {
        static const char head[] = "HTTP/1.1 200 OK\r\n\r\n";
        static char text[100000];
        memset(text, 'x', sizeof text);
        memcpy(text, head, sizeof head - 1);
        send(fd, text, sizeof text, MSG_NOSIGNAL);
        return;
    }
    /* NOLINTNEXTLINE: the formats are those of the table above */
    snprintf(answer, sizeof answer, odd_site[i].answer, port, port, port);
    send(fd, answer, strlen(answer), MSG_NOSIGNAL);
}

static noreturn void serve_oddly(int listener, int port)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* if the test fails, too */
    for (;;) {
        const int fd = accept(listener, NULL, NULL);
        answer_oddly(fd, port);
        close(fd);
    }
}

void expect_crawl_of_an_odd_site(const char *program)
{
    odd_asked = mmap(NULL, (ODD_PAGES + 1) * sizeof *odd_asked,
                     PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(odd_asked, MAP_FAILED);
    const int listener = listen_on(0, 0);
    struct sockaddr_in addr;
    socklen_t len = sizeof addr;
    assert_int_equal(getsockname(listener, (struct sockaddr *)&addr, &len), 0);
    const int port = ntohs(addr.sin_port);
    const pid_t origin = fork();
    if (origin == 0)
        serve_oddly(listener, port);
    close(listener);
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/a/x/../start#top", port);
    expect_crawl((const char *[]){program, "-c", "4", url, NULL}, 1,
                 "4 pages, 2 dead links, 4 failed, at most 4 in flight");
    kill(origin, SIGKILL);
    waitpid(origin, NULL, 0);
    for (int i = 0; i < ODD_PAGES; i++)
        if (odd_asked[i] != 1)
            fail_msg("%s: asked for %d times", odd_site[i].path, odd_asked[i]);
    assert_int_equal(odd_asked[ODD_PAGES], 0);
    munmap(odd_asked, (ODD_PAGES + 1) * sizeof *odd_asked);
}

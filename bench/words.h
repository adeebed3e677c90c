/*
 * words.h - how results are put into words: numbers as a person reads them,
 * the names of servers and lessons, and a text that grows up to a limit.
 *
 * Read before: nothing. Read after: figures.h, plot.h.
 */
#ifndef BENCH_WORDS_H
#define BENCH_WORDS_H

#include <stdbool.h>
#include <stddef.h>

enum { WORDS_MAX = 640, NAME_MAX_LEN = 64 };

/* A sentence or two; starts as all zero. What exceeds it is cut with "...". */
struct words {
    char text[WORDS_MAX];
    size_t len;
};

void words_add(struct words *w, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A short text returned by value, so that it may stand in a printf's list. */
struct name {
    char text[NAME_MAX_LEN];
};

/* Three digits that count: 71,300; 9.46; 0.125. NAN is "-". */
struct name words_number(double value);

/* A whole count: 9,000. */
struct name words_count(double value);

/* With the unit that fits: "850 us", "12.3 ms", "2 s"; "512 B", "9.1 KB". */
struct name words_time(double us);
struct name words_bytes(double bytes);

/* A ratio: 1.70; 0.12; 24. */
struct name words_ratio(double ratio);

/*
 * "05-epoll/edge" is of the lesson "05-epoll", whose number is "05"; its name
 * without the number is "epoll/edge", in short "edge".
 */
struct name words_lesson(const char *server);
struct name words_number_of(const char *server);
struct name words_server(const char *server);
struct name words_short(const char *server);
struct name words_topic(const char *server); /* "epoll" */

bool words_of_lesson(const char *server, const char *lesson);

/* True of what others are measured against: "floor", "raw/epoll". */
bool words_yardstick(const char *server);

/* At most `n` bytes of `text`, cut with "..." where no character is broken. */
struct name words_cut(const char *text, int n);

#endif

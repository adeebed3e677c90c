/* words.c - see words.h. */
#include "words.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void words_add(struct words *w, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const size_t room = sizeof w->text - w->len;
    const int n = vsnprintf(w->text + w->len, room, format, args);
    va_end(args);
    if (n < 0)
        return;
    if ((size_t)n < room) {
        w->len += (size_t)n;
        return;
    }
    w->len = sizeof w->text - 1;
    memcpy(w->text + w->len - 3, "...", 3);
}

/* --- numbers ------------------------------------------------------------- */

struct name words_count(double value)
{
    struct name out;
    char digits[32];
    if (!isfinite(value) || fabs(value) >= 1e15)
        return (struct name){"-"};
    const int n = snprintf(digits, sizeof digits, "%.0f", value);
    int at = 0;
    for (int i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0 && isdigit(digits[i - 1]))
            out.text[at++] = ',';
        out.text[at++] = digits[i];
    }
    out.text[at] = '\0';
    return out;
}

/* `value` rounded to three digits, so that 71,347 does not claim too much. */
static double rounded(double value)
{
    if (value == 0)
        return 0;
    const double step = pow(10, floor(log10(fabs(value))) - 2);
    return step > 0 ? round(value / step) * step : value;
}

struct name words_number(double value)
{
    struct name out;
    if (!isfinite(value))
        return (struct name){"-"};
    const double shown = rounded(value);
    if (fabs(shown) >= 100)
        return words_count(shown);
    snprintf(out.text, sizeof out.text, "%.3g", shown);
    return out;
}

struct name words_ratio(double ratio)
{
    struct name out;
    if (!isfinite(ratio))
        return (struct name){"-"};
    if (ratio >= 99.95)
        return words_number(ratio);
    snprintf(out.text, sizeof out.text, ratio < 9.995 ? "%.2f" : "%.1f", ratio);
    return out;
}

/* A number and its unit, which for three digits depends on its size. */
static struct name with_unit(double value, const char *unit)
{
    struct name out;
    if (!isfinite(value))
        return (struct name){"-"};
    snprintf(out.text, sizeof out.text, "%.30s %s", words_number(value).text,
             unit);
    return out;
}

struct name words_time(double us)
{
    if (us < 1e3)
        return with_unit(us, "us");
    return us < 1e6 ? with_unit(us / 1e3, "ms") : with_unit(us / 1e6, "s");
}

struct name words_bytes(double bytes)
{
    if (bytes < 1000)
        return with_unit(bytes, "B");
    return bytes < 1e6 ? with_unit(bytes / 1e3, "KB")
                       : with_unit(bytes / 1e6, "MB");
}

/* --- names --------------------------------------------------------------- */

static struct name part(const char *from, size_t len)
{
    struct name out;
    if (len > sizeof out.text - 1)
        len = sizeof out.text - 1;
    memcpy(out.text, from, len);
    out.text[len] = '\0';
    return out;
}

static const char *behind_number(const char *server)
{
    const char *at = server + strspn(server, "0123456789");
    return at > server && *at == '-' ? at + 1 : server;
}

struct name words_lesson(const char *server)
{
    return part(server, strcspn(server, "/"));
}

struct name words_number_of(const char *server)
{
    return part(server, strspn(server, "0123456789"));
}

struct name words_server(const char *server)
{
    const char *from = behind_number(server);
    return part(from, strlen(from));
}

struct name words_topic(const char *server)
{
    const char *from = behind_number(server);
    return part(from, strcspn(from, "/"));
}

struct name words_short(const char *server)
{
    const char *slash = strchr(server, '/');
    return slash != NULL ? part(slash + 1, strlen(slash + 1))
                         : words_topic(server);
}

bool words_of_lesson(const char *server, const char *lesson)
{
    const size_t len = strlen(lesson);
    return strncmp(server, lesson, len) == 0 &&
           (server[len] == '\0' || server[len] == '/');
}

bool words_yardstick(const char *server)
{
    return strcmp(server, "floor") == 0 || words_of_lesson(server, "raw");
}

struct name words_cut(const char *text, int n)
{
    size_t room = (size_t)n < NAME_MAX_LEN ? (size_t)n : NAME_MAX_LEN - 1;
    if (strlen(text) <= room)
        return part(text, strlen(text));
    room -= room > 3 ? 3 : 0;
    while (room > 0 && ((unsigned char)text[room] & 0xC0) == 0x80)
        room--; /* not within a character of UTF-8 */
    struct name out = part(text, room);
    memcpy(out.text + room, "...", 4);
    return out;
}

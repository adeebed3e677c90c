/* axis.c - see axis.h. */
#include "axis.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* "0", "20k", "1.5M": short, for there is little room. */
static struct name tick_label(double value)
{
    struct name label;
    const char *unit = "";
    if (value >= 1e6) {
        value /= 1e6;
        unit = "M";
    } else if (value >= 1e4 || (value >= 1e3 && fmod(value, 100) == 0)) {
        value /= 1e3;
        unit = "k";
    }
    snprintf(label.text, sizeof label.text, "%.4g%s", value, unit);
    return label;
}

static void add_tick(struct axis *a, double at, double shown)
{
    if (a->n_ticks < TICKS_MAX)
        a->ticks[a->n_ticks++] = (struct tick){at, tick_label(shown)};
}

struct axis axis_linear(double high, int n)
{
    if (!(high > 0))
        high = 1;
    const double decade = pow(10, floor(log10(high / n)));
    static const double steps[] = {1, 2, 2.5, 5, 10};
    double step = decade;
    for (int i = 0; i < 5 && step * n < high * 0.96; i++)
        step = decade * steps[i];
    struct axis a = {.high = high * 1.04};
    for (int i = 0; i * step <= a.high; i++)
        add_tick(&a, i * step, i * step);
    return a;
}

struct axis axis_log(double low, double high)
{
    if (!(low > 0))
        low = 1;
    if (!(high > low))
        high = low * 10;
    struct axis a = {.log = true, .low = low / 1.3, .high = high * 1.3};
    a.zero = a.low; /* the edge: as low as can be shown */
    const int first = (int)floor(log10(a.low)), last = (int)ceil(log10(a.high));
    const bool narrow = log10(high / low) < 1.5;
    for (int e = first; e <= last; e++)
        for (int m = 1; m <= 5; m += m == 2 ? 3 : 1) {
            const double at = m * pow(10, e);
            if ((m == 1 || narrow) && at >= a.low && at <= a.high)
                add_tick(&a, at, at);
        }
    return a;
}

struct axis axis_measured(const double *values, int n, bool log)
{
    struct axis a = {.log = log};
    if (n == 0)
        return axis_linear(1, 2);
    const double first = values[0] > 0 || n == 1 ? values[0] : values[1];
    a.zero = first > 0 ? first / 4 : 0.25;
    for (int i = 0; i < n; i++)
        add_tick(&a, axis_value(&a, values[i]), values[i]);
    a.low = log ? axis_value(&a, values[0]) : 0;
    a.high = axis_value(&a, values[n - 1]);
    if (!(a.high > a.low))
        a.high = log ? a.low * 2 : a.low + 1;
    return a;
}

void axis_thin(struct axis *a, double share)
{
    int n = 0;
    for (int i = 0; i < a->n_ticks; i++) {
        const struct tick *tick = &a->ticks[i];
        const struct tick *before = n > 0 ? &a->ticks[n - 1] : NULL;
        const double room = before == NULL ? 1
                                           : axis_fraction(a, tick->at) -
                                                 axis_fraction(a, before->at);
        const double needed =
            before == NULL ? 0
                           : share *
                                 (double)(strlen(tick->label.text) +
                                          strlen(before->label.text) + 2) /
                                 2;
        /* The last value matters more than the one before it. */
        if (room < needed && i == a->n_ticks - 1 && n > 1)
            n--;
        else if (room < needed)
            continue;
        a->ticks[n++] = *tick;
    }
    a->n_ticks = n;
}

double axis_value(const struct axis *a, double value)
{
    return a->log && value <= 0 ? a->zero : value;
}

double axis_fraction(const struct axis *a, double value)
{
    const double at = axis_value(a, value);
    return a->log ? log(at / a->low) / log(a->high / a->low)
                  : (at - a->low) / (a->high - a->low);
}

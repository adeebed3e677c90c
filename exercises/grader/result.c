/*
 * result.c - the sums, made once, so that no two outputs can differ.
 *
 * Sums are made of whole hundredths: 0.1 three times is 0.3 and no more.
 *
 * Read before: result.h. Read after: outputs.h. Rests on: nothing.
 */
#include "result.h"

const char *submission_state_name(enum submission_state state)
{
    switch (state) {
    case SUBMISSION_GRADED:
        return "graded";
    case SUBMISSION_EMPTY:
        return "empty";
    case SUBMISSION_MISSING:
        return "missing";
    case SUBMISSION_REFUSED:
        return "refused";
    case SUBMISSION_BROKEN:
        return "broken";
    case SUBMISSION_ERROR:
        return "error";
    }
    return "unknown";
}

int64_t result_hundredths(double points)
{
    const double most = 1e12; /* far above any course, far below overflow */
    if (!(points > 0))
        return 0; /* NaN as well */
    return points < most ? (int64_t)(points * 100 + 0.5) : (int64_t)most * 100;
}

/* What has no proof is worth nothing, whatever else is said of it. */
static int64_t earned(const struct submission *s, const struct mark *mark,
                      int64_t max)
{
    const enum outcome outcome = mark->finding.outcome;
    if (s->state != SUBMISSION_GRADED ||
        (outcome != OUTCOME_PASSED && outcome != OUTCOME_PARTLY))
        return 0;
    const int64_t points = result_hundredths(mark->points);
    return points < max ? points : max;
}

void submission_sum(struct submission *s)
{
    int64_t score = 0, all = 0;
    for (size_t i = 0; i < s->n_marks; i++) {
        struct mark *mark = &s->marks[i];
        const int64_t max = result_hundredths(mark->max);
        const int64_t points = earned(s, mark, max);
        mark->max = (double)max / 100;
        mark->points = (double)points / 100;
        score += points;
        all += max;
    }
    s->score = (double)score / 100;
    s->max = (double)all / 100;
}

bool mark_is_open(const struct mark *mark)
{
    return mark->finding.outcome == OUTCOME_NOISY ||
           mark->finding.outcome == OUTCOME_ERROR ||
           mark->finding.outcome == OUTCOME_NONE;
}

double submission_open(const struct submission *s)
{
    int64_t open = 0;
    for (size_t i = 0; i < s->n_marks; i++)
        if (s->state == SUBMISSION_ERROR ||
            (s->state == SUBMISSION_GRADED && mark_is_open(&s->marks[i])))
            open += result_hundredths(s->marks[i].max);
    return (double)open / 100;
}

bool submission_final(const struct submission *s)
{
    if (s->state != SUBMISSION_GRADED)
        return s->state != SUBMISSION_ERROR;
    if (s->n_marks == 0)
        return false;
    for (size_t i = 0; i < s->n_marks; i++)
        if (mark_is_open(&s->marks[i]))
            return false;
    return true;
}

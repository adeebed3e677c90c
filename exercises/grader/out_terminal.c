/*
 * out_terminal.c - the message that students read most.
 *
 *     05-drain  Drain what is ready
 *
 *       ok      accept       a client is accepted                   2 of 2
 *       FAILED  whole        the whole reply arrives                0 of 4
 *       skipped many         a hundred clients at once              0 of 4
 *
 *     FAILED  whole: the whole reply arrives
 *
 *       did           ...          the parts of the first failure, in full
 *       likely cause  ...
 *
 *     2 of 10 points: 1 passed, 1 failed, 1 skipped
 *     next:   make check EXERCISE=05-drain
 *
 * One failure at a time: the first is the one to mend, and others often follow
 * from it. So exercise.ini asks early whether the program is of the right kind.
 * Words carry the meaning; colour, where it is allowed, repeats it.
 *
 * Read before: message.h. Read after: out_gradescope.c.
 * Rests on: ECMA-48 (SGR).
 */
#include "message.h"

enum {
    WORD = 12,       /* columns of "not scored" and what is between */
    NAME_MOST = 24,  /* columns that a check's name may take */
    POINTS = 16,     /* columns for "100.25 of 100.5" */
    TEXT_MOST = 3000 /* bytes of one part: a screen or so */
};

struct terminal {
    struct sink to;
    const struct submission *s;
    const struct output_options *o;
    size_t width;
};

static void put_colored(struct terminal *t, const char *color, const char *text)
{
    if (t->o->color)
        sink_put(&t->to, color);
    sink_put(&t->to, text);
    if (t->o->color)
        sink_put(&t->to, "\033[0m");
}

static const char *const red = "\033[1;31m", *const bold = "\033[1m";

/* Escapes `text` into exactly `width` columns; what is too long is cut. */
static void put_field(struct sink *to, const char *text, size_t width)
{
    struct base_buf clean;
    base_buf_init(&clean, SIZE_MAX / 4);
    struct sink into = sink_of(&clean);
    escape_line(&into, ESCAPE_TEXT, text);
    struct base_slice rest = base_buf_slice(&clean);
    size_t column = 0;
    for (; rest.len > 0 && column < width; column++) {
        const size_t len = base_slice_utf8(rest);
        const bool cut = column + 1 == width && len < rest.len;
        sink_bytes(to, cut ? base_slice_of("~")
                           : (struct base_slice){rest.ptr, len});
        rest = base_slice_skip(rest, len);
    }
    sink_fill(to, ' ', width - column);
    base_buf_fini(&clean);
}

/* "2 of 4", or "open, of 4". */
static void put_points(struct sink *to, const struct mark *mark)
{
    if (mark_is_open(mark))
        sink_put(to, "open,");
    else
        sink_points(to, mark->points);
    sink_put(to, " of ");
    sink_points(to, mark->max);
}

/* --- a line a check ------------------------------------------------------- */

struct columns {
    size_t word, name, title;
};

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t points_width(const struct mark *mark)
{
    struct base_buf text;
    base_buf_init(&text, 100);
    struct sink to = sink_of(&text);
    put_points(&to, mark);
    const size_t len = base_buf_len(&text);
    base_buf_fini(&text);
    return len;
}

/* The title gets what the others leave. */
static struct columns columns_of(const struct terminal *t)
{
    struct columns c = {.word = 1, .name = 1};
    size_t points = 1;
    for (size_t i = 0; i < t->s->n_marks; i++) {
        const struct mark *mark = &t->s->marks[i];
        const char *name = mark->finding.check;
        c.word = larger(c.word, strlen(message_word(mark)));
        c.name = larger(c.name, name != NULL ? strlen(name) : 0);
        points = larger(points, points_width(mark));
    }
    c.name = c.name < NAME_MOST ? c.name : NAME_MOST;
    const size_t others = 2 + c.word + 2 + c.name + 2 + 2 + points;
    c.title = t->width > others + 10 ? t->width - others : 10;
    return c;
}

static void put_line(struct sink *to, const struct mark *mark,
                     const struct columns *c, const char *title)
{
    sink_put(to, "  ");
    put_field(to, message_word(mark), c->word);
    sink_put(to, "  ");
    put_field(to, mark->finding.check, c->name);
    sink_put(to, "  ");
    put_field(to, title, c->title);
    sink_put(to, "  ");
    put_points(to, mark);
    sink_put(to, "\n");
}

static void put_lines(struct terminal *t)
{
    const struct columns columns = columns_of(t);
    for (size_t i = 0; i < t->s->n_marks; i++) {
        const struct mark *mark = &t->s->marks[i];
        put_line(&t->to, mark, &columns, message_title(mark, t->o));
    }
    sink_put(&t->to, t->s->n_marks > 0 ? "\n" : "");
}

/* --- the first failure ---------------------------------------------------- */

static bool is_told(const struct terminal *t, const struct mark *mark,
                    enum verdict verdict)
{
    return message_verdict(mark) == verdict && message_is_shown(mark, t->o);
}

/* The first that has a message: a failure, then an error, then what is open. */
static const struct mark *first_to_tell(const struct terminal *t)
{
    static const enum verdict order[] = {VERDICT_FAILED, VERDICT_ERROR,
                                         VERDICT_SKIPPED};
    for (size_t v = 0; v < sizeof order / sizeof order[0]; v++) {
        const struct mark *hidden = NULL;
        for (size_t i = 0; i < t->s->n_marks; i++) {
            const struct mark *mark = &t->s->marks[i];
            if (message_verdict(mark) != order[v])
                continue;
            if (message_is_shown(mark, t->o))
                return mark;
            hidden = hidden != NULL ? hidden : mark;
        }
        if (hidden != NULL)
            return hidden;
    }
    return NULL;
}

static void put_parts(struct terminal *t, const struct message_part *parts,
                      size_t n)
{
    const struct message_layout layout = {.width = t->width, .most = TEXT_MOST};
    message_put(&t->to, ESCAPE_TEXT, parts, n, &layout);
    sink_put(&t->to, n > 0 ? "\n" : "");
}

static void put_failure(struct terminal *t, const struct mark *mark)
{
    struct message_part parts[MESSAGE_PARTS_MAX];
    const bool failed = message_verdict(mark) == VERDICT_FAILED;
    put_colored(t, failed ? red : bold, message_word(mark));
    sink_put(&t->to, "  ");
    escape_line(&t->to, ESCAPE_TEXT, mark->finding.check);
    sink_put(&t->to, ": ");
    escape_line(&t->to, ESCAPE_TEXT, message_title(mark, t->o));
    sink_put(&t->to, "\n\n");
    put_parts(t, parts, message_parts(mark, t->o, parts));
}

/* Only one failure is explained: how to see the others. */
static void put_others(struct terminal *t, const struct mark *told)
{
    const struct mark *first = NULL;
    size_t n = 0;
    for (size_t i = 0; i < t->s->n_marks; i++) {
        const struct mark *mark = &t->s->marks[i];
        if (mark == told || !is_told(t, mark, VERDICT_FAILED))
            continue;
        first = first != NULL ? first : mark;
        n++;
    }
    if (first == NULL)
        return;
    sink_printf(&t->to, "%zu more failed: make check EXERCISE=", n);
    escape_line(&t->to, ESCAPE_TEXT, t->s->exercise);
    sink_put(&t->to, " CHECK=");
    escape_line(&t->to, ESCAPE_TEXT, first->finding.check);
    sink_put(&t->to, "\n\n");
}

/* What was measured by checks that have passed: worth a look after success. */
static void put_notes(struct terminal *t)
{
    bool some = false;
    for (size_t i = 0; i < t->s->n_marks; i++) {
        const struct mark *mark = &t->s->marks[i];
        struct message_part parts[MESSAGE_PARTS_MAX];
        if (message_verdict(mark) != VERDICT_OK ||
            message_parts(mark, t->o, parts) == 0)
            continue;
        sink_put(&t->to, "  ");
        escape_line(&t->to, ESCAPE_TEXT, mark->finding.check);
        sink_put(&t->to, ": ");
        escape_text(&t->to, ESCAPE_TEXT, mark->finding.note);
        sink_put(&t->to, "\n");
        some = true;
    }
    sink_put(&t->to, some ? "\n" : "");
}

static void put_state(struct terminal *t)
{
    struct message_part parts[MESSAGE_PARTS_MAX];
    put_colored(t, red, "NOT GRADED");
    sink_printf(&t->to, "  %s\n\n", message_state(t->s->state));
    put_parts(t, parts, message_state_parts(t->s, parts));
}

/* --- around it ------------------------------------------------------------ */

static void put_head(struct terminal *t)
{
    escape_line(&t->to, ESCAPE_TEXT, t->s->exercise);
    sink_put(&t->to, "  ");
    escape_line(&t->to, ESCAPE_TEXT, t->s->title);
    sink_put(&t->to, "\n\n");
}

static void put_part(struct terminal *t, const char *label, const char *text,
                     int flags)
{
    if (text != NULL && text[0] != '\0')
        put_parts(t, &(struct message_part){label, text, flags}, 1);
}

static void put_about(struct terminal *t)
{
    put_part(t, "files", t->s->notes, 0);
    put_part(t, "unprotected", t->s->missing, MESSAGE_PROSE);
}

static void put_sum(struct terminal *t)
{
    message_sum(&t->to, t->s);
    sink_put(&t->to, t->s->kept ? " (unchanged since an earlier run)\n" : "\n");
}

static void put_next(struct terminal *t)
{
    if (submission_final(t->s) && t->s->state == SUBMISSION_GRADED &&
        t->s->score >= t->s->max) {
        if (t->s->next == NULL) {
            sink_put(&t->to, "next:   make watch\n");
            return;
        }
        sink_put(&t->to, "next:   make check EXERCISE=");
        escape_line(&t->to, ESCAPE_TEXT, t->s->next);
    } else {
        sink_put(&t->to, "next:   make check EXERCISE=");
        escape_line(&t->to, ESCAPE_TEXT, t->s->exercise);
    }
    sink_put(&t->to, "\n");
}

int output_terminal(const struct submission *s, const struct output_options *o,
                    struct base_buf *out)
{
    struct terminal t = {.to = sink_of(out), .s = s, .o = o};
    t.width = o->width > 0 ? (size_t)o->width : 80;
    put_head(&t);
    if (s->state != SUBMISSION_GRADED) {
        put_state(&t);
    } else {
        const struct mark *mark = first_to_tell(&t);
        put_lines(&t);
        put_part(&t, "compiler", s->compiler, MESSAGE_TABLE);
        if (mark != NULL) {
            put_failure(&t, mark);
            put_others(&t, mark);
        } else {
            put_notes(&t);
        }
    }
    put_about(&t);
    put_sum(&t);
    put_next(&t);
    return t.to.error;
}

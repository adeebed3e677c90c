/*
 * message.c - words and layout of messages. What a check has to say stands in
 * its finding; here are the labels, their order and what is said when there is
 * no finding.
 *
 * Read before: message.h. Read after: out_terminal.c. Rests on: nothing.
 */
#include "message.h"

#include <stdio.h>

enum {
    MARGIN = 2,  /* columns before the labels ... */
    LABELS = 14, /* ... and of them, and their distance from the texts */
    BELOW = 4,   /* columns before a text that is too wide to stand beside */
};

/* --- words ---------------------------------------------------------------- */

enum verdict message_verdict(const struct mark *mark)
{
    switch (mark->finding.outcome) {
    case OUTCOME_PASSED:
        return VERDICT_OK;
    case OUTCOME_PARTLY:
        return mark->points < mark->max ? VERDICT_FAILED : VERDICT_OK;
    case OUTCOME_FAILED:
        return VERDICT_FAILED;
    case OUTCOME_SKIPPED:
    case OUTCOME_NOISY:
        return VERDICT_SKIPPED;
    case OUTCOME_NONE:
    case OUTCOME_ERROR:
        break;
    }
    return VERDICT_ERROR;
}

const char *message_word(const struct mark *mark)
{
    switch (mark->finding.outcome) {
    case OUTCOME_PASSED:
        return "ok";
    case OUTCOME_PARTLY:
        return "partly";
    case OUTCOME_FAILED:
        return "FAILED";
    case OUTCOME_SKIPPED:
        return "skipped";
    case OUTCOME_NOISY:
        return "not scored";
    case OUTCOME_NONE:
        return "no result";
    case OUTCOME_ERROR:
        break;
    }
    return "error";
}

const char *message_state(enum submission_state state)
{
    switch (state) {
    case SUBMISSION_GRADED:
        return "graded";
    case SUBMISSION_EMPTY:
        return "nothing was handed in";
    case SUBMISSION_MISSING:
        return "a file is missing";
    case SUBMISSION_REFUSED:
        return "the archive was refused";
    case SUBMISSION_BROKEN:
        return "it does not compile";
    case SUBMISSION_ERROR:
        break;
    }
    return "the grader could not do its work";
}

struct base_slice message_telling_line(const char *reason)
{
    struct base_slice rest = base_slice_of(reason);
    while (rest.len > 0) {
        const struct base_slice line = base_slice_cut(&rest, '\n', NULL);
        if (base_slice_find(line, base_slice_of("error:")) >= 0)
            return line;
    }
    rest = base_slice_of(reason);
    return base_slice_cut(&rest, '\n', NULL);
}

static const char *advice(enum submission_state state)
{
    switch (state) {
    case SUBMISSION_EMPTY:
        return "Hand in the files that the task names.";
    case SUBMISSION_MISSING:
        return "Names of files count, letter by letter. Compare them with "
               "those in the task.";
    case SUBMISSION_REFUSED:
        return "Pack the files of the task and nothing else.";
    case SUBMISSION_BROKEN:
        return "Mend the first error first: those below often follow from it.";
    case SUBMISSION_ERROR:
        return "This is no grade, and nothing is wrong with what was handed "
               "in: grade again.";
    case SUBMISSION_GRADED:
        break;
    }
    return NULL;
}

const char *message_skipped(const struct mark *mark)
{
    return mark->finding.outcome == OUTCOME_NOISY
               ? "the machine was too noisy"
               : "a check that this one needs has failed";
}

bool message_is_shown(const struct mark *mark, const struct output_options *o)
{
    return !mark->hidden || o->show_hidden;
}

const char *message_title(const struct mark *mark,
                          const struct output_options *o)
{
    if (!message_is_shown(mark, o))
        return "hidden check";
    return mark->finding.title != NULL ? mark->finding.title : "";
}

/* --- parts ---------------------------------------------------------------- */

/* Copies those parts of `all` that have a text. */
static size_t keep_some(const struct message_part *all, size_t n,
                        struct message_part *parts)
{
    size_t kept = 0;
    int group = 0; /* also if the first of the group is missing */
    for (size_t i = 0; i < n; i++) {
        group |= all[i].flags & MESSAGE_GROUP;
        if (all[i].text == NULL || all[i].text[0] == '\0')
            continue;
        parts[kept] = all[i];
        parts[kept++].flags |= group;
        group = 0;
    }
    return kept;
}

/* What is said of an outcome that is nobody's failure. */
static const char *about_outcome(enum outcome outcome)
{
    switch (outcome) {
    case OUTCOME_SKIPPED:
        return "A check that this one needs has failed: mend that first.";
    case OUTCOME_NOISY:
        return "The machine was too busy to tell. No points are lost: it is "
               "measured again when the machine is quiet.";
    case OUTCOME_ERROR:
        return "The grader could not run this check. That is no fault of the "
               "program, and no points are lost: grade again.";
    case OUTCOME_NONE:
        return "The check did not report: there is no proof that it has run. "
               "Grade again; if it stays so, tell your instructor.";
    case OUTCOME_PASSED:
    case OUTCOME_PARTLY:
    case OUTCOME_FAILED:
        break;
    }
    return NULL;
}

static size_t hidden_part(const struct mark *mark, struct message_part *parts)
{
    const char *about = about_outcome(mark->finding.outcome);
    if (message_verdict(mark) == VERDICT_FAILED)
        about = "This check tells no more. It asks for nothing beyond the "
                "task, but with other input than the checks that you see: "
                "read the task once more, sentence by sentence.";
    return keep_some(&(struct message_part){"hidden", about, MESSAGE_PROSE}, 1,
                     parts);
}

size_t message_parts(const struct mark *mark, const struct output_options *o,
                     struct message_part parts[MESSAGE_PARTS_MAX])
{
    const struct finding *f = &mark->finding;
    if (!message_is_shown(mark, o))
        return hidden_part(mark, parts);
    const int prose = MESSAGE_PROSE, group = MESSAGE_GROUP;
    const int table = MESSAGE_TABLE;
    if (f->outcome == OUTCOME_PASSED)
        return keep_some(&(struct message_part){"note", f->note, prose}, 1,
                         parts);
    const struct message_part all[MESSAGE_PARTS_MAX] = {
        {"meaning", about_outcome(f->outcome), prose},
        {"did", f->did, 0},
        {"shell", f->command, 0},
        {"expected", f->expected, table | group},
        {"came", f->came, table},
        {"hangs at", f->hang, table | group},
        {"sanitizer", f->sanitizer, table | group},
        {"printed", f->output, table | group},
        {"note", f->note, prose | group},
        {"likely cause", f->cause, prose | group},
        {"read", f->section, prose | group},
        {"try", f->reproduce, 0},
    };
    return keep_some(all, MESSAGE_PARTS_MAX, parts);
}

size_t message_state_parts(const struct submission *s,
                           struct message_part parts[MESSAGE_PARTS_MAX])
{
    if (s->state == SUBMISSION_GRADED)
        return 0;
    const bool compiler = s->state == SUBMISSION_BROKEN;
    const struct message_part all[] = {
        {compiler ? "compiler" : "reason", s->reason,
         compiler ? MESSAGE_TABLE : MESSAGE_PROSE},
        {"what to do", advice(s->state),
         MESSAGE_PROSE | (compiler ? MESSAGE_GROUP : 0)},
    };
    return keep_some(all, sizeof all / sizeof all[0], parts);
}

/* --- layout --------------------------------------------------------------- */

/* Columns that `text` takes, a character each. */
static size_t columns(struct base_slice text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++)
        n += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
    return n;
}

static void end_line(struct sink *to, enum escape syntax)
{
    escape_slice(to, syntax, base_slice_of("\n"), false);
}

/* Where words begin: behind the blanks in front, and a label and its blanks. */
static size_t hanging(struct base_slice line, size_t width)
{
    size_t lead = 0;
    while (lead < line.len && line.ptr[lead] == ' ')
        lead++;
    const struct base_slice rest = base_slice_skip(line, lead);
    const ssize_t gap = base_slice_find(rest, base_slice_of("  "));
    if (gap >= 0)
        for (lead += (size_t)gap; lead < line.len && line.ptr[lead] == ' ';)
            lead++;
    return lead < width / 2 ? lead : 0;
}

/*
 * A line of prose as lines of whole words, each as far to the right as those of
 * the first. What fits is not touched: blanks in it may be a table's.
 */
static void put_wrapped(struct sink *to, enum escape syntax,
                        struct base_slice line, size_t width)
{
    if (columns(line) <= width) {
        escape_slice(to, syntax, line, false);
        return;
    }
    const size_t lead = hanging(line, width);
    size_t column = lead;
    escape_slice(to, syntax, (struct base_slice){line.ptr, lead}, false);
    line = base_slice_skip(line, lead);
    while (line.len > 0) {
        const struct base_slice word = base_slice_cut(&line, ' ', NULL);
        const size_t wide = columns(word);
        if (column > lead && column + 1 + wide > width) {
            end_line(to, syntax);
            sink_fill(to, ' ', MARGIN + LABELS + lead);
            column = lead;
        }
        sink_put(to, column > lead ? " " : "");
        escape_slice(to, syntax, word, false);
        column += (column > lead) + wide;
    }
}

static size_t widest_line(struct base_slice text)
{
    size_t widest = 0;
    while (text.len > 0) {
        const size_t wide = columns(base_slice_cut(&text, '\n', NULL));
        widest = wide > widest ? wide : widest;
    }
    return widest;
}

/* How far to the right a part's text begins: beside its label, or below. */
static size_t begin_part(struct sink *to, enum escape syntax,
                         const struct message_part *part, size_t room)
{
    const int len = (int)strlen(part->label);
    sink_printf(to, "%*s%s", MARGIN, "", part->label);
    if ((part->flags & MESSAGE_PROSE) != 0 ||
        widest_line(base_slice_of(part->text)) <= room) {
        sink_fill(to, ' ', len < LABELS ? (size_t)(LABELS - len) : 1);
        return MARGIN + LABELS;
    }
    end_line(to, syntax);
    sink_fill(to, ' ', BELOW);
    return BELOW;
}

static void put_part(struct sink *to, enum escape syntax,
                     const struct message_part *part,
                     const struct message_layout *layout)
{
    const struct base_slice all = base_slice_of(part->text);
    struct base_slice rest = all;
    const size_t used = MARGIN + LABELS;
    const size_t room = layout->width > used + 20 ? layout->width - used : 20;
    if (rest.len > layout->most)
        rest.len = escape_cut_at(rest, layout->most);
    const size_t cut = all.len - rest.len;
    const size_t indent = begin_part(to, syntax, part, room);
    for (bool first = true; rest.len > 0; first = false) {
        const struct base_slice line = base_slice_cut(&rest, '\n', NULL);
        if (!first && line.len > 0)
            sink_fill(to, ' ', indent);
        if ((part->flags & MESSAGE_PROSE) != 0)
            put_wrapped(to, syntax, line, room);
        else
            escape_slice(to, syntax, line, false);
        end_line(to, syntax);
    }
    if (cut > 0) {
        sink_fill(to, ' ', indent);
        sink_printf(to, "... %zu bytes more are cut", cut);
        end_line(to, syntax);
    }
}

void message_put(struct sink *to, enum escape syntax,
                 const struct message_part *parts, size_t n,
                 const struct message_layout *layout)
{
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && (parts[i].flags & MESSAGE_GROUP) != 0)
            end_line(to, syntax);
        put_part(to, syntax, &parts[i], layout);
    }
}

/* --- the sum -------------------------------------------------------------- */

static size_t count(const struct submission *s, enum outcome outcome)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n_marks; i++)
        n += s->marks[i].finding.outcome == outcome;
    return n;
}

static void put_counts(struct sink *to, const struct submission *s)
{
    static const enum outcome order[] = {
        OUTCOME_PASSED, OUTCOME_PARTLY, OUTCOME_FAILED, OUTCOME_SKIPPED,
        OUTCOME_NOISY,  OUTCOME_ERROR,  OUTCOME_NONE,
    };
    if (s->state != SUBMISSION_GRADED) {
        sink_put(to, message_state(s->state));
        return;
    }
    const char *separator = "";
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        const size_t n = count(s, order[i]);
        if (n == 0)
            continue;
        sink_printf(to, "%s%zu %s", separator, n, outcome_name(order[i]));
        separator = ", ";
    }
    sink_put(to, s->n_marks == 0 ? "there are no checks" : "");
}

void message_sum(struct sink *to, const struct submission *s)
{
    const double open = submission_open(s);
    if (s->state == SUBMISSION_ERROR) {
        sink_put(to, "no grade of ");
        sink_points(to, s->max);
    } else {
        sink_points(to, s->score);
        sink_put(to, " of ");
        sink_points(to, s->max);
    }
    sink_put(to, s->elsewhere > 0 ? " visible points" : " points");
    if (open > 0 && s->state == SUBMISSION_GRADED) {
        sink_put(to, ", ");
        sink_points(to, open);
        sink_put(to, " still open");
    }
    if (s->elsewhere > 0) {
        sink_put(to, "; ");
        sink_points(to, s->elsewhere);
        sink_put(to,
                 s->elsewhere == 1 ? " more is hidden" : " more are hidden");
    }
    sink_put(to, ": ");
    if (s->elsewhere > 0 && open == 0 && s->score >= s->max)
        sink_put(to, "reread the task");
    else
        put_counts(to, s);
}

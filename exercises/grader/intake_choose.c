/*
 * intake_choose.c - finds the wanted files in the list of what was handed in:
 * first the place, a folder, then the files in it. Where one is missing it says
 * what is there instead, for most of these are a slip: Server.c, server.c.txt,
 * a folder too deep, an archive in the archive.
 *
 * Read before: intake_internal.h. Read after: intake.c.
 */
#include "intake_internal.h"

#include <stdio.h>

enum {
    PLACES_MAX = 8,     /* more folders of one name are no honest mistake */
    NAMES_SHOWN = 5,    /* in a message; the rest is counted */
    TEXT_MAX = 1 << 14, /* bytes of a message: names are 255 at most */
};

struct places {
    struct base_slice at[PLACES_MAX]; /* "" is the top */
    size_t n;
};

/* --- paths ----------------------------------------------------------------*/

/* Files that systems put there: ".git", "._server.c", "__MACOSX". */
static bool visible(const struct item *item)
{
    struct base_slice rest = base_slice_of(item->path);
    while (rest.len > 0) {
        const struct base_slice part = base_slice_cut(&rest, '/', NULL);
        if (base_slice_starts(part, base_slice_of(".")) ||
            base_slice_equal(part, base_slice_of("__MACOSX")))
            return false;
    }
    return true;
}

/* The path of `item` below `place`, or "" if it is not there. */
static const char *below(const struct item *item, struct base_slice place)
{
    const struct base_slice path = base_slice_of(item->path);
    if (place.len == 0)
        return item->path;
    return base_slice_starts(path, place) && path.ptr[place.len] == '/'
               ? path.ptr + place.len + 1
               : "";
}

static struct base_slice folder_of(const struct item *item)
{
    const char *name = intake_name(item->path);
    return (struct base_slice){
        item->path, name == item->path ? 0 : (size_t)(name - item->path - 1)};
}

static const struct item *find(const struct items *items,
                               struct base_slice place, const char *name)
{
    for (size_t i = 0; i < items->n; i++)
        if (strcmp(below(&items->at[i], place), name) == 0)
            return &items->at[i];
    return NULL;
}

static bool starts_nocase(struct base_slice text, const char *with)
{
    const size_t len = strlen(with);
    return text.len >= len &&
           base_slice_equal_nocase((struct base_slice){text.ptr, len},
                                   base_slice_of(with));
}

/* --- the place ------------------------------------------------------------*/

static void add_place(struct places *places, struct base_slice place)
{
    for (size_t i = 0; i < places->n; i++)
        if (base_slice_equal(places->at[i], place))
            return;
    if (places->n < PLACES_MAX)
        places->at[places->n++] = place;
}

/* All folders called like the exercise, whether listed or just part of a path.
 */
static void places_by_name(const struct asked *a, const struct items *items,
                           struct places *places)
{
    const struct base_slice name = base_slice_of(a->exercise);
    for (size_t i = 0; i < items->n; i++) {
        const struct item *item = &items->at[i];
        struct base_slice rest = base_slice_of(item->path);
        while (visible(item) && rest.len > 0) {
            bool more = false;
            const struct base_slice part = base_slice_cut(&rest, '/', &more);
            if ((more || item->kind == ITEM_FOLDER) &&
                base_slice_equal(part, name))
                add_place(places, (struct base_slice){
                                      item->path, (size_t)(part.ptr + part.len -
                                                           item->path)});
        }
    }
}

/* "06-count": it is called as exercises are. */
static bool is_exercise(struct base_slice name)
{
    return name.len > 3 && name.ptr[2] == '-' && name.ptr[0] >= '0' &&
           name.ptr[0] <= '9' && name.ptr[1] >= '0' && name.ptr[1] <= '9';
}

/* Something was handed in, but for another exercise. */
static bool holds_another(const struct items *items)
{
    for (size_t i = 0; i < items->n; i++) {
        const struct item *item = &items->at[i];
        struct base_slice rest = base_slice_of(item->path);
        bool more = false;
        const struct base_slice first = base_slice_cut(&rest, '/', &more);
        if ((more || item->kind == ITEM_FOLDER) && is_exercise(first))
            return true;
    }
    return false;
}

/* The exercise's folder is none of the student's own. */
static bool is_link(const struct asked *a, const struct items *items)
{
    for (size_t i = 0; i < items->n; i++)
        if (items->at[i].kind == ITEM_LINK &&
            strcmp(intake_name(items->at[i].path), a->exercise) == 0)
            return true;
    return false;
}

/* All folders that hold something called like a wanted file. */
static void places_by_files(const struct asked *a, const struct items *items,
                            struct places *places)
{
    for (size_t i = 0; i < items->n; i++) {
        const struct item *item = &items->at[i];
        if (visible(item) && item->kind != ITEM_FOLDER &&
            intake_wants(a, intake_name(item->path)))
            add_place(places, folder_of(item));
    }
}

static bool holds_wanted(const struct asked *a, const struct items *items,
                         struct base_slice place)
{
    for (size_t i = 0; i < a->n_wanted; i++)
        if (find(items, place, a->wanted[i]))
            return true;
    return false;
}

static bool lies_within(struct base_slice place, const struct places *others)
{
    for (size_t i = 0; i < others->n; i++) {
        const struct base_slice outer = others->at[i];
        if (outer.len < place.len && base_slice_starts(place, outer) &&
            (outer.len == 0 || place.ptr[outer.len] == '/'))
            return true;
    }
    return false;
}

/*
 * Of several places, those that hold a wanted file; if none does, the first. Of
 * places within each other the outer one: the inner are skeleton/ and the like.
 */
static void prefer(const struct asked *a, const struct items *items,
                   struct places *places)
{
    struct places full = {.n = 0}, outer = {.n = 0};
    for (size_t i = 0; i < places->n; i++)
        if (holds_wanted(a, items, places->at[i]))
            add_place(&full, places->at[i]);
    for (size_t i = 0; i < full.n; i++)
        if (!lies_within(full.at[i], &full))
            add_place(&outer, full.at[i]);
    if (outer.n > 0)
        *places = outer;
    else
        places->n = places->n > 0;
}

/* --- words ----------------------------------------------------------------*/

/* Puts "a, b, c and 7 more" together. */
struct names {
    struct base_buf text;
    size_t n;
};

static void add_name(struct names *names, const char *name)
{
    if (names->n < NAMES_SHOWN)
        (void)base_buf_printf(&names->text, "%s%s", names->n > 0 ? ", " : "",
                              name);
    names->n++;
}

/* The text, which is the arena's; NULL if there is no name. */
static const char *end_names(struct names *names, struct base_arena *arena)
{
    if (names->n > NAMES_SHOWN)
        (void)base_buf_printf(&names->text, " and %zu more",
                              names->n - NAMES_SHOWN);
    const char *text =
        names->n > 0 ? base_arena_strdup(arena, base_buf_slice(&names->text))
                     : NULL;
    base_buf_fini(&names->text);
    return text;
}

/* The files below a place; `all`: also those that are asked for. */
static const char *list_files(const struct asked *a, const struct items *items,
                              struct base_slice place, bool all)
{
    struct names names = {.n = 0};
    base_buf_init(&names.text, TEXT_MAX);
    for (size_t i = 0; i < items->n; i++) {
        const struct item *item = &items->at[i];
        const char *path = below(item, place);
        if (*path != '\0' && visible(item) && item->kind != ITEM_FOLDER &&
            (all || !intake_wants(a, path)))
            add_name(&names, path);
    }
    return end_names(&names, a->arena);
}

/* --- what is missing ------------------------------------------------------*/

static const char cut_words[] =
    "\nmore than 2000 entries were handed in: the rest was not looked at";
_Static_assert(INTAKE_ENTRIES_MAX == 2000, "cut_words says how many");

static bool is_archive(const char *name)
{
    static const char *const endings[] = {".zip", ".tar", ".gz", ".tgz",
                                          ".rar", ".7z",  ".xz", ".bz2"};
    for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++)
        if (base_slice_ends(base_slice_of(name), base_slice_of(endings[i])))
            return true;
    return false;
}

/* What looks most like `wanted`: the right name deeper, or in other letters;
 * the same beginning; an archive. NULL: nothing does. */
static const struct item *similar_to(const struct items *items,
                                     struct base_slice place,
                                     const char *wanted)
{
    char stem[INTAKE_NAME_MAX + 1];
    snprintf(stem, sizeof(stem), "%.*s", (int)strcspn(wanted, "."), wanted);
    const struct item *begins = NULL, *archive = NULL;
    for (size_t i = 0; i < items->n; i++) {
        const struct item *item = &items->at[i];
        const char *name = intake_name(item->path);
        if (*below(item, place) == '\0' || !visible(item) ||
            item->kind == ITEM_FOLDER)
            continue;
        if (base_slice_equal_nocase(base_slice_of(name), base_slice_of(wanted)))
            return item;
        if (starts_nocase(base_slice_of(name), stem))
            begins = item;
        if (is_archive(name))
            archive = item;
    }
    return begins ? begins : archive;
}

/* One line on one file. */
static void add_missing(const struct asked *a, const char *wanted,
                        const struct item *other, struct base_slice place,
                        struct base_buf *text)
{
    (void)base_buf_printf(text, "%s", base_buf_len(text) > 0 ? "\n" : "");
    if (!other)
        (void)base_buf_printf(text, "%s is missing", wanted);
    else if (strcmp(intake_name(other->path), wanted) == 0)
        (void)base_buf_printf(text,
                              "%s is missing in %s: you handed it in as %s",
                              wanted, a->exercise, other->path);
    else if (is_archive(other->path))
        (void)base_buf_printf(text,
                              "%s is missing: you handed in %s, an archive "
                              "within; the exercise needs the files",
                              wanted, below(other, place));
    else
        (void)base_buf_printf(text, "you handed in %s; the exercise needs %s",
                              below(other, place), wanted);
}

static bool say_missing(const struct asked *a, const struct items *items,
                        struct base_slice place, struct submission *s)
{
    struct base_buf text;
    base_buf_init(&text, TEXT_MAX);
    bool nothing_like_it = true;
    for (size_t i = 0; i < a->n_wanted; i++) {
        const struct item *item = find(items, place, a->wanted[i]);
        if (item && item->kind == ITEM_FILE)
            continue;
        const struct item *other = similar_to(items, place, a->wanted[i]);
        add_missing(a, a->wanted[i], other, place, &text);
        nothing_like_it = nothing_like_it && !other;
    }
    const char *there = list_files(a, items, place, false);
    if (nothing_like_it && there)
        (void)base_buf_printf(&text, "\nyou handed in: %s", there);
    (void)base_buf_printf(&text, "%s", items->cut ? cut_words : "");
    s->state = SUBMISSION_MISSING;
    s->reason = base_arena_strdup(a->arena, base_buf_slice(&text));
    base_buf_fini(&text);
    return false;
}

/* There is no folder for the exercise: another name, or nothing at all? */
static bool say_no_place(const struct asked *a, const struct items *items,
                         struct submission *s)
{
    const struct base_slice top = {"", 0};
    for (size_t i = 0; i < items->n; i++) {
        const struct item *item = &items->at[i];
        struct base_slice folder = item->kind == ITEM_FOLDER
                                       ? base_slice_of(item->path)
                                       : folder_of(item);
        struct base_slice last = folder;
        while (folder.len > 0)
            last = base_slice_cut(&folder, '/', NULL);
        if (visible(item) && starts_nocase(last, a->exercise))
            return intake_say(a, s, SUBMISSION_MISSING,
                              "you handed in the folder %.*s; it must be "
                              "called %s",
                              BASE_SLICE_ARGS(last), a->exercise);
    }
    const char *there = list_files(a, items, top, true);
    return intake_say(a, s, SUBMISSION_EMPTY,
                      "nothing was handed in for it: there is no folder "
                      "%s%s%s%s",
                      a->exercise, there ? "; there is: " : "",
                      there ? there : "", items->cut ? cut_words : "");
}

/* --- the files ------------------------------------------------------------*/

/* An archive may be unpacked where Server.c and server.c are one file; of loose
 * ones, server.c and Canvas's server-1.c are. */
static bool comes_twice(const struct items *items, const struct item *item)
{
    const struct base_slice path = base_slice_of(item->path);
    for (size_t i = 0; i < items->n; i++)
        if (&items->at[i] != item &&
            base_slice_equal_nocase(base_slice_of(items->at[i].path), path))
            return true;
    return false;
}

static bool check_file(const struct asked *a, const struct items *items,
                       const struct item *item, struct submission *s)
{
    const char *name = intake_name(item->path);
    if (item->kind == ITEM_LINK)
        return intake_say(a, s, SUBMISSION_REFUSED,
                          "%s is a link. Hand in the file itself.", name);
    if (item->kind == ITEM_OTHER)
        return intake_say(a, s, SUBMISSION_REFUSED,
                          "%s is no plain file but a device, a FIFO or the "
                          "like.",
                          name);
    if (item->size > INTAKE_FILE_MAX)
        return intake_say(a, s, SUBMISSION_REFUSED,
                          "%s has %ju bytes; at most %d are taken.", name,
                          (uintmax_t)item->size, INTAKE_FILE_MAX);
    if (a->from->loose && comes_twice(items, item))
        return intake_say(a, s, SUBMISSION_REFUSED,
                          "there are two files %s: %s is one of them. Hand in "
                          "one.",
                          name, item->stored);
    if (items->archive && comes_twice(items, item))
        return intake_say(a, s, SUBMISSION_REFUSED,
                          "the archive has %s twice, in capital and in small "
                          "letters.",
                          name);
    return true;
}

static bool choose_files(const struct asked *a, const struct items *items,
                         struct base_slice place, const struct item **chosen,
                         struct submission *s)
{
    uint64_t bytes = 0;
    bool all = true;
    for (size_t i = 0; i < a->n_wanted; i++) {
        chosen[i] = find(items, place, a->wanted[i]);
        if (!chosen[i] || chosen[i]->kind == ITEM_FOLDER)
            all = false;
        else if (!check_file(a, items, chosen[i], s))
            return false;
        else
            bytes += chosen[i]->size;
    }
    if (!all)
        return say_missing(a, items, place, s);
    if (bytes == 0)
        return intake_say(a, s, SUBMISSION_EMPTY,
                          "nothing was handed in: %s has 0 bytes",
                          a->wanted[0]);
    return true;
}

static bool any_file(const struct items *items, struct base_slice place)
{
    for (size_t i = 0; i < items->n; i++)
        if (*below(&items->at[i], place) != '\0' && visible(&items->at[i]) &&
            items->at[i].kind != ITEM_FOLDER)
            return true;
    return false;
}

bool intake_choose(const struct asked *a, const struct items *items,
                   const struct item **chosen, struct submission *s)
{
    struct places places = {.n = 0};
    const char *what = items->archive ? "archive" : "folder";
    if (!any_file(items, (struct base_slice){"", 0}))
        return intake_say(a, s, SUBMISSION_EMPTY,
                          "nothing was handed in: the %s is empty", what);
    places_by_name(a, items, &places);
    if (places.n == 0 && is_link(a, items))
        return intake_say(a, s, SUBMISSION_REFUSED,
                          "%s is a link. Hand in the folder itself.",
                          a->exercise);
    if (places.n == 0 && a->alone)
        places_by_files(a, items, &places);
    if (places.n == 0 && a->alone && !holds_another(items))
        add_place(&places, (struct base_slice){"", 0});
    prefer(a, items, &places);
    if (places.n == 0)
        return say_no_place(a, items, s);
    if (places.n > 1)
        return intake_say(a, s, SUBMISSION_REFUSED,
                          "the %s has the files in two places, %.*s and %.*s. "
                          "Hand in one.",
                          what, BASE_SLICE_ARGS(places.at[0]),
                          BASE_SLICE_ARGS(places.at[1]));
    if (!any_file(items, places.at[0]))
        return intake_say(a, s, SUBMISSION_EMPTY,
                          "nothing was handed in: the folder %s is empty",
                          a->exercise);
    if (!choose_files(a, items, places.at[0], chosen, s))
        return false;
    const char *others = list_files(a, items, places.at[0], false);
    if (others)
        s->notes = base_arena_printf(
            a->arena, "not asked for, not looked at: %s", others);
    return true;
}

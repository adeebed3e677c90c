/*
 * option.c - a set of options: rows, look-up, the command line, errors.
 *
 * The rows are a list in the order of definition, searched from its beginning:
 * a program has tens of options and reads them once.
 *
 * Read before: option_internal.h, arena.c. Read after: option_value.c.
 * Rests on: what getopt_long(3) has taught people to type.
 */
#include "option_internal.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { HELP_MAX = 1 << 20 }; /* bytes of the text of --help */

struct on_parsed {
    struct base_list link;
    int (*fn)(struct base_options *set, void *arg);
    void *arg;
};

/* --- the set -------------------------------------------------------------- */

struct base_options *base_options_new(const char *about, const char *arguments)
{
    struct base_options *set = base_alloc(sizeof *set);
    set->about = about;
    set->arguments = arguments;
    set->last = &set->entries;
    base_arena_init(&set->arena, 4096);
    base_list_init(&set->on_parsed);
    return set;
}

void base_options_free(struct base_options *set)
{
    if (set == NULL)
        return;
    base_arena_fini(&set->arena);
    free(set->error);
    free(set);
}

bool base_option_same(const char *name, struct base_slice other)
{
    if (strlen(name) != other.len)
        return false;
    for (size_t i = 0; i < other.len; i++) {
        const char a = name[i] == '_' ? '-' : name[i];
        const char b = other.ptr[i] == '_' ? '-' : other.ptr[i];
        if (a != b)
            return false;
    }
    return true;
}

struct base_option_entry *base_option_entry(const struct base_options *set,
                                            struct base_slice name)
{
    for (struct base_option_entry *e = set->entries; e != NULL; e = e->next)
        if (base_option_same(e->row.name, name))
            return e;
    return NULL;
}

const struct base_option *base_options_find(const struct base_options *set,
                                            const char *name)
{
    const struct base_option_entry *e =
        base_option_entry(set, base_slice_of(name));
    return e != NULL ? &e->row : NULL;
}

const struct base_option *base_options_next(const struct base_options *set,
                                            const struct base_option *row)
{
    const struct base_option_entry *e =
        row == NULL ? set->entries
                    : ((const struct base_option_entry *)row)->next;
    return e != NULL ? &e->row : NULL;
}

/* Text of the value now, for --help; it lives as long as the set. */
static const char *value_now(struct base_options *set,
                             const struct base_option *row)
{
    struct base_buf text;
    base_buf_init(&text, HELP_MAX);
    base_option_print(row, &text);
    const char *copy = base_arena_strdup(&set->arena, base_buf_slice(&text));
    base_buf_fini(&text);
    return copy;
}

static int define(struct base_options *set, const struct base_option *row)
{
    assert(row->many == NULL || row->of != BASE_CUSTOM);
    if (base_option_same("help", base_slice_of(row->name)) ||
        base_options_find(set, row->name) != NULL)
        return base_options_fail(set, -EEXIST,
                                 "option '%s' is defined twice, which is a "
                                 "mistake in the program",
                                 row->name);
    struct base_option_entry *e = base_arena_alloc(&set->arena, sizeof *e);
    e->row = *row;
    e->fallback = value_now(set, row);
    *set->last = e;
    set->last = &e->next;
    return 0;
}

int base_options_define(struct base_options *set,
                        const struct base_option *rows)
{
    for (; rows->name != NULL && set->broken == 0; rows++)
        set->broken = define(set, rows);
    return set->broken;
}

/* --- errors --------------------------------------------------------------- */

const char *base_options_error(const struct base_options *set)
{
    return set->error != NULL ? set->error : "";
}

int base_options_fail(struct base_options *set, int error, const char *format,
                      ...)
{
    char *said = NULL, *where = NULL;
    va_list args;
    va_start(args, format);
    if (vasprintf(&said, format, args) == -1)
        abort();
    va_end(args);
    if (set->file != NULL && set->line > 0) {
        if (asprintf(&where, "%s:%d: %s", set->file, set->line, said) == -1)
            abort();
        free(said);
        said = where;
    }
    free(set->error);
    set->error = said;
    return error;
}

/* --- a parse -------------------------------------------------------------- */

void base_options_on_parsed(struct base_options *set,
                            int (*fn)(struct base_options *set, void *arg),
                            void *arg)
{
    struct on_parsed *p = base_arena_alloc(&set->arena, sizeof *p);
    *p = (struct on_parsed){.fn = fn, .arg = arg};
    base_list_append(&set->on_parsed, &p->link);
}

int base_option_begin(struct base_options *set)
{
    if (set->broken != 0)
        return set->broken;
    if (set->depth == BASE_OPTION_NESTED)
        return base_options_fail(set, -ELOOP,
                                 "files of options name each other, or are "
                                 "nested more than %d deep",
                                 BASE_OPTION_NESTED);
    if (set->depth++ == 0) {
        free(set->error);
        set->error = NULL;
    }
    return 0;
}

int base_option_end(struct base_options *set, int error, bool final)
{
    set->depth--;
    for (struct base_list *l = set->on_parsed.next;
         final && error >= 0 && l != &set->on_parsed; l = l->next) {
        const struct on_parsed *p =
            base_container(l, const struct on_parsed, link);
        const int said = p->fn(set, p->arg);
        error = said < 0 ? said : error;
    }
    if (error < 0 && set->error == NULL && error != -ECANCELED)
        base_options_fail(set, error, "%s", strerror(-error));
    return error;
}

int base_options_set(struct base_options *set, const char *name,
                     const char *text)
{
    int error = base_option_begin(set);
    if (error != 0)
        return error;
    const struct base_slice value = base_slice_of(text);
    const struct base_option_entry *e =
        base_option_entry(set, base_slice_of(name));
    error = e != NULL ? base_option_assign(set, e, &value, 1, false)
                      : base_option_unknown(set, base_slice_of(name), "");
    return base_option_end(set, error, false);
}

/* --- the command line ----------------------------------------------------- */

/* "--port=80" or "-p80" taken apart. */
struct argument {
    const char *dashes;
    struct base_slice name, value;
    bool has_value;
};

static struct argument take_apart(const char *text)
{
    struct argument a = {.dashes = "-"};
    struct base_slice rest = base_slice_of(text + 1);
    if (rest.ptr[0] != '-') {
        a.name = (struct base_slice){rest.ptr, 1};
        a.value = base_slice_skip(rest, 1);
        a.has_value = a.value.len > 0;
        return a;
    }
    a.dashes = "--";
    rest = base_slice_skip(rest, 1);
    a.name = base_slice_cut(&rest, '=', &a.has_value);
    a.value = rest;
    return a;
}

static bool asks_for_help(const struct base_options *set,
                          const struct argument *a)
{
    const struct base_slice h = base_slice_of("h");
    return base_slice_equal(a->name, base_slice_of("help")) ||
           (base_slice_equal(a->name, h) && base_option_entry(set, h) == NULL);
}

/* Reads the option at argv[*i], and moves *i to the last argument it took. */
static int parse_argument(struct base_options *set, int argc, char **argv,
                          int *i)
{
    struct argument a = take_apart(argv[*i]);
    if (asks_for_help(set, &a))
        return -ECANCELED;
    const struct base_option_entry *e = base_option_entry(set, a.name);
    if (e == NULL)
        return base_option_unknown(
            set, a.dashes[1] != '\0' ? a.name : base_slice_of(argv[*i] + 1),
            a.dashes);
    if (!a.has_value && e->row.flag != NULL) {
        a.value = base_slice_of("true");
    } else if (!a.has_value) {
        if (*i + 1 >= argc)
            return base_options_fail(
                set, -EINVAL,
                "'%s' needs a value\n  try:     --help lists the options",
                argv[*i]);
        a.value = base_slice_of(argv[++*i]);
    }
    return base_option_assign(set, e, &a.value, 1, false);
}

static int parse_arguments(struct base_options *set, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] != '-' || argv[i][1] == '\0')
            return i;
        if (strcmp(argv[i], "--") == 0)
            return i + 1;
        const int error = parse_argument(set, argc, argv, &i);
        if (error != 0)
            return error;
    }
    return argc;
}

int base_options_parse(struct base_options *set, int argc, char **argv,
                       bool final)
{
    const int error = base_option_begin(set);
    if (error != 0)
        return error;
    return base_option_end(set, parse_arguments(set, argc, argv), final);
}

/* --- for main ------------------------------------------------------------- */

int base_options_start(struct base_options *set, int argc, char **argv)
{
    const int rest = base_options_parse(set, argc, argv, true);
    if (rest >= 0)
        return rest;
    const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
    const char *program = slash != NULL ? slash + 1 : argc > 0 ? argv[0] : "?";
    if (rest != -ECANCELED) {
        fprintf(stderr, "%s: %s\n", program, base_options_error(set));
        exit(2);
    }
    struct base_buf text;
    base_buf_init(&text, HELP_MAX);
    base_options_help(set, program, &text);
    printf("%.*s", BASE_SLICE_ARGS(base_buf_slice(&text)));
    base_buf_fini(&text);
    exit(0);
}

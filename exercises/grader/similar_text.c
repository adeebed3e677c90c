/*
 * similar_text.c - what a student wrote, as lines; and the copy for sim_c.
 *
 * In the copy lines keep their numbers, so that what sim_c says of lines holds
 * for the text. Bytes that are no ASCII can only be in comments and strings,
 * which it does not compare.
 *
 * Read before: similar_internal.h. Read after: similar_sim.c.
 */
#include "similar_internal.h"

#include "files.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

static bool is_c(const char *name)
{
    const struct base_slice all = base_slice_of(name);
    return base_slice_ends(all, base_slice_of(".c")) ||
           base_slice_ends(all, base_slice_of(".h"));
}

static size_t count_lines(struct base_slice bytes)
{
    size_t n = 1;
    for (size_t i = 0; i < bytes.len; i++)
        n += bytes.ptr[i] == '\n';
    return n;
}

/* Adds the lines of one file behind those that are there. */
static void add_file(struct similar_text *text, const char *name,
                     struct base_slice bytes, struct base_arena *arena)
{
    const size_t before = text->n_lines;
    struct base_slice *lines =
        base_arena_alloc(arena, (before + count_lines(bytes)) * sizeof(*lines));
    if (before > 0)
        memcpy(lines, text->lines, before * sizeof(*lines));
    text->lines = lines;
    text->starts[text->n_files] = before;
    text->names[text->n_files++] = name;
    while (bytes.len > 0)
        lines[text->n_lines++] = base_slice_cut(&bytes, '\n', NULL);
}

void similar_text_read(struct similar_text *text, const char *dir,
                       const char *const *files, struct base_arena *arena)
{
    size_t room = SIMILAR_TEXT_MAX;
    *text = (struct similar_text){.n_lines = 0};
    for (; *files && text->n_files < SIMILAR_FILES_MAX; files++) {
        struct base_slice bytes;
        const char *path = base_arena_printf(arena, "%s/%s", dir, *files);
        if (!is_c(*files) || files_read(path, arena, &bytes) != 0)
            continue;
        bytes.len = bytes.len < room ? bytes.len : room;
        room -= bytes.len;
        add_file(text, *files, bytes, arena);
    }
    text->given = base_arena_alloc(arena, text->n_lines + 1);
}

int similar_text_write(const struct similar_text *text, const char *work,
                       size_t number)
{
    struct base_buf copy;
    char path[4096];
    base_buf_init(&copy, 2 * SIMILAR_TEXT_MAX);
    for (size_t i = 0; i < text->n_lines; i++) {
        const size_t len = text->given[i] ? 0 : text->lines[i].len;
        char *to = base_buf_reserve(&copy, len + 1);
        if (!to)
            break;
        for (size_t k = 0; k < len; k++) {
            const unsigned char c = (unsigned char)text->lines[i].ptr[k];
            to[k] = (char)(isascii(c) && isprint(c) ? c : ' ');
        }
        to[len] = '\n';
        base_buf_commit(&copy, len + 1);
    }
    snprintf(path, sizeof(path), "%s/%zu.c", work, number);
    int error = files_replace(path, base_buf_slice(&copy));
    base_buf_fini(&copy);
    if (!error && chmod(path, 0644) == -1) /* sim_c may be another user */
        error = -errno;
    return error;
}

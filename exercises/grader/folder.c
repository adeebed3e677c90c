/*
 * folder.c - see folder.h.
 *
 * Read before: folder.h. Read after: out_save.c.
 * Rests on: path_resolution(7), RFC 3986 section 2 (percent-encoding), FNV-1a.
 */
#include "folder.h"

enum { KEPT_MOST = 100 }; /* bytes; NAME_MAX is 255 */

/* The endings of what outputs_class writes beside the folders. */
static bool may_be_ours(struct base_slice name)
{
    static const char *const endings[] = {".html", ".csv", ".xml",
                                          ".json", ".txt", ".tap"};
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
        if (base_slice_ends(name, base_slice_of(endings[i])))
            return true;
    return false;
}

/* Escaping changes what is no visible text, so what stays is. */
static bool can_be_folder(const char *name, struct base_slice visible)
{
    return name[0] != '\0' && name[0] != '.' && strchr(name, '/') == NULL &&
           visible.len <= KEPT_MOST &&
           base_slice_equal(visible, base_slice_of(name)) &&
           !may_be_ours(visible);
}

static uint64_t hash_of(const char *name)
{
    uint64_t hash = 0xcbf29ce484222325;
    for (; *name != '\0'; name++)
        hash = (hash ^ (unsigned char)*name) * 0x100000001b3;
    return hash;
}

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '-' || c == '_';
}

void folder_name(struct sink *to, const char *name)
{
    struct base_buf visible;
    base_buf_init(&visible, SIZE_MAX / 4);
    struct sink into = sink_of(&visible);
    escape_line(&into, ESCAPE_TEXT, name);
    const struct base_slice text = base_buf_slice(&visible);
    if (can_be_folder(name, text)) {
        sink_bytes(to, text);
    } else {
        for (size_t i = 0; i < text.len && i < KEPT_MOST; i++)
            sink_fill(to, is_plain(text.ptr[i]) ? text.ptr[i] : '_', 1);
        sink_printf(to, "-%016llx", (unsigned long long)hash_of(name));
    }
    base_buf_fini(&visible);
}

static void put_segment(struct sink *to, const char *name)
{
    struct base_buf folder;
    base_buf_init(&folder, SIZE_MAX / 4);
    struct sink into = sink_of(&folder);
    folder_name(&into, name);
    const struct base_slice text = base_buf_slice(&folder);
    for (size_t i = 0; i < text.len; i++)
        if (is_plain(text.ptr[i]) || text.ptr[i] == '.')
            sink_fill(to, text.ptr[i], 1);
        else
            sink_printf(to, "%%%02X", (unsigned char)text.ptr[i]);
    base_buf_fini(&folder);
}

void folder_link(struct sink *to, const char *student, const char *exercise)
{
    put_segment(to, student);
    sink_put(to, "/");
    put_segment(to, exercise);
    sink_put(to, "/index.html");
}

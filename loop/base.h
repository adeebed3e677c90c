/*
 * base.h - the ground floor of libloop: memory, lists, bytes, logs, options.
 * Nothing here does input or output except the log, and nothing knows of the
 * event loop.
 *
 *   memory      base_alloc: ends the program when there is none
 *   list        struct base_list, intrusive: no allocation to link or unlink
 *
 * Read before: nothing. Read after: loop.h.
 */
#ifndef LOOP_BASE_H
#define LOOP_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- memory ---------------------------------------------------------------
 *
 * Out of memory ends the program in one place, with a line on stderr: a server
 * that cannot allocate a few bytes cannot do better. Every size that a peer
 * controls is bounded before it comes here. The caller owns the result and
 * gives it to free(3).
 */

/* `size` bytes, all zero. */
void *base_alloc(size_t size);

/* `n` elements of `size` bytes, all zero; the program ends on overflow too. */
void *base_alloc_array(size_t n, size_t size);

/* realloc(3) to `size` > 0 bytes; what is added is not cleared. */
void *base_realloc(void *ptr, size_t size);

/* A copy of `text` with its NUL. */
char *base_strdup(const char *text);

/* --- list ------------------------------------------------------------------
 *
 * A circular list with a head, linked through a member of the element: an
 * element links and unlinks itself in a few instructions, wherever it stands.
 * An element that is in no list points to itself.
 */

struct base_list {
    struct base_list *prev, *next;
};

/* Makes `l` an empty list, or an element that is in no list. */
static inline void base_list_init(struct base_list *l)
{
    l->prev = l->next = l;
}

/* True if the list is empty, or the element is in no list. */
static inline bool base_list_empty(const struct base_list *l)
{
    return l->next == l;
}

/* Puts `e`, which must be in no list, at the end of `list`. */
static inline void base_list_append(struct base_list *list, struct base_list *e)
{
    e->prev = list->prev;
    e->next = list;
    list->prev->next = e;
    list->prev = e;
}

/* Takes `e` out of its list; harmless if it is in none. */
static inline void base_list_remove(struct base_list *e)
{
    e->prev->next = e->next;
    e->next->prev = e->prev;
    base_list_init(e);
}

/* Takes the first element out, or returns NULL if there is none. */
static inline struct base_list *base_list_take(struct base_list *list)
{
    struct base_list *e = list->next;
    if (e == list)
        return NULL;
    base_list_remove(e);
    return e;
}

/* Moves all elements of `from` to the end of `to`, in order. */
static inline void base_list_splice(struct base_list *to,
                                    struct base_list *from)
{
    if (base_list_empty(from))
        return;
    from->next->prev = to->prev;
    to->prev->next = from->next;
    from->prev->next = to;
    to->prev = from->prev;
    base_list_init(from);
}

/* The structure of `type` whose `member` is at `ptr`. */
#define base_container(ptr, type, member)                                      \
    ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#ifdef __cplusplus
}
#endif

#endif

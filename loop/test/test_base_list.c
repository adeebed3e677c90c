/*
 * test_base_list.c - elements link and unlink themselves, in order.
 *
 * Read before: base.h, list. Read after: test_base_slice.c. Rests on: cmocka.
 */
#include "loop/base.h"

#include <setjmp.h>

#include <cmocka.h>

struct element {
    char name;
    struct base_list link;
};

static struct element elements[4] = {
    {.name = 'a'}, {.name = 'b'}, {.name = 'c'}, {.name = 'd'}};

static struct base_list list, other;

static int set_up(void **state)
{
    (void)state;
    base_list_init(&list);
    base_list_init(&other);
    for (int i = 0; i < 4; i++)
        base_list_init(&elements[i].link);
    return 0;
}

/* Fills `to` with the elements named. */
static void fill(struct base_list *to, const char *names)
{
    for (; *names != '\0'; names++)
        base_list_append(to, &elements[*names - 'a'].link);
}

/* The list has these elements, read forwards and backwards. */
static void assert_list(const struct base_list *l, const char *names)
{
    const struct base_list *e = l->next;
    for (const char *name = names; *name != '\0'; name++, e = e->next) {
        assert_true(e != l);
        assert_int_equal(base_container(e, const struct element, link)->name,
                         *name);
        assert_ptr_equal(e->prev->next, e);
    }
    assert_ptr_equal(e, l);
    assert_ptr_equal(l->prev->next, l);
    assert_int_equal(base_list_empty(l), *names == '\0');
}

static void test_append_keeps_the_order(void **state)
{
    (void)state;
    assert_list(&list, "");
    fill(&list, "abc");
    assert_list(&list, "abc");
}

static void test_remove_from_anywhere(void **state)
{
    (void)state;
    fill(&list, "abcd");
    base_list_remove(&elements[1].link);
    assert_list(&list, "acd");
    base_list_remove(&elements[0].link);
    base_list_remove(&elements[3].link);
    assert_list(&list, "c");
    base_list_remove(&elements[2].link);
    assert_list(&list, "");
}

static void test_to_remove_twice_is_harmless(void **state)
{
    (void)state;
    fill(&list, "ab");
    base_list_remove(&elements[0].link);
    assert_true(base_list_empty(&elements[0].link));
    base_list_remove(&elements[0].link);
    assert_list(&list, "b");
    fill(&list, "a");
    assert_list(&list, "ba");
}

static void test_take_gives_the_first_until_there_is_none(void **state)
{
    (void)state;
    fill(&list, "ab");
    assert_ptr_equal(base_list_take(&list), &elements[0].link);
    assert_true(base_list_empty(&elements[0].link));
    assert_ptr_equal(base_list_take(&list), &elements[1].link);
    assert_null(base_list_take(&list));
}

static void test_splice_moves_all(void **state)
{
    (void)state;
    fill(&list, "ab");
    base_list_splice(&list, &other);
    assert_list(&list, "ab");
    fill(&other, "cd");
    base_list_splice(&list, &other);
    assert_list(&list, "abcd");
    assert_list(&other, "");
    base_list_splice(&other, &list);
    assert_list(&other, "abcd");
    assert_list(&list, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_append_keeps_the_order, set_up),
        cmocka_unit_test_setup(test_remove_from_anywhere, set_up),
        cmocka_unit_test_setup(test_to_remove_twice_is_harmless, set_up),
        cmocka_unit_test_setup(test_take_gives_the_first_until_there_is_none,
                               set_up),
        cmocka_unit_test_setup(test_splice_moves_all, set_up),
    };
    return cmocka_run_group_tests_name("base_list", tests, NULL, NULL);
}

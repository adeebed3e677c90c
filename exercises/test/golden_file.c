/*
 * golden_file.c - see golden_file.h.
 *
 * Read before: golden_file.h. Read after: test_outputs.c. Rests on: cmocka.
 */
#include "exercises/test/golden_file.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { GOLDEN_MAX = 1 << 20 };

static void keep(const char *path, struct base_slice text)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(text.ptr, 1, text.len, file), text.len);
    assert_int_equal(fclose(file), 0);
}

void golden_file_compare(const char *path, struct base_slice text)
{
    if (getenv("UPDATE_GOLDEN") != NULL) {
        keep(path, text);
        return;
    }
    FILE *file = fopen(path, "re");
    if (file == NULL)
        fail_msg("%s is missing: write it with UPDATE_GOLDEN=1", path);
    char *kept = base_alloc(GOLDEN_MAX);
    const size_t len = fread(kept, 1, GOLDEN_MAX, file);
    fclose(file);
    struct base_slice expected = {kept, len};
    for (size_t line = 1; expected.len > 0 || text.len > 0; line++) {
        const struct base_slice wanted = base_slice_cut(&expected, '\n', NULL);
        const struct base_slice got = base_slice_cut(&text, '\n', NULL);
        if (!base_slice_equal(wanted, got))
            fail_msg("%s:%zu\n  expected: %.*s\n  came:     %.*s", path, line,
                     BASE_SLICE_ARGS(wanted), BASE_SLICE_ARGS(got));
    }
    free(kept);
}

/*
 * watch_text.h - what an exercise's README.md has for a reader at a terminal:
 * its hints, which the page folds one behind the other, and what to think of
 * when the work is done.
 *
 *     <details><summary>Hint 1</summary>     one hint, up to the next tag
 *     ...                                    `details`; they may be nested
 *     </details>
 *
 *     ## What you have seen                  up to the next heading
 *
 * Read before: nothing. Read after: watch.h.
 */
#ifndef GRADER_WATCH_TEXT_H
#define GRADER_WATCH_TEXT_H

#include "../../loop/base.h"

/*
 * Hint `n`, from 0 on: what its summary says, which may hold tags, and the text
 * without the blank lines around it. False: there are no more.
 */
struct watch_hint {
    struct base_slice title, text;
};
bool watch_text_hint(struct base_slice page, int n, struct watch_hint *hint);

/* What is below the heading "What you have seen"; false: nothing. */
bool watch_text_seen(struct base_slice page, struct base_slice *text);

#endif

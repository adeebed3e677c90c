/*
 * periodic_internal.h - the rule of the beat, for its tests.
 *
 * Read before: loop.h.
 */
#ifndef LOOP_CORE_PERIODIC_INTERNAL_H
#define LOOP_CORE_PERIODIC_INTERNAL_H

#include "loop/core/core_internal.h"

/*
 * When the beat after `last_ns` is due, if its callback has ended at `now_ns`.
 * `random` is from 0 to 1; see loop_periodic_start for `jitter`.
 */
int64_t periodic_next(int64_t last_ns, int64_t now_ns, int64_t period_ns,
                      double jitter, double random);

#endif

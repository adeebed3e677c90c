/*
 * trace_internal.h - how to draw in a trace, for the loop (observe.c) and for
 * the floor of coroutines above it.
 *
 * A trace is drawn as lanes, one below the other; in a lane stand slices, which
 * begin and end like brackets. The loop's thread has a lane, each thread of a
 * pool gets one with its first job. A task is to be drawn so: spawned, it gets
 * a lane (trace_lane); resumed, a slice begins there, inside the callback that
 * resumes it; parked, the slice ends.
 *
 *     loop (epoll)   | pass ........................... | pass
 *                      | wait | on_reply | on_timer |
 *     task crawl               | run   |   | run |
 *     worker 1               | compress ...... |
 *
 * All of it in the loop's thread, where loop->trace is not NULL. A trace that
 * has failed ignores what it is told.
 *
 * Read before: core_internal.h. Read after: trace.c.
 */
#ifndef LOOP_CORE_TRACE_INTERNAL_H
#define LOOP_CORE_TRACE_INTERNAL_H

struct trace;

enum { TRACE_LOOP = 0 }; /* the lane of the loop's thread */

/* A new lane of that name, which is copied: its number. */
int trace_lane(struct trace *t, const char *name);

/* A slice begins now. `category`: what viewers filter by; `place`: LOOP_PLACE.
 */
void trace_begin(struct trace *t, int lane, const char *category,
                 const char *place);

/* The slice that began last in this lane ends now. */
void trace_end(struct trace *t, int lane);

#endif

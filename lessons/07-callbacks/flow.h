/*
 * flow.h - one flow of five steps, a login, in three styles; it may fail at
 * step 4.
 *
 *     ask_name -> find_user -> check_password -> send_code -> open_session
 *                                                    ^
 *                                if the gateway is down: -EHOSTUNREACH
 *
 * Each step starts the next. Only how differs, and with it who is above the
 * step on the stack, and so who can be told of an error:
 *
 *     straight    step 3 calls step 4 and has not returned when it fails
 *     callbacks   step 3 defers step 4 and is gone; the loop calls step 4
 *     context     the same, but with the context of the login: see context.h
 *
 * Read before: miniloop.h. Read after: flow.c, context.h, tear.c.
 * Rests on: backtrace(3).
 */
#ifndef LESSONS_FLOW_H
#define LESSONS_FLOW_H

#include "miniloop.h"

enum flow_style { FLOW_STRAIGHT, FLOW_CALLBACKS, FLOW_CONTEXT, FLOW_STYLES };

enum { FLOW_FRAMES_MAX = 32 };

/* What was seen at step 4, and what became of the login. */
struct flow_seen {
    int ours;                           /* frames of the flow on the stack */
    const char *names[FLOW_FRAMES_MAX]; /* of those, the innermost first */
    bool open;                          /* step 5 was reached */
    int told;                           /* the error, if login heard it, or 0 */
    int undone;                         /* steps that heard of it, cleaned up */
};

/*
 * Runs a login to its end, and fills *seen. `gateway` is what step 4 hears: 0,
 * or a negative errno value. Returns 0, or a negative errno value if there is
 * no loop to be had.
 */
int flow_run(enum flow_style style, int gateway, struct flow_seen *seen);

#endif

/*
 * claims.h - the claims of this lesson, each in a file of its own where it
 * needs more than a page. Each is the `run` of a row of claims.c.
 *
 * Read before: ../common/claim.h. Read after: claims.c.
 */
#ifndef LESSONS_CLAIMS_H
#define LESSONS_CLAIMS_H

#include "../common/claim.h"

int claim_switches(struct claim_result *r); /* E13, claim_switch.c */
int claim_crowds(struct claim_result *r);   /* E14, claim_crowd.c */
int claim_disk(struct claim_result *r);     /* E31, claim_disk.c */

#endif

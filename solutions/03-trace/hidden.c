/*
 * hidden.c - of 03-trace: no checks. Everybody has another seed, so there is
 * nothing to hide.
 */
#include "../../exercises/check/check.h"

const struct check hidden_checks[] = {{.name = NULL}};

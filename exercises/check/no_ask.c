/*
 * no_ask.c - for the exercises that ask nothing.
 */
#include "check.h"

#include <stdio.h>

void exercise_ask(void)
{
    puts("this exercise has no questions; its README.md says what to do");
}

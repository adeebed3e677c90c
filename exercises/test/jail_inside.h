/*
 * jail_inside.h - what test_jail runs in a jail: itself, with the name of one
 * of these programs. Each prints what it finds, for the test to judge.
 *
 * Read after: test_jail.c, jail_inside.c.
 */
#ifndef TEST_JAIL_INSIDE_H
#define TEST_JAIL_INSIDE_H

/* Runs the program of that name; returns its exit status. */
int jail_inside(const char *name);

#endif

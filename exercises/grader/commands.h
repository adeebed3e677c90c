/*
 * commands.h - what `grade COMMAND` can do; each in a file command_NAME.c. They
 * return main's status: 0; 1 if something failed that was graded; 2 if the
 * command could not do its work, which it has explained then.
 */
#ifndef GRADER_COMMANDS_H
#define GRADER_COMMANDS_H

int command_check(int argc, char **argv); /* one's own work, visible checks */
int command_watch(int argc, char **argv); /* the same at each save */
int command_progress(int argc, char **argv); /* how far one is */
int command_ask(int argc, char **argv);      /* questions of predict, trace */
int command_class(int argc, char **argv);    /* a folder of submissions */
int command_similar(int argc, char **argv);  /* who handed in the same */
int command_matrix(int argc, char **argv); /* tests the exercises themselves */
int command_new(int argc, char **argv);    /* a new exercise */

#endif

/*
 * `sluice eval`: what an expression is over some attributes; one, or a file of
 * cases.
 * Threads: main.
 */
#ifndef CONFIG_EVAL_COMMAND_H
#define CONFIG_EVAL_COMMAND_H

/* argv[0] is the name of the command. Returns the exit status: 0 it has a
 * value (or all cases were answered, be it by an error), 1 it does not compile
 * or cannot be evaluated, 2 the command or a case was not understood. */
int command_eval(int argc, char **argv);

#endif

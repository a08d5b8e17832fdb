/*
 * `sluice explain FILE REQUEST`: what a configuration says to one request, and
 * why; nothing is charged and no server is asked.
 * Threads: main.
 */
#ifndef CONFIG_EXPLAIN_COMMAND_H
#define CONFIG_EXPLAIN_COMMAND_H

/* argv[0] is the name of the command. Returns the exit status: 0 the request
 * is allowed, 1 it is refused, 2 there is no answer. */
int command_explain(int argc, char **argv);

#endif

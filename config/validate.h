/*
 * `sluice validate FILE...`: is a configuration sound? For people, and with
 * --json for programs.
 * Threads: the main one.
 */
#ifndef CONFIG_VALIDATE_H
#define CONFIG_VALIDATE_H

/* argv[0] is the name of the command. Returns the exit status: 0 all files are
 * sound, 1 one is not, 2 the command was not understood or a file cannot be
 * read. */
int command_validate(int argc, char **argv);

#endif

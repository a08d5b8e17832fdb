/*
 * `sluice check`: asks a running server, as a proxy does.
 * Threads: main.
 */
#ifndef PROTO_CLIENT_CHECK_COMMAND_H
#define PROTO_CLIENT_CHECK_COMMAND_H

/* The exit status: 0 allowed (or released), 1 refused, 2 it could not ask.
 * argv[0] is "check". */
int command_check(int argc, char **argv);

#endif

/*
 * `sluice status`: asks a running server's admin address how it is.
 * Threads: main.
 */
#ifndef PROTO_SERVER_COMMAND_STATUS_COMMAND_H
#define PROTO_SERVER_COMMAND_STATUS_COMMAND_H

/* The exit status: 0, or 2 if it could not ask. argv[0] is "status". */
int command_status(int argc, char **argv);

#endif

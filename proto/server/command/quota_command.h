/*
 * `sluice peek` and `sluice reset`: what is in use of a key of a quota, and
 * giving it back, asked of a running server's control socket.
 * Threads: main.
 */
#ifndef PROTO_SERVER_COMMAND_QUOTA_COMMAND_H
#define PROTO_SERVER_COMMAND_QUOTA_COMMAND_H

/* The exit status: 0, or 2 if it could not ask. argv[0] is passed over. */
int command_peek(int argc, char **argv);
int command_reset(int argc, char **argv);

#endif

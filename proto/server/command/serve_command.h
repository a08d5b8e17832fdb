/*
 * `sluice serve`: runs the server until it is told to stop.
 * Threads: main.
 */
#ifndef PROTO_SERVER_COMMAND_SERVE_COMMAND_H
#define PROTO_SERVER_COMMAND_SERVE_COMMAND_H

/* The exit status: 0 stopped as told, 1 the configuration is bad, 2 it could
 * not start. argv[0] is "serve". */
int command_serve(int argc, char **argv);

#endif

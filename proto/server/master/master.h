/*
 * The master: one thread and one event loop that own the ports, the workers,
 * the shared memory and the configuration. It never touches gRPC.
 * Threads: main.
 */
#ifndef PROTO_SERVER_MASTER_MASTER_H
#define PROTO_SERVER_MASTER_MASTER_H

/* Runs the server until it is told to stop. path: of the configuration; NULL
 * for the built-in example. Returns the exit status: 0 stopped as told, 1 the
 * configuration is bad, 2 it could not start. */
int master_run(const char *path);

#endif

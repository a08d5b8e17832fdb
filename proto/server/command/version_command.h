/*
 * `sluice version`: of the program and of the libraries that it runs on.
 * Threads: main.
 */
#ifndef PROTO_SERVER_COMMAND_VERSION_COMMAND_H
#define PROTO_SERVER_COMMAND_VERSION_COMMAND_H

int command_version(int argc, char **argv);

#endif

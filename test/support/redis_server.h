/*
 * A private redis-server on a unix socket and a port, for tests. Where
 * redis-server is missing or does not start, the test fails. It ends with the
 * test's process. Threads: one at a time.
 */
#ifndef TEST_SUPPORT_REDIS_SERVER_H
#define TEST_SUPPORT_REDIS_SERVER_H

#include <sys/types.h>

struct redis_server {
    pid_t pid; /* 0: not running */
    char folder[64];
    char path[96]; /* of its socket */
    /* Where it listens, as the configuration wants it. */
    char address[104]; /* "unix:" and the path */
    int port;          /* of 127.0.0.1 */
    int bus_port; /* of a node of a cluster, see redis_cluster.h; 0: it is none
                   */
};

/* The user of docs/operation.md, made by the very line that stands there. */
#define REDIS_SERVER_USER "sluice"
#define REDIS_SERVER_PASSWORD "PASSWORD"
#define REDIS_SERVER_PREFIX "sluice"

/* A port of 127.0.0.1 that nobody uses now. */
int redis_server_free_port(void);

/* Makes the folder; starts nothing. */
void redis_server_init(struct redis_server *server);
/* Kills it if it runs; removes the folder. */
void redis_server_fini(struct redis_server *server);

/* Starts it, empty but for that user, and returns when it answers. */
void redis_server_start(struct redis_server *server);
/* kill -9. */
void redis_server_kill(struct redis_server *server);
/* SIGSTOP, SIGCONT. */
void redis_server_freeze(struct redis_server *server);
void redis_server_thaw(struct redis_server *server);

/* Runs one command, written as for redis-cli, and returns the first line of
 * its reply; until the next call. */
const char *redis_server_ask(struct redis_server *server, const char *command);

/* The same; returns the text of the reply, a bulk string, or the texts of an
 * array of them, each ending in a line feed. */
const char *redis_server_read(struct redis_server *server, const char *command);

#endif

/*
 * One HTTP/2 connection of the load, and the requests in flight on it. It
 * reads in bulk, and gathers what is to be written until connection_flush.
 * Threads: its runner.
 */
#ifndef BENCH_LOAD_CONNECTION_H
#define BENCH_LOAD_CONNECTION_H

#include "bench/load/body.h"
#include "bench/load/results.h"
#include "proto/server/master/listen.h"

#include <nghttp2/nghttp2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whom to ask for what. */
struct target {
    struct socket_name address;
    const char *authority;
    const char *path; /* "/package.Service/Method" */
};

/* A longer reply is cut, and then malformed. */
#define REPLY_BYTES_MAX 4096

enum request_state {
    REQUEST_IDLE,
    REQUEST_IN_FLIGHT,
    /* At its end: */
    REQUEST_ANSWERED,
    REQUEST_RESET,
    REQUEST_ABORTED, /* the connection was closed */
};

/* A stream's slot: the request that it carries, and the reply. */
struct request {
    struct request *next; /* of the free ones, or of those at their end */
    enum request_state state;
    int64_t due_ns;
    const struct body *body;
    uint64_t id;
    size_t sent_bytes;
    int http_status;
    int grpc_status; /* -1: none */
    size_t reply_bytes;
    char reply[REPLY_BYTES_MAX]; /* gRPC frames, without what was cut off */
};

struct connection {
    const struct target *target;
    struct results *results; /* where GOAWAY is counted */
    int fd;                  /* -1: closed */
    nghttp2_session *session;
    struct request *requests; /* one for each stream */
    uint32_t request_count;
    struct request *free, *ended;
    uint32_t in_flight;
    bool is_dirty;  /* something may be to be written */
    bool has_heard; /* from the server, ever since it was opened */
    bool is_going;  /* takes no more requests */
    char *out;      /* gathered */
    size_t out_bytes, out_sent;
};

/* Closed. */
void connection_init(struct connection *connection, const struct target *target,
                     uint32_t streams, struct results *results);
void connection_fini(struct connection *connection);

/* Begins to connect. False with errno. */
bool connection_open(struct connection *connection);

/* Requests in flight end with REQUEST_ABORTED. */
void connection_close(struct connection *connection);

/* Whether the server is there and a stream is free. */
bool connection_is_free(const struct connection *connection);

/* Sends one; id: for bodies that carry one. On a free connection. */
void connection_send(struct connection *connection, const struct body *body,
                     uint64_t id, int64_t due_ns);

/* Reads what is there. False: it broke, or the server gave notice and nothing
 * is in flight any more; close it. */
bool connection_read(struct connection *connection);

/* Writes what was gathered, as far as the socket takes it. False: close it. */
bool connection_flush(struct connection *connection);

/* Whether some of it has to wait until the socket is writable. */
bool connection_is_blocked(const struct connection *connection);

/* A request at its end, or NULL. Its slot is free, so it is lost with the next
 * connection_send. */
struct request *connection_take_ended(struct connection *connection);

#endif

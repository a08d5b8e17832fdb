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
#include "quota/handle.h"

#include <nghttp2/nghttp2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whom to ask. */
struct target {
    struct socket_name address;
    const char *authority;
};

/* What to ask for. Path and body are borrowed until the request is at its
 * end. */
struct ask {
    const char *path; /* "/package.Service/Method" */
    const struct body *body;
    uint64_t id; /* for bodies that carry one */
    int64_t due_ns;
    void *owner; /* the caller's, or NULL */
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
    struct ask ask;
    int32_t stream;
    size_t sent_bytes;
    int http_status;
    int grpc_status; /* -1: none */
    size_t lease_bytes;
    char lease[HANDLE_TEXT_MAX]; /* the trailer; 0 bytes: none */
    size_t reply_bytes;
    char reply[REPLY_BYTES_MAX]; /* gRPC frames, without what was cut off */
};

struct connection {
    const struct target *target;
    uint64_t *failures; /* by enum failure: where GOAWAY is counted */
    int fd;             /* -1: closed */
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
                     uint32_t streams, uint64_t *failures);
void connection_fini(struct connection *connection);

/* Begins to connect. False with errno. */
bool connection_open(struct connection *connection);

/* Requests in flight end with REQUEST_ABORTED. */
void connection_close(struct connection *connection);

/* Whether the server is there and a stream is free. */
bool connection_is_free(const struct connection *connection);

/* Sends one, on a free connection; it is in flight until it is taken at its
 * end. */
struct request *connection_send(struct connection *connection,
                                const struct ask *ask);

/* Gives up a request that is in flight: it ends with REQUEST_RESET. */
void connection_cancel(struct connection *connection, struct request *request);

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

/* The only message of its reply; data == NULL: there is none, or another. */
struct str request_message(const struct request *request);

#endif

/*
 * A web server in the test's process that answers as it is told.
 * Threads: the test's, between requests; the server has one of its own.
 */
#ifndef TEST_PROTO_WEB_SERVER_H
#define TEST_PROTO_WEB_SERVER_H

#include <stdatomic.h>
#include <stdint.h>

struct MHD_Daemon;

struct web_server {
    struct MHD_Daemon *daemon;
    uint16_t port;

    /* What it answers. */
    unsigned status;
    const char *body;
    const char *etag;     /* NULL: none */
    const char *location; /* NULL: none. Only for paths but "/end" */
    unsigned delay_ms;

    /* What it was asked. */
    _Atomic unsigned requests;
    char if_none_match[64]; /* of the last one; empty: none */
};

/* On a free port of loopback. */
void web_server_start(struct web_server *server);
void web_server_stop(struct web_server *server);

#endif

/*
 * One question to a running server by HTTP, for commands: to its admin address
 * or its control socket. Bounded in time and size.
 * Threads: main.
 */
#ifndef PROTO_SERVER_COMMAND_HTTP_ASK_H
#define PROTO_SERVER_COMMAND_HTTP_ASK_H

#include <jansson.h>
#include <stdbool.h>

#define HTTP_ASK_ERROR_SIZE 256

struct http_reply {
    long status;
    json_t *body;                    /* json_decref it; NULL: none was had */
    char error[HTTP_ASK_ERROR_SIZE]; /* why there is none */
};

/* address: "host:port" or "unix:/path". question: the body of a POST; NULL:
 * a GET. False if it could not ask, or the answer is no JSON: see `error`. */
bool http_ask(struct http_reply *reply, const char *address, const char *path,
              const json_t *question);

#endif

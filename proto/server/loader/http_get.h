/*
 * One GET of a text by HTTP, bounded in time and size: http and https only, at
 * most a few redirects, never from https to http. If the server still has what
 * it gave the last time, it need not send it again.
 * Threads: one at a time.
 */
#ifndef PROTO_SERVER_LOADER_HTTP_GET_H
#define PROTO_SERVER_LOADER_HTTP_GET_H

#include "policy/base/str.h"

#include <curl/curl.h>
#include <stddef.h>
#include <stdint.h>

/* How the server names one state of a text; empty: it did not say. */
struct http_validators {
    char etag[256];
    char modified[64];
};

struct http_request {
    const char *url;
    int64_t timeout_ns;
    size_t max_bytes;
    const char *ca_file; /* that https is certified by; NULL: the system's */
    const char *header;  /* "Name: value", a secret; NULL: none. Redirects,
                            which might tell it to others, are then failures */
    struct http_validators known; /* of the text at hand; empty: none */
};

enum http_result {
    HTTP_GIVEN,
    HTTP_UNCHANGED, /* the text at hand is the newest */
    HTTP_FAILED,
};

#define HTTP_ERROR_SIZE 256

struct http_answer {
    enum http_result result;
    char *text; /* GIVEN: the receiver's, who frees it; may be NULL if empty */
    size_t len;
    struct http_validators validators; /* GIVEN: of this text */
    char error[HTTP_ERROR_SIZE];       /* FAILED */
};

struct http_get;

/* Begins; the transfer is done by whoever drives `multi`, and ends with a
 * CURLMSG_DONE whose CURLOPT_PRIVATE is `owner`. */
struct http_get *
http_get_start(CURLM *multi, const struct http_request *request, void *owner);

/* What became of it; code: of its CURLMSG_DONE. Frees it. */
struct http_answer http_get_finish(struct http_get *get, CURLcode code);

/* Gives it up, and frees it. NULL is fine. */
void http_get_cancel(struct http_get *get);

#endif

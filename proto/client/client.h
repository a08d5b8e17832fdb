/*
 * A client of one server: asks, and blocks until the server has answered or
 * the time is over. It connects with the first call, and again whenever that
 * is needed; a server that is away is noticed at once, not at the deadline.
 * Threads: one at a time; different clients are independent.
 */
#ifndef PROTO_CLIENT_CLIENT_H
#define PROTO_CLIENT_CLIENT_H

#include "policy/base/arena.h"
#include "policy/base/str.h"
#include "proto/wire/mixer.h"

#include <stdbool.h>
#include <stdint.h>

struct client;

struct client_options {
    const char *address; /* "host:port" or "unix:/path"; copied */
    int64_t timeout_ns;  /* of one call, > 0 */
};

/* How a call went. STATUS_OK: the server has answered, whatever its verdict.
 * UNAVAILABLE: it is away or overloaded; DEADLINE_EXCEEDED: the time is over;
 * INTERNAL: it answered something else than it should. */
struct client_result {
    enum status_code code;
    struct str message; /* empty if there is nothing to say */
};

/* What one Check asks. */
struct client_question {
    const struct mixer_attribute *attributes;
    uint32_t attribute_count;
    struct mixer_request request; /* quotas, deduplication id */
    bool wants_explanation;       /* if the server permits it */
};

struct client_answer {
    struct mixer_response response;
    struct str lease;       /* the handle of all leases taken; empty: none */
    struct str decision;    /* the id of a refusal; empty: not told */
    struct str explanation; /* JSON, config/explain_json.h; empty: not told */
};

/* Never fails: an address that leads nowhere shows with the first call. */
struct client *client_new(const struct client_options *options);
void client_free(struct client *client);

/* istio.mixer.v1.Mixer/Check. *answer, valid if the result is STATUS_OK, and
 * the message live in `arena`, which has no limit. */
struct client_result client_check(struct client *client,
                                  const struct client_question *question,
                                  struct arena *arena,
                                  struct client_answer *answer);

/* sluice.v1.Policy/Release, of at most RELEASE_HANDLES_MAX handles. *released,
 * valid if the result is STATUS_OK: units that are free again. */
struct client_result client_release(struct client *client,
                                    const struct str *handles, uint32_t count,
                                    struct arena *arena, int64_t *released);

/* Keeps the gRPC library from writing to standard error, in all of the
 * process: what went wrong is in the result. */
void client_silence_library(void);

#endif

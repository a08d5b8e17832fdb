/*
 * One call as the C core has it: awaited, arrived, replied, closed, and awaited
 * again with the same memory.
 * Threads: its worker, under the core's lock.
 */
#ifndef PROTO_SERVER_CALL_RPC_H
#define PROTO_SERVER_CALL_RPC_H

#include "policy/base/arena.h"
#include "policy/base/str.h"
#include "policy/rule/rule.h"
#include "proto/server/call/core.h"

#include <grpc/grpc.h>
#include <stdbool.h>
#include <stdint.h>

#define RPC_TRAILERS_MAX 4

/* Visible, as streams start batches of their own on `core`. */
struct rpc {
    grpc_call *core;
    gpr_timespec deadline;
    grpc_metadata_array metadata;
    grpc_byte_buffer *request, *response;
    grpc_metadata trailers[RPC_TRAILERS_MAX];
    size_t trailer_count;
    int was_cancelled; /* after the reply: nobody waited for it any more */
};

void rpc_init(struct rpc *rpc);
void rpc_fini(struct rpc *rpc);

/* Asks for the next call of `method` (from core_register); `arrived` then runs
 * with ok true, or false when the server stops. */
void rpc_await(struct rpc *rpc, struct core *core, void *method,
               struct tag *arrived);

enum rpc_body {
    RPC_BODY_READ,
    RPC_BODY_ABSENT,
    RPC_BODY_COMPRESSED,
    RPC_BODY_TOO_LARGE, /* the arena's limit */
};

/* The request message; it lives until rpc_close, or as long as the arena. */
enum rpc_body rpc_body(const struct rpc *rpc, struct arena *arena,
                       struct str *body);

/* Whether the caller's deadline has passed. */
bool rpc_is_expired(const struct rpc *rpc);

/* What the request's header of that name says; empty without one. Lives until
 * rpc_close. */
struct str rpc_header(const struct rpc *rpc, const char *name);

/* Adds a trailer to the reply that is sent next. At most RPC_TRAILERS_MAX; key:
 * a literal; value, copied: printable ASCII. */
void rpc_add_trailer(struct rpc *rpc, const char *key, struct str value);

/*
 * Ends the call in one batch: `message` (copied; data == NULL: none), then the
 * status. details: of a status that is not OK. `replied` runs when the call is
 * over, with ok true; rpc->was_cancelled then says whether somebody listened.
 */
void rpc_reply(struct rpc *rpc, struct str message, enum status_code code,
               struct str details, struct tag *replied);

/* Lets go of the call, which is over or was never answered. */
void rpc_close(struct rpc *rpc);

/* The message as the C core wants it; grpc_byte_buffer_destroy frees it. */
grpc_byte_buffer *rpc_message(struct str bytes);

#endif

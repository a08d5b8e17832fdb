/*
 * A worker in the test's own process, the master's end of its socketpair, and
 * a client over one connection that was handed to it.
 */
#ifndef TEST_PROTO_WORKER_RIG_H
#define TEST_PROTO_WORKER_RIG_H

#include "policy/base/arena.h"
#include "policy/base/str.h"
#include "proto/server/shared/control.h"
#include "proto/server/worker/process.h"
#include "proto/wire/mixer.h"

#include <grpc/grpc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* Parts of configuration files. */
/* A machine that others keep busy is no reason to turn calls away. */
#define SERVER(settings)                                                       \
    "server = { listen = [ \"127.0.0.1:0\" ]; max_delay = \"10s\"; " settings  \
    " };\n"

#define QUOTAS                                                                 \
    "quotas = (\n"                                                             \
    "  { name = \"in-flight\"; concurrency = { max = 2; lease = \"60s\"; };\n" \
    "    on_outage = \"open\"; },\n"                                           \
    "  { name = \"strict\"; concurrency = { max = 2; lease = \"60s\"; };\n"    \
    "    on_outage = \"closed\"; }\n"                                          \
    ");\n"

#define RULES                                                                  \
    "rules = ( { name = \"no-blue\";\n"                                        \
    "  match = \"destination.service.host == 'blue'\";\n"                      \
    "  deny = { code = \"PERMISSION_DENIED\"; message = \"not blue\"; }; } "   \
    ");\n"

struct rig {
    struct shared *shared;
    struct worker_block *block;
    struct outage outage;
    struct process_parts parts;
    int master; /* the master's end */
    pthread_t thread;
    int status; /* what process_run returned */
    grpc_completion_queue *queue;
    grpc_channel *channel;
    struct arena arena; /* of replies */
};

/* Starts a worker with that configuration file and store, connects, and waits
 * until it serves. store: taken over. */
void rig_start(struct rig *rig, const char *config, struct store *store,
               bool is_store_late);

/* Waits for its end and checks that it ended well; rig_stop tells it first. */
void rig_end(struct rig *rig);
void rig_stop(struct rig *rig);

/* A sealed bundle of that configuration file. */
int rig_bundle(const char *config);

/* Sends a message as the master, and waits for one. */
void rig_tell(struct rig *rig, enum control_kind kind, uint64_t generation,
              int fd);
struct control_message rig_hear(struct rig *rig);

/* Hands the worker a new connection. Its other end, or a channel over it. */
int rig_connect(struct rig *rig);
grpc_channel *rig_channel(struct rig *rig, const grpc_channel_args *args);

/* One unary call of a client. */
struct exchange {
    grpc_call *call;
    grpc_metadata_array initial, trailing;
    grpc_byte_buffer *request, *response;
    grpc_slice text;
    grpc_status_code code;
    bool is_over;

    /* Once it is over; in the rig's arena. */
    struct str reply, details, lease;
};

/* body.data == NULL: no message at all. */
void rig_send(struct rig *rig, struct exchange *exchange, const char *path,
              struct str body);
void rig_wait(struct rig *rig, struct exchange *exchange);

/* Both. */
struct exchange rig_ask(struct rig *rig, const char *path, struct str body);

#define HEALTH_PATH "/grpc.health.v1.Health/Check"

/* A Mixer Check of one service host, with up to one quota (NULL: none). */
#define CHECK_PATH "/istio.mixer.v1.Mixer/Check"
struct str rig_check(struct rig *rig, const char *host, const char *quota,
                     const char *deduplication_id);

/* Asks it and returns the decoded answer. */
struct mixer_response rig_ask_check(struct rig *rig, const char *host,
                                    const char *quota);

/* Thousands of checks at once, of `quota` or none. Each gets an answer or
 * UNAVAILABLE; none is lost, none is counted twice. The rig's first calls. */
void rig_burst(struct rig *rig, const char *quota);

/* Waits until it holds, for at most some seconds. */
#define rig_until(condition)                                                   \
    do {                                                                       \
        int tries_ = 0;                                                        \
        while (!(condition)) {                                                 \
            if (++tries_ > 5000)                                               \
                fail_msg("never so: %s", #condition);                          \
            usleep(1000);                                                      \
        }                                                                      \
    } while (0)

#endif

/*
 * The store's relation to one Redis over time: connects, probes, sends
 * operations, gives each its reply or an outage, and notices when Redis is away
 * and back.
 *
 * While the breaker is closed operations go out. Else a probe is due or under
 * way: it connects if need be and runs the script. Redis is back when the
 * script succeeds within the deadline of an operation. If nothing comes for
 * SESSION_PATIENCE_NS the connection is given up. So a Redis that returns is
 * used after that time and one wait of the breaker at the latest.
 *
 * Where its server is, it knows from the start; or it is led: then before each
 * connection it waits for its owner to say so, and makes sure that it finds a
 * master there.
 *
 * Operations that are asked for between two steps go out together: one alone
 * when idle, many in one call of the script under load.
 *
 * Three files: session.c has the frame, session_batch.c what concerns
 * operations, session_probe.c what the session says and asks for itself.
 * Threads: its owner's.
 */
#ifndef QUOTA_REDIS_SESSION_H
#define QUOTA_REDIS_SESSION_H

#include "policy/base/clock.h"
#include "quota/redis/address.h"
#include "quota/redis/breaker.h"
#include "quota/redis/connection.h"
#include "quota/redis/login.h"
#include "quota/redis/operation.h"
#include "quota/redis/pending.h"
#include "quota/redis/redirect.h"
#include "quota/redis/redis.h"

#include <stdbool.h>
#include <stdint.h>

/* Or the deadline of an operation, if that is longer. */
#define SESSION_PATIENCE_NS (250 * MILLISECOND)

/* How often the clock of Redis is asked for while nothing is wrong. */
#define SESSION_CLOCK_NS (10 * SECOND)

#define SESSION_FAULT_BYTES 256

/* Who knows the nodes of a cluster. */
struct session_guide {
    /* A node has answered that another one is to be asked. operation: NULL: a
     * probe. True: it was taken on by whoever that is. */
    bool (*redirect)(void *context, const struct operation *operation,
                     const struct redirect *redirect, int64_t now_ns);
    void *context;
};

/* Of one operation. */
#define SESSION_REDIRECTS_MAX 4

struct session {
    const struct session_guide *guide; /* NULL: there is no cluster */
    struct store *store;               /* whose stats and clock it keeps */
    struct redis_events events;
    char *server; /* as it is told to people */
    char *prefix;
    struct login login;
    struct command_target target;
    int64_t deadline_ns; /* of an operation, from its start */

    struct address address;
    struct connection connection;
    struct pending pending;
    struct breaker breaker;
    bool is_loading; /* the script, until its reply */

    /* Of the probe, while the breaker is half-open. */
    int64_t probe_sent_ns;
    int64_t probe_until_ns;
    int64_t lookup_at_ns; /* look for the address again; INT64_MAX: no */
    bool is_led;          /* others say where its server is */
    bool is_seeking;      /* and it waits for that */

    bool is_clock_asked;
    int64_t clock_sent_ns; /* when it last was */

    enum { SESSION_TOLD_NOTHING, SESSION_TOLD_UP, SESSION_TOLD_DOWN } told;
    char fault[SESSION_FAULT_BYTES]; /* why the last operation failed */
};

/* seed: different per process. guide, probe_key: to be set afterwards. */
void session_init(struct session *session, struct store *store,
                  const struct redis_settings *settings,
                  const struct redis_events *events, uint64_t seed);

/* Answers what is under way as an outage first. */
void session_fini(struct session *session);

/* Takes one on (deadline_ns set by its owner, shortened here). It goes out with
 * the next step, together with others, and its owner is told later. False: an
 * outage, known at once. */
bool session_start(struct session *session, struct operation *operation,
                   int64_t now_ns);

/* Takes one on that another session gave up; its deadline stays. False: it
 * cannot. */
bool session_adopt(struct session *session, const struct operation *operation);

/* Whether operations reach Redis. */
bool session_is_up(const struct session *session);
/* Whether nothing is under way. */
bool session_is_idle(const struct session *session);

/* As the functions of the store. Events are of its connection's socket. */
short session_events(const struct session *session);
int64_t session_deadline_ns(const struct session *session);
void session_step(struct session *session, short revents, int64_t now_ns);

/* Of one that is led, while is_seeking: where its server is, as of
 * redis_settings; or that nobody knows, and why. */
void session_lead(struct session *session, struct str server, int64_t now_ns);
void session_mislead(struct session *session, const char *why, int64_t now_ns);

/* Copies them, for the next connection. */
void session_set_credentials(struct session *session,
                             const struct redis_credentials *credentials);

#endif

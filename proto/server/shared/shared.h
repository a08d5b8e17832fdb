/*
 * Memory that the master makes and all workers map: counters, histograms, the
 * record of open gates, what each worker reports of itself. It outlives
 * workers and reloads. A worker writes only its own block, so counting needs
 * no lock; readers add the blocks up.
 * Threads: any; every field is a relaxed atomic unless said otherwise.
 */
#ifndef PROTO_SERVER_SHARED_SHARED_H
#define PROTO_SERVER_SHARED_SHARED_H

#include "config/door.h"
#include "policy/base/str.h"
#include "policy/rule/rule.h"
#include "proto/server/shared/hot_keys.h"
#include "quota/journal.h"
#include "quota/store.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WORKERS_MAX 64

/* How a call ended, as labels of metrics. */
#define VERDICTS(X)                                                            \
    X(ALLOWED, "allowed")                                                      \
    X(DENIED, "denied")         /* by a rule */                                \
    X(EXHAUSTED, "exhausted")   /* by a quota */                               \
    X(INVALID, "invalid")       /* INVALID_ARGUMENT and the like */            \
    X(OVERLOADED, "overloaded") /* UNAVAILABLE before decoding */              \
    X(EXPIRED, "expired")       /* the caller's deadline had passed */

enum verdict {
#define X(name, label) VERDICT_##name,
    VERDICTS(X)
#undef X
        VERDICT_COUNT
};

extern const char *const verdict_labels[VERDICT_COUNT];

/* Plain counters of a worker: name, help. Exported as sluice_NAME_total. */
#define WORKER_COUNTERS(X)                                                     \
    X(reports, "Report calls answered")                                        \
    X(report_entries, "attribute sets in them")                                \
    X(unknown_methods, "calls to methods that do not exist")                   \
    X(connections, "connections taken over")                                   \
    X(refused_connections, "connections closed as there were too many")        \
    X(mistyped_attributes, "attributes sent with another type than declared")  \
    X(unknown_quotas, "quotas asked for that are not configured")              \
    X(uncharged_quotas, "quotas of rules beyond 8 in one check")               \
    X(cancelled_calls, "calls given up by their caller")                       \
    X(returned_leases, "leases of cancelled calls given back")                 \
    X(released_units, "units given back by a release")                         \
    X(remembered_refusals, "checks refused without asking the store")          \
    X(carried_over, "keys and leases of an outage told to the store after it")

/* Counters of one rule: name, help. Exported as sluice_rule_NAME_total. */
#define RULE_COUNTERS(X)                                                       \
    X(denied, "checks that the rule, or a quota of it, denied")                \
    X(passed, "checks that the rule matched and let pass")                     \
    X(shadow_denied, "checks that it would have denied, were it enforced")     \
    X(failed, "checks that it could not be evaluated for, and might match")

/* Counters of one quota: name, help. Exported as sluice_quota_NAME_total. */
#define QUOTA_COUNTERS(X)                                                      \
    X(granted, "requests granted")                                             \
    X(refused, "requests refused")                                             \
    X(shadow_refused, "requests that it would have refused, were it enforced") \
    X(exempt, "requests granted uncharged: no match, or unlimited")            \
    X(released, "units given back")                                            \
    X(outage_open, "requests granted because the store did not answer")        \
    X(outage_closed, "requests refused because the store did not answer")      \
    X(outage_local_granted, "requests granted in memory meanwhile")            \
    X(outage_local_refused, "requests refused in memory meanwhile")

struct rule_counters {
#define X(name, help) _Atomic uint64_t name;
    RULE_COUNTERS(X)
#undef X
};

struct quota_counters {
#define X(name, help) _Atomic uint64_t name;
    QUOTA_COUNTERS(X)
#undef X
};

/* Names get a slot when a configuration that has them is loaded, and keep it.
 * When the table is full, further ones share slot 0, named "other". */
#define NAME_SLOTS 1024
#define NAME_BYTES 64

struct name_table {
    _Atomic uint32_t count; /* slots in use; published after the name */
    char names[NAME_SLOTS][NAME_BYTES + 1];
};

/* HDR layout: values in nanoseconds, 32 steps per power of two (3 %). */
#define HISTOGRAM_BUCKETS 1024
struct histogram {
    _Atomic uint64_t buckets[HISTOGRAM_BUCKETS];
    _Atomic uint64_t sum_ns;
};

enum worker_state {
    WORKER_STARTING,
    WORKER_SERVING,
    WORKER_DRAINING,
    WORKER_DEAD,
};

/* Written by one worker, except what the comment says is the master's. */
struct worker_block {
    _Atomic int32_t pid;         /* the master's */
    _Atomic uint32_t state;      /* enum worker_state; STARTING and DEAD are
                                    the master's */
    _Atomic uint32_t restarts;   /* the master's */
    _Atomic uint64_t generation; /* of the snapshot that serves; set by the
                                    master when it starts the worker */
    _Atomic uint32_t open_connections;
    _Atomic uint32_t calls_in_progress;
    _Atomic uint32_t open_streams;
    _Atomic uint64_t calls_total; /* the master balances by its growth */
    _Atomic int64_t turned_ns;    /* CLOCK_BOOTTIME when the loop last turned:
                                     at least twice a second while it serves */
    _Atomic uint64_t rss_bytes;   /* memory of its own; the master's */
    _Atomic uint64_t checks[DOOR_COUNT][VERDICT_COUNT];
    struct histogram latency[DOOR_COUNT]; /* from accept to reply */
#define X(name, help) _Atomic uint64_t name;
    WORKER_COUNTERS(X)
#undef X
#define X(name, help) _Atomic uint64_t store_##name;
    STORE_STATS(X)
#undef X
    struct histogram store_latency;
    _Atomic uint32_t has_store_skew; /* whether the next one is known */
    _Atomic int64_t store_skew_ns;   /* the store's clock less this machine's */
    struct rule_counters rules[NAME_SLOTS];
    struct quota_counters quotas[NAME_SLOTS];
    struct hot_keys hot_keys; /* refused by a quota */
};

/*
 * The gate of the store: a bit per worker that cannot reach it. Open (mask not
 * 0): quotas are answered by their on_outage. Who changes it from or to 0
 * logs, so an episode is logged once.
 */
struct gate {
    _Atomic uint64_t mask;
    _Atomic int64_t opened_wall_ns; /* of the present or the last episode */
    _Atomic int64_t opened_ns;      /* the same, CLOCK_BOOTTIME */
    _Atomic int64_t lasted_ns;      /* of the last episode that is over */
    _Atomic uint64_t episodes;
    _Atomic uint64_t answers; /* given by it in this episode */
    /* What workers remember of the store under another epoch is outdated. */
    _Atomic uint64_t epoch;
};

struct shared {
    uint64_t magic; /* set by shared_create, checked by shared_map */
    uint32_t worker_count;
    int64_t started_wall_ns;
    _Atomic uint64_t reloads, reload_failures;
    _Atomic uint64_t generation;
    _Atomic int64_t reloaded_wall_ns;
    struct gate gate;
    struct journal journal;
    struct name_table rule_names, quota_names;
    struct worker_block workers[]; /* worker_count */
};

/* Makes the mapping in a memfd, returned in *fd (not close-on-exec). NULL on
 * failure, with errno. */
struct shared *shared_create(uint32_t worker_count, int *fd);

/* Maps one that another process made. NULL if it is none of this version. */
struct shared *shared_map(int fd);

/* The slot of a name, given now if need be (master only). */
uint32_t name_slot(struct name_table *table, struct str name);

/* The slot of a name, or 0. */
uint32_t name_find(const struct name_table *table, struct str name);

/* The uint64_t counter at `offset` in the block of every worker, added up. */
uint64_t shared_sum(const struct shared *shared, size_t offset);

/* The checks of one door that ended so, of all workers. */
uint64_t shared_checks(const struct shared *shared, unsigned door,
                       unsigned verdict);

/* How far the store's clock is ahead of this machine's: of what workers have
 * measured, that which is furthest from 0. False: none has. */
bool shared_store_skew(const struct shared *shared, int64_t *skew_ns);

/* Opens or closes the gate for worker `index`. True if that changed it from
 * shut to open, or back: then the caller logs. */
bool gate_open(struct gate *gate, uint32_t index);
bool gate_shut(struct gate *gate, uint32_t index);

/* Usage may have shrunk by other means than time: somebody gave back, or reset
 * a quota, or the store may have lost its data. Called as soon as that is done.
 * The gate's opening and shutting do it by themselves. */
void gate_outdate(struct gate *gate);

/* Adds one. Only for counters that the caller alone writes. */
#define COUNT(counter, n)                                                      \
    atomic_store_explicit(                                                     \
        &(counter),                                                            \
        atomic_load_explicit(&(counter), memory_order_relaxed) +               \
            (uint64_t)(n),                                                     \
        memory_order_relaxed)

void histogram_record(struct histogram *histogram, int64_t value_ns);
/* Upper bound, in ns, of bucket `index`. */
int64_t histogram_bound_ns(uint32_t index);

#endif

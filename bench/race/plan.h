/*
 * What racing clients do: their plan, and which call is due when.
 *
 * Each call is a Check for one unit of one quota; quotas take turns. A lease
 * that it got is held for a while and then released.
 * Pure; any thread.
 */
#ifndef BENCH_RACE_PLAN_H
#define BENCH_RACE_PLAN_H

#include "bench/load/connection.h"
#include "policy/base/arena.h"
#include "policy/base/str.h"

#include <stdbool.h>
#include <stdint.h>

#define RACE_CLIENTS_MAX 10000
#define RACE_QUOTAS_MAX 64
#define RACE_RATE_MAX 1e6      /* calls a second */
#define RACE_SECONDS_MAX 86400 /* of everything that lasts */

struct race_quota {
    const char *name;
    int64_t hold_ns; /* 0: what it gives is not released */
};

struct race_plan {
    struct target *targets; /* servers; clients take them in turn */
    uint32_t target_count;
    uint32_t client_count; /* each has a connection of its own */
    struct race_quota *quotas;
    uint32_t quota_count;
    int64_t span_ns;
    /* An open loop: so many calls, whatever becomes of the others. 0: a closed
     * loop, each client begins its next call when the last one is through. */
    double per_second;
};

/*
 * Reads a line of JSON: {"addresses": ["127.0.0.1:9091", ...], "clients": 8,
 * "quotas": {"name": seconds that it is held, ...}, "seconds": 2.5,
 * "per_second": 2000}, nothing missing. What it keeps is in `arena`. NULL, or
 * what is wrong with it.
 */
const char *race_plan_parse(struct race_plan *plan, struct str text,
                            struct arena *arena);

/* ---- of the open loop ---------------------------------------------------- */

/* Calls have the numbers 0 .. race_call_count - 1. */
uint64_t race_call_count(const struct race_plan *plan);

/* When a call is due, after the begin. */
int64_t race_due_ns(const struct race_plan *plan, uint64_t number);

/* Which quota the call is for, and which client makes it: each quota is asked
 * for by every client. */
uint32_t race_quota_of(const struct race_plan *plan, uint64_t number);
uint32_t race_client_of(const struct race_plan *plan, uint64_t number);

#endif

/*
 * One loaded configuration: checked, compiled, immutable, swapped whole.
 * Made from a bundle (all bytes of all files that it consists of), so that the
 * master and every worker, also one started later, run the same bytes.
 * Threads: any, immutable; who holds it counts the users.
 */
#ifndef CONFIG_SNAPSHOT_H
#define CONFIG_SNAPSHOT_H

#include "config/bundle.h"
#include "config/list_settings.h"
#include "config/settings.h"
#include "policy/base/arena.h"
#include "policy/base/diag.h"
#include "policy/base/log.h"
#include "policy/rule/rule.h"
#include "quota/limit.h"
#include "quota/redis/redis.h"

#include <stdbool.h>
#include <stdint.h>

struct str_array {
    const struct str *items;
    uint32_t count;
};

/* The group `server`. What cannot change without a restart is marked (r). */
struct server_settings {
    struct str_array listen;         /* (r) "host:port" or "unix:/path" */
    struct str admin;                /* (r) "host:port"; empty: none */
    struct str control;              /* (r) "unix:/path"; empty: none */
    bool insecure;                   /* plaintext beyond loopback is meant */
    uint32_t workers;                /* (r) 0: one per core */
    int64_t max_delay_ns;            /* overload: see design, "Failure" */
    int64_t drain_ns;                /* after TERM, for calls in flight */
    uint32_t max_connections;        /* per worker */
    uint32_t max_calls;              /* per worker, in progress */
    uint32_t max_concurrent_streams; /* (r) per connection */
    uint32_t max_streams;            /* per worker, held open (Watch) */
    uint64_t max_message_bytes;      /* (r) */
    uint64_t max_header_bytes;       /* (r) */
    uint64_t max_memory_bytes;       /* per worker: gRPC's resource quota */
    bool refuse_unknown_quota;
    int64_t valid_for_ns;
    int32_t valid_uses;
    bool explain; /* to callers who ask why */
    bool redact;  /* people see short hashes of what keys are made of */
};

enum store_kind {
    STORE_MEMORY,
    STORE_REDIS,
};

/* The group `store.sentinel`. */
struct sentinel_settings {
    struct str master; /* (r) by which the sentinels know it */
    struct redis_credentials credentials;
    struct str password_file;
};

/* The group `store`. All (r) but `deadline`, `replicas` and credentials. */
struct store_settings {
    enum store_kind kind;
    uint64_t size_bytes;     /* memory */
    struct str path;         /* memory: of its file, ends in NUL; empty: none */
    struct place path_place; /* where that is written */
    struct str_array servers;           /* redis: "host:port" or "unix:/path" */
    struct sentinel_settings *sentinel; /* redis: `servers` are sentinels;
                                           NULL: they are not */
    bool is_cluster;                    /* redis: `servers` are its nodes */
    struct redis_credentials credentials; /* redis */
    struct str password_file;             /* redis */
    struct str key_prefix;                /* redis */
    uint32_t database;                    /* redis */
    int64_t deadline_ns;                  /* of one operation */
    uint32_t replicas;                    /* redis: that share it */
    uint64_t local_size_bytes;            /* redis: for its outages */
};

struct log_settings {
    enum log_level level;
    uint32_t denial_percent;     /* of refused requests, that have a line */
    uint32_t denials_per_second; /* per worker, lines at most */
};

struct snapshot_list {
    struct list_settings settings;
    struct roster *roster;
};

struct snapshot {
    uint64_t generation;
    struct bundle bundle; /* what it was made from; lists are used in there */
    struct arena arena;
    struct vocabulary *vocabulary;
    struct server_settings server;
    struct store_settings store;
    struct log_settings log;
    struct snapshot_list *lists;
    uint32_t list_count;
    struct ruleset ruleset;
    const struct quota_limits *limits; /* by quota, as ruleset.quotas */
    struct settings settings;          /* all of it as text, for diff.h */
};

/*
 * Checks and compiles a bundle, and takes it over, also when it fails: `bundle`
 * is empty afterwards. Collects all mistakes in `diags`; NULL if there is an
 * error among them, also one from before. Warnings do not prevent it.
 */
struct snapshot *snapshot_load(struct bundle *bundle, struct diags *diags);
void snapshot_free(struct snapshot *snapshot);

#endif

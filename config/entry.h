/*
 * What a configuration says, group by group, as typed values that are each
 * valid by themselves (config/field.c is the list of them), before they are
 * checked against each other and compiled. Texts live in the snapshot's arena;
 * marks only while it is loaded.
 * An element of a list begins with its mark, which tells what was written:
 * mark_find(entry->mark, "lease").
 * Threads: its loader.
 */
#ifndef CONFIG_ENTRY_H
#define CONFIG_ENTRY_H

#include "config/locate.h"
#include "config/snapshot.h"
#include "policy/attr/value.h"
#include "policy/rule/roster.h"
#include "policy/rule/rule.h"
#include "quota/limit.h"

#include <stdbool.h>
#include <stdint.h>

/* A text and where it was written. */
struct text {
    struct str text; /* data == NULL: absent */
    const struct mark *mark;
};

/* Elements of an array; or members of a group, whose names are in the marks. */
struct texts {
    const struct text *items;
    uint32_t count;
};

/* The groups of a list; of which type, the comment of the member says. */
struct entries {
    void *items;
    uint32_t count;
};

struct attribute_entry {
    const struct mark *mark;
    struct str name;
    enum value_type type;
};

struct list_entry {
    const struct mark *mark;
    struct str name;
    enum roster_type type;
    struct texts entries;
    struct str file;        /* empty: none */
    struct str url;         /* empty: none */
    struct str cache;       /* empty: none */
    struct str ca_file;     /* empty: none */
    struct str header_file; /* empty: none */
    int64_t refresh_ns;
    int64_t max_age_ns;
    int64_t timeout_ns;
    uint64_t max_bytes;
};

struct concurrency_entry {
    int64_t max;
    int64_t lease_ns;
    bool release_any;
};

struct rate_entry {
    enum limit_algorithm algorithm;
    int64_t amount;
    int64_t per_ns;    /* < 0: a unit of the calendar, negated */
    int64_t burst;     /* 0: as much as amount */
    int64_t bucket_ns; /* 0: not written */
    bool is_aligned;
};

/* What is not written is 0; the quota's own value holds then. */
struct override_entry {
    const struct mark *mark;
    struct texts when;
    int64_t max;
    int64_t lease_ns;
    int64_t amount;
    int64_t per_ns;
    int64_t burst;
    bool is_unlimited;
};

/* For which requests a rule or a quota acts. */
struct enforcement_entry {
    enum mode mode;
    uint32_t percent;
    struct text by;
};

struct quota_entry {
    const struct mark *mark;
    struct str name;
    struct text match;
    struct enforcement_entry enforcement;
    struct texts dimensions;
    const struct concurrency_entry *concurrency; /* NULL: absent */
    const struct rate_entry *rate;               /* NULL: absent */
    bool is_unlimited; /* but for what overrides limit */
    int64_t dedup_ns;
    struct entries overrides; /* struct override_entry */
    enum on_outage on_outage;
};

struct deny_entry {
    enum status_code code;
    struct str message;
    uint32_t http_status; /* 0: absent */
    struct texts headers;
    struct str body;
};

/* A value that a rule looks up in a list. */
struct list_check_entry {
    struct str name;
    struct text value;
    bool refuses_members;
};

/* A quota that a rule charges. */
struct quota_use_entry {
    const struct mark *mark; /* a group, or the name alone */
    struct str name;
    struct text amount;
};

struct header_entry {
    const struct mark *mark;
    struct str name;
    struct text value;
    enum header_operation operation;
};

struct active_entry {
    int64_t from_ns; /* 0: absent */
    int64_t to_ns;   /* 0: absent */
};

struct rule_entry {
    const struct mark *mark;
    struct str name;
    struct str namespace; /* data == NULL: absent */
    struct text match;
    const struct active_entry *active;   /* NULL: absent */
    const struct list_check_entry *list; /* NULL: absent */
    const struct deny_entry *deny;       /* NULL: absent */
    struct entries quotas;               /* struct quota_use_entry */
    struct entries request_headers;      /* struct header_entry */
    struct entries response_headers;     /* struct header_entry */
    bool allow;
    int64_t valid_for_ns; /* only if written */
    int32_t valid_uses;   /* only if written */
    enum on_error on_error;
    struct enforcement_entry enforcement;
};

struct document {
    struct server_settings server;
    struct store_settings store;
    struct log_settings log;
    struct entries attributes; /* struct attribute_entry */
    struct entries lists;      /* struct list_entry */
    struct entries quotas;     /* struct quota_entry */
    struct entries rules;      /* struct rule_entry */
};

#endif

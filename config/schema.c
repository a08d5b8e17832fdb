#include "config/schema.h"

#include "config/entry.h"
#include "policy/base/clock.h"
#include "quota/local/local.h"

#define MEMBER(type, member)                                                   \
    .offset = offsetof(struct type, member),                                   \
    .size = sizeof(((struct type *)NULL)->member)

#define GROUP(type, table, text)                                               \
    {                                                                          \
        .doc = (text), .fields = (table),                                      \
        .field_count = sizeof(table) / sizeof((table)[0]),                     \
        .size = sizeof(struct type)                                            \
    }

#define NAME_BYTES_MAX 64

static const struct choice modes[] = { { "enforce", MODE_ENFORCE },
                                       { "shadow", MODE_SHADOW },
                                       { NULL, 0 } };

static const struct choice on_errors[] = { { "skip", ON_ERROR_SKIP },
                                           { "deny", ON_ERROR_DENY },
                                           { "allow", ON_ERROR_ALLOW },
                                           { NULL, 0 } };

static const struct choice on_outages[] = { { "open", ON_OUTAGE_OPEN },
                                            { "closed", ON_OUTAGE_CLOSED },
                                            { NULL, 0 } };

static const struct choice releases[] = { { "lease", false },
                                          { "any", true },
                                          { NULL, 0 } };

static const struct choice unknown_quotas[] = { { "grant", false },
                                                { "refuse", true },
                                                { NULL, 0 } };

static const struct choice store_kinds[] = { { "memory", STORE_MEMORY },
                                             { "redis", STORE_REDIS },
                                             { NULL, 0 } };

static const struct choice log_levels[] = { { "error", LOG_LEVEL_ERROR },
                                            { "warning", LOG_LEVEL_WARNING },
                                            { "info", LOG_LEVEL_INFO },
                                            { "debug", LOG_LEVEL_DEBUG },
                                            { NULL, 0 } };

/* CONCURRENCY has a group of its own. */
static const struct choice rate_algorithms[] = {
    { "token_bucket", LIMIT_TOKEN_BUCKET }, { NULL, 0 }
};

static const struct choice value_types[] = {
#define X(name, number) { #name, VALUE_##name },
    VALUE_TYPES(X)
#undef X
        { NULL, 0 }
};

/* STATUS_CODES begins with OK, which is no refusal. */
static const struct choice all_codes[] = {
#define X(name, number) { #name, STATUS_##name },
    STATUS_CODES(X)
#undef X
        { NULL, 0 }
};

static const struct field server_fields[] = {
    { .name = "listen",
      .kind = FIELD_ADDRESSES,
      MEMBER(server_settings, listen),
      .needs_restart = true,
      .is_bound = true,
      .least = 1,
      .most = 16,
      .fallback = "127.0.0.1:9091",
      .doc =
          "Where gRPC is served: `host:port` or `unix:/path`; a host is an IP "
          "address or `localhost`." },
    { .name = "admin",
      .kind = FIELD_HOST_PORT,
      MEMBER(server_settings, admin),
      .needs_restart = true,
      .is_bound = true,
      .fallback = "127.0.0.1:9093",
      .doc = "Where metrics, health and status are served over HTTP, reading "
             "only; empty: nowhere." },
    { .name = "insecure",
      .kind = FIELD_BOOL,
      MEMBER(server_settings, insecure),
      .fallback = "false",
      .doc = "Must be `true` where `listen` names an address beyond loopback: "
             "gRPC is not encrypted, and whoever reaches it can use up "
             "quotas." },
    { .name = "workers",
      .kind = FIELD_INTEGER,
      MEMBER(server_settings, workers),
      .needs_restart = true,
      .least = 0,
      .most = 64,
      .fallback = "0",
      .doc = "Worker processes; 0: one per core." },
    { .name = "max_delay",
      .kind = FIELD_DURATION,
      MEMBER(server_settings, max_delay_ns),
      .least = MILLISECOND,
      .most = 10 * SECOND,
      .fallback = "10ms",
      .doc = "A worker that has been behind for this long answers UNAVAILABLE "
             "until it has caught up." },
    { .name = "drain",
      .kind = FIELD_DURATION,
      MEMBER(server_settings, drain_ns),
      .least = 0,
      .most = 10 * MINUTE,
      .fallback = "10s",
      .doc = "How long calls in flight may take to finish after SIGTERM." },
    { .name = "max_connections",
      .kind = FIELD_INTEGER,
      MEMBER(server_settings, max_connections),
      .least = 1,
      .most = 1000000,
      .fallback = "10000",
      .doc = "Connections per worker." },
    { .name = "max_calls",
      .kind = FIELD_INTEGER,
      MEMBER(server_settings, max_calls),
      .least = 1,
      .most = 1000000,
      .fallback = "10000",
      .doc = "Calls in progress per worker; further ones are answered "
             "UNAVAILABLE." },
    { .name = "max_concurrent_streams",
      .kind = FIELD_INTEGER,
      MEMBER(server_settings, max_concurrent_streams),
      .needs_restart = true,
      .least = 1,
      .most = 1000000,
      .fallback = "1000",
      .doc = "Calls in progress per connection." },
    { .name = "max_streams",
      .kind = FIELD_INTEGER,
      MEMBER(server_settings, max_streams),
      .least = 0,
      .most = 10000000,
      .fallback = "100000",
      .doc = "Streams per worker that are held open, such as health watches." },
    { .name = "max_message",
      .kind = FIELD_BYTES,
      MEMBER(server_settings, max_message_bytes),
      .needs_restart = true,
      .least = 1024,
      .most = 64 << 20,
      .fallback = "1MiB",
      .doc = "Largest request." },
    { .name = "max_header",
      .kind = FIELD_BYTES,
      MEMBER(server_settings, max_header_bytes),
      .needs_restart = true,
      .least = 1024,
      .most = 1 << 20,
      .fallback = "16KiB",
      .doc = "All headers of a request together." },
    { .name = "max_memory",
      .kind = FIELD_BYTES,
      MEMBER(server_settings, max_memory_bytes),
      .least = 16 << 20,
      .most = INT64_C(1) << 40,
      .fallback = "256MiB",
      .doc = "What gRPC may use for buffers, per worker." },
    { .name = "unknown_quota",
      .kind = FIELD_CHOICE,
      MEMBER(server_settings, refuse_unknown_quota),
      .choices = unknown_quotas,
      .fallback = "grant",
      .doc = "What a caller gets who names a quota that is not configured. "
             "Granted ones are counted." },
    { .name = "valid_for",
      .kind = FIELD_DURATION,
      MEMBER(server_settings, valid_for_ns),
      .least = 0,
      .most = 24 * HOUR,
      .fallback = "1m",
      .doc = "How long a caller may reuse an answer that nothing restricts." },
    { .name = "valid_uses",
      .kind = FIELD_INTEGER,
      MEMBER(server_settings, valid_uses),
      .least = 0,
      .most = LIMIT_AMOUNT_MAX,
      .fallback = "10000",
      .doc = "How often a caller may reuse it." },
};

static const struct group server_group =
    GROUP(server_settings, server_fields, "The program itself.");

static const struct field store_fields[] = {
    { .name = "kind",
      .kind = FIELD_CHOICE,
      MEMBER(store_settings, kind),
      .needs_restart = true,
      .choices = store_kinds,
      .fallback = "memory",
      .doc = "`memory`: of this machine, shared by its workers. `redis`: "
             "shared by any number of replicas." },
    { .name = "size",
      .kind = FIELD_BYTES,
      MEMBER(store_settings, size_bytes),
      .needs_restart = true,
      .least = LOCAL_SIZE_MIN_BYTES,
      .most = LOCAL_SIZE_MAX_BYTES,
      .fallback = "64MiB",
      .doc = "Memory of the kind `memory`, taken at the start." },
    { .name = "servers",
      .kind = FIELD_ADDRESSES,
      MEMBER(store_settings, servers),
      .needs_restart = true,
      .least = 1,
      .most = 1,
      .doc = "Where Redis is: `host:port` or `unix:/path`. Required for the "
             "kind `redis`." },
    { .name = "database",
      .kind = FIELD_INTEGER,
      MEMBER(store_settings, database),
      .needs_restart = true,
      .least = 0,
      .most = 1000000,
      .fallback = "0",
      .doc = "Number of the Redis database." },
    { .name = "key_prefix",
      .kind = FIELD_TEXT,
      MEMBER(store_settings, key_prefix),
      .needs_restart = true,
      .least = 1,
      .most = NAME_BYTES_MAX,
      .fallback = "sluice",
      .doc = "Begins every key in Redis, so that several installations can "
             "share one." },
    { .name = "deadline",
      .kind = FIELD_DURATION,
      MEMBER(store_settings, deadline_ns),
      .least = MILLISECOND,
      .most = 10 * SECOND,
      .fallback = "5ms",
      .doc = "How long Redis may take for one operation; after that the "
             "quota's `on_outage` answers." },
};

static const struct group store_group =
    GROUP(store_settings, store_fields, "Where usage of quotas is kept.");

static const struct field attribute_fields[] = {
    { .name = "name",
      .kind = FIELD_TEXT,
      MEMBER(attribute_entry, name),
      .is_required = true,
      .least = 1,
      .most = 256,
      .doc = "Words separated by points, such as `user.tier`." },
    { .name = "type",
      .kind = FIELD_CHOICE,
      MEMBER(attribute_entry, type),
      .is_required = true,
      .choices = value_types,
      .doc = "What its values are." },
};

static const struct group attribute_group =
    GROUP(attribute_entry, attribute_fields,
          "Attributes that callers send beyond the standard ones.");

static const struct field concurrency_fields[] = {
    { .name = "max",
      .kind = FIELD_INTEGER,
      MEMBER(concurrency_entry, max),
      .is_required = true,
      .least = 0,
      .most = LIMIT_AMOUNT_MAX,
      .doc = "The most at the same time; 0 refuses all." },
    { .name = "lease",
      .kind = FIELD_DURATION,
      MEMBER(concurrency_entry, lease_ns),
      .least = LIMIT_PERIOD_MIN_NS,
      .most = LIMIT_PERIOD_MAX_NS,
      .fallback = "1m",
      .doc = "A slot that nobody gives back becomes free after this." },
    { .name = "release",
      .kind = FIELD_CHOICE,
      MEMBER(concurrency_entry, release_any),
      .choices = releases,
      .fallback = "lease",
      .doc = "What a negative amount frees. `lease`: the slot taken with the "
             "same id, or the oldest where the call has no id. `any`: the "
             "oldest, whatever the id." },
};

static const struct group concurrency_group = GROUP(
    concurrency_entry, concurrency_fields,
    "So many at the same time, over all replicas. Callers must release what "
    "they took, or it comes back only when its lease ends: Istio 1.x "
    "sidecars never release.");

static const struct field rate_fields[] = {
    { .name = "algorithm",
      .kind = FIELD_CHOICE,
      MEMBER(rate_entry, algorithm),
      .choices = rate_algorithms,
      .fallback = "token_bucket",
      .doc = "`token_bucket`: `burst` at once, refilled evenly." },
    { .name = "amount",
      .kind = FIELD_INTEGER,
      MEMBER(rate_entry, amount),
      .is_required = true,
      .least = 0,
      .most = LIMIT_AMOUNT_MAX,
      .doc = "So many in each `per`; 0 refuses all." },
    { .name = "per",
      .kind = FIELD_DURATION,
      MEMBER(rate_entry, per_ns),
      .least = LIMIT_PERIOD_MIN_NS,
      .most = LIMIT_PERIOD_MAX_NS,
      .fallback = "1s",
      .doc = "See `amount`." },
    { .name = "burst",
      .kind = FIELD_INTEGER,
      MEMBER(rate_entry, burst),
      .least = 1,
      .most = LIMIT_AMOUNT_MAX,
      .doc = "The most at once; by default as much as `amount`." },
};

static const struct group rate_group =
    GROUP(rate_entry, rate_fields, "So many in a time.");

static const struct field override_fields[] = {
    { .name = "when",
      .kind = FIELD_TEXT_MAP,
      MEMBER(override_entry, when),
      .is_required = true,
      .least = 1,
      .most = 16,
      .doc = "Values that dimensions must have, as text; dimensions not named "
             "may have any." },
    { .name = "max",
      .kind = FIELD_INTEGER,
      MEMBER(override_entry, max),
      .least = 0,
      .most = LIMIT_AMOUNT_MAX,
      .doc = "In place of `concurrency.max`." },
    { .name = "lease",
      .kind = FIELD_DURATION,
      MEMBER(override_entry, lease_ns),
      .least = LIMIT_PERIOD_MIN_NS,
      .most = LIMIT_PERIOD_MAX_NS,
      .doc = "In place of `concurrency.lease`." },
    { .name = "amount",
      .kind = FIELD_INTEGER,
      MEMBER(override_entry, amount),
      .least = 0,
      .most = LIMIT_AMOUNT_MAX,
      .doc = "In place of `rate.amount`." },
    { .name = "per",
      .kind = FIELD_DURATION,
      MEMBER(override_entry, per_ns),
      .least = LIMIT_PERIOD_MIN_NS,
      .most = LIMIT_PERIOD_MAX_NS,
      .doc = "In place of `rate.per`." },
    { .name = "burst",
      .kind = FIELD_INTEGER,
      MEMBER(override_entry, burst),
      .least = 1,
      .most = LIMIT_AMOUNT_MAX,
      .doc = "In place of `rate.burst`; where neither is written, as much as "
             "the amount." },
};

static const struct group override_group =
    GROUP(override_entry, override_fields,
          "Other limits for some keys: the first whose `when` holds. What an "
          "override does not write is as in the quota.");

static const struct field quota_fields[] = {
    { .name = "name",
      .kind = FIELD_TEXT,
      MEMBER(quota_entry, name),
      .is_required = true,
      .least = 1,
      .most = NAME_BYTES_MAX,
      .doc = "By which rules and callers name it; upper and lower case are "
             "the same." },
    { .name = "match",
      .kind = FIELD_EXPRESSION,
      MEMBER(quota_entry, match),
      .doc = "Which requests are charged; others pass it freely. By default "
             "all." },
    { .name = "mode",
      .kind = FIELD_CHOICE,
      MEMBER(quota_entry, mode),
      .choices = modes,
      .fallback = "enforce",
      .doc = "`shadow`: charges and counts, but never refuses." },
    { .name = "dimensions",
      .kind = FIELD_EXPRESSION_MAP,
      MEMBER(quota_entry, dimensions),
      .most = 16,
      .doc = "Expressions by name: each combination of their values has usage "
             "of its own. By default there is one usage for all." },
    { .name = "concurrency",
      .kind = FIELD_OPTIONAL_GROUP,
      MEMBER(quota_entry, concurrency),
      .group = &concurrency_group,
      .doc = "A limit of how many at the same time." },
    { .name = "rate",
      .kind = FIELD_OPTIONAL_GROUP,
      MEMBER(quota_entry, rate),
      .group = &rate_group,
      .doc = "A limit of how many in a time. A quota has either `concurrency` "
             "or `rate`." },
    { .name = "overrides",
      .kind = FIELD_LIST,
      MEMBER(quota_entry, overrides),
      .most = 10000,
      .group = &override_group,
      .doc = "Other limits for some keys." },
    { .name = "dedup",
      .kind = FIELD_DURATION,
      MEMBER(quota_entry, dedup_ns),
      .least = 0,
      .most = HOUR,
      .fallback = "1s",
      .doc = "How long a repeated call with the same deduplication id is "
             "answered as the first was, uncharged; 0: not at all." },
    { .name = "on_outage",
      .kind = FIELD_CHOICE,
      MEMBER(quota_entry, on_outage),
      .choices = on_outages,
      .fallback = "open",
      .doc = "What holds when the store does not answer. `open`: granted. "
             "`closed`: refused. Both are counted." },
};

static const struct group quota_group =
    GROUP(quota_entry, quota_fields,
          "Limits that rules charge, or that callers name themselves.");

static const struct field deny_fields[] = {
    { .name = "code",
      .kind = FIELD_CHOICE,
      MEMBER(denial, code),
      .choices = all_codes + 1,
      .fallback = "PERMISSION_DENIED",
      .doc = "The gRPC status." },
    { .name = "message",
      .kind = FIELD_TEXT,
      MEMBER(denial, message),
      .most = 1024,
      .fallback = "",
      .doc = "For the caller, behind the name of the rule." },
    { .name = "http_status",
      .kind = FIELD_INTEGER,
      MEMBER(denial, http_status),
      .least = 400,
      .most = 599,
      .doc = "The HTTP status; by default it follows from the code." },
};

static const struct group deny_group =
    GROUP(denial, deny_fields,
          "How a refusal looks. In a rule without quotas, whatever matches is "
          "refused.");

static const struct field rule_fields[] = {
    { .name = "name",
      .kind = FIELD_TEXT,
      MEMBER(rule_entry, name),
      .is_required = true,
      .least = 1,
      .most = NAME_BYTES_MAX,
      .doc = "For messages and metrics." },
    { .name = "match",
      .kind = FIELD_EXPRESSION,
      MEMBER(rule_entry, match),
      .doc = "Which requests it is for. By default all." },
    { .name = "deny",
      .kind = FIELD_OPTIONAL_GROUP,
      MEMBER(rule_entry, deny),
      .group = &deny_group,
      .doc = "Refuses what matches; with `quota`, only shapes the refusal." },
    { .name = "quota",
      .kind = FIELD_NAMES,
      MEMBER(rule_entry, quotas),
      .least = 1,
      .most = 8,
      .doc = "The quotas that are charged 1 each: all of them, or none if one "
             "refuses." },
    { .name = "on_error",
      .kind = FIELD_CHOICE,
      MEMBER(rule_entry, on_error),
      .choices = on_errors,
      .fallback = "skip",
      .doc = "When `match` or a dimension cannot be evaluated, as for want of "
             "an attribute. `skip`: as if the rule did not match. `deny`: "
             "PERMISSION_DENIED. `allow`: the request passes and later rules "
             "are not asked." },
    { .name = "mode",
      .kind = FIELD_CHOICE,
      MEMBER(rule_entry, mode),
      .choices = modes,
      .fallback = "enforce",
      .doc = "`shadow`: decides and counts, but does not act." },
};

static const struct group rule_group =
    GROUP(rule_entry, rule_fields,
          "What happens to a request: all rules are asked, in this order. A "
          "rule has `deny`, `quota` or both.");

static const struct field log_fields[] = {
    { .name = "level",
      .kind = FIELD_CHOICE,
      MEMBER(log_settings, level),
      .choices = log_levels,
      .fallback = "info",
      .doc = "The least important messages that are written." },
};

static const struct group log_group =
    GROUP(log_settings, log_fields, "What is written to standard error.");

static const struct field document_fields[] = {
    { .name = "server",
      .kind = FIELD_GROUP,
      MEMBER(document, server),
      .group = &server_group,
      .doc = "The program itself." },
    { .name = "store",
      .kind = FIELD_GROUP,
      MEMBER(document, store),
      .group = &store_group,
      .doc = "Where usage of quotas is kept." },
    { .name = "attributes",
      .kind = FIELD_LIST,
      MEMBER(document, attributes),
      .most = 10000,
      .group = &attribute_group,
      .doc = "Further attributes that expressions may read." },
    { .name = "quotas",
      .kind = FIELD_LIST,
      MEMBER(document, quotas),
      .most = 10000,
      .group = &quota_group,
      .doc = "Limits." },
    { .name = "rules",
      .kind = FIELD_LIST,
      MEMBER(document, rules),
      .most = 100000,
      .group = &rule_group,
      .doc = "What happens to which request." },
    { .name = "log",
      .kind = FIELD_GROUP,
      MEMBER(document, log),
      .group = &log_group,
      .doc = "What is written to standard error." },
};

const struct group document_group =
    GROUP(document, document_fields, "The whole file.");

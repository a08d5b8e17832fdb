#include "config/schema.h"

#include "config/entry.h"
#include "config/schema_part.h"
#include "policy/base/clock.h"
#include "quota/local/local.h"

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

static const struct choice value_types[] = {
#define X(name, number) { #name, VALUE_##name },
    VALUE_TYPES(X)
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
      .least = 1024,
      .most = 64 << 20,
      .fallback = "1MiB",
      .doc = "Largest request." },
    { .name = "max_header",
      .kind = FIELD_BYTES,
      MEMBER(server_settings, max_header_bytes),
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

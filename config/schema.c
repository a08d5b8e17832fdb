#include "config/schema.h"

#include "config/entry.h"
#include "config/schema_part.h"
#include "policy/base/clock.h"
#include "quota/local/local.h"
#include "quota/redis/redis.h"
#include "quota/share.h"

#define PATH_BYTES_MAX 2048

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
    { .name = "control",
      .kind = FIELD_SOCKET,
      MEMBER(server_settings, control),
      .needs_restart = true,
      .is_bound = true,
      .doc = "Where `sluice peek` and `sluice reset` are answered: "
             "`unix:/path`, a socket that only root and the user of the "
             "server may use; empty: nowhere." },
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
    { .name = "explain",
      .kind = FIELD_BOOL,
      MEMBER(server_settings, explain),
      .fallback = "false",
      .doc = "Whether callers that ask for it, by metadata "
             "`sluice-explain: 1`, are told why: their replies then name "
             "rules and what they read. It takes some time of the worker." },
    { .name = "redact",
      .kind = FIELD_BOOL,
      MEMBER(server_settings, redact),
      .fallback = "false",
      .doc = "Whether people see short hashes in place of what keys are made "
             "of: `user=#1f3a` for `user=ann`, in status, log and "
             "explanations. The same value has the same hash everywhere." },
};

static const struct group server_group =
    GROUP(server_settings, server_fields, "The program itself.");

static const struct field sentinel_fields[] = {
    { .name = "master",
      .kind = FIELD_TEXT,
      MEMBER(sentinel_settings, master),
      .is_required = true,
      .needs_restart = true,
      .least = 1,
      .most = NAME_BYTES_MAX,
      .doc = "By which the sentinels know it." },
    { .name = "user",
      .kind = FIELD_TEXT,
      MEMBER(sentinel_settings, credentials.user),
      .least = 1,
      .most = NAME_BYTES_MAX,
      .doc = "User of the sentinels' own access control, if they have one. "
             "Needs `password_file`." },
    { .name = "password_file",
      .kind = FIELD_TEXT,
      MEMBER(sentinel_settings, password_file),
      .least = 1,
      .most = PATH_BYTES_MAX,
      .doc = "A file that holds the sentinels' password, as that of the "
             "store." },
};

static const struct group sentinel_group = GROUP(
    sentinel_settings, sentinel_fields,
    "The servers are sentinels: they are asked which Redis is the master, "
    "at the start and whenever it is lost.");

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
    { .name = "path",
      .kind = FIELD_TEXT,
      MEMBER(store_settings, path),
      .needs_restart = true,
      .least = 1,
      .most = PATH_BYTES_MAX,
      .doc = "A file that the memory lies in, so that usage outlives the "
             "program; only for the kind `memory`. Its path is relative to "
             "the file that names it, and it belongs to one running Sluice. "
             "One that does not fit (of another size or version, or damaged) "
             "begins afresh; see [operation](operation.md)." },
    { .name = "servers",
      .kind = FIELD_ADDRESSES,
      MEMBER(store_settings, servers),
      .needs_restart = true,
      .least = 1,
      .most = REDIS_SERVERS_MAX,
      .doc = "Where Redis is: `host:port` or `unix:/path`. Required for the "
             "kind `redis`. With `sentinel`: where the sentinels are; with "
             "`cluster`: some of its nodes; else one." },
    { .name = "sentinel",
      .kind = FIELD_OPTIONAL_GROUP,
      MEMBER(store_settings, sentinel),
      .needs_restart = true,
      .group = &sentinel_group,
      .doc = "Where `servers` are sentinels." },
    { .name = "cluster",
      .kind = FIELD_BOOL,
      MEMBER(store_settings, is_cluster),
      .needs_restart = true,
      .fallback = "false",
      .doc = "Whether `servers` are nodes of a Redis Cluster; see "
             "[operation](operation.md)." },
    { .name = "user",
      .kind = FIELD_TEXT,
      MEMBER(store_settings, credentials.user),
      .least = 1,
      .most = NAME_BYTES_MAX,
      .doc = "User of Redis' access control; by default its default user. "
             "Needs `password_file`. A change holds from the next connection "
             "on." },
    { .name = "password_file",
      .kind = FIELD_TEXT,
      MEMBER(store_settings, password_file),
      .least = 1,
      .most = PATH_BYTES_MAX,
      .doc = "A file that holds the password of that user, on one line of at "
             "most 512 bytes. Its path is relative to the file that names it. "
             "It is watched as the configuration is; a change holds from the "
             "next connection on." },
    { .name = "database",
      .kind = FIELD_INTEGER,
      MEMBER(store_settings, database),
      .needs_restart = true,
      .least = 0,
      .most = 1000000,
      .fallback = "0",
      .doc = "Number of the Redis database. A cluster has only 0." },
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
    { .name = "replicas",
      .kind = FIELD_INTEGER,
      MEMBER(store_settings, replicas),
      .least = 1,
      .most = SHARE_REPLICAS_MAX,
      .fallback = "1",
      .doc = "How many servers share Redis: while it does not answer, each "
             "grants that part of a quota with `on_outage = \"local\"`." },
    { .name = "local_size",
      .kind = FIELD_BYTES,
      MEMBER(store_settings, local_size_bytes),
      .needs_restart = true,
      .least = LOCAL_SIZE_MIN_BYTES,
      .most = LOCAL_SIZE_MAX_BYTES,
      .fallback = "8MiB",
      .doc = "Memory for quotas with `on_outage = \"local\"` while Redis does "
             "not answer, taken at the start." },
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

static const struct choice roster_types[] = { { "string", ROSTER_STRING },
                                              { "string_nocase",
                                                ROSTER_STRING_NOCASE },
                                              { "ip", ROSTER_IP },
                                              { "regex", ROSTER_REGEX },
                                              { NULL, 0 } };

static const struct field list_fields[] = {
    { .name = "name",
      .kind = FIELD_TEXT,
      MEMBER(list_entry, name),
      .is_required = true,
      .least = 1,
      .most = NAME_BYTES_MAX,
      .doc = "By which rules name it." },
    { .name = "type",
      .kind = FIELD_CHOICE,
      MEMBER(list_entry, type),
      .choices = roster_types,
      .fallback = "string",
      .doc = "What an entry is. `string`: a text. `string_nocase`: the same, "
             "upper or lower case of ASCII letters. `ip`: an address, or a "
             "network such as `10.0.0.0/8`. `regex`: a PCRE2 pattern, found "
             "anywhere unless it is anchored; each one is searched for, and "
             "at most 1000." },
    { .name = "entries",
      .kind = FIELD_NAMES,
      MEMBER(list_entry, entries),
      .most = 100000,
      .doc = "Entries, in addition to those of `file` or `url`." },
    { .name = "file",
      .kind = FIELD_TEXT,
      MEMBER(list_entry, file),
      .least = 1,
      .most = PATH_BYTES_MAX,
      .doc = "A file with one entry a line; lines that begin with `#` are "
             "comments. Its path is relative to the file that names it. It is "
             "watched as the configuration is." },
    { .name = "url",
      .kind = FIELD_TEXT,
      MEMBER(list_entry, url),
      .least = 1,
      .most = PATH_BYTES_MAX,
      .doc = "Where such a file is fetched from, by `http` or `https`." },
    { .name = "refresh",
      .kind = FIELD_DURATION,
      MEMBER(list_entry, refresh_ns),
      .least = SECOND,
      .most = 24 * HOUR,
      .fallback = "1m",
      .doc = "How often the `url` is asked." },
    { .name = "max_age",
      .kind = FIELD_DURATION,
      MEMBER(list_entry, max_age_ns),
      .least = SECOND,
      .most = 30 * (24 * HOUR),
      .fallback = "5m",
      .doc = "A list that the `url` has not confirmed for so long can no "
             "longer be evaluated: the `on_error` of each rule says what "
             "holds then. Not less than `refresh`." },
    { .name = "timeout",
      .kind = FIELD_DURATION,
      MEMBER(list_entry, timeout_ns),
      .least = 100 * MILLISECOND,
      .most = 10 * MINUTE,
      .fallback = "10s",
      .doc = "How long one answer of the `url` may take. The start, and a "
             "reload that adds the list, wait so long at most." },
    { .name = "max_size",
      .kind = FIELD_BYTES,
      MEMBER(list_entry, max_bytes),
      .least = 1024,
      .most = 1 << 30,
      .fallback = "16MiB",
      .doc = "The largest `file` or answer of the `url` that is accepted." },
    { .name = "cache",
      .kind = FIELD_TEXT,
      MEMBER(list_entry, cache),
      .least = 1,
      .most = PATH_BYTES_MAX,
      .doc = "A file that the last good answer of the `url` is kept in, for a "
             "start while the `url` is away. Its path is relative to the file "
             "that names it." },
    { .name = "ca_file",
      .kind = FIELD_TEXT,
      MEMBER(list_entry, ca_file),
      .least = 1,
      .most = PATH_BYTES_MAX,
      .doc = "Certificates (PEM) that the server of the `https` url must be "
             "certified by, in place of the system's. It is read anew each "
             "time. Its path is relative to the file that names it." },
    { .name = "header_file",
      .kind = FIELD_TEXT,
      MEMBER(list_entry, header_file),
      .least = 1,
      .most = PATH_BYTES_MAX,
      .doc = "A file with one line `Name: value`, a header to be sent to the "
             "`https` url, such as `Authorization: Bearer ...`. It is read "
             "anew each time and never shown; redirects are not followed then. "
             "Its path is relative to the file that names it." },
};

static const struct group list_group = GROUP(
    list_entry, list_fields,
    "Entries that rules look values up among. They come from `entries`, and "
    "from a `file` or a `url`.");

static const struct field log_fields[] = {
    { .name = "level",
      .kind = FIELD_CHOICE,
      MEMBER(log_settings, level),
      .choices = log_levels,
      .fallback = "info",
      .doc = "The least important messages that are written." },
    { .name = "denials",
      .kind = FIELD_INTEGER,
      MEMBER(log_settings, denial_percent),
      .least = 0,
      .most = 100,
      .fallback = "0",
      .doc = "How many of 100 refused requests have a line, with rule, quota, "
             "key and the decision's id, which the reply has too." },
    { .name = "denials_per_second",
      .kind = FIELD_INTEGER,
      MEMBER(log_settings, denials_per_second),
      .least = 1,
      .most = 10000,
      .fallback = "10",
      .doc = "The most of these lines that a worker writes; a line tells how "
             "many were left out before it." },
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
    { .name = "lists",
      .kind = FIELD_LIST,
      MEMBER(document, lists),
      .most = 1000,
      .group = &list_group,
      .doc = "Lists." },
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

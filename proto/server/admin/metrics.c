#include "proto/server/admin/metrics.h"

#include "policy/base/clock.h"
#include "quota/local/local.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>

void metrics_write_label_value(FILE *out, struct str value)
{
    fputc('"', out);
    for (size_t i = 0; i < value.len; i++)
        switch (value.data[i]) {
        case '\n':
            fputs("\\n", out);
            break;
        case '"':
        case '\\':
            fputc('\\', out);
            fputc(value.data[i], out);
            break;
        default:
            fputc(value.data[i], out);
            break;
        }
    fputc('"', out);
}

static void write_head(FILE *out, const char *name, const char *type,
                       const char *help)
{
    fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void write_one(FILE *out, const char *name, const char *type,
                      const char *help, uint64_t value)
{
    write_head(out, name, type, help);
    fprintf(out, "%s %" PRIu64 "\n", name, value);
}

/* A point in time, in seconds since 1970. */
static void write_time(FILE *out, const char *name, const char *help,
                       int64_t wall_ns)
{
    write_head(out, name, "gauge", help);
    fprintf(out, "%s %" PRId64 ".%03" PRId64 "\n", name, wall_ns / SECOND,
            wall_ns % SECOND / MILLISECOND);
}

static void write_server(FILE *out, const struct shared *shared)
{
    write_head(out, "sluice_build_info", "gauge", "version of the program");
    fprintf(out, "sluice_build_info{version=\"%s\"} 1\n", SLUICE_VERSION);
    write_time(out, "sluice_start_time_seconds", "when the server started",
               shared->started_wall_ns);
    write_one(out, "sluice_config_generation", "gauge",
              "number of the configuration that serves",
              atomic_load(&shared->generation));
    write_time(out, "sluice_config_time_seconds", "when it began to serve",
               atomic_load(&shared->reloaded_wall_ns));
    write_one(out, "sluice_reloads_total", "counter",
              "configurations taken over", atomic_load(&shared->reloads));
    write_one(out, "sluice_reload_failures_total", "counter",
              "configurations refused", atomic_load(&shared->reload_failures));
}

#define WORKER_VALUES(X)                                                       \
    X(restarts, "restarts_total", "counter", "times it was started again")     \
    X(rss_bytes, "memory_bytes", "gauge", "memory of its own")                 \
    X(open_connections, "open_connections", "gauge", "connections it holds")   \
    X(calls_in_progress, "calls_in_progress", "gauge", "calls it works on")    \
    X(open_streams, "open_streams", "gauge", "streams that it holds open")

static void write_workers(FILE *out, const struct shared *shared)
{
    uint64_t serving = 0;

    for (uint32_t i = 0; i < shared->worker_count; i++)
        serving += atomic_load(&shared->workers[i].state) == WORKER_SERVING;
    write_one(out, "sluice_workers", "gauge", "workers that should serve",
              shared->worker_count);
    write_one(out, "sluice_workers_serving", "gauge", "workers that serve",
              serving);
#define X(field, suffix, type, help)                                           \
    write_head(out, "sluice_worker_" suffix, type, help);                      \
    for (uint32_t i = 0; i < shared->worker_count; i++)                        \
        fprintf(out,                                                           \
                "sluice_worker_" suffix "{worker=\"%" PRIu32 "\"} %" PRIu64    \
                "\n",                                                          \
                i, (uint64_t)atomic_load(&shared->workers[i].field));
    WORKER_VALUES(X)
#undef X
}

static void write_checks(FILE *out, const struct shared *shared)
{
    static const char name[] = "sluice_checks_total";

    write_head(out, name, "counter", "checks, by how they ended");
    for (unsigned door = 0; door < DOOR_COUNT; door++)
        for (unsigned verdict = 0; verdict < VERDICT_COUNT; verdict++)
            fprintf(out, "%s{door=\"%s\",verdict=\"%s\"} %" PRIu64 "\n", name,
                    door_facts[door].label, verdict_labels[verdict],
                    shared_checks(shared, door, verdict));
}

/* Upper bounds of the exported buckets. The shared ones are finer: each counts
 * where it ends, so a bound is exact to 3 %. */
static const struct {
    int64_t bound_ns;
    const char *label;
} bounds[] = {
    { 10 * MICROSECOND, "0.00001" },
    { 25 * MICROSECOND, "0.000025" },
    { 50 * MICROSECOND, "0.00005" },
    { 100 * MICROSECOND, "0.0001" },
    { 250 * MICROSECOND, "0.00025" },
    { 500 * MICROSECOND, "0.0005" },
    { 1 * MILLISECOND, "0.001" },
    { 2500 * MICROSECOND, "0.0025" },
    { 5 * MILLISECOND, "0.005" },
    { 10 * MILLISECOND, "0.01" },
    { 25 * MILLISECOND, "0.025" },
    { 50 * MILLISECOND, "0.05" },
    { 100 * MILLISECOND, "0.1" },
    { 250 * MILLISECOND, "0.25" },
    { 500 * MILLISECOND, "0.5" },
    { 1 * SECOND, "1" },
    { 2500 * MILLISECOND, "2.5" },
    { 5 * SECOND, "5" },
    { 10 * SECOND, "10" },
    { INT64_MAX, "+Inf" },
};

/* labels: "" or "door=\"mixer\"". offset: of the histogram in a block. */
static void write_histogram(FILE *out, const struct shared *shared,
                            const char *name, const char *labels, size_t offset)
{
    size_t buckets = offset + offsetof(struct histogram, buckets);
    uint64_t total_ns =
        shared_sum(shared, offset + offsetof(struct histogram, sum_ns));
    const char *open, *close; /* without labels there are no braces */
    uint64_t count = 0;
    uint32_t bucket = 0;

    for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
        for (; bucket < HISTOGRAM_BUCKETS &&
               histogram_bound_ns(bucket) <= bounds[i].bound_ns;
             bucket++)
            count += shared_sum(shared, buckets + bucket * sizeof(uint64_t));
        fprintf(out, "%s_bucket{%s%sle=\"%s\"} %" PRIu64 "\n", name, labels,
                labels[0] ? "," : "", bounds[i].label, count);
    }
    open = labels[0] ? "{" : "";
    close = labels[0] ? "}" : "";
    fprintf(out, "%s_sum%s%s%s %" PRIu64 ".%09" PRIu64 "\n", name, open, labels,
            close, total_ns / (uint64_t)SECOND, total_ns % (uint64_t)SECOND);
    fprintf(out, "%s_count%s%s%s %" PRIu64 "\n", name, open, labels, close,
            count);
}

static void write_latencies(FILE *out, const struct shared *shared)
{
    static const char checks[] = "sluice_check_duration_seconds";
    static const char store[] = "sluice_store_duration_seconds";

    write_head(out, checks, "histogram", "from a check's arrival to its reply");
    for (unsigned door = 0; door < DOOR_COUNT; door++) {
        char labels[64];

        snprintf(labels, sizeof(labels), "door=\"%s\"", door_facts[door].label);
        write_histogram(out, shared, checks, labels,
                        offsetof(struct worker_block, latency) +
                            door * sizeof(struct histogram));
    }
    write_head(out, store, "histogram", "time that the store took to answer");
    write_histogram(out, shared, store, "",
                    offsetof(struct worker_block, store_latency));
}

struct counter {
    const char *name, *help;
    size_t offset;
};

static void write_counters(FILE *out, const struct shared *shared)
{
    static const struct counter counters[] = {
#define X(name, help)                                                          \
    { "sluice_" #name "_total", help, offsetof(struct worker_block, name) },
        WORKER_COUNTERS(X)
#undef X
#define X(name, help)                                                          \
    { "sluice_store_" #name "_total", help,                                    \
      offsetof(struct worker_block, store_##name) },
            STORE_STATS(X)
#undef X
    };

    for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
        write_one(out, counters[i].name, "counter", counters[i].help,
                  shared_sum(shared, counters[i].offset));
}

/* One counter of every named thing. stride: from one slot to the next. */
static void write_named(FILE *out, const struct shared *shared,
                        const struct counter *counter, size_t stride,
                        const char *label, const struct name_table *names)
{
    uint32_t count = atomic_load_explicit(&names->count, memory_order_acquire);

    write_head(out, counter->name, "counter", counter->help);
    for (uint32_t slot = 0; slot < count; slot++) {
        uint64_t value = shared_sum(shared, counter->offset + slot * stride);

        /* Slot 0 stands for names without a slot: mostly there are none. */
        if (slot == 0 && value == 0)
            continue;
        fprintf(out, "%s{%s=", counter->name, label);
        metrics_write_label_value(out, str_of(names->names[slot]));
        fprintf(out, "} %" PRIu64 "\n", value);
    }
}

static void write_rules(FILE *out, const struct shared *shared)
{
    static const struct counter counters[] = {
#define X(name, help)                                                          \
    { "sluice_rule_" #name "_total", help,                                     \
      offsetof(struct worker_block, rules[0].name) },
        RULE_COUNTERS(X)
#undef X
    };

    for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
        write_named(out, shared, &counters[i], sizeof(struct rule_counters),
                    "rule", &shared->rule_names);
}

static void write_quotas(FILE *out, const struct shared *shared)
{
    static const struct counter counters[] = {
#define X(name, help)                                                          \
    { "sluice_quota_" #name "_total", help,                                    \
      offsetof(struct worker_block, quotas[0].name) },
        QUOTA_COUNTERS(X)
#undef X
    };

    for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
        write_named(out, shared, &counters[i], sizeof(struct quota_counters),
                    "quota", &shared->quota_names);
}

/* One value of every list. */
static void write_list_values(FILE *out, const struct list_row *rows,
                              uint32_t count, const char *name,
                              const char *help,
                              uint64_t (*value)(const struct list_row *row))
{
    write_head(out, name, "gauge", help);
    for (uint32_t i = 0; i < count; i++) {
        fprintf(out, "%s{list=", name);
        metrics_write_label_value(out, str_of(rows[i].name));
        fprintf(out, "} %" PRIu64 "\n", value(&rows[i]));
    }
}

static uint64_t is_available(const struct list_row *row)
{
    return row->is_available;
}

static uint64_t entries_of(const struct list_row *row)
{
    return row->entry_count;
}

static uint64_t bytes_of(const struct list_row *row)
{
    return row->bytes;
}

/* Of lists that were never confirmed: not at all. */
static void write_list_times(FILE *out, const struct list_row *rows,
                             uint32_t count)
{
    static const char name[] = "sluice_list_confirmed_time_seconds";

    write_head(out, name, "gauge", "when the list's url last confirmed it");
    for (uint32_t i = 0; i < count; i++) {
        int64_t wall_ns = rows[i].news.confirmed_wall_ns;

        if (wall_ns == 0)
            continue;
        fprintf(out, "%s{list=", name);
        metrics_write_label_value(out, str_of(rows[i].name));
        fprintf(out, "} %" PRId64 ".%03" PRId64 "\n", wall_ns / SECOND,
                wall_ns % SECOND / MILLISECOND);
    }
}

static void write_list_answers(FILE *out, const struct list_row *rows,
                               uint32_t count)
{
    static const char name[] = "sluice_list_answers_total";

    write_head(out, name, "counter", "answers of the list's url");
    for (uint32_t i = 0; i < count; i++) {
        if (rows[i].origin != LIST_URL)
            continue;
#define X(answer)                                                              \
    fprintf(out, "%s{list=", name);                                            \
    metrics_write_label_value(out, str_of(rows[i].name));                      \
    fprintf(out, ",result=\"" #answer "\"} %" PRIu64 "\n", rows[i].news.answer);
        LIST_ANSWERS(X)
#undef X
    }
}

static void write_lists(FILE *out, struct list_board *board)
{
    uint32_t count;
    struct list_row *rows = list_board_copy(board, &count);

    write_list_values(out, rows, count, "sluice_list_available",
                      "1 while rules can look values up in it", is_available);
    write_list_values(out, rows, count, "sluice_list_entries",
                      "entries of the list", entries_of);
    write_list_values(out, rows, count, "sluice_list_bytes",
                      "memory of the list, once for all workers", bytes_of);
    write_list_times(out, rows, count);
    write_list_answers(out, rows, count);
    free(rows);
}

static void write_gate(FILE *out, const struct gate *gate)
{
    write_one(out, "sluice_gate_open", "gauge",
              "1 while quotas are answered without the store",
              atomic_load(&gate->mask) != 0);
    write_one(out, "sluice_gate_episodes_total", "counter",
              "times that it opened", atomic_load(&gate->episodes));
    write_one(out, "sluice_gate_answers", "gauge",
              "answers without the store in the last episode",
              atomic_load(&gate->answers));
}

static void write_skew(FILE *out, const struct shared *shared)
{
    static const char name[] = "sluice_store_clock_skew_seconds";
    int64_t skew_ns, size_ns;

    if (!shared_store_skew(shared, &skew_ns))
        return;
    size_ns = skew_ns < 0 ? -skew_ns : skew_ns;
    write_head(out, name, "gauge",
               "how far the store's clock is ahead of this machine's");
    fprintf(out, "%s %s%" PRId64 ".%09" PRId64 "\n", name,
            skew_ns < 0 ? "-" : "", size_ns / SECOND, size_ns % SECOND);
}

static void write_journal(FILE *out, const struct journal *journal)
{
    write_one(out, "sluice_journal_entries", "gauge",
              "keys and leases used in an outage that the store is not told of",
              atomic_load(&journal->count));
    write_one(out, "sluice_journal_lost_total", "counter",
              "the same that it will never be told of, for want of room",
              atomic_load(&journal->lost));
}

static void write_usage(FILE *out, struct store *store)
{
    struct local_usage usage;

    local_usage(store, &usage);
    write_one(out, "sluice_store_size_bytes", "gauge",
              "memory of the store, or for its outages", usage.size_bytes);
    write_one(out, "sluice_store_cells", "gauge", "entries that it can hold",
              usage.cells);
    write_one(out, "sluice_store_free_cells", "gauge", "entries that are free",
              usage.free_cells);
    write_one(out, "sluice_store_keys", "gauge", "keys with usage", usage.keys);
    write_one(out, "sluice_store_leases", "gauge", "leases that are held",
              usage.leases);
}

void metrics_write(FILE *out, const struct facts *facts)
{
    const struct shared *shared = facts->shared;

    write_server(out, shared);
    write_workers(out, shared);
    write_checks(out, shared);
    write_latencies(out, shared);
    write_counters(out, shared);
    write_rules(out, shared);
    write_quotas(out, shared);
    write_lists(out, facts->board);
    write_gate(out, &shared->gate);
    write_skew(out, shared);
    write_journal(out, &shared->journal);
    if (facts->store)
        write_usage(out, facts->store);
}

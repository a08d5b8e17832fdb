#include "proto/server/admin/status.h"

#include "policy/base/clock.h"
#include "proto/server/admin/holders_json.h"
#include "quota/local/local.h"

#include <jansson.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

static json_t *integer(uint64_t value)
{
    return json_integer((json_int_t)value);
}

/* RFC 3339, UTC, to the second. */
static json_t *instant(int64_t wall_ns)
{
    time_t seconds = (time_t)(wall_ns / SECOND);
    struct tm utc;
    char text[32];

    gmtime_r(&seconds, &utc);
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
    return json_string(text);
}

static const char *worker_state_name(enum worker_state state)
{
    switch (state) {
    case WORKER_STARTING:
        return "starting";
    case WORKER_SERVING:
        return "serving";
    case WORKER_DRAINING:
        return "draining";
    case WORKER_DEAD:
        return "dead";
    }
    return "unknown";
}

static json_t *workers(const struct shared *shared)
{
    json_t *array = json_array();

    for (uint32_t i = 0; i < shared->worker_count; i++) {
        const struct worker_block *block = &shared->workers[i];
        enum worker_state state = (enum worker_state)atomic_load(&block->state);
        json_t *worker = json_object();

        json_object_set_new(worker, "pid", json_integer(block->pid));
        json_object_set_new(worker, "state",
                            json_string(worker_state_name(state)));
#define X(field) json_object_set_new(worker, #field, integer(block->field));
        X(generation)
        X(restarts)
        X(open_connections)
        X(calls_in_progress)
        X(open_streams)
        X(calls_total)
        X(rss_bytes)
#undef X
        json_array_append_new(array, worker);
    }
    return array;
}

static json_t *gate_state(const struct gate *gate)
{
    bool is_open = atomic_load(&gate->mask) != 0;
    json_t *object = json_object();

    json_object_set_new(object, "open", json_boolean(is_open));
    if (is_open)
        json_object_set_new(object, "since",
                            instant(atomic_load(&gate->opened_wall_ns)));
    json_object_set_new(object, "answers", integer(gate->answers));
    json_object_set_new(object, "episodes", integer(gate->episodes));
    json_object_set_new(object, "last_ms",
                        json_integer(gate->lasted_ns / MILLISECOND));
    return object;
}

static json_t *journal(const struct journal *journal)
{
    json_t *object = json_object();

    json_object_set_new(object, "entries", integer(journal->count));
    json_object_set_new(object, "lost", integer(journal->lost));
    return object;
}

static json_t *usage(struct store *store)
{
    struct local_usage local;
    json_t *object = json_object();

    local_usage(store, &local);
#define X(field) json_object_set_new(object, #field, integer(local.field));
    X(size_bytes)
    X(cells)
    X(free_cells)
    X(keys)
    X(leases)
#undef X
    return object;
}

static const char *store_name(enum store_kind kind)
{
    switch (kind) {
    case STORE_MEMORY:
        return "memory";
    case STORE_REDIS:
        return "redis";
    }
    return "unknown";
}

static json_t *store(const struct facts *facts)
{
    const struct gate *gate = &facts->shared->gate;
    json_t *object = json_object();
    int64_t skew_ns;

    json_object_set_new(object, "kind",
                        json_string(store_name(facts->store_kind)));
    json_object_set_new(object, "up", json_boolean(!atomic_load(&gate->mask)));
    json_object_set_new(object, "gate", gate_state(gate));
    if (shared_store_skew(facts->shared, &skew_ns))
        json_object_set_new(object, "clock_skew_us",
                            json_integer(skew_ns / MICROSECOND));
    if (facts->store)
        json_object_set_new(
            object, facts->store_kind == STORE_MEMORY ? "usage" : "fallback",
            usage(facts->store));
    json_object_set_new(object, "journal", journal(&facts->shared->journal));
    return object;
}

static json_t *checks(const struct shared *shared)
{
    json_t *doors = json_object();

    for (unsigned i = 0; i < DOOR_COUNT; i++) {
        json_t *door = json_object();

        for (unsigned j = 0; j < VERDICT_COUNT; j++)
            json_object_set_new(door, verdict_labels[j],
                                integer(shared_checks(shared, i, j)));
        json_object_set_new(doors, door_facts[i].label, door);
    }
    return doors;
}

struct counter {
    const char *name;
    size_t offset; /* in a worker's block, of slot 0 */
};

/* Counters by name: of rules or quotas. stride: from one slot to the next.
 * Slot 0 stands for names without a slot; mostly there are none. */
static json_t *named(const struct shared *shared,
                     const struct name_table *names,
                     const struct counter *counters, size_t counter_count,
                     size_t stride)
{
    uint32_t count = atomic_load_explicit(&names->count, memory_order_acquire);
    json_t *object = json_object();

    for (uint32_t slot = 0; slot < count; slot++) {
        json_t *values = json_object();
        uint64_t total = 0;

        for (size_t i = 0; i < counter_count; i++) {
            uint64_t value =
                shared_sum(shared, counters[i].offset + slot * stride);

            total += value;
            json_object_set_new(values, counters[i].name, integer(value));
        }
        if (slot > 0 || total > 0)
            json_object_set(object, names->names[slot], values);
        json_decref(values);
    }
    return object;
}

static json_t *rules(const struct shared *shared)
{
    static const struct counter counters[] = {
#define X(name, help) { #name, offsetof(struct worker_block, rules[0].name) },
        RULE_COUNTERS(X)
#undef X
    };

    return named(shared, &shared->rule_names, counters,
                 sizeof(counters) / sizeof(counters[0]),
                 sizeof(struct rule_counters));
}

static json_t *quotas(const struct shared *shared)
{
    static const struct counter counters[] = {
#define X(name, help) { #name, offsetof(struct worker_block, quotas[0].name) },
        QUOTA_COUNTERS(X)
#undef X
    };

    return named(shared, &shared->quota_names, counters,
                 sizeof(counters) / sizeof(counters[0]),
                 sizeof(struct quota_counters));
}

/* What is known of how it is fetched. */
static void set_news(json_t *object, const struct list_news *news)
{
    if (news->confirmed_wall_ns > 0)
        json_object_set_new(object, "confirmed",
                            instant(news->confirmed_wall_ns));
#define X(answer) json_object_set_new(object, #answer, integer(news->answer));
    LIST_ANSWERS(X)
#undef X
    if (news->error[0])
        json_object_set_new(object, "error", json_string(news->error));
}

static json_t *list(const struct list_row *row)
{
    json_t *object = json_object();

    json_object_set_new(object, "from",
                        json_string(list_origin_name(row->origin)));
    json_object_set_new(object, "available", json_boolean(row->is_available));
    json_object_set_new(object, "entries", integer(row->entry_count));
    json_object_set_new(object, "bytes", integer(row->bytes));
    if (row->origin == LIST_URL)
        set_news(object, &row->news);
    return object;
}

static json_t *lists(struct list_board *board)
{
    json_t *object = json_object();
    struct list_row *rows;
    uint32_t count;

    rows = list_board_copy(board, &count);
    for (uint32_t i = 0; i < count; i++)
        json_object_set_new(object, rows[i].name, list(&rows[i]));
    free(rows);
    return object;
}

static json_t *configuration(const struct facts *facts)
{
    const struct shared *shared = facts->shared;
    json_t *object = json_object();

    json_object_set_new(object, "path",
                        facts->config_path ? json_string(facts->config_path)
                                           : json_null());
    json_object_set_new(object, "generation", integer(shared->generation));
    json_object_set_new(object, "since", instant(shared->reloaded_wall_ns));
    json_object_set_new(object, "reloads", integer(shared->reloads));
    json_object_set_new(object, "failures", integer(shared->reload_failures));
    return object;
}

/* The keys refused most; none where nobody looks. */
static json_t *refused(struct hot_board *board)
{
    struct hot_rows *rows = board ? hot_board_copy(board) : NULL;
    json_t *array = rows ? hot_rows_json(rows, clock_boot_ns()) : json_array();

    free(rows);
    return array;
}

char *status_json(const struct facts *facts)
{
    const struct shared *shared = facts->shared;
    int64_t uptime_ns = clock_wall_ns() - shared->started_wall_ns;
    json_t *object = json_object();
    char *text;

    json_object_set_new(object, "version", json_string(SLUICE_VERSION));
    json_object_set_new(object, "started", instant(shared->started_wall_ns));
    json_object_set_new(object, "uptime_seconds",
                        json_integer(uptime_ns / SECOND));
    json_object_set_new(object, "draining", json_boolean(facts->is_draining));
    json_object_set_new(object, "listen", json_string(facts->listen));
    json_object_set_new(object, "config", configuration(facts));
    json_object_set_new(object, "store", store(facts));
    json_object_set_new(object, "workers", workers(shared));
    json_object_set_new(object, "checks", checks(shared));
    json_object_set_new(object, "quotas", quotas(shared));
    json_object_set_new(object, "rules", rules(shared));
    json_object_set_new(object, "refused", refused(facts->hot));
    json_object_set_new(object, "lists", lists(facts->board));
    text = json_dumps(object, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    json_decref(object);
    return text;
}

#include "bench/race/plan.h"

#include "policy/base/clock.h"

#include <jansson.h>

static bool read_number(const json_t *value, double most, double *number)
{
    if (!json_is_number(value))
        return false;
    *number = json_number_value(value);
    return *number >= 0 && *number <= most;
}

static bool read_span(const json_t *value, int64_t *span_ns)
{
    double seconds;

    if (!read_number(value, RACE_SECONDS_MAX, &seconds))
        return false;
    *span_ns = (int64_t)(seconds * (double)SECOND);
    return true;
}

static const char *read_targets(struct race_plan *plan, const json_t *addresses,
                                struct arena *arena)
{
    size_t count = json_array_size(addresses);

    if (count == 0 || count > RACE_CLIENTS_MAX)
        return "addresses: none, or no list of them";
    plan->target_count = (uint32_t)count;
    plan->targets = arena_calloc(arena, count, sizeof(*plan->targets));
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_array_get(addresses, i);
        struct target *target = &plan->targets[i];

        if (!json_is_string(value))
            return "addresses: one is no text";
        target->authority =
            arena_copy(arena, str_of(json_string_value(value))).data;
        if (socket_name_parse(&target->address, str_of(target->authority)))
            return "addresses: one is no address";
    }
    return NULL;
}

static const char *read_quotas(struct race_plan *plan, json_t *quotas,
                               struct arena *arena)
{
    size_t count = json_object_size(quotas);
    struct race_quota *quota;
    const char *name;
    json_t *hold;

    if (count == 0 || count > RACE_QUOTAS_MAX)
        return "quotas: none, too many, or no object of them";
    plan->quota_count = (uint32_t)count;
    quota = plan->quotas = arena_calloc(arena, count, sizeof(*quota));
    json_object_foreach(quotas, name, hold)
    {
        quota->name = arena_copy(arena, str_of(name)).data;
        if (!read_span(hold, &quota->hold_ns))
            return "quotas: the time that one is held is none";
        quota++;
    }
    return NULL;
}

static const char *read_load(struct race_plan *plan, const json_t *object)
{
    double clients;

    if (!read_number(json_object_get(object, "clients"), RACE_CLIENTS_MAX,
                     &clients) ||
        clients < 1)
        return "clients: out of range, or no number";
    plan->client_count = (uint32_t)clients;
    if (!read_span(json_object_get(object, "seconds"), &plan->span_ns))
        return "seconds: out of range, or no number";
    if (!read_number(json_object_get(object, "per_second"), RACE_RATE_MAX,
                     &plan->per_second))
        return "per_second: out of range, or no number";
    return NULL;
}

const char *race_plan_parse(struct race_plan *plan, struct str text,
                            struct arena *arena)
{
    json_t *object = json_loadb(text.data, text.len, 0, NULL);
    const char *why = NULL;

    *plan = (struct race_plan){ 0 };
    if (!json_is_object(object))
        why = "it is no JSON object";
    if (!why)
        why = read_targets(plan, json_object_get(object, "addresses"), arena);
    if (!why)
        why = read_quotas(plan, json_object_get(object, "quotas"), arena);
    if (!why)
        why = read_load(plan, object);
    json_decref(object);
    return why;
}

uint64_t race_call_count(const struct race_plan *plan)
{
    return (uint64_t)(plan->per_second *
                      ((double)plan->span_ns / (double)SECOND));
}

int64_t race_due_ns(const struct race_plan *plan, uint64_t number)
{
    return (int64_t)((double)number / plan->per_second * (double)SECOND);
}

uint32_t race_quota_of(const struct race_plan *plan, uint64_t number)
{
    return (uint32_t)(number % plan->quota_count);
}

uint32_t race_client_of(const struct race_plan *plan, uint64_t number)
{
    return (uint32_t)(number / plan->quota_count % plan->client_count);
}

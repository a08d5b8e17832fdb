#include "config/request_json.h"

#include "config/attributes_json.h"
#include "policy/base/clock.h"
#include "policy/expr/timestamp.h"

struct reader {
    struct request_json *request;
    struct arena *arena;
    struct str *why;
};

static bool fail(struct reader *reader, const char *why)
{
    *reader->why = str_of(why);
    return false;
}

static bool read_ask(struct reader *reader, struct str name,
                     const json_t *amount)
{
    struct check_input *input = &reader->request->input;

    if (input->ask_count == QUOTAS_PER_CHECK_MAX) {
        *reader->why =
            arena_printf(reader->arena, "a request names %d quotas at most",
                         QUOTAS_PER_CHECK_MAX);
        return false;
    }
    if (!json_is_integer(amount)) {
        *reader->why = arena_printf(
            reader->arena, "the amount of the quota %.*s is no whole number",
            STR_ARG(name));
        return false;
    }
    reader->request->asks[input->ask_count++] = (struct quota_ask){
        .name = name,
        .amount = json_integer_value(amount),
    };
    return true;
}

static bool read_quotas(struct reader *reader, const json_t *quotas)
{
    const char *name;
    json_t *amount;
    size_t len;

    if (!json_is_object(quotas))
        return fail(reader, "the quotas must be an object of amounts");
    json_object_keylen_foreach((json_t *)(uintptr_t)quotas, name, len,
                               amount) if (!read_ask(reader,
                                                     (struct str){ name, len },
                                                     amount)) return false;
    return true;
}

static bool read_time(struct reader *reader, const json_t *time)
{
    struct str text = { json_string_value(time), json_string_length(time) };
    int64_t *wall_ns = &reader->request->input.wall_ns;
    struct instant instant;

    if (!timestamp_parse(text, &instant) ||
        __builtin_mul_overflow(instant.seconds, SECOND, wall_ns) ||
        __builtin_add_overflow(*wall_ns, instant.nanos, wall_ns))
        return fail(reader, "the time must be a string, as "
                            "\"2026-11-24T21:00:00Z\"");
    return true;
}

static bool read_attributes(struct reader *reader, const json_t *attributes)
{
    return attributes_json_set(&reader->request->bag, attributes,
                               UNKNOWN_ARE_MISTAKES, reader->why);
}

static const struct {
    const char *name;
    bool (*read)(struct reader *reader, const json_t *json);
} parts[] = {
    { "attributes", read_attributes },
    { "quotas", read_quotas },
    { "time", read_time },
};

bool request_json_read(struct request_json *request, const json_t *json,
                       const struct vocabulary *vocabulary, int64_t wall_ns,
                       struct arena *arena, struct str *why)
{
    struct reader reader = { request, arena, why };
    size_t known = 0;

    request->input = (struct check_input){ .bag = &request->bag,
                                           .asks = request->asks,
                                           .wall_ns = wall_ns };
    bag_init(&request->bag, vocabulary, arena);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        const json_t *part = json_object_get(json, parts[i].name);

        if (part && !parts[i].read(&reader, part))
            return false;
        known += part != NULL;
    }
    if (known == 0)
        return read_attributes(&reader, json);
    return known == json_object_size(json) ||
           fail(&reader, "a request has \"attributes\", \"quotas\" and "
                         "\"time\", or is its attributes alone");
}

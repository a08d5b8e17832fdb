#include "proto/wire/mixer.h"

#include "policy/base/clock.h"
#include "proto/wire/dictionary.h"
#include "proto/wire/message.h"

#include "mixer/v1/mixer.pb-c.h"

/* ---- attributes -------------------------------------------------------- */

/* One attribute on the wire: an entry of the map for its type. */
struct entry {
    union {
        Istio__Mixer__V1__CompressedAttributes__StringsEntry string;
        Istio__Mixer__V1__CompressedAttributes__Int64sEntry int64;
        Istio__Mixer__V1__CompressedAttributes__DoublesEntry number;
        Istio__Mixer__V1__CompressedAttributes__BoolsEntry boolean;
        Istio__Mixer__V1__CompressedAttributes__TimestampsEntry timestamp;
        Istio__Mixer__V1__CompressedAttributes__DurationsEntry duration;
        Istio__Mixer__V1__CompressedAttributes__BytesEntry ip;
        Istio__Mixer__V1__CompressedAttributes__StringMapsEntry map;
    };
    union {
        Google__Protobuf__Timestamp instant;
        Google__Protobuf__Duration length;
        Istio__Mixer__V1__StringMap pairs;
    };
};

struct builder {
    Istio__Mixer__V1__CompressedAttributes wire;
    struct dictionary dictionary;
    struct arena *arena;
};

static bool builder_init(struct builder *builder, uint32_t attribute_count,
                         uint32_t global_word_count, struct arena *arena)
{
    Istio__Mixer__V1__CompressedAttributes *wire = &builder->wire;

    builder->arena = arena;
    dictionary_init(&builder->dictionary, global_word_count, arena);
    istio__mixer__v1__compressed_attributes__init(wire);
#define ROOM(field)                                                            \
    (wire->field = arena_calloc(arena, attribute_count, sizeof(wire->field[0])))
    return ROOM(strings) && ROOM(int64s) && ROOM(doubles) && ROOM(bools) &&
           ROOM(timestamps) && ROOM(durations) && ROOM(bytes) &&
           ROOM(string_maps);
#undef ROOM
}

static void set_timestamp(struct entry *entry, struct instant instant)
{
    google__protobuf__timestamp__init(&entry->instant);
    entry->instant.seconds = instant.seconds;
    entry->instant.nanos = instant.nanos;
    entry->timestamp.value = &entry->instant;
}

static void set_duration(struct entry *entry, int64_t ns)
{
    google__protobuf__duration__init(&entry->length);
    entry->length.seconds = ns / SECOND;
    entry->length.nanos = (int32_t)(ns % SECOND);
    entry->duration.value = &entry->length;
}

static bool set_ip(struct entry *entry, const struct ip *ip,
                   struct arena *arena)
{
    uint8_t *bytes = arena_alloc(arena, sizeof(ip->bytes));

    if (!bytes)
        return false;
    memcpy(bytes, ip->bytes, sizeof(ip->bytes));
    entry->ip.value = (ProtobufCBinaryData){ sizeof(ip->bytes), bytes };
    return true;
}

static bool set_map(struct entry *entry, const struct string_map *map,
                    struct builder *builder)
{
    Istio__Mixer__V1__StringMap__EntriesEntry *pairs =
        arena_calloc(builder->arena, map->count, sizeof(pairs[0]));
    Istio__Mixer__V1__StringMap__EntriesEntry **pointers =
        arena_calloc(builder->arena, map->count, sizeof(pointers[0]));

    if (!pairs || !pointers)
        return false;
    istio__mixer__v1__string_map__init(&entry->pairs);
    for (uint32_t i = 0; i < map->count; i++) {
        istio__mixer__v1__string_map__entries_entry__init(&pairs[i]);
        if (!dictionary_add(&builder->dictionary, map->pairs[i].key,
                            &pairs[i].key) ||
            !dictionary_add(&builder->dictionary, map->pairs[i].value,
                            &pairs[i].value))
            return false;
        pointers[i] = &pairs[i];
    }
    entry->pairs.n_entries = map->count;
    entry->pairs.entries = pointers;
    entry->map.value = &entry->pairs;
    return true;
}

static bool add_value(struct builder *builder, int32_t name,
                      const struct value *value, struct entry *entry)
{
    Istio__Mixer__V1__CompressedAttributes *wire = &builder->wire;

#define ADD(field, member)                                                     \
    (istio__mixer__v1__compressed_attributes__##field##_entry__init(           \
         &entry->member),                                                      \
     entry->member.key = name,                                                 \
     wire->field[wire->n_##field++] = &entry->member)
    switch (value->type) {
    case VALUE_NONE:
        return true;
    case VALUE_STRING:
    case VALUE_EMAIL_ADDRESS:
    case VALUE_URI:
    case VALUE_DNS_NAME:
        ADD(strings, string);
        return dictionary_add(&builder->dictionary, value->string,
                              &entry->string.value);
    case VALUE_INT64:
        ADD(int64s, int64);
        entry->int64.value = value->int64;
        return true;
    case VALUE_DOUBLE:
        ADD(doubles, number);
        entry->number.value = value->number;
        return true;
    case VALUE_BOOL:
        ADD(bools, boolean);
        entry->boolean.value = value->boolean;
        return true;
    case VALUE_TIMESTAMP:
        ADD(timestamps, timestamp);
        set_timestamp(entry, value->instant);
        return true;
    case VALUE_IP_ADDRESS:
        ADD(bytes, ip);
        return set_ip(entry, &value->ip, builder->arena);
    case VALUE_DURATION:
        ADD(durations, duration);
        set_duration(entry, value->duration_ns);
        return true;
    case VALUE_STRING_MAP:
        ADD(string_maps, map);
        return set_map(entry, value->map, builder);
    }
#undef ADD
    return true;
}

static bool add_attributes(struct builder *builder,
                           const struct mixer_attribute *attributes,
                           uint32_t count)
{
    struct entry *entries =
        arena_calloc(builder->arena, count, sizeof(entries[0]));

    if (!entries)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        int32_t name;

        if (!dictionary_add(&builder->dictionary, attributes[i].name, &name) ||
            !add_value(builder, name, &attributes[i].value, &entries[i]))
            return false;
    }
    builder->wire.n_words = builder->dictionary.count;
    builder->wire.words = builder->dictionary.words;
    return true;
}

/* ---- the request ------------------------------------------------------- */

struct quota {
    Istio__Mixer__V1__CheckRequest__QuotasEntry entry;
    Istio__Mixer__V1__CheckRequest__QuotaParams params;
};

static bool set_quota(struct quota *quota, const struct quota_ask *ask,
                      struct arena *arena)
{
    istio__mixer__v1__check_request__quotas_entry__init(&quota->entry);
    istio__mixer__v1__check_request__quota_params__init(&quota->params);
    quota->params.amount = ask->amount;
    quota->params.best_effort = ask->is_best_effort;
    quota->entry.key = message_text(ask->name, arena);
    quota->entry.value = &quota->params;
    return quota->entry.key != NULL;
}

struct str mixer_encode_request(const struct mixer_attribute *attributes,
                                uint32_t attribute_count,
                                const struct mixer_request *request,
                                struct arena *arena)
{
    Istio__Mixer__V1__CheckRequest wire;
    Istio__Mixer__V1__CheckRequest__QuotasEntry *entries[QUOTAS_PER_CHECK_MAX];
    struct quota quotas[QUOTAS_PER_CHECK_MAX];
    struct builder builder;

    istio__mixer__v1__check_request__init(&wire);
    if (!builder_init(&builder, attribute_count, request->global_word_count,
                      arena) ||
        !add_attributes(&builder, attributes, attribute_count))
        return (struct str){ 0 };
    wire.attributes = &builder.wire;
    wire.global_word_count = request->global_word_count;
    wire.deduplication_id = message_text(request->deduplication_id, arena);
    if (!wire.deduplication_id)
        return (struct str){ 0 };
    for (uint32_t i = 0; i < request->ask_count; i++) {
        if (!set_quota(&quotas[i], &request->asks[i], arena))
            return (struct str){ 0 };
        entries[i] = &quotas[i].entry;
    }
    wire.n_quotas = request->ask_count;
    wire.quotas = entries;
    return message_pack(&wire.base, arena);
}

/* ---- the response ------------------------------------------------------ */

/* Servers may say anything: what does not fit is the longest time there is. */
static int64_t duration_ns(const Google__Protobuf__Duration *wire)
{
    int64_t ns;

    if (!wire)
        return 0;
    if (__builtin_mul_overflow(wire->seconds, SECOND, &ns) ||
        __builtin_add_overflow(ns, wire->nanos, &ns))
        return wire->seconds < 0 ? INT64_MIN : INT64_MAX;
    return ns;
}

static void get_status(const Google__Rpc__Status *wire, enum status_code *code,
                       struct str *message)
{
    *code = STATUS_OK;
    *message = STR("");
    if (!wire)
        return;
    switch (wire->code) {
#define X(name, number)                                                        \
    case number:                                                               \
        *code = STATUS_##name;                                                 \
        break;
        STATUS_CODES(X)
#undef X
    default:
        *code = STATUS_UNKNOWN;
    }
    *message = message_string(wire->message);
}

static struct mixer_quota_result
get_quota(const Istio__Mixer__V1__CheckResponse__QuotasEntry *entry)
{
    const Istio__Mixer__V1__CheckResponse__QuotaResult *result = entry->value;
    struct mixer_quota_result quota = { .name = message_string(entry->key) };

    if (result) {
        quota.granted = result->granted_amount;
        quota.valid_for_ns = duration_ns(result->valid_duration);
    }
    get_status(result ? result->status : NULL, &quota.code, &quota.message);
    return quota;
}

bool mixer_decode_response(struct str body, struct mixer_response *response,
                           struct arena *arena)
{
    const Istio__Mixer__V1__CheckResponse *wire = message_unpack(
        &istio__mixer__v1__check_response__descriptor, body, arena);
    const Istio__Mixer__V1__CheckResponse__PreconditionResult *precondition;

    if (!wire || !wire->precondition || wire->n_quotas > QUOTAS_PER_CHECK_MAX)
        return false;
    precondition = wire->precondition;
    get_status(precondition->status, &response->code, &response->message);
    response->valid_for_ns = duration_ns(precondition->valid_duration);
    response->valid_uses = precondition->valid_use_count;
    response->quota_count = (uint32_t)wire->n_quotas;
    for (uint32_t i = 0; i < response->quota_count; i++)
        response->quotas[i] = get_quota(wire->quotas[i]);
    return true;
}

#include "proto/wire/mixer.h"

#include "policy/base/clock.h"
#include "proto/wire/message.h"

#include "mixer/v1/mixer.pb-c.h"

const char *mixer_decode_message(enum mixer_decode result)
{
    switch (result) {
    case MIXER_DECODED:
        return "the request was understood";
    case MIXER_MALFORMED:
        return "the request is not a message of this method";
    case MIXER_NEWER_DICTIONARY:
        return "Request could not be processed due to invalid "
               "global_word_count: the server knows fewer words";
    case MIXER_TOO_MANY_QUOTAS:
        return "the request names more quotas than one check may";
    case MIXER_TOO_LARGE:
        return "the request needs more memory than one call may have";
    }
    return "";
}

/* ---- words ------------------------------------------------------------- */

struct decoder {
    const struct words *words;
    const Istio__Mixer__V1__CompressedAttributes *attributes;
    struct arena *arena;
};

static bool is_global(int32_t index)
{
    return index >= 0;
}

/* False if there is no such word. As in Mixer, any global word that we know
 * will do, also beyond the count that the caller gave. */
static bool find_word(const struct decoder *decoder, int32_t index,
                      struct str *word)
{
    if (is_global(index)) {
        if (index >= GLOBAL_WORD_COUNT)
            return false;
        *word = global_word((uint32_t)index);
    } else {
        uint32_t position = ~(uint32_t)index; /* -index - 1 */

        if (position >= decoder->attributes->n_words)
            return false;
        *word = message_string(decoder->attributes->words[position]);
    }
    return true;
}

static uint32_t find_attribute(const struct decoder *decoder, int32_t index)
{
    struct str name;

    if (!find_word(decoder, index, &name))
        return ATTR_NONE;
    if (is_global(index))
        return decoder->words->attribute[index];
    return vocabulary_id(decoder->words->vocabulary, name);
}

/* ---- values: VALUE_NONE where the message says nothing usable ----------- */

/* Years 1 to 9999. */
#define TIMESTAMP_SECONDS_MIN INT64_C(-62135596800)
#define TIMESTAMP_SECONDS_MAX INT64_C(253402300799)

static struct value string_value(const struct decoder *decoder, int32_t index)
{
    struct value value = { .type = VALUE_STRING };

    if (!find_word(decoder, index, &value.string))
        value.type = VALUE_NONE;
    return value;
}

static struct value timestamp_value(const Google__Protobuf__Timestamp *wire)
{
    struct value value = { .type = VALUE_TIMESTAMP };

    if (!wire) /* as any field: 0 is not sent */
        return value;
    value.instant = (struct instant){ wire->seconds, wire->nanos };
    if (wire->seconds < TIMESTAMP_SECONDS_MIN ||
        wire->seconds > TIMESTAMP_SECONDS_MAX || wire->nanos < 0 ||
        wire->nanos >= SECOND)
        value.type = VALUE_NONE;
    return value;
}

static bool duration_ns(const Google__Protobuf__Duration *wire, int64_t *ns)
{
    *ns = 0;
    if (!wire)
        return true;
    if (wire->nanos <= -SECOND || wire->nanos >= SECOND ||
        (wire->seconds > 0 && wire->nanos < 0) ||
        (wire->seconds < 0 && wire->nanos > 0))
        return false;
    return !__builtin_mul_overflow(wire->seconds, SECOND, ns) &&
           !__builtin_add_overflow(*ns, wire->nanos, ns);
}

static struct value duration_value(const Google__Protobuf__Duration *wire)
{
    struct value value = { .type = VALUE_DURATION };

    if (!duration_ns(wire, &value.duration_ns))
        value.type = VALUE_NONE;
    return value;
}

static struct value ip_value(const ProtobufCBinaryData *wire)
{
    struct value value = { .type = VALUE_IP_ADDRESS };
    struct str bytes = { (const char *)wire->data, wire->len };

    if (!ip_from_bytes(bytes, &value.ip))
        value.type = VALUE_NONE;
    return value;
}

/* Appends the entries whose key is a word of that dictionary, last one first,
 * as the last of equal keys counts. Entries that say nothing are passed over.
 */
static void append_pairs(const struct decoder *decoder,
                         const Istio__Mixer__V1__StringMap *wire, bool global,
                         struct string_pair *pairs, uint32_t *count)
{
    for (size_t i = wire->n_entries; i-- > 0;) {
        int32_t key = wire->entries[i]->key;
        struct string_pair *pair = &pairs[*count];

        if (is_global(key) == global && find_word(decoder, key, &pair->key) &&
            find_word(decoder, wire->entries[i]->value, &pair->value))
            ++*count;
    }
}

static struct value map_value(const struct decoder *decoder,
                              const Istio__Mixer__V1__StringMap *wire)
{
    struct string_map *map = arena_calloc(decoder->arena, 1, sizeof(*map));
    struct string_pair *pairs = NULL;

    if (!map)
        return (struct value){ 0 };
    if (wire) {
        pairs = arena_calloc(decoder->arena, wire->n_entries, sizeof(pairs[0]));
        if (!pairs)
            return (struct value){ 0 };
        append_pairs(decoder, wire, false, pairs, &map->count);
        append_pairs(decoder, wire, true, pairs, &map->count);
    }
    map->pairs = pairs;
    return (struct value){ .type = VALUE_STRING_MAP, .map = map };
}

/* ---- attributes -------------------------------------------------------- */

/*
 * The typed maps of CompressedAttributes, in the order in which Mixer looks a
 * name up: the first that has it counts, whatever its value.
 */
#define TYPED_MAPS(X)                                                          \
    X(strings, StringsEntry, string_value(decoder, entry->value))              \
    X(string_maps, StringMapsEntry, map_value(decoder, entry->value))          \
    X(int64s, Int64sEntry,                                                     \
      ((struct value){ .type = VALUE_INT64, .int64 = entry->value }))          \
    X(doubles, DoublesEntry,                                                   \
      ((struct value){ .type = VALUE_DOUBLE, .number = entry->value }))        \
    X(bools, BoolsEntry,                                                       \
      ((struct value){ .type = VALUE_BOOL, .boolean = entry->value }))         \
    X(timestamps, TimestampsEntry, timestamp_value(entry->value))              \
    X(durations, DurationsEntry, duration_value(entry->value))                 \
    X(bytes, BytesEntry, ip_value(&entry->value))

enum typed_map {
#define X(field, type, value) MAP_##field,
    TYPED_MAPS(X)
#undef X
        MAP_COUNT
};

/* Which entry an attribute is read from. */
struct source {
    const void *entry; /* NULL: none yet */
    enum typed_map map;
    bool is_global; /* its name is a global word */
};

/* Names in the message come before those in the global list, then maps in
 * their order, then the last entry of the same name. */
static bool is_preferred(const struct source *source,
                         const struct source *present)
{
    if (!present->entry)
        return true;
    if (source->is_global != present->is_global)
        return present->is_global;
    return source->map <= present->map;
}

static void offer(const struct decoder *decoder, struct source *sources,
                  int32_t name, struct source source)
{
    uint32_t id = find_attribute(decoder, name);

    if (id != ATTR_NONE && is_preferred(&source, &sources[id]))
        sources[id] = source;
}

static void find_sources(const struct decoder *decoder, struct source *sources)
{
    const Istio__Mixer__V1__CompressedAttributes *wire = decoder->attributes;

#define X(field, type, value)                                                  \
    for (size_t i = 0; i < wire->n_##field; i++)                               \
        offer(decoder, sources, wire->field[i]->key,                           \
              (struct source){ wire->field[i], MAP_##field,                    \
                               is_global(wire->field[i]->key) });
    TYPED_MAPS(X)
#undef X
}

static struct value read_source(const struct decoder *decoder,
                                const struct source *source)
{
    switch (source->map) {
#define X(field, type, value)                                                  \
    case MAP_##field: {                                                        \
        const Istio__Mixer__V1__CompressedAttributes__##type *entry =          \
            source->entry;                                                     \
        return value;                                                          \
    }
        TYPED_MAPS(X)
#undef X
    case MAP_COUNT:
        break;
    }
    return (struct value){ 0 };
}

/* False if the arena's limit is hit. */
static bool fill_bag(const struct decoder *decoder, struct bag *bag)
{
    uint32_t count = vocabulary_count(bag->vocabulary);
    struct source *sources =
        arena_calloc(decoder->arena, count, sizeof(sources[0]));

    if (!sources)
        return false;
    find_sources(decoder, sources);
    for (uint32_t id = 0; id < count; id++)
        if (sources[id].entry)
            bag_set(bag, id, read_source(decoder, &sources[id]));
    return !decoder->arena->is_exhausted;
}

/* ---- requests ---------------------------------------------------------- */

static enum mixer_decode not_unpacked(const struct arena *arena)
{
    return arena->is_exhausted ? MIXER_TOO_LARGE : MIXER_MALFORMED;
}

static struct quota_ask *find_ask(struct mixer_request *request,
                                  struct str name)
{
    for (uint32_t i = 0; i < request->ask_count; i++)
        if (str_eq(request->asks[i].name, name))
            return &request->asks[i];
    return NULL;
}

/* Of entries with one name the last counts, as in any map. */
static enum mixer_decode fill_asks(struct mixer_request *request,
                                   const Istio__Mixer__V1__CheckRequest *wire)
{
    request->ask_count = 0;
    for (size_t i = 0; i < wire->n_quotas; i++) {
        const Istio__Mixer__V1__CheckRequest__QuotaParams *params =
            wire->quotas[i]->value;
        struct str name = message_string(wire->quotas[i]->key);
        struct quota_ask *ask = find_ask(request, name);

        if (!ask) {
            if (request->ask_count == QUOTAS_PER_CHECK_MAX)
                return MIXER_TOO_MANY_QUOTAS;
            ask = &request->asks[request->ask_count++];
        }
        *ask = (struct quota_ask){ .name = name };
        if (params) {
            ask->amount = params->amount;
            ask->is_best_effort = params->best_effort;
        }
    }
    return MIXER_DECODED;
}

enum mixer_decode mixer_decode_check(struct str body, const struct words *words,
                                     struct mixer_request *request,
                                     struct bag *bag)
{
    const Istio__Mixer__V1__CheckRequest *wire = message_unpack(
        &istio__mixer__v1__check_request__descriptor, body, bag->arena);
    struct decoder decoder = { .words = words, .arena = bag->arena };

    if (!wire)
        return not_unpacked(bag->arena);
    if (wire->global_word_count > GLOBAL_WORD_COUNT)
        return MIXER_NEWER_DICTIONARY;
    request->global_word_count = wire->global_word_count;
    request->deduplication_id = message_string(wire->deduplication_id);
    decoder.attributes = wire->attributes;
    if (wire->attributes && !fill_bag(&decoder, bag))
        return MIXER_TOO_LARGE;
    return fill_asks(request, wire);
}

enum mixer_decode mixer_decode_report(struct str body, struct arena *arena,
                                      uint32_t *entries)
{
    const Istio__Mixer__V1__ReportRequest *wire = message_unpack(
        &istio__mixer__v1__report_request__descriptor, body, arena);

    if (!wire)
        return not_unpacked(arena);
    if (wire->global_word_count > GLOBAL_WORD_COUNT)
        return MIXER_NEWER_DICTIONARY;
    *entries = (uint32_t)wire->n_attributes;
    return MIXER_DECODED;
}

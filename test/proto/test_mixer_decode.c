/* Check and Report requests: messages put together field by field, so that the
 * decoder is held against protobuf-c and not against our own encoder. */
#include "test/support/table.h"

#include "policy/base/arena.h"
#include "proto/wire/message.h"
#include "proto/wire/mixer.h"

#include "mixer/v1/mixer.pb-c.h"

/* The words of every request here: message words are -1, -2, ... */
static const struct str message_words[] = {
    STR_INIT("request.path"), /* -1: also global word 17 */
    STR_INIT("/local"),       /* -2 */
    STR_INIT("rate"),         /* -3: no global word */
    STR_INIT("mail"),         /* -4 */
    STR_INIT("a@b.c"),        /* -5 */
    STR_INIT("nobody.reads"), /* -6 */
    STR_INIT("x-version"),    /* -7 */
    STR_INIT("blue"),         /* -8 */
    STR_INIT(":path"),        /* -9: also global word 33 */
};

enum {
    G_SOURCE_IP = 0,
    G_HEADERS = 15,
    G_PATH = 17,
    G_SIZE = 23,
    G_TIME = 24,
    G_RESPONSE_DURATION = 29,
    G_KEY_PATH = 33,
    G_GET = 90,
    G_POST = 91,
    G_MTLS = 177,
};

enum field { END, STRINGS, INT64S, DOUBLES, BOOLS, TIMES, DURATIONS, BYTES };

/* One entry of a typed map. `a` and `b` are value; seconds and nanoseconds. */
struct entry {
    enum field field;
    int32_t name;
    int64_t a;
    int32_t b;
    struct str bytes;
};

#define STRING(n, word)                                                        \
    {                                                                          \
        .field = STRINGS, .name = (n), .a = (word)                             \
    }
#define NUMBER(f, n, value)                                                    \
    {                                                                          \
        .field = f, .name = (n), .a = (value)                                  \
    }
#define TIME(f, n, seconds, nanos)                                             \
    {                                                                          \
        .field = f, .name = (n), .a = (seconds), .b = (nanos)                  \
    }
#define ADDRESS(n, literal)                                                    \
    {                                                                          \
        .field = BYTES, .name = (n), .bytes = STR_INIT(literal)                \
    }

static const struct {
    const char *why;
    struct entry entries[4];
    struct str attribute;
    const char *text; /* as value_text; NULL: absent */
    uint32_t mistyped;
} attribute_rows[] = {
    { "nothing sent", { { .field = END } }, STR_INIT("request.path"), NULL, 0 },
    { "global name, global value",
      { STRING(G_PATH, G_GET) },
      STR_INIT("request.path"),
      "GET",
      0 },
    { "global name, own value",
      { STRING(G_PATH, -2) },
      STR_INIT("request.path"),
      "/local",
      0 },
    { "own name, global value",
      { STRING(-1, G_GET) },
      STR_INIT("request.path"),
      "GET",
      0 },
    { "own name that is no global word",
      { NUMBER(DOUBLES, -3, 2) },
      STR_INIT("rate"),
      "2",
      0 },
    { "a string takes the declared type",
      { STRING(-4, -5) },
      STR_INIT("mail"),
      "a@b.c",
      0 },
    { "an attribute that nobody reads",
      { STRING(-6, -2) },
      STR_INIT("request.path"),
      NULL,
      0 },

    { "the name in the message comes before the global one",
      { STRING(-1, -2), STRING(G_PATH, G_GET) },
      STR_INIT("request.path"),
      "/local",
      0 },
    { "whatever their order",
      { STRING(G_PATH, G_GET), STRING(-1, -2) },
      STR_INIT("request.path"),
      "/local",
      0 },
    { "of equal names the last counts",
      { STRING(G_PATH, G_GET), STRING(G_PATH, G_POST) },
      STR_INIT("request.path"),
      "POST",
      0 },
    { "strings come before int64s",
      { NUMBER(INT64S, G_PATH, 7), STRING(G_PATH, G_GET) },
      STR_INIT("request.path"),
      "GET",
      0 },
    { "and hide a right value behind a wrong one",
      { NUMBER(INT64S, G_SIZE, 7), STRING(G_SIZE, G_GET) },
      STR_INIT("request.size"),
      NULL,
      1 },
    { "int64s come before durations",
      { TIME(DURATIONS, G_SIZE, 1, 0), NUMBER(INT64S, G_SIZE, 7) },
      STR_INIT("request.size"),
      "7",
      0 },
    { "own name in a late map before global name in an early one",
      { STRING(G_PATH, G_GET), NUMBER(INT64S, -1, 7) },
      STR_INIT("request.path"),
      NULL,
      1 },

    { "no such global value",
      { STRING(G_PATH, 222) },
      STR_INIT("request.path"),
      NULL,
      1 },
    { "no such own value",
      { STRING(G_PATH, -10) },
      STR_INIT("request.path"),
      NULL,
      1 },
    { "the lowest index",
      { STRING(INT32_MIN, G_GET) },
      STR_INIT("request.path"),
      NULL,
      0 },
    { "the highest index",
      { STRING(INT32_MAX, G_GET) },
      STR_INIT("request.path"),
      NULL,
      0 },
    { "the lowest value",
      { STRING(G_PATH, INT32_MIN) },
      STR_INIT("request.path"),
      NULL,
      1 },

    { "int64",
      { NUMBER(INT64S, G_SIZE, INT64_MIN) },
      STR_INIT("request.size"),
      "-9223372036854775808",
      0 },
    { "a duration passes for an int64",
      { TIME(DURATIONS, G_SIZE, 1, 5) },
      STR_INIT("request.size"),
      "1000000005",
      0 },
    { "bool",
      { NUMBER(BOOLS, G_MTLS, 1) },
      STR_INIT("connection.mtls"),
      "true",
      0 },
    { "a bool is no string",
      { NUMBER(BOOLS, G_PATH, 1) },
      STR_INIT("request.path"),
      NULL,
      1 },

    { "duration",
      { TIME(DURATIONS, G_RESPONSE_DURATION, 1, 500000000) },
      STR_INIT("response.duration"),
      "1500000000ns",
      0 },
    { "negative duration",
      { TIME(DURATIONS, G_RESPONSE_DURATION, -1, -500000000) },
      STR_INIT("response.duration"),
      "-1500000000ns",
      0 },
    { "an int64 passes for a duration",
      { NUMBER(INT64S, G_RESPONSE_DURATION, 3) },
      STR_INIT("response.duration"),
      "3ns",
      0 },
    { "the longest duration",
      { TIME(DURATIONS, G_RESPONSE_DURATION, INT64_C(9223372036), 854775807) },
      STR_INIT("response.duration"),
      "9223372036854775807ns",
      0 },
    { "one nanosecond more",
      { TIME(DURATIONS, G_RESPONSE_DURATION, INT64_C(9223372036), 854775808) },
      STR_INIT("response.duration"),
      NULL,
      1 },
    { "seconds beyond all",
      { TIME(DURATIONS, G_RESPONSE_DURATION, INT64_MAX, 0) },
      STR_INIT("response.duration"),
      NULL,
      1 },
    { "signs that differ",
      { TIME(DURATIONS, G_RESPONSE_DURATION, 1, -1) },
      STR_INIT("response.duration"),
      NULL,
      1 },
    { "a second of nanoseconds",
      { TIME(DURATIONS, G_RESPONSE_DURATION, 0, 1000000000) },
      STR_INIT("response.duration"),
      NULL,
      1 },

    { "timestamp",
      { TIME(TIMES, G_TIME, 1, 500000000) },
      STR_INIT("request.time"),
      "1970-01-01T00:00:01.500000000Z",
      0 },
    { "before the year 1",
      { TIME(TIMES, G_TIME, INT64_C(-62135596801), 0) },
      STR_INIT("request.time"),
      NULL,
      1 },
    { "the last second",
      { TIME(TIMES, G_TIME, INT64_C(253402300799), 0) },
      STR_INIT("request.time"),
      "9999-12-31T23:59:59Z",
      0 },
    { "after the year 9999",
      { TIME(TIMES, G_TIME, INT64_C(253402300800), 0) },
      STR_INIT("request.time"),
      NULL,
      1 },
    { "negative nanoseconds",
      { TIME(TIMES, G_TIME, 0, -1) },
      STR_INIT("request.time"),
      NULL,
      1 },
    { "a second of nanoseconds",
      { TIME(TIMES, G_TIME, 0, 1000000000) },
      STR_INIT("request.time"),
      NULL,
      1 },

    { "IPv4",
      { ADDRESS(G_SOURCE_IP, "\x0a\0\0\x01") },
      STR_INIT("source.ip"),
      "10.0.0.1",
      0 },
    { "IPv6",
      { ADDRESS(G_SOURCE_IP, "\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\x01") },
      STR_INIT("source.ip"),
      "fe80::1",
      0 },
    { "neither",
      { ADDRESS(G_SOURCE_IP, "\x0a\0\0") },
      STR_INIT("source.ip"),
      NULL,
      1 },
    { "no bytes",
      { ADDRESS(G_SOURCE_IP, "") },
      STR_INIT("source.ip"),
      NULL,
      1 },
};

/* ---- making bodies ----------------------------------------------------- */

typedef Istio__Mixer__V1__CompressedAttributes Attributes;

#define APPEND(arena, message, field, entry)                                   \
    do {                                                                       \
        if (!(message)->field)                                                 \
            (message)->field =                                                 \
                arena_calloc((arena), 8, sizeof((message)->field[0]));         \
        (message)->field[(message)->n_##field++] = (entry);                    \
    } while (0)

#define NEW(arena, type, variable)                                             \
    type *variable = arena_calloc((arena), 1, sizeof(*variable))

#define ENTRY(kind, lower)                                                     \
    NEW(arena, Istio__Mixer__V1__CompressedAttributes__##kind##Entry, wire);   \
    istio__mixer__v1__compressed_attributes__##lower##_entry__init(wire);      \
    wire->key = entry->name;                                                   \
    APPEND(arena, attributes, lower, wire)

static void add_timestamp(struct arena *arena, Attributes *attributes,
                          const struct entry *entry)
{
    NEW(arena, Google__Protobuf__Timestamp, timestamp);

    google__protobuf__timestamp__init(timestamp);
    timestamp->seconds = entry->a;
    timestamp->nanos = entry->b;
    ENTRY(Timestamps, timestamps);
    wire->value = timestamp;
}

static void add_duration(struct arena *arena, Attributes *attributes,
                         const struct entry *entry)
{
    NEW(arena, Google__Protobuf__Duration, duration);

    google__protobuf__duration__init(duration);
    duration->seconds = entry->a;
    duration->nanos = entry->b;
    ENTRY(Durations, durations);
    wire->value = duration;
}

static void add_entry(struct arena *arena, Attributes *attributes,
                      const struct entry *entry)
{
    switch (entry->field) {
    case END:
        break;
    case STRINGS: {
        ENTRY(Strings, strings);
        wire->value = (int32_t)entry->a;
        break;
    }
    case INT64S: {
        ENTRY(Int64s, int64s);
        wire->value = entry->a;
        break;
    }
    case DOUBLES: {
        ENTRY(Doubles, doubles);
        wire->value = (double)entry->a;
        break;
    }
    case BOOLS: {
        ENTRY(Bools, bools);
        wire->value = entry->a != 0;
        break;
    }
    case TIMES:
        add_timestamp(arena, attributes, entry);
        break;
    case DURATIONS:
        add_duration(arena, attributes, entry);
        break;
    case BYTES: {
        ENTRY(Bytes, bytes);
        wire->value.data = (uint8_t *)message_text(entry->bytes, arena);
        wire->value.len = entry->bytes.len;
        break;
    }
    }
}

static void attributes_init(struct arena *arena, Attributes *attributes)
{
    size_t count = ROWS(message_words);

    istio__mixer__v1__compressed_attributes__init(attributes);
    attributes->words = arena_calloc(arena, count, sizeof(char *));
    for (size_t i = 0; i < count; i++)
        attributes->words[i] = message_text(message_words[i], arena);
    attributes->n_words = count;
}

static struct str pack_request(Attributes *attributes, struct arena *arena)
{
    Istio__Mixer__V1__CheckRequest request;

    istio__mixer__v1__check_request__init(&request);
    request.attributes = attributes;
    request.global_word_count = GLOBAL_WORD_COUNT;
    return message_pack(&request.base, arena);
}

/* ---- the tests --------------------------------------------------------- */

struct fixture {
    struct vocabulary *vocabulary;
    struct words words;
    struct arena arena;
};

static int setup(void **state)
{
    static const struct str used[] = {
        STR_INIT("request.path"),
        STR_INIT("request.size"),
        STR_INIT("request.time"),
        STR_INIT("response.duration"),
        STR_INIT("connection.mtls"),
        STR_INIT("source.ip"),
        STR_INIT("request.headers"),
        STR_INIT("rate"),
        STR_INIT("mail"),
    };
    static struct fixture fixture;

    fixture.vocabulary = vocabulary_new();
    vocabulary_declare(fixture.vocabulary, STR("rate"), VALUE_DOUBLE);
    vocabulary_declare(fixture.vocabulary, STR("mail"), VALUE_EMAIL_ADDRESS);
    for (size_t i = 0; i < ROWS(used); i++)
        vocabulary_use(fixture.vocabulary, used[i]);
    words_init(&fixture.words, fixture.vocabulary);
    arena_init(&fixture.arena, 0);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    arena_fini(&fixture->arena);
    vocabulary_free(fixture->vocabulary);
    return 0;
}

static enum mixer_decode decode(struct fixture *fixture, struct str body,
                                struct mixer_request *request, struct bag *bag)
{
    assert_true(bag_init(bag, fixture->vocabulary, &fixture->arena));
    return mixer_decode_check(body, &fixture->words, request, bag);
}

static const struct value *get(const struct fixture *fixture, struct bag *bag,
                               struct str name)
{
    return bag_get(bag, vocabulary_id(fixture->vocabulary, name));
}

static void test_attributes(void **state)
{
    struct fixture *fixture = *state;

    for (size_t i = 0; i < ROWS(attribute_rows); i++) {
        const char *why = attribute_rows[i].why;
        const struct entry *entry = attribute_rows[i].entries;
        struct mixer_request request;
        const struct value *value;
        Attributes attributes;
        struct bag bag;

        attributes_init(&fixture->arena, &attributes);
        for (; entry->field != END; entry++)
            add_entry(&fixture->arena, &attributes, entry);
        row_equal_i64(why,
                      decode(fixture,
                             pack_request(&attributes, &fixture->arena),
                             &request, &bag),
                      MIXER_DECODED);
        value = get(fixture, &bag, attribute_rows[i].attribute);
        row_equal_i64(why, bag.mistyped_count, attribute_rows[i].mistyped);
        row_equal_i64(why, value != NULL, attribute_rows[i].text != NULL);
        if (value)
            row_equal_str(why, value_text(value, &fixture->arena),
                          str_of(attribute_rows[i].text));
        arena_clear(&fixture->arena);
    }
}

static void test_first_instant(void **state)
{
    static const struct entry first =
        TIME(TIMES, G_TIME, INT64_C(-62135596800), 0);
    struct fixture *fixture = *state;
    struct mixer_request request;
    const struct value *value;
    Attributes attributes;
    struct bag bag;

    attributes_init(&fixture->arena, &attributes);
    add_entry(&fixture->arena, &attributes, &first);
    assert_int_equal(decode(fixture, pack_request(&attributes, &fixture->arena),
                            &request, &bag),
                     MIXER_DECODED);
    value = get(fixture, &bag, STR("request.time"));
    assert_non_null(value);
    row_equal_i64("the year 1", value->instant.seconds, first.a);
}

static const struct {
    const char *why;
    struct {
        int32_t key, value;
    } pairs[3];
    uint32_t count;
    struct str key;
    const char *value; /* NULL: no such key */
} map_rows[] = {
    { "empty", { { 0 } }, 0, STR_INIT("x-version"), NULL },
    { "own words", { { -7, -8 } }, 1, STR_INIT("x-version"), "blue" },
    { "global words", { { G_KEY_PATH, G_GET } }, 1, STR_INIT(":path"), "GET" },
    { "another key", { { -7, -8 } }, 1, STR_INIT(":path"), NULL },
    { "the last of equal keys counts",
      { { -7, -8 }, { -7, G_GET } },
      2,
      STR_INIT("x-version"),
      "GET" },
    { "the own word comes before the global one",
      { { -9, -8 }, { G_KEY_PATH, G_GET } },
      2,
      STR_INIT(":path"),
      "blue" },
    { "no such value: as if not sent",
      { { -7, 222 } },
      1,
      STR_INIT("x-version"),
      NULL },
    { "no such key: the others stay",
      { { 222, -8 }, { -7, -8 }, { INT32_MIN, -8 } },
      3,
      STR_INIT("x-version"),
      "blue" },
};

static struct str pack_map(const void *pairs_of_row, uint32_t count,
                           struct arena *arena)
{
    const int32_t *pairs = pairs_of_row;
    Istio__Mixer__V1__CompressedAttributes__StringMapsEntry entry;
    Istio__Mixer__V1__StringMap map;
    Attributes attributes;

    istio__mixer__v1__string_map__init(&map);
    for (size_t i = 0; i < count; i++) {
        NEW(arena, Istio__Mixer__V1__StringMap__EntriesEntry, pair);
        istio__mixer__v1__string_map__entries_entry__init(pair);
        pair->key = pairs[2 * i];
        pair->value = pairs[2 * i + 1];
        APPEND(arena, &map, entries, pair);
    }
    attributes_init(arena, &attributes);
    istio__mixer__v1__compressed_attributes__string_maps_entry__init(&entry);
    entry.key = G_HEADERS;
    entry.value = &map;
    APPEND(arena, &attributes, string_maps, &entry);
    return pack_request(&attributes, arena);
}

static void test_maps(void **state)
{
    struct fixture *fixture = *state;
    uint32_t id = vocabulary_id(fixture->vocabulary, STR("request.headers"));

    for (size_t i = 0; i < ROWS(map_rows); i++) {
        const char *why = map_rows[i].why;
        struct mixer_request request;
        struct str value = { 0 };
        enum bag_key found;
        struct bag bag;
        struct str body =
            pack_map(map_rows[i].pairs, map_rows[i].count, &fixture->arena);

        row_equal_i64(why, decode(fixture, body, &request, &bag),
                      MIXER_DECODED);
        found = bag_get_key(&bag, id, map_rows[i].key, &value);
        row_equal_i64(why, found, map_rows[i].value ? BAG_KEY : BAG_NO_KEY);
        if (map_rows[i].value)
            row_equal_str(why, value, str_of(map_rows[i].value));
        arena_clear(&fixture->arena);
    }
}

/* Entries of maps whose value is a message that was not sent: as in all of
 * proto3, that is the message in which nothing is set. */
static void test_values_not_sent(void **state)
{
    static const struct {
        const char *why;
        struct str body;
        struct str attribute;
        const char *text;
    } rows[] = {
        { "timestamp", STR_INIT("\x0a\x04\x32\x02\x08\x30"),
          STR_INIT("request.time"), "1970-01-01T00:00:00Z" },
        { "duration", STR_INIT("\x0a\x04\x3a\x02\x08\x3a"),
          STR_INIT("response.duration"), "0ns" },
        { "map", STR_INIT("\x0a\x04\x4a\x02\x08\x1e"),
          STR_INIT("request.headers"), "" },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < ROWS(rows); i++) {
        struct mixer_request request;
        const struct value *value;
        struct bag bag;

        row_equal_i64(rows[i].why,
                      decode(fixture, rows[i].body, &request, &bag),
                      MIXER_DECODED);
        value = get(fixture, &bag, rows[i].attribute);
        row_true(rows[i].why, value != NULL);
        row_equal_str(rows[i].why, value_text(value, &fixture->arena),
                      str_of(rows[i].text));
    }
}

/* What a sender of odd strings gets: bytes, whole. */
static void test_strings_are_bytes(void **state)
{
    static const struct {
        const char *why;
        struct str body, path;
    } rows[] = {
        { "a NUL",
          STR_INIT("\x0a\x0b\x0a\x03"
                   "a\0b"
                   "\x12\x04\x08\x22\x10\x01"),
          STR_INIT("a\0b") },
        { "no UTF-8",
          STR_INIT("\x0a\x0a\x0a\x02"
                   "\xff\xfe"
                   "\x12\x04\x08\x22\x10\x01"),
          STR_INIT("\xff\xfe") },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < ROWS(rows); i++) {
        struct mixer_request request;
        const struct value *value;
        struct bag bag;

        row_equal_i64(rows[i].why,
                      decode(fixture, rows[i].body, &request, &bag),
                      MIXER_DECODED);
        value = get(fixture, &bag, STR("request.path"));
        row_true(rows[i].why, value != NULL);
        row_equal_str(rows[i].why, value->string, rows[i].path);
    }
}

/* ---- the rest of a request --------------------------------------------- */

static void test_empty_request(void **state)
{
    struct fixture *fixture = *state;
    struct mixer_request request;
    struct bag bag;

    assert_int_equal(decode(fixture, STR(""), &request, &bag), MIXER_DECODED);
    assert_int_equal(request.ask_count, 0);
    assert_int_equal(request.global_word_count, 0);
    row_equal_str("no deduplication", request.deduplication_id, STR(""));
}

struct wire_quota {
    struct str name;
    int64_t amount;
    bool is_best_effort, has_no_params;
};

static struct str pack_quotas(const struct wire_quota *quotas, uint32_t count,
                              struct arena *arena)
{
    Istio__Mixer__V1__CheckRequest request;

    istio__mixer__v1__check_request__init(&request);
    request.deduplication_id = message_text(STR("id-1"), arena);
    request.global_word_count = 203;
    request.quotas = arena_calloc(arena, count, sizeof(request.quotas[0]));
    for (uint32_t i = 0; i < count; i++) {
        NEW(arena, Istio__Mixer__V1__CheckRequest__QuotasEntry, entry);
        NEW(arena, Istio__Mixer__V1__CheckRequest__QuotaParams, params);

        istio__mixer__v1__check_request__quotas_entry__init(entry);
        istio__mixer__v1__check_request__quota_params__init(params);
        params->amount = quotas[i].amount;
        params->best_effort = quotas[i].is_best_effort;
        entry->key = message_text(quotas[i].name, arena);
        entry->value = quotas[i].has_no_params ? NULL : params;
        request.quotas[request.n_quotas++] = entry;
    }
    return message_pack(&request.base, arena);
}

static void test_quotas(void **state)
{
    static const struct wire_quota sent[] = {
        { STR_INIT("one"), 1, false, false },
        { STR_INIT("two"), -5, true, false },
        { STR_INIT("three"), 0, false, true },
        { STR_INIT("one"), 7, true, false },
    };
    static const struct {
        const char *why;
        struct quota_ask ask;
    } rows[] = {
        { "the last of one name, in the place of the first",
          { STR_INIT("one"), 7, true } },
        { "a release", { STR_INIT("two"), -5, true } },
        { "nothing said", { STR_INIT("three"), 0, false } },
    };
    struct fixture *fixture = *state;
    struct mixer_request request;
    struct bag bag;

    assert_int_equal(decode(fixture,
                            pack_quotas(sent, ROWS(sent), &fixture->arena),
                            &request, &bag),
                     MIXER_DECODED);
    row_equal_str("the id", request.deduplication_id, STR("id-1"));
    assert_int_equal(request.global_word_count, 203);
    assert_int_equal(request.ask_count, ROWS(rows));
    for (size_t i = 0; i < ROWS(rows); i++) {
        row_equal_str(rows[i].why, request.asks[i].name, rows[i].ask.name);
        row_equal_i64(rows[i].why, request.asks[i].amount, rows[i].ask.amount);
        row_equal_i64(rows[i].why, request.asks[i].is_best_effort,
                      rows[i].ask.is_best_effort);
    }
}

static void test_quotas_have_a_limit(void **state)
{
    struct fixture *fixture = *state;
    struct wire_quota sent[QUOTAS_PER_CHECK_MAX + 1];
    struct mixer_request request;
    struct bag bag;

    for (size_t i = 0; i < ROWS(sent); i++)
        sent[i] = (struct wire_quota){
            .name = arena_printf(&fixture->arena, "quota %zu", i),
        };
    row_equal_i64("as many as may be",
                  decode(fixture,
                         pack_quotas(sent, ROWS(sent) - 1, &fixture->arena),
                         &request, &bag),
                  MIXER_DECODED);
    row_equal_i64("one more",
                  decode(fixture,
                         pack_quotas(sent, ROWS(sent), &fixture->arena),
                         &request, &bag),
                  MIXER_TOO_MANY_QUOTAS);
    sent[QUOTAS_PER_CHECK_MAX].name = sent[0].name;
    row_equal_i64("a name twice is one",
                  decode(fixture,
                         pack_quotas(sent, ROWS(sent), &fixture->arena),
                         &request, &bag),
                  MIXER_DECODED);
}

static void test_newer_dictionary(void **state)
{
    static const struct {
        const char *why;
        struct str body;
        enum mixer_decode result;
    } rows[] = {
        { "all that we know", STR_INIT("\x10\xde\x01"), MIXER_DECODED },
        { "one more", STR_INIT("\x10\xdf\x01"), MIXER_NEWER_DICTIONARY },
        { "the most there is", STR_INIT("\x10\xff\xff\xff\xff\x0f"),
          MIXER_NEWER_DICTIONARY },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < ROWS(rows); i++) {
        struct mixer_request request;
        struct bag bag;

        row_equal_i64(rows[i].why,
                      decode(fixture, rows[i].body, &request, &bag),
                      rows[i].result);
    }
    assert_true(
        str_starts_with(str_of(mixer_decode_message(MIXER_NEWER_DICTIONARY)),
                        STR("Request could not be processed due to invalid")));
}

static void test_report(void **state)
{
    static const struct {
        const char *why;
        struct str body;
        enum mixer_decode result;
        uint32_t entries;
    } rows[] = {
        { "empty", STR_INIT(""), MIXER_DECODED, 0 },
        { "two entries", STR_INIT("\x0a\x00\x0a\x00"), MIXER_DECODED, 2 },
        { "newer", STR_INIT("\x18\xdf\x01"), MIXER_NEWER_DICTIONARY, 0 },
        { "cut off", STR_INIT("\x0a\x01"), MIXER_MALFORMED, 0 },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < ROWS(rows); i++) {
        uint32_t entries = 0;

        row_equal_i64(
            rows[i].why,
            mixer_decode_report(rows[i].body, &fixture->arena, &entries),
            rows[i].result);
        row_equal_i64(rows[i].why, entries, rows[i].entries);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_attributes),
        TEST(test_first_instant),
        TEST(test_maps),
        TEST(test_values_not_sent),
        TEST(test_strings_are_bytes),
        TEST(test_empty_request),
        TEST(test_quotas),
        TEST(test_quotas_have_a_limit),
        TEST(test_newer_dictionary),
        TEST(test_report),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

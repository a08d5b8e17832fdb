/* What a request can do at worst: be refused. */
#include "test/support/table.h"

#include "policy/base/arena.h"
#include "policy/base/clock.h"
#include "proto/wire/mixer.h"

#include <stdlib.h>

static const struct str used[] = {
    STR_INIT("request.path"),    STR_INIT("request.size"),
    STR_INIT("request.time"),    STR_INIT("response.duration"),
    STR_INIT("connection.mtls"), STR_INIT("source.ip"),
    STR_INIT("request.headers"), STR_INIT("rate"),
};

#define MEMORY_BYTES ((size_t)64 * 1024)

struct fixture {
    struct vocabulary *vocabulary;
    struct words words;
    struct arena arena; /* of the request that is sent */
    struct mixer_attribute attributes[ROWS(used)];
    struct str body;
};

static const struct string_pair headers[] = {
    { STR_INIT("x-version"), STR_INIT("blue") },
    { STR_INIT("cookie"), STR_INIT("") },
    { STR_INIT("source.ip"), STR_INIT("GET") },
};
static const struct string_map header_map = { headers, ROWS(headers) };

static void set_attributes(struct mixer_attribute *attributes)
{
    const struct value values[ROWS(used)] = {
        { VALUE_STRING, .string = STR("/a b") },
        { VALUE_INT64, .int64 = INT64_MIN },
        { VALUE_TIMESTAMP, .instant = { -1, 999999999 } },
        { VALUE_DURATION, .duration_ns = -1500000001 },
        { VALUE_BOOL, .boolean = true },
        { VALUE_IP_ADDRESS, .ip = { .bytes = { 0xfe, 0x80, [15] = 1 } } },
        { VALUE_STRING_MAP, .map = &header_map },
        { VALUE_DOUBLE, .number = 0.5 },
    };

    for (size_t i = 0; i < ROWS(used); i++)
        attributes[i] = (struct mixer_attribute){ used[i], values[i] };
}

static int setup(void **state)
{
    static struct fixture fixture;
    const struct mixer_request request = {
        .asks = { { STR("in-flight"), 1, false }, { STR("rate"), -3, true } },
        .ask_count = 2,
        .deduplication_id = STR("one"),
        .global_word_count = GLOBAL_WORD_COUNT,
    };

    fixture.vocabulary = vocabulary_new();
    vocabulary_declare(fixture.vocabulary, STR("rate"), VALUE_DOUBLE);
    for (size_t i = 0; i < ROWS(used); i++)
        vocabulary_use(fixture.vocabulary, used[i]);
    words_init(&fixture.words, fixture.vocabulary);
    arena_init(&fixture.arena, 0);
    set_attributes(fixture.attributes);
    fixture.body = mixer_encode_request(fixture.attributes, ROWS(used),
                                        &request, &fixture.arena);
    assert_non_null(fixture.body.data);
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

/* Reads every attribute and every byte of it, then answers: what a call does
 * at most. False if the arena was too small for the answer. */
static bool use_request(const struct fixture *fixture,
                        const struct mixer_request *request, struct bag *bag)
{
    struct check check = {
        .asks = request->asks,
        .ask_count = request->ask_count,
        .valid_for_ns = SECOND,
    };
    struct str body;

    refs_init(&check.refs, bag->arena);
    bag->refs = &check.refs;
    for (uint32_t id = 0; id < vocabulary_count(fixture->vocabulary); id++) {
        const struct value *value = bag_get(bag, id);
        struct str found;

        if (value && value->type == VALUE_STRING_MAP)
            bag_get_key(bag, id, STR("x-version"), &found);
        else if (value)
            value_text(value, bag->arena);
    }
    body = mixer_encode_check(&check, request, &fixture->words, bag->arena);
    bag->refs = NULL;
    return body.data != NULL;
}

static enum mixer_decode decode(const struct fixture *fixture, struct str body,
                                struct arena *arena, bool *is_answered)
{
    struct mixer_request request;
    enum mixer_decode result;
    struct bag bag;

    *is_answered = false;
    if (!bag_init(&bag, fixture->vocabulary, arena))
        return MIXER_TOO_LARGE;
    result = mixer_decode_check(body, &fixture->words, &request, &bag);
    if (result == MIXER_DECODED)
        *is_answered = use_request(fixture, &request, &bag);
    return result;
}

static bool values_equal(const struct value *a, const struct value *b,
                         struct arena *arena)
{
    if (a->type != b->type)
        return false;
    if (a->type != VALUE_STRING_MAP)
        return str_eq(value_text(a, arena), value_text(b, arena));
    if (a->map->count != b->map->count)
        return false;
    /* Of equal keys the last sent counts, so they are kept the other way. */
    for (uint32_t i = 0; i < a->map->count; i++) {
        const struct string_pair *sent = &a->map->pairs[i];
        struct str value = { 0 };

        for (uint32_t j = 0; j < b->map->count; j++)
            if (str_eq(b->map->pairs[j].key, sent->key))
                value = b->map->pairs[j].value;
        if (!str_eq(value, sent->value))
            return false;
    }
    return true;
}

static void test_what_is_sent_arrives(void **state)
{
    struct fixture *fixture = *state;
    struct mixer_request request;
    struct bag bag;

    assert_true(bag_init(&bag, fixture->vocabulary, &fixture->arena));
    assert_int_equal(
        mixer_decode_check(fixture->body, &fixture->words, &request, &bag),
        MIXER_DECODED);
    assert_int_equal(bag.mistyped_count, 0);
    for (size_t i = 0; i < ROWS(used); i++) {
        const struct value *value =
            bag_get(&bag, vocabulary_id(fixture->vocabulary, used[i]));

        row_true(used[i].data,
                 value && values_equal(&fixture->attributes[i].value, value,
                                       &fixture->arena));
    }
    row_equal_str("id", request.deduplication_id, STR("one"));
    row_equal_i64("words", request.global_word_count, GLOBAL_WORD_COUNT);
    row_equal_i64("quotas", request.ask_count, 2);
    row_equal_str("first", request.asks[0].name, STR("in-flight"));
    row_equal_i64("first", request.asks[0].amount, 1);
    row_equal_i64("second", request.asks[1].amount, -3);
    row_true("second", request.asks[1].is_best_effort);
}

static void test_cut_off_anywhere(void **state)
{
    struct fixture *fixture = *state;
    struct arena arena;
    bool is_answered;

    arena_init(&arena, MEMORY_BYTES);
    for (size_t len = 0; len < fixture->body.len; len++) {
        /* A copy of exactly that length, so that reading beyond is seen. */
        char *copy = malloc(len + 1);
        struct str body = { copy, len };
        enum mixer_decode result;

        assert_non_null(copy);
        memcpy(copy, fixture->body.data, len);
        result = decode(fixture, body, &arena, &is_answered);
        if (result != MIXER_DECODED)
            row_equal_i64("cut off", result, MIXER_MALFORMED);
        else
            row_true("what is still a message is answered", is_answered);
        free(copy);
        arena_clear(&arena);
    }
    arena_fini(&arena);
}

static void test_any_byte_changed(void **state)
{
    static const unsigned char changes[] = { 0x01, 0x02, 0x08, 0x80, 0xff };
    struct fixture *fixture = *state;
    struct arena arena;
    bool is_answered;
    char *copy = malloc(fixture->body.len);

    assert_non_null(copy);
    arena_init(&arena, MEMORY_BYTES);
    for (size_t i = 0; i < fixture->body.len; i++) {
        for (size_t c = 0; c < sizeof(changes); c++) {
            enum mixer_decode result;

            memcpy(copy, fixture->body.data, fixture->body.len);
            copy[i] = (char)(copy[i] ^ changes[c]);
            result = decode(fixture, (struct str){ copy, fixture->body.len },
                            &arena, &is_answered);
            row_true("there is room for it", result != MIXER_TOO_LARGE);
            arena_clear(&arena);
        }
    }
    free(copy);
    arena_fini(&arena);
}

static void test_any_limit(void **state)
{
    struct fixture *fixture = *state;
    enum mixer_decode result = MIXER_TOO_LARGE;
    bool is_answered = false;
    bool was_decoded = false;
    size_t limit;

    for (limit = 16; limit < MEMORY_BYTES && !is_answered; limit += 16) {
        struct arena arena;

        arena_init(&arena, limit);
        result = decode(fixture, fixture->body, &arena, &is_answered);
        row_true("decoded or too large",
                 result == MIXER_DECODED || result == MIXER_TOO_LARGE);
        row_true("once it is large enough, it stays so",
                 !was_decoded || result == MIXER_DECODED);
        was_decoded = result == MIXER_DECODED;
        arena_fini(&arena);
    }
    row_true("at some limit it is answered", is_answered);
}

/* Memory for references may be short where an answer is not: a denial must
 * not turn into an error, which lets the request pass. */
static void test_an_answer_needs_little_memory(void **state)
{
    struct fixture *fixture = *state;
    struct check check = {
        .code = STATUS_RESOURCE_EXHAUSTED,
        .message = STR("the request is too large to be checked"),
    };
    const struct mixer_request request = { .global_word_count = 0 };
    struct mixer_response response;
    struct arena arena;
    struct str body;

    refs_init(&check.refs, &fixture->arena);
    for (uint32_t i = 0; i < 1000; i++)
        refs_add(
            &check.refs,
            (struct ref){ 0, arena_printf(&fixture->arena, "%u", i), true });
    arena_init(&arena, 256);
    body = mixer_encode_check(&check, &request, &fixture->words, &arena);
    assert_non_null(body.data);
    assert_true(mixer_decode_response(body, &response, &fixture->arena));
    assert_int_equal(response.code, STATUS_RESOURCE_EXHAUSTED);
    row_equal_str("it says why", response.message, check.message);
    arena_fini(&arena);
}

static void test_the_client_has_limits_too(void **state)
{
    struct fixture *fixture = *state;
    const struct mixer_request request = {
        .asks = { { STR("in-flight"), 1, false } },
        .ask_count = 1,
        .deduplication_id = STR("one"),
    };
    struct str body = { 0 };
    size_t limit;

    for (limit = 16; limit < MEMORY_BYTES && !body.data; limit += 16) {
        struct arena arena;

        arena_init(&arena, limit);
        body = mixer_encode_request(fixture->attributes, ROWS(used), &request,
                                    &arena);
        arena_fini(&arena);
    }
    row_true("at some limit it is encoded", body.data != NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_what_is_sent_arrives),
        TEST(test_cut_off_anywhere),
        TEST(test_any_byte_changed),
        TEST(test_any_limit),
        TEST(test_an_answer_needs_little_memory),
        TEST(test_the_client_has_limits_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

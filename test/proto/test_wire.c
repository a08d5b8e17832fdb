#include "test/support/table.h"

#include "proto/wire/dictionary.h"
#include "proto/wire/health.h"
#include "proto/wire/message.h"
#include "proto/wire/policy.h"
#include "proto/wire/utf8.h"

#include "sluice/v1/policy.pb-c.h"

/* ---- text -------------------------------------------------------------- */

static const struct {
    const char *why;
    struct str s;
    bool is_text;
} texts[] = {
    { "empty", STR_INIT(""), true },
    { "ASCII", STR_INIT("abc\x7f"), true },
    { "two bytes", STR_INIT("\xc3\xa9"), true },
    { "three bytes", STR_INIT("\xe2\x82\xac"), true },
    { "four bytes", STR_INIT("\xf0\x9f\x98\x80"), true },
    { "the last character there is", STR_INIT("\xf4\x8f\xbf\xbf"), true },
    { "before the surrogates", STR_INIT("\xed\x9f\xbf"), true },
    { "after the surrogates", STR_INIT("\xee\x80\x80"), true },
    { "a NUL", STR_INIT("a\0b"), false },
    { "a lone continuation", STR_INIT("\x80"), false },
    { "overlong, two bytes", STR_INIT("\xc1\xbf"), false },
    { "overlong, three bytes", STR_INIT("\xe0\x9f\xbf"), false },
    { "overlong, four bytes", STR_INIT("\xf0\x8f\xbf\xbf"), false },
    { "a surrogate", STR_INIT("\xed\xa0\x80"), false },
    { "beyond the last", STR_INIT("\xf4\x90\x80\x80"), false },
    { "no such lead", STR_INIT("\xf5\x80\x80\x80"), false },
    { "cut off", STR_INIT("\xe2\x82"), false },
    { "third byte wrong", STR_INIT("\xe2\x82\x41"), false },
    { "Latin-1", STR_INIT("caf\xe9 au lait"), false },
};

static void test_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(texts); i++)
        row_equal_i64(texts[i].why, utf8_is_text(texts[i].s), texts[i].is_text);
}

/* ---- messages ---------------------------------------------------------- */

static void test_strings_keep_their_length(void **state)
{
    struct arena arena;
    /* Two handles: "a\0b" and "". */
    struct str body = STR("\x0a\x03"
                          "a\0b"
                          "\x0a\x00");
    const Sluice__V1__ReleaseRequest *request;

    (void)state;
    arena_init(&arena, 0);
    request =
        message_unpack(&sluice__v1__release_request__descriptor, body, &arena);
    assert_non_null(request);
    row_equal_str("a NUL inside", message_string(request->leases[0]),
                  STR("a\0b"));
    row_equal_str("empty", message_string(request->leases[1]), STR(""));
    row_equal_str("not sent", message_string(protobuf_c_empty_string), STR(""));
    arena_fini(&arena);
}

static void test_the_limit_refuses(void **state)
{
    struct arena arena;
    struct str body = STR("\x0a\x03"
                          "abc");

    (void)state;
    arena_init(&arena, 16);
    assert_null(
        message_unpack(&sluice__v1__release_request__descriptor, body, &arena));
    assert_true(arena.is_exhausted);
    arena_fini(&arena);
}

/* ---- dictionaries ------------------------------------------------------ */

static const struct {
    const char *why;
    uint32_t global_count;
    struct str word;
    bool is_key;
    int32_t index;
} dictionary_rows[] = {
    { "a global word", 222, STR_INIT("request.path"), false, 17 },
    { "the last that the receiver knows", 18, STR_INIT("request.path"), false,
      17 },
    { "the first that it does not know", 17, STR_INIT("request.path"), false,
      -1 },
    { "none known", 0, STR_INIT("source.ip"), false, -1 },
    { "no global word", 222, STR_INIT("x-version"), false, -1 },
    { "word 0 as a name", 222, STR_INIT("source.ip"), false, 0 },
    { "word 0 as a key would be none", 222, STR_INIT("source.ip"), true, -1 },
    { "another key", 222, STR_INIT("cookie"), true, 59 },
    { "the empty word", 222, STR_INIT(""), true, -1 },
};

static void test_dictionary(void **state)
{
    struct arena arena;

    (void)state;
    arena_init(&arena, 0);
    for (size_t i = 0; i < ROWS(dictionary_rows); i++) {
        const char *why = dictionary_rows[i].why;
        struct str word = dictionary_rows[i].word;
        struct dictionary dictionary;
        int32_t index;

        dictionary_init(&dictionary, dictionary_rows[i].global_count, &arena);
        row_true(why, dictionary_rows[i].is_key
                          ? dictionary_add_key(&dictionary, word, &index)
                          : dictionary_add(&dictionary, word, &index));
        row_equal_i64(why, index, dictionary_rows[i].index);
        row_equal_i64(why, dictionary.count, index < 0 ? 1 : 0);
        if (index < 0)
            row_equal_str(why, str_of(dictionary.words[0]), word);
    }
    arena_fini(&arena);
}

static void test_dictionary_says_each_word_once(void **state)
{
    struct arena arena;
    struct dictionary dictionary;
    int32_t index = 0;

    (void)state;
    arena_init(&arena, 0);
    dictionary_init(&dictionary, 222, &arena);
    for (int round = 0; round < 2; round++) {
        for (int32_t i = 0; i < 20; i++) {
            struct str word = arena_printf(&arena, "word %d", (int)i);

            assert_true(dictionary_add(&dictionary, word, &index));
            assert_int_equal(index, -i - 1);
        }
    }
    assert_int_equal(dictionary.count, 20);
    assert_false(dictionary_add(&dictionary, STR("no \xff text"), &index));
    assert_int_equal(dictionary.count, 20);
    arena_fini(&arena);
}

/* ---- health ------------------------------------------------------------ */

static void test_health(void **state)
{
    struct arena arena;
    struct str service;

    (void)state;
    arena_init(&arena, 0);
    assert_true(health_decode(STR(""), &arena, &service));
    row_equal_str("the whole server", service, STR(""));
    assert_true(health_decode(STR("\x0a\x01x"), &arena, &service));
    row_equal_str("one service", service, STR("x"));
    assert_false(health_decode(STR("\x0a\x02x"), &arena, &service));

    row_equal_str("the default is not sent",
                  health_encode(HEALTH_UNKNOWN, &arena), STR(""));
    row_equal_str("serving", health_encode(HEALTH_SERVING, &arena),
                  STR("\x08\x01"));
    row_equal_str("not serving", health_encode(HEALTH_NOT_SERVING, &arena),
                  STR("\x08\x02"));
    row_equal_str("unknown service",
                  health_encode(HEALTH_SERVICE_UNKNOWN, &arena),
                  STR("\x08\x03"));
    arena_fini(&arena);
}

/* ---- release ----------------------------------------------------------- */

static void test_release(void **state)
{
    static const struct str sent[] = { STR_INIT("one"), STR_INIT("two") };
    struct str handles[2];
    uint32_t count;
    int64_t released;
    struct arena arena;
    struct str body;

    (void)state;
    arena_init(&arena, 0);
    body = policy_encode_release_request(sent, 2, &arena);
    assert_true(policy_decode_release(body, &arena, handles, 2, &count));
    assert_int_equal(count, 2);
    row_equal_str("in order", handles[0], sent[0]);
    row_equal_str("in order", handles[1], sent[1]);
    row_true("more than there is room for",
             !policy_decode_release(body, &arena, handles, 1, &count));
    assert_true(policy_decode_release(STR(""), &arena, handles, 2, &count));
    row_equal_i64("none", count, 0);
    row_true("malformed",
             !policy_decode_release(STR("\x0a"), &arena, handles, 2, &count));

    body = policy_encode_release(INT64_MAX, &arena);
    assert_true(policy_decode_release_response(body, &arena, &released));
    row_equal_i64("units", released, INT64_MAX);
    row_true("malformed",
             !policy_decode_release_response(STR("\x08"), &arena, &released));
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_strings_keep_their_length),
        cmocka_unit_test(test_the_limit_refuses),
        cmocka_unit_test(test_dictionary),
        cmocka_unit_test(test_dictionary_says_each_word_once),
        cmocka_unit_test(test_health),
        cmocka_unit_test(test_release),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

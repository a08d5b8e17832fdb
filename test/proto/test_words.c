#include "test/support/table.h"

#include "policy/attr/vocabulary.h"
#include "proto/wire/words.h"

static const struct {
    const char *why;
    uint32_t index;
    struct str word;
} samples[] = {
    { "the first", 0, STR_INIT("source.ip") },
    { "a map", 15, STR_INIT("request.headers") },
    { "last of the smallest dictionary that clients fall back to", 110,
      STR_INIT("text/plain; charset=utf-8") },
    { "quoted in the list", 94, STR_INIT("'200'") },
    { "quoted in the list", 111, STR_INIT("'0'") },
    { "quoted in the list", 112, STR_INIT("'1'") },
    { "the same without quotes", 134, STR_INIT("0") },
    { "the same without quotes", 135, STR_INIT("1") },
    { "the same without quotes", 136, STR_INIT("200") },
    { "last of Istio 1.0", 202, STR_INIT("connection.requested_server_name") },
    { "double quotes", 218, STR_INIT("\"-\"") },
    { "the last", 221, STR_INIT("context.proxy_version") },
};

static void test_samples(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(samples); i++)
        row_equal_str(samples[i].why, global_word(samples[i].index),
                      samples[i].word);
}

/* Also says that no word is there twice. */
static void test_find_is_the_inverse(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < GLOBAL_WORD_COUNT; i++)
        row_equal_i64(global_word(i).data, global_word_find(global_word(i)), i);
}

static void test_find_what_is_not_there(void **state)
{
    static const struct str unknown[] = {
        STR_INIT(""),          STR_INIT("source.i"),     STR_INIT("source.ipx"),
        STR_INIT("Source.ip"), STR_INIT("no such word"),
    };

    (void)state;
    for (size_t i = 0; i < ROWS(unknown); i++)
        row_equal_i64(unknown[i].data, global_word_find(unknown[i]), -1);
}

static void test_words_know_attributes_in_use(void **state)
{
    struct vocabulary *vocabulary = vocabulary_new();
    uint32_t path = vocabulary_use(vocabulary, STR("request.path"));
    struct words words;

    (void)state;
    words_init(&words, vocabulary);
    assert_int_equal(words.attribute[17], path);
    row_equal_i64("declared, but read by nobody", words.attribute[0],
                  ATTR_NONE);
    row_equal_i64("no attribute", words.attribute[94], ATTR_NONE);
    vocabulary_free(vocabulary);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples),
        cmocka_unit_test(test_find_is_the_inverse),
        cmocka_unit_test(test_find_what_is_not_there),
        cmocka_unit_test(test_words_know_attributes_in_use),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

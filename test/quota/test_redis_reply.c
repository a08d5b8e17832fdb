#include "test/support/table.h"

#include "quota/redis/reply.h"

#include <stdio.h>
#include <stdlib.h>

struct row {
    const char *why;
    const char *bytes;
    enum reply_result result;
    enum reply_kind kind;
    uint32_t count;
    int64_t last; /* integer */
    const char *error;
};

#define TEN(text) text text text text text text text text text text

static const struct row rows[] = {
    { "nothing yet", "", REPLY_NONE, 0, 0, 0, NULL },
    { "an integer", ":42\r\n", REPLY_READY, REPLY_INTEGERS, 1, 42, NULL },
    { "a negative one", ":-1\r\n", REPLY_READY, REPLY_INTEGERS, 1, -1, NULL },
    { "an array", "*3\r\n:1\r\n:2\r\n:-3\r\n", REPLY_READY, REPLY_INTEGERS, 3,
      -3, NULL },
    { "an empty array", "*0\r\n", REPLY_READY, REPLY_INTEGERS, 0, 0, NULL },
    { "half an array", "*3\r\n:1\r\n:2", REPLY_NONE, 0, 0, 0, NULL },
    { "an error", "-LOADING wait\r\n", REPLY_READY, REPLY_ERROR, 0, 0,
      "LOADING wait" },
    { "a status", "+OK\r\n", REPLY_READY, REPLY_OTHER, 0, 0, NULL },
    { "a string", "$2\r\nab\r\n", REPLY_READY, REPLY_OTHER, 0, 0, NULL },
    { "nothing, as a string", "$-1\r\n", REPLY_READY, REPLY_OTHER, 0, 0, NULL },
    { "nothing, as an array", "*-1\r\n", REPLY_READY, REPLY_OTHER, 0, 0, NULL },
    { "an array that holds more than integers", "*2\r\n:1\r\n$1\r\na\r\n",
      REPLY_READY, REPLY_OTHER, 1, 1, NULL },
    { "an array with an error in it is no error", "*2\r\n-ERR\r\n:1\r\n",
      REPLY_READY, REPLY_OTHER, 1, 1, NULL },
    { "an array in an array", "*1\r\n*1\r\n:7\r\n", REPLY_READY, REPLY_OTHER, 1,
      7, NULL },
    { "as long as can be", "*400\r\n" TEN(TEN(":1\r\n:1\r\n:1\r\n:9\r\n")),
      REPLY_READY, REPLY_INTEGERS, REPLY_INTEGERS_MAX, 9, NULL },
    { "longer", "*401\r\n", REPLY_BROKEN, 0, 0, 0, NULL },
    { "absurdly long", "*2147483647\r\n", REPLY_BROKEN, 0, 0, 0, NULL },
    { "so long that sizes would wrap", "*4611686018427387905\r\n", REPLY_BROKEN,
      0, 0, 0, NULL },
    { "a huge string is awaited, not allocated", "$536870912\r\n", REPLY_NONE,
      0, 0, 0, NULL },
    { "a negative length", "$-7\r\n", REPLY_BROKEN, 0, 0, 0, NULL },
    { "no integer", ":abc\r\n", REPLY_BROKEN, 0, 0, 0, NULL },
    { "too large an integer", ":9223372036854775808\r\n", REPLY_BROKEN, 0, 0, 0,
      NULL },
    { "another protocol", "HTTP/1.1 400 Bad Request\r\n", REPLY_BROKEN, 0, 0, 0,
      NULL },
    { "arrays without end",
      "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n",
      REPLY_BROKEN, 0, 0, 0, NULL },
};

/* The last result when the bytes come in pieces of `piece`. */
static enum reply_result read_row(struct reply_reader *reader,
                                  const struct row *row, size_t piece)
{
    size_t len = strlen(row->bytes);
    enum reply_result result = reply_next(reader);

    for (size_t at = 0; at < len && result == REPLY_NONE; at += piece) {
        if (!reply_feed(reader, row->bytes + at,
                        piece < len - at ? piece : len - at))
            return REPLY_BROKEN;
        result = reply_next(reader);
    }
    return result;
}

static void replies_are_read_whole_and_in_pieces(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        for (size_t piece = 1; piece < 256; piece = piece * 3) {
            const struct row *row = &rows[i];
            struct reply_reader reader;

            reply_reader_init(&reader);
            row_equal_i64(row->why, read_row(&reader, row, piece), row->result);
            if (row->result == REPLY_READY) {
                row_equal_i64(row->why, reader.reply.kind, row->kind);
                row_equal_i64(row->why, reader.reply.count, row->count);
            }
            if (row->count > 0)
                row_equal_i64(row->why, reader.reply.integers[row->count - 1],
                              row->last);
            if (row->error)
                row_equal_str(row->why, str_of(reader.reply.error),
                              str_of(row->error));
            reply_reader_fini(&reader);
        }
    }
}

static void the_first_texts_of_an_array_are_kept(void **state)
{
    static char long_text[600];
    static const struct {
        const char *why, *bytes;
        const char *first, *second;
    } texts[] = {
        { "two", "*2\r\n$9\r\n127.0.0.1\r\n$4\r\n6379\r\n", "127.0.0.1",
          "6379" },
        { "of more", "*3\r\n+a\r\n+b\r\n+c\r\n", "a", "b" },
        { "one", "*1\r\n$1\r\na\r\n", "a", "" },
        { "behind an integer", "*2\r\n:1\r\n$1\r\na\r\n", "", "a" },
        { "behind a whole array",
          "*3\r\n*2\r\n$1\r\nx\r\n$1\r\ny\r\n$1\r\na\r\n:1\r\n", "", "a" },
        { "a role", "*3\r\n$6\r\nmaster\r\n:0\r\n*1\r\n*1\r\n$1\r\nx\r\n",
          "master", "" },
        { "no array", "$1\r\na\r\n", "", "" },
        { "nothing", "*-1\r\n", "", "" },
        { "an error is no text", "*2\r\n-ERR\r\n$1\r\na\r\n", "", "a" },
        { "too long", long_text, "", "a" },
    };

    (void)state;
    snprintf(long_text, sizeof(long_text), "*2\r\n$256\r\n%0256d\r\n+a\r\n", 0);
    for (size_t i = 0; i < ROWS(texts); i++) {
        struct reply_reader reader;

        reply_reader_init(&reader);
        /* Of the one before nothing is left. */
        assert_true(reply_feed(&reader, "*2\r\n+left\r\n+over\r\n", 18));
        assert_int_equal(reply_next(&reader), REPLY_READY);
        assert_true(
            reply_feed(&reader, texts[i].bytes, strlen(texts[i].bytes)));
        row_equal_i64(texts[i].why, reply_next(&reader), REPLY_READY);
        row_equal_i64(texts[i].why, reader.reply.kind, REPLY_OTHER);
        row_equal_str(texts[i].why, str_of(reader.reply.texts[0]),
                      str_of(texts[i].first));
        row_equal_str(texts[i].why, str_of(reader.reply.texts[1]),
                      str_of(texts[i].second));
        reply_reader_fini(&reader);
    }
}

static void an_array_may_be_as_long_as_all_results(void **state)
{
    struct reply_reader reader;
    char bytes[16 * REPLY_INTEGERS_MAX];
    int len = snprintf(bytes, sizeof(bytes), "*%d\r\n", REPLY_INTEGERS_MAX);

    (void)state;
    for (int i = 0; i < REPLY_INTEGERS_MAX; i++)
        len +=
            snprintf(bytes + len, sizeof(bytes) - (size_t)len, ":%d\r\n", -i);
    reply_reader_init(&reader);
    assert_true(reply_feed(&reader, bytes, (size_t)len));
    assert_int_equal(reply_next(&reader), REPLY_READY);
    assert_int_equal(reader.reply.kind, REPLY_INTEGERS);
    assert_int_equal(reader.reply.count, REPLY_INTEGERS_MAX);
    for (int i = 0; i < REPLY_INTEGERS_MAX; i++)
        assert_int_equal(reader.reply.integers[i], -i);
    reply_reader_fini(&reader);
}

static void one_reply_leaves_nothing_to_the_next(void **state)
{
    static const char bytes[] = "*2\r\n:1\r\n:2\r\n-ERR x\r\n:3\r\n+OK\r\n:4";
    struct reply_reader reader;

    (void)state;
    reply_reader_init(&reader);
    assert_true(reply_feed(&reader, bytes, sizeof(bytes) - 1));
    assert_int_equal(reply_next(&reader), REPLY_READY);
    assert_int_equal(reader.reply.count, 2);
    assert_int_equal(reply_next(&reader), REPLY_READY);
    assert_int_equal(reader.reply.kind, REPLY_ERROR);
    assert_int_equal(reply_next(&reader), REPLY_READY);
    assert_int_equal(reader.reply.kind, REPLY_INTEGERS);
    assert_int_equal(reader.reply.count, 1);
    assert_int_equal(reader.reply.integers[0], 3);
    assert_int_equal(reply_next(&reader), REPLY_READY);
    assert_int_equal(reader.reply.kind, REPLY_OTHER);
    assert_int_equal(reply_next(&reader), REPLY_NONE);
    reply_reader_fini(&reader);
}

static void a_reply_without_end_is_given_up(void **state)
{
    char bytes[1024];
    size_t fed = 0;
    struct reply_reader reader;

    (void)state;
    memset(bytes, 'x', sizeof(bytes));
    reply_reader_init(&reader);
    assert_true(reply_feed(&reader, "$100000000\r\n", 12));
    while (reply_next(&reader) == REPLY_NONE &&
           fed < (size_t)4 * REPLY_BYTES_MAX) {
        assert_true(reply_feed(&reader, bytes, sizeof(bytes)));
        fed += sizeof(bytes);
    }
    assert_int_equal(reply_next(&reader), REPLY_BROKEN);
    assert_in_range(fed, REPLY_BYTES_MAX - 1024, REPLY_BYTES_MAX + 1024);
    reply_reader_fini(&reader);
}

static void a_long_error_is_cut(void **state)
{
    char bytes[400];
    struct reply_reader reader;

    (void)state;
    memset(bytes, 'e', sizeof(bytes));
    bytes[0] = '-';
    memcpy(bytes + sizeof(bytes) - 2, "\r\n", 2);
    reply_reader_init(&reader);
    assert_true(reply_feed(&reader, bytes, sizeof(bytes)));
    assert_int_equal(reply_next(&reader), REPLY_READY);
    assert_int_equal(reader.reply.kind, REPLY_ERROR);
    assert_int_equal(strlen(reader.reply.error),
                     sizeof(reader.reply.error) - 1);
    reply_reader_fini(&reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replies_are_read_whole_and_in_pieces),
        cmocka_unit_test(the_first_texts_of_an_array_are_kept),
        cmocka_unit_test(an_array_may_be_as_long_as_all_results),
        cmocka_unit_test(one_reply_leaves_nothing_to_the_next),
        cmocka_unit_test(a_reply_without_end_is_given_up),
        cmocka_unit_test(a_long_error_is_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

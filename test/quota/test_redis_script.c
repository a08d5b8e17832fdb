#include "test/support/table.h"

#include "policy/base/clock.h"
#include "quota/redis/script.h"

#include <stdlib.h>

static const struct limit rate = { .algorithm = LIMIT_TOKEN_BUCKET,
                                   .amount = 50,
                                   .period_ns = SECOND,
                                   .burst = 100,
                                   .dedup_ns = 1500 * MILLISECOND };
static const struct limit slots = { .algorithm = LIMIT_CONCURRENCY,
                                    .amount = 7,
                                    .lease_ns = MINUTE,
                                    .dedup_ns = SECOND };
static const struct limit any_slots = { .algorithm = LIMIT_CONCURRENCY,
                                        .amount = 7,
                                        .lease_ns = MINUTE,
                                        .dedup_ns = SECOND,
                                        .release_any = true };

static const struct quota_id key = { { 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06,
                                       0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d,
                                       0xef, 0xff } };
static const struct quota_id id = { "0123456789abcdeF" };

#define KEY "p:{q:000102030405060708090a0b0c0defff}"
#define ID_HEX "30313233343536373839616263646546"

/* A decimal number at *at, which moves behind it and the end of its line. */
static size_t take_count(const char **at)
{
    char *end;
    size_t count = strtoul(*at, &end, 10);

    assert_memory_equal(end, "\r\n", 2);
    *at = end + 2;
    return count;
}

/* The arguments of the one command in the box, each followed by '|'. */
static struct str shown(const struct outbox *outbox)
{
    static char text[4096];
    struct str bytes = outbox_unsent(outbox);
    const char *at = bytes.data + 1;
    size_t count = take_count(&at), text_len = 0;

    assert_int_equal(*bytes.data, '*');
    for (; count > 0; count--) {
        size_t len;

        assert_int_equal(*at++, '$');
        len = take_count(&at);
        assert_true(text_len + len < sizeof(text));
        memcpy(text + text_len, at, len);
        text_len += len;
        text[text_len++] = '|';
        at += len;
        assert_memory_equal(at, "\r\n", 2);
        at += 2;
    }
    assert_ptr_equal(at, bytes.data + bytes.len);
    return (struct str){ text, text_len };
}

/* The command without its name and the sum of the script. */
static struct str shown_call(const struct outbox *outbox)
{
    struct str text = shown(outbox);

    assert_true(str_starts_with(text, STR("EVALSHA|")));
    text = str_skip(text, strlen("EVALSHA|"));
    assert_true(str_starts_with(text, script_charge.sha1));
    return str_skip(text, script_charge.sha1.len + 1);
}

static void a_take_is_one_call(void **state)
{
    static const struct {
        const char *why;
        struct charge charge;
        const char *call;
    } rows[] = {
        { "a rate",
          { .limit = &rate, .amount = 3 },
          "1|" KEY ":tokens|bucket|3|0|0|100|50|1000000|0||" },
        { "with an id it has a record",
          { .limit = &rate, .amount = 3, .has_id = true },
          "2|" KEY ":tokens|" KEY ":took:" ID_HEX
          "|bucket|3|0|0|100|50|1000000|1500|0123456789abcdeF|" },
        { "giving back has another one",
          { .limit = &rate, .amount = -3, .has_id = true },
          "2|" KEY ":tokens|" KEY ":gave:" ID_HEX
          "|bucket|-3|0|0|100|50|1000000|1500|0123456789abcdeF|" },
        { "looking has none",
          { .limit = &rate, .has_id = true },
          "1|" KEY ":tokens|bucket|0|0|0|100|50|1000000|0||" },
        { "best effort",
          { .limit = &rate, .amount = 3, .is_best_effort = true },
          "1|" KEY ":tokens|bucket|3|1|0|100|50|1000000|0||" },
        { "shadow",
          { .limit = &rate, .amount = 3, .is_shadow = true },
          "1|" KEY ":tokens|bucket|3|0|1|100|50|1000000|0||" },
        { "an amount that no double holds",
          { .limit = &rate, .amount = INT64_MAX },
          "1|" KEY ":tokens|bucket|1000000001|0|0|100|50|1000000|0||" },
        { "and one to give back",
          { .limit = &rate, .amount = INT64_MIN },
          "1|" KEY ":tokens|bucket|-1000000001|0|0|100|50|1000000|0||" },
        { "a lease has the id of its grant",
          { .limit = &slots, .amount = 1 },
          "1|" KEY ":leases|leases|1|0|0|7|0|60000000|0|0123456789abcdeF|" },
        { "and is released by its id",
          { .limit = &slots, .amount = -1, .has_id = true },
          "1|" KEY ":leases|leases|-1|0|0|7|0|60000000|0|0123456789abcdeF|" },
        { "or the oldest, without one",
          { .limit = &slots, .amount = -1 },
          "1|" KEY ":leases|leases|-1|0|0|7|0|60000000|0||" },
        { "where any is released, the id is that of the release",
          { .limit = &any_slots, .amount = -1, .has_id = true },
          "2|" KEY ":leases|" KEY ":gave:" ID_HEX
          "|leases|-1|0|0|7|0|60000000|1000|0123456789abcdeF|" },
    };
    struct outbox outbox;

    (void)state;
    outbox_init(&outbox);
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct take take = { .count = 1 };

        take.charges[0] = rows[i].charge;
        take.charges[0].quota = STR("q");
        take.charges[0].key = key;
        take.charges[0].id = id;
        memcpy(take.grants[0].lease_id, id.bytes, sizeof(id.bytes));
        assert_true(script_put_take(&outbox, STR("p:"), &take));
        row_equal_str(rows[i].why, shown_call(&outbox), str_of(rows[i].call));
        outbox_clear(&outbox);
    }
    outbox_fini(&outbox);
}

static void a_release_gives_back_all_of_each_lease(void **state)
{
    struct release release = { .count = 2 };
    struct outbox outbox;

    (void)state;
    release.leases[0] = release.leases[1] =
        (struct lease_name){ .quota = STR("q"), .key = key, .id = id };
    outbox_init(&outbox);
    assert_true(script_put_release(&outbox, STR("p:"), &release));
    row_equal_str("two", shown_call(&outbox),
                  STR("2|" KEY ":leases|" KEY ":leases|"
                      "leases|-1000000001|0|0|0|0|0|0|0123456789abcdeF|"
                      "leases|-1000000001|0|0|0|0|0|0|0123456789abcdeF|"));
    outbox_fini(&outbox);
}

static void what_does_not_fit_is_left_out_whole(void **state)
{
    static char text[OUTBOX_BYTES / 3];
    const struct str third = { text, sizeof(text) };
    struct outbox outbox;
    size_t len;

    (void)state;
    outbox_init(&outbox);
    for (int round = 0; round < 5; round++) {
        for (int n = 0; n < 3; n++) {
            outbox_begin(&outbox, 1);
            outbox_put(&outbox, third);
            assert_int_equal(outbox_end(&outbox), n < 2);
        }
        len = outbox_unsent(&outbox).len;
        assert_true(len > 2 * sizeof(text) && len < 2 * sizeof(text) + 100);
        /* Sent in pieces; there is room again. */
        outbox_sent(&outbox, len / 3 * 2);
        outbox_begin(&outbox, 1);
        outbox_put_i64(&outbox, INT64_MIN);
        assert_true(outbox_end(&outbox));
        assert_true(str_ends_with(outbox_unsent(&outbox),
                                  STR("$20\r\n-9223372036854775808\r\n")));
        outbox_sent(&outbox, outbox_unsent(&outbox).len);
    }
    outbox_fini(&outbox);
}

static void results_become_a_grant(void **state)
{
    static const struct {
        const char *why;
        struct charge charge;
        int64_t results[3];
        enum take_status status;
        struct quota_grant grant;
    } rows[] = {
        { "granted",
          { .limit = &rate, .amount = 2 },
          { 2, 98, 0 },
          TAKE_GRANTED,
          { .granted = 2, .remaining = 98, .valid_for_ns = SECOND / 25 } },
        { "refused until it is back",
          { .limit = &rate, .amount = 2 },
          { -1, 0, 0 },
          TAKE_REFUSED,
          { .is_refused = true, .retry_after_ns = SECOND / 25 } },
        { "half of a token is back already",
          { .limit = &rate, .amount = 1 },
          { -1, 0, 500000 },
          TAKE_REFUSED,
          { .is_refused = true, .retry_after_ns = SECOND / 100 } },
        { "best effort waits for one",
          { .limit = &rate, .amount = 50, .is_best_effort = true },
          { -1, 0, 0 },
          TAKE_REFUSED,
          { .is_refused = true, .retry_after_ns = SECOND / 50 } },
        { "more is in use than allowed",
          { .limit = &rate, .amount = 1 },
          { -1, -4, 0 },
          TAKE_REFUSED,
          { .is_refused = true, .retry_after_ns = SECOND / 10 } },
        { "more than the burst never comes",
          { .limit = &rate, .amount = 101 },
          { -1, 100, 0 },
          TAKE_REFUSED,
          { .remaining = 100, .is_refused = true, .retry_after_ns = -1 } },
        { "a shadow refuses nobody",
          { .limit = &rate, .amount = 3, .is_shadow = true },
          { -3, 0, 0 },
          TAKE_GRANTED,
          { .granted = 2,
            .is_refused = true,
            .valid_for_ns = SECOND / 25,
            .retry_after_ns = 3 * SECOND / 50 } },
        { "given back",
          { .limit = &rate, .amount = -5 },
          { 5, 100, 0 },
          TAKE_GRANTED,
          { .granted = 5, .remaining = 100 } },
        { "a lease",
          { .limit = &slots, .amount = 1 },
          { 1, 6, 0 },
          TAKE_GRANTED,
          { .granted = 1, .remaining = 6, .has_lease = true } },
        { "nothing to lease",
          { .limit = &slots, .amount = 1 },
          { 0, 6, 0 },
          TAKE_GRANTED,
          { .remaining = 6 } },
        { "a slot may be free at any time",
          { .limit = &slots, .amount = 1 },
          { -1, 0, 0 },
          TAKE_REFUSED,
          { .is_refused = true, .retry_after_ns = -1 } },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        const struct quota_grant *want = &rows[i].grant;
        struct reply reply = { .kind = REPLY_INTEGERS, .count = 3 };
        struct take take = { .count = 1 };
        const struct quota_grant *got = &take.grants[0];

        memcpy(reply.integers, rows[i].results, sizeof(rows[i].results));
        take.charges[0] = rows[i].charge;
        row_true(rows[i].why, script_read_take(&reply, &take));
        row_equal_i64(rows[i].why, take.status, rows[i].status);
        row_equal_i64(rows[i].why, got->granted, want->granted);
        row_equal_i64(rows[i].why, got->remaining, want->remaining);
        row_equal_i64(rows[i].why, got->valid_for_ns, want->valid_for_ns);
        row_equal_i64(rows[i].why, got->retry_after_ns, want->retry_after_ns);
        row_equal_i64(rows[i].why, got->is_refused, want->is_refused);
        row_equal_i64(rows[i].why, got->has_lease, want->has_lease);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_take_is_one_call),
        cmocka_unit_test(a_release_gives_back_all_of_each_lease),
        cmocka_unit_test(what_does_not_fit_is_left_out_whole),
        cmocka_unit_test(results_become_a_grant),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

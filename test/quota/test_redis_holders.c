#include "quota/redis/holders.h"

#include "policy/base/clock.h"
#include "test/support/table.h"

/* Of a reply. */
#define LEASE 0x01020304, 0xfffefdfc, 0, 7, 3, 1500
#define INTEGERS 20

static const struct {
    const char *why;
    enum reply_kind kind;
    uint32_t integer_count;
    int64_t integers[INTEGERS];
    bool is_answer;
} rows[] = {
    { "nobody", REPLY_INTEGERS, 2, { 0, 0 }, true },
    { "one", REPLY_INTEGERS, 8, { 3, 1, LEASE }, true },
    { "two", REPLY_INTEGERS, 14, { 6, 2, LEASE, LEASE }, true },
    { "more than are listed", REPLY_INTEGERS, 8, { 99, 200, LEASE }, true },
    { "as many as are counted", REPLY_INTEGERS, 2, { 9, 256 }, true },
    { "an error", REPLY_ERROR, 0, { 0 }, false },
    { "a text", REPLY_OTHER, 2, { 0, 0 }, false },
    { "an integer", REPLY_INTEGERS, 1, { 0 }, false },
    { "half a lease", REPLY_INTEGERS, 5, { 3, 1, 1, 2, 3 }, false },
    { "fewer leases than are listed",
      REPLY_INTEGERS,
      14,
      { 6, 1, LEASE, LEASE },
      false },
    { "more leases than can be", REPLY_INTEGERS, 2, { 9, 257 }, false },
    { "negative units of all", REPLY_INTEGERS, 2, { -1, 0 }, false },
    { "no units", REPLY_INTEGERS, 8, { 3, 1, 1, 2, 3, 4, 0, 9 }, false },
    { "an id of other words",
      REPLY_INTEGERS,
      8,
      { 3, 1, 1, 2, 0x100000000, 4, 1, 9 },
      false },
    { "a negative word",
      REPLY_INTEGERS,
      8,
      { 3, 1, 1, 2, -3, 4, 1, 9 },
      false },
    { "an end that is past",
      REPLY_INTEGERS,
      8,
      { 3, 1, 1, 2, 3, 4, 1, -9 },
      false },
    { "an end that overflows",
      REPLY_INTEGERS,
      8,
      { 3, 1, 1, 2, 3, 4, 1, INT64_MAX },
      false },
};

static void replies_are_read_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct reply reply = { .kind = rows[i].kind,
                               .count = rows[i].integer_count };
        struct holders holders = { .is_outage = true };

        memcpy(reply.integers, rows[i].integers, sizeof(rows[i].integers));
        row_equal_i64(rows[i].why, holders_read(&reply, &holders),
                      rows[i].is_answer);
        if (!rows[i].is_answer)
            continue;
        row_equal_i64(rows[i].why, holders.is_outage, false);
        row_equal_i64(rows[i].why, holders.units, rows[i].integers[0]);
        row_equal_i64(rows[i].why, holders.lease_count, rows[i].integers[1]);
        row_equal_i64(rows[i].why, holders.count,
                      (rows[i].integer_count - 2) / 6);
    }
}

static void a_lease_is_what_the_reply_says(void **state)
{
    static const struct quota_id id = { { 1, 2, 3, 4, 0xff, 0xfe, 0xfd, 0xfc, 0,
                                          0, 0, 0, 0, 0, 0, 7 } };
    struct reply reply = { .kind = REPLY_INTEGERS,
                           .count = 8,
                           .integers = { 3, 1, LEASE } };
    struct holders holders;

    (void)state;
    assert_true(holders_read(&reply, &holders));
    assert_memory_equal(&holders.items[0].id, &id, sizeof(id));
    assert_int_equal(holders.items[0].units, 3);
    assert_int_equal(holders.items[0].ends_in_ns, 1500 * MICROSECOND);
}

static void the_command_names_the_key(void **state)
{
    static const struct holders holders = {
        .quota = STR_INIT("q"), .key = { { 0xab, 1, [15] = 0xff } }
    };
    struct outbox outbox;
    struct str sent;

    (void)state;
    outbox_init(&outbox);
    assert_true(holders_put(&outbox, STR("p:"), &holders));
    sent = outbox_unsent(&outbox);
    assert_true(str_starts_with(sent, STR("*6\r\n$4\r\nEVAL\r\n")));
    assert_true(str_ends_with(
        sent, STR("$1\r\n1\r\n"
                  "$45\r\np:{q:ab0100000000000000000000000000ff}:leases\r\n"
                  "$2\r\n64\r\n$3\r\n256\r\n")));
    outbox_fini(&outbox);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replies_are_read_or_refused),
        cmocka_unit_test(a_lease_is_what_the_reply_says),
        cmocka_unit_test(the_command_names_the_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

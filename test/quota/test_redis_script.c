#include "test/support/table.h"

#include "policy/base/clock.h"
#include "quota/redis/script.h"

#include <stdio.h>
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

static const struct limit window = { .algorithm = LIMIT_FIXED_WINDOW,
                                     .amount = 50,
                                     .period_ns = SECOND,
                                     .dedup_ns = SECOND };
static const struct limit week = { .algorithm = LIMIT_FIXED_WINDOW,
                                   .amount = 50,
                                   .period_ns = 7 * LIMIT_PERIOD_MAX_NS,
                                   .calendar = CALENDAR_WEEK };
static const struct limit rolling = { .algorithm = LIMIT_ROLLING_WINDOW,
                                      .amount = 50,
                                      .period_ns = MINUTE + 1,
                                      .bucket_ns = SECOND + 1,
                                      .dedup_ns = 1 };

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

/* An integer of so many bytes, little-endian; *at moves behind it. */
static int64_t take_int(const char **at, uint32_t byte_count)
{
    uint64_t value = 0;

    for (uint32_t i = 0; i < byte_count; i++)
        value |= (uint64_t)(uint8_t)(*at)[i] << (8 * i);
    *at += byte_count;
    if (byte_count < 8 && value >> (8 * byte_count - 1))
        value |= ~UINT64_C(0) << (8 * byte_count);
    return (int64_t)value;
}

/* The packed rows: "KIND FLAGS amount limit rate span record ID", each followed
 * by ';'. */
static void show_rows(struct str packed, char *text, size_t size)
{
    static const char *const kinds[] = { "?", "bucket", "fixed", "rolling",
                                         "leases" };
    const char *at = packed.data;
    size_t len = 0;

    *text = '\0';
    while (at < packed.data + packed.len) {
        int64_t kind = take_int(&at, 1), flags = take_int(&at, 1);
        int64_t amount = take_int(&at, 4), limit = take_int(&at, 4);
        int64_t rate_ = take_int(&at, 8), span = take_int(&at, 8);
        int64_t record = take_int(&at, 4);

        assert_in_range(kind, 1, 4);
        len += (size_t)snprintf(
            text + len, size - len,
            "%s %s%s%s%s%" PRId64 " %" PRId64 " %" PRId64 " %" PRId64
            " %" PRId64,
            kinds[kind], flags & 1 ? "some " : "", flags & 2 ? "shadow " : "",
            flags & 4 ? "last " : "", flags & 16 ? "part " : "", amount, limit,
            rate_, span, record);
        if (flags & 8) {
            len += (size_t)snprintf(text + len, size - len, " %.16s", at);
            at += 16;
        }
        len += (size_t)snprintf(text + len, size - len, ";");
    }
    assert_ptr_equal(at, packed.data + packed.len);
}

/* The call without its name and the sum of the script, its rows readable. */
static const char *shown_call(const struct outbox *outbox)
{
    static char text[4096];
    struct str call = shown(outbox);
    size_t rest = 0, len;

    assert_true(str_starts_with(call, STR("EVALSHA|")));
    call = str_skip(call, strlen("EVALSHA|"));
    assert_true(str_starts_with(call, script_charge.sha1));
    call = str_skip(call, script_charge.sha1.len + 1);
    /* Behind the number of keys and the keys. */
    for (unsigned long bars = 1 + strtoul(call.data, NULL, 10); bars > 0;
         bars--)
        rest += strcspn(call.data + rest, "|") + 1;
    memcpy(text, call.data, rest);
    len = call.len - 1 - rest;
    show_rows((struct str){ call.data + rest, len }, text + rest,
              sizeof(text) - rest);
    return text;
}

static struct charge complete(struct charge charge)
{
    charge.quota = STR("q");
    charge.key = key;
    charge.id = id;
    return charge;
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
          "1|" KEY ":tokens|bucket last 3 100 50 1000000 0;" },
        { "with an id it has a record",
          { .limit = &rate, .amount = 3, .has_id = true },
          "2|" KEY ":tokens|" KEY ":took:" ID_HEX
          "|bucket last 3 100 50 1000000 1500;" },
        { "giving back has another one",
          { .limit = &rate, .amount = -3, .has_id = true },
          "2|" KEY ":tokens|" KEY ":gave:" ID_HEX
          "|bucket last -3 100 50 1000000 1500;" },
        { "looking has none",
          { .limit = &rate, .has_id = true },
          "1|" KEY ":tokens|bucket last 0 100 50 1000000 0;" },
        { "best effort",
          { .limit = &rate, .amount = 3, .is_best_effort = true },
          "1|" KEY ":tokens|bucket some last 3 100 50 1000000 0;" },
        { "shadow",
          { .limit = &rate, .amount = 3, .is_shadow = true },
          "1|" KEY ":tokens|bucket shadow last 3 100 50 1000000 0;" },
        { "an amount that no double holds",
          { .limit = &rate, .amount = INT64_MAX },
          "1|" KEY ":tokens|bucket last 1000000001 100 50 1000000 0;" },
        { "and one to give back",
          { .limit = &rate, .amount = INT64_MIN },
          "1|" KEY ":tokens|bucket last -1000000001 100 50 1000000 0;" },
        { "a window",
          { .limit = &window, .amount = 3, .has_id = true },
          "2|" KEY ":window|" KEY ":took:" ID_HEX
          "|fixed last 3 50 0 1000000 1000;" },
        { "a window of the calendar, that remembers no retries",
          { .limit = &week, .amount = 3, .has_id = true },
          "1|" KEY ":window|fixed last 3 50 5 604800000000 0;" },
        { "a rolling window: times are rounded up",
          { .limit = &rolling, .amount = 3, .has_id = true },
          "2|" KEY ":rolling|" KEY ":took:" ID_HEX
          "|rolling last 3 50 1000001 60000001 1;" },
        { "a lease has the id of its grant",
          { .limit = &slots, .amount = 1 },
          "1|" KEY ":leases|leases last 1 7 0 60000000 0 0123456789abcdeF;" },
        { "and is released by its id",
          { .limit = &slots, .amount = -1, .has_id = true },
          "1|" KEY ":leases|leases last -1 7 0 60000000 0 0123456789abcdeF;" },
        { "or the oldest, without one",
          { .limit = &slots, .amount = -1 },
          "1|" KEY ":leases|leases last -1 7 0 60000000 0;" },
        { "where any is released, the id is that of the release",
          { .limit = &any_slots, .amount = -1, .has_id = true },
          "2|" KEY ":leases|" KEY ":gave:" ID_HEX
          "|leases last -1 7 0 60000000 1000;" },
    };
    struct outbox outbox;

    (void)state;
    outbox_init(&outbox);
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct take take = { .count = 1 };
        const struct operation operation = { .kind = OPERATION_TAKE,
                                             .take = &take };
        const struct operation *const operations[] = { &operation };

        take.charges[0] = complete(rows[i].charge);
        memcpy(take.grants[0].lease_id, id.bytes, sizeof(id.bytes));
        assert_true(script_put(&outbox, STR("p:"), operations, 1));
        row_equal_str(rows[i].why, str_of(shown_call(&outbox)),
                      str_of(rows[i].call));
        outbox_clear(&outbox);
    }
    outbox_fini(&outbox);
}

/* What one part takes, and what undoes it. */
static void parts_say_that_they_are(void **state)
{
    static const struct {
        const char *why;
        bool is_undo;
        struct charge charge;
        const char *call;
    } rows[] = {
        { "a rate",
          false,
          { .limit = &rate, .amount = 3 },
          "1|" KEY ":tokens|bucket last part 3 100 50 1000000 0;" },
        { "with an id",
          false,
          { .limit = &rate, .amount = 3, .has_id = true },
          "2|" KEY ":tokens|" KEY ":took:" ID_HEX
          "|bucket last part 3 100 50 1000000 1500;" },
        { "its record is undone",
          true,
          { .limit = &rate, .amount = -3, .has_id = true },
          "2|" KEY ":tokens|" KEY ":took:" ID_HEX
          "|bucket last part -3 100 50 1000000 1500;" },
        { "without one it is given back",
          true,
          { .limit = &rate, .amount = -3 },
          "1|" KEY ":tokens|bucket last part -3 100 50 1000000 0;" },
        { "a lease is released by its id",
          true,
          { .limit = &slots, .amount = -2, .has_id = true },
          "1|" KEY ":leases|leases last part -2 7 0 60000000 0 "
          "0123456789abcdeF;" },
        { "also where any is released",
          true,
          { .limit = &any_slots, .amount = -2, .has_id = true },
          "1|" KEY ":leases|leases last part -2 7 0 60000000 0 "
          "0123456789abcdeF;" },
    };
    struct outbox outbox;

    (void)state;
    outbox_init(&outbox);
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct part part = { .take = { .count = 1 },
                             .is_undo = rows[i].is_undo };
        const struct operation operation = { .kind = OPERATION_PART,
                                             .part = &part };
        const struct operation *const operations[] = { &operation };

        part.take.charges[0] = complete(rows[i].charge);
        assert_true(script_put(&outbox, STR("p:"), operations, 1));
        row_equal_str(rows[i].why, str_of(shown_call(&outbox)),
                      str_of(rows[i].call));
        outbox_clear(&outbox);
    }
    outbox_fini(&outbox);
}

static void a_release_gives_back_all_of_each_lease(void **state)
{
    struct release release = { .count = 2 };
    const struct operation operation = { .kind = OPERATION_RELEASE,
                                         .release = &release };
    const struct operation *const operations[] = { &operation };
    struct outbox outbox;

    (void)state;
    release.leases[0] = release.leases[1] =
        (struct lease_name){ .quota = STR("q"), .key = key, .id = id };
    outbox_init(&outbox);
    assert_true(script_put(&outbox, STR("p:"), operations, 1));
    row_equal_str("two", str_of(shown_call(&outbox)),
                  STR("2|" KEY ":leases|" KEY ":leases|"
                      "leases -1000000001 0 0 0 0 0123456789abcdeF;"
                      "leases last -1000000001 0 0 0 0 0123456789abcdeF;"));
    outbox_fini(&outbox);
}

static void many_are_one_call(void **state)
{
    struct take first = { .count = 3 }, second = { .count = 1 };
    struct release release = { .count = 1 };
    const struct operation all[] = {
        { .kind = OPERATION_TAKE, .take = &first },
        { .kind = OPERATION_RELEASE, .release = &release },
        { .kind = OPERATION_TAKE, .take = &second },
    };
    const struct operation *const operations[] = { &all[0], &all[1], &all[2] };
    struct outbox outbox;

    (void)state;
    /* What gives back comes last of its Check. */
    first.charges[0] =
        complete((struct charge){ .limit = &rate, .amount = -1 });
    first.charges[1] =
        complete((struct charge){ .limit = &window, .amount = 2 });
    first.charges[2] = complete((struct charge){ .limit = &week });
    second.charges[0] =
        complete((struct charge){ .limit = &rate, .amount = 4 });
    release.leases[0] =
        (struct lease_name){ .quota = STR("q"), .key = key, .id = id };
    outbox_init(&outbox);
    assert_true(script_put(&outbox, STR("p:"), operations, 3));
    row_equal_str("three", str_of(shown_call(&outbox)),
                  STR("5|" KEY ":window|" KEY ":window|" KEY ":tokens|" KEY
                      ":leases|" KEY ":tokens|fixed 2 50 0 1000000 0;"
                      "fixed 0 50 5 604800000000 0;"
                      "bucket last -1 100 50 1000000 0;"
                      "leases last -1000000001 0 0 0 0 0123456789abcdeF;"
                      "bucket last 4 100 50 1000000 0;"));
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

/* The longest names and the most charges still leave room for another call. */
static void the_longest_call_fits(void **state)
{
    static char name[64];
    static struct take takes[SCRIPT_CHARGES_MAX / QUOTAS_PER_CHECK_MAX];
    struct operation all[ROWS(takes)];
    const struct operation *operations[ROWS(takes)];
    struct outbox outbox;

    (void)state;
    memset(name, 'n', sizeof(name));
    for (size_t i = 0; i < ROWS(takes); i++) {
        takes[i].count = QUOTAS_PER_CHECK_MAX;
        for (size_t n = 0; n < QUOTAS_PER_CHECK_MAX; n++) {
            takes[i].charges[n] = complete((struct charge){
                .limit = &rolling, .amount = 1, .has_id = true });
            takes[i].charges[n].quota = (struct str){ name, sizeof(name) };
        }
        all[i] =
            (struct operation){ .kind = OPERATION_TAKE, .take = &takes[i] };
        operations[i] = &all[i];
    }
    outbox_init(&outbox);
    for (int calls = 0; calls < 4; calls++)
        assert_true(script_put(&outbox, (struct str){ name, sizeof(name) },
                               operations, ROWS(takes)));
    outbox_fini(&outbox);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_take_is_one_call),
        cmocka_unit_test(parts_say_that_they_are),
        cmocka_unit_test(a_release_gives_back_all_of_each_lease),
        cmocka_unit_test(many_are_one_call),
        cmocka_unit_test(what_does_not_fit_is_left_out_whole),
        cmocka_unit_test(the_longest_call_fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

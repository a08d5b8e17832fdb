#include "test/support/table.h"

#include "quota/take.h"

/* A store that is only asked for names. */
static struct quota_id name_of(struct store *store, struct str bytes)
{
    struct quota_id id = { 0 };

    (void)store;
    for (size_t i = 0; i < bytes.len && i < sizeof(id.bytes); i++)
        id.bytes[i] = (uint8_t)bytes.data[i];
    return id;
}

static const struct store_ops ops = { .hash = name_of };
static struct store store = { .ops = &ops };

enum { OPEN, CLOSED, LOCAL, LOCAL_TOO };

static const struct limit open_limits[] = { { .amount = 10 },
                                            { .amount = 20 } };
static const struct limit closed_limits[] = { { .amount = 30 } };
static const struct quota_limits limits[] = {
    [OPEN] = { STR_INIT("open"), ON_OUTAGE_OPEN, open_limits, 2 },
    [CLOSED] = { STR_INIT("closed"), ON_OUTAGE_CLOSED, closed_limits, 1 },
    [LOCAL] = { STR_INIT("local"), ON_OUTAGE_LOCAL, closed_limits, 1 },
    [LOCAL_TOO] = { STR_INIT("too"), ON_OUTAGE_LOCAL, closed_limits, 1 },
};

static void requests_become_charges(void **state)
{
    static const struct quota_request requests[] = {
        { .quota = OPEN,
          .limit = 1,
          .key = STR_INIT("key one"),
          .text = STR_INIT("user=one"),
          .amount = 3,
          .is_best_effort = true },
        { .quota = CLOSED,
          .key = STR_INIT("key two"),
          .amount = -1,
          .is_shadow = true },
    };
    struct take take;

    (void)state;
    take_init(&take, &store, requests, 2, limits, STR("retry"));
    assert_int_equal(take.count, 2);
    assert_ptr_equal(take.charges[0].limit, &open_limits[1]);
    row_equal_str("name", take.charges[0].quota, STR("open"));
    row_equal_str("text", take.charges[0].text, STR("user=one"));
    assert_string_equal((const char *)take.charges[0].key.bytes, "key one");
    assert_int_equal(take.charges[0].amount, 3);
    assert_true(take.charges[0].is_best_effort && !take.charges[0].is_shadow);
    assert_true(take.charges[0].has_id);
    assert_string_equal((const char *)take.charges[0].id.bytes, "retry");
    assert_ptr_equal(take.charges[1].limit, &closed_limits[0]);
    assert_int_equal(take.charges[1].amount, -1);
    assert_true(take.charges[1].is_shadow && !take.charges[1].is_best_effort);

    take_init(&take, &store, requests, 2, limits, (struct str){ 0 });
    assert_false(take.charges[0].has_id);
}

/* What one request is answered during an outage, beside another one. */
static void each_quota_says_what_an_outage_means(void **state)
{
    static const struct {
        const char *why;
        struct quota_request requests[2];
        bool is_refused; /* the whole */
        int64_t granted[2];
        bool refused[2];
    } rows[] = {
        { "open grants what was asked",
          { { .quota = OPEN, .amount = 7 }, { .quota = OPEN, .amount = 2 } },
          false,
          { 7, 2 },
          { false, false } },
        { "closed refuses, and all or none are granted",
          { { .quota = CLOSED, .amount = 1 }, { .quota = OPEN, .amount = 2 } },
          true,
          { 0, 0 },
          { true, false } },
        { "the order does not matter",
          { { .quota = OPEN, .amount = 2 }, { .quota = CLOSED, .amount = 1 } },
          true,
          { 0, 0 },
          { false, true } },
        { "in shadow the refusal is marked but does not count",
          { { .quota = CLOSED, .amount = 1, .is_shadow = true },
            { .quota = OPEN, .amount = 2 } },
          false,
          { 0, 2 },
          { true, false } },
        { "a look is granted",
          { { .quota = CLOSED, .amount = 0 }, { .quota = OPEN, .amount = 0 } },
          false,
          { 0, 0 },
          { false, false } },
        { "a release returned nothing that is known",
          { { .quota = CLOSED, .amount = -5 },
            { .quota = OPEN, .amount = -5 } },
          false,
          { 0, 0 },
          { false, false } },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct take take;
        struct lease_name leases[QUOTAS_PER_CHECK_MAX];

        take_init(&take, &store, rows[i].requests, 2, limits, STR("id"));
        take.status = TAKE_OUTAGE;
        row_equal_i64(rows[i].why,
                      take_settle(&take, rows[i].requests, limits, NULL),
                      rows[i].is_refused);
        for (size_t n = 0; n < 2; n++) {
            const struct quota_grant *grant = &take.grants[n];

            row_equal_i64(rows[i].why, grant->granted, rows[i].granted[n]);
            row_equal_i64(rows[i].why, grant->is_refused, rows[i].refused[n]);
            row_equal_i64(rows[i].why, grant->valid_for_ns,
                          grant->granted > 0 ? OUTAGE_VALID_NS : 0);
            row_equal_i64(rows[i].why, grant->remaining, -1);
            row_equal_i64(rows[i].why, grant->retry_after_ns, -1);
            row_true(rows[i].why, grant->is_outage);
        }
        row_equal_i64("no lease", take_leases(&take, leases), 0);
    }
}

#define THREE 3

/* What three requests get, of which the local ones are answered as the rows
 * say: in their order, for those that are local. */
static void local_answers_are_mixed_in(void **state)
{
    static const struct {
        const char *why;
        struct quota_request requests[THREE];
        enum take_status status; /* of the local ones */
        struct quota_grant answers[THREE];
        bool is_taken, is_refused;
        int64_t granted[THREE];
        bool refused[THREE], is_local[THREE];
    } rows[] = {
        { "granted here, beside an open one",
          { { .quota = OPEN, .amount = 4 },
            { .quota = LOCAL, .amount = 3 },
            { .quota = LOCAL_TOO, .amount = 2 } },
          TAKE_GRANTED,
          { { .granted = 3 }, { .granted = 2 } },
          true,
          false,
          { 4, 3, 2 },
          { false, false, false },
          { false, true, true } },
        { "refused here, so the open one gets nothing",
          { { .quota = LOCAL, .amount = 3 },
            { .quota = OPEN, .amount = 4 },
            { .quota = LOCAL_TOO, .amount = 2 } },
          TAKE_REFUSED,
          { { .granted = 0 }, { .is_refused = true } },
          true,
          true,
          { 0, 0, 0 },
          { false, false, true },
          { true, false, true } },
        { "a closed one refuses, and nothing is taken here",
          { { .quota = LOCAL, .amount = 3 },
            { .quota = CLOSED, .amount = 1 },
            { .quota = OPEN, .amount = 2 } },
          TAKE_GRANTED,
          { { .granted = 3 } },
          false,
          true,
          { 0, 0, 0 },
          { false, true, false },
          { false, false, false } },
        { "a closed one in shadow does not",
          { { .quota = CLOSED, .amount = 1, .is_shadow = true },
            { .quota = LOCAL, .amount = 3 },
            { .quota = OPEN, .amount = 2 } },
          TAKE_GRANTED,
          { { .granted = 3 } },
          true,
          false,
          { 0, 3, 2 },
          { true, false, false },
          { false, true, false } },
        { "a local one in shadow takes what it can",
          { { .quota = LOCAL, .amount = 3, .is_shadow = true },
            { .quota = OPEN, .amount = 2 },
            { .quota = OPEN, .amount = 0 } },
          TAKE_GRANTED,
          { { .granted = 1, .is_refused = true } },
          true,
          false,
          { 1, 2, 0 },
          { true, false, false },
          { true, false, false } },
        { "a release is known here",
          { { .quota = LOCAL, .amount = -3 },
            { .quota = CLOSED, .amount = -3 },
            { .quota = OPEN, .amount = 0 } },
          TAKE_GRANTED,
          { { .granted = 2 } },
          true,
          false,
          { 2, 0, 0 },
          { false, false, false },
          { true, false, false } },
        { "this memory does not answer either: open",
          { { .quota = LOCAL, .amount = 3 },
            { .quota = OPEN, .amount = 2 },
            { .quota = LOCAL_TOO, .amount = 1 } },
          TAKE_OUTAGE,
          { { 0 } },
          true,
          false,
          { 3, 2, 1 },
          { false, false, false },
          { false, false, false } },
        { "none is local",
          { { .quota = OPEN, .amount = 3 },
            { .quota = OPEN, .amount = 2 },
            { .quota = OPEN, .amount = 1 } },
          TAKE_GRANTED,
          { { 0 } },
          false,
          false,
          { 3, 2, 1 },
          { false, false, false },
          { false, false, false } },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        const struct quota_request *requests = rows[i].requests;
        struct share share;
        struct take take;
        bool is_taken;

        take_init(&take, &store, requests, THREE, limits, STR("id"));
        take.status = TAKE_OUTAGE;
        is_taken = share_init(&share, &take, requests, limits, 1);
        row_equal_i64(rows[i].why, is_taken, rows[i].is_taken);
        share.take.status = rows[i].status;
        memcpy(share.take.grants, rows[i].answers, sizeof(rows[i].answers));
        row_equal_i64(
            rows[i].why,
            take_settle(&take, requests, limits, is_taken ? &share : NULL),
            rows[i].is_refused);
        row_equal_i64(rows[i].why, take_is_refused(&take), rows[i].is_refused);
        for (size_t n = 0; n < THREE; n++) {
            const struct quota_grant *grant = &take.grants[n];

            row_equal_i64(rows[i].why, grant->granted, rows[i].granted[n]);
            row_equal_i64(rows[i].why, grant->is_refused, rows[i].refused[n]);
            row_equal_i64(rows[i].why, grant->is_local, rows[i].is_local[n]);
            row_true(rows[i].why, grant->is_outage);
        }
    }
}

static void local_grants_are_soon_asked_for_again(void **state)
{
    static const struct quota_request requests[] = {
        { .quota = LOCAL, .amount = 1 }, { .quota = LOCAL_TOO, .amount = 1 }
    };
    struct share share;
    struct take take;

    (void)state;
    take_init(&take, &store, requests, 2, limits, STR("id"));
    take.status = TAKE_OUTAGE;
    assert_true(share_init(&share, &take, requests, limits, 1));
    share.take.status = TAKE_GRANTED;
    share.take.grants[0] =
        (struct quota_grant){ .granted = 1,
                              .valid_for_ns = 60 * OUTAGE_VALID_NS };
    share.take.grants[1] = (struct quota_grant){ .granted = 1,
                                                 .valid_for_ns = 5,
                                                 .has_lease = true };
    assert_false(take_settle(&take, requests, limits, &share));
    assert_int_equal(take.grants[0].valid_for_ns, OUTAGE_VALID_NS);
    assert_int_equal(take.grants[1].valid_for_ns, 5);
    assert_true(take.grants[1].has_lease);
}

static void what_the_store_answered_stands(void **state)
{
    static const struct quota_request requests[] = { { .quota = CLOSED,
                                                       .amount = 1 } };
    struct take take;

    (void)state;
    take_init(&take, &store, requests, 1, limits, STR("id"));
    take.grants[0] = (struct quota_grant){ .granted = 1, .remaining = 4 };
    take.status = TAKE_GRANTED;
    assert_false(take_settle(&take, requests, limits, NULL));
    assert_int_equal(take.grants[0].granted, 1);
    assert_int_equal(take.grants[0].remaining, 4);

    take.grants[0] = (struct quota_grant){ .is_refused = true };
    take.status = TAKE_REFUSED;
    assert_true(take_settle(&take, requests, limits, NULL));
    assert_false(take.grants[0].is_outage);
}

static void leases_are_named(void **state)
{
    static const struct quota_request requests[] = {
        { .quota = OPEN, .key = STR_INIT("rate"), .amount = 1 },
        { .quota = CLOSED, .key = STR_INIT("slot"), .amount = 1 },
    };
    struct lease_name leases[QUOTAS_PER_CHECK_MAX];
    struct take take;

    (void)state;
    take_init(&take, &store, requests, 2, limits, STR("id"));
    take.status = TAKE_GRANTED;
    take.grants[0] = (struct quota_grant){ .granted = 1 };
    take.grants[1] = (struct quota_grant){ .granted = 1,
                                           .has_lease = true,
                                           .lease_id = "of the store" };
    assert_int_equal(take_leases(&take, leases), 1);
    row_equal_str("quota", leases[0].quota, STR("closed"));
    assert_string_equal((const char *)leases[0].key.bytes, "slot");
    assert_string_equal((const char *)leases[0].id.bytes, "of the store");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_become_charges),
        cmocka_unit_test(each_quota_says_what_an_outage_means),
        cmocka_unit_test(local_answers_are_mixed_in),
        cmocka_unit_test(local_grants_are_soon_asked_for_again),
        cmocka_unit_test(what_the_store_answered_stands),
        cmocka_unit_test(leases_are_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

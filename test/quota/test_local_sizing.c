/* How much fits into a store; the figures are in docs/operation.md. */
#include "test/quota/local_check.h"
#include "test/support/table.h"

#include "policy/base/clock.h"
#include "quota/local/local.h"

#include <unistd.h>

static const struct limit one_an_hour = {
    .algorithm = LIMIT_TOKEN_BUCKET, .amount = 1, .period_ns = HOUR, .burst = 1
};
static const struct limit slots = { .algorithm = LIMIT_CONCURRENCY,
                                    .amount = LIMIT_AMOUNT_MAX,
                                    .lease_ns = HOUR };

static void take(struct store *store, const struct limit *limit, uint64_t key)
{
    struct take take = { .count = 1 };

    take.charges[0] = (struct charge){
        .limit = limit,
        .key =
            store_hash(store, (struct str){ (const char *)&key, sizeof(key) }),
        .amount = 1,
    };
    assert_int_equal(store_take(store, &take, HOUR), STORE_NOW);
    assert_int_equal(take.grants[0].granted, 1);
}

static void one_key_fills_a_shard(void **state)
{
    static const struct {
        const char *why;
        uint64_t size_bytes, leases;
    } rows[] = {
        { "the smallest: one shard", UINT64_C(1) << 20, 13200 },
        { "four of 1 MiB", UINT64_C(4) << 20, 13242 },
        { "four of 4 MiB", UINT64_C(16) << 20, 53716 },
        { "the default: four of 16 MiB", UINT64_C(64) << 20, 215640 },
        { "sixteen of 16 MiB", UINT64_C(256) << 20, 215640 },
        { "sixteen of 64 MiB", UINT64_C(1) << 30, 863294 },
        { "the largest", LOCAL_SIZE_MAX_BYTES, 884257736 },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        uint64_t leases = local_leases_per_key(rows[i].size_bytes);

        row_equal_i64(rows[i].why, leases, rows[i].leases);
    }
}

/* Fills it until something is dropped. Returns how many there were then. */
static uint64_t fill(struct store *store, const struct limit *limit,
                     bool is_one_key)
{
    uint64_t count = 0;

    for (; store->stats.evictions == 0; count++)
        take(store, limit, is_one_key ? 0 : count);
    return count - 1;
}

/* Filled by keys, or by leases of one key. */
static void entries_cost_what_is_promised(void **state)
{
    static const struct {
        const char *why;
        uint64_t size_bytes;
        const struct limit *limit;
        bool is_one_key;
    } rows[] = {
        { "keys in one shard", LOCAL_SIZE_MIN_BYTES, &one_an_hour, false },
        { "keys in four", 4 * LOCAL_SIZE_MIN_BYTES, &one_an_hour, false },
        { "leases in one shard", LOCAL_SIZE_MIN_BYTES, &slots, true },
        { "leases in one of four", 4 * LOCAL_SIZE_MIN_BYTES, &slots, true },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        uint64_t most = local_leases_per_key(rows[i].size_bytes);
        int fd = local_create(rows[i].size_bytes);
        struct store *store = local_open(fd);
        struct local_usage usage;
        uint64_t count = fill(store, rows[i].limit, rows[i].is_one_key);

        if (rows[i].is_one_key)
            row_true(rows[i].why, count >= most - 2 && count <= most);
        else
            row_true(rows[i].why, rows[i].size_bytes <= 85 * count);
        local_usage(store, &usage);
        row_true(rows[i].why, rows[i].size_bytes <= 80 * usage.cells);
        local_check(fd);
        store_free(store);
        close(fd);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_key_fills_a_shard),
        cmocka_unit_test(entries_cost_what_is_promised),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

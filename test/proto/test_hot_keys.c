/* The keys that are refused most, and how they are read while they change. */
#include "proto/server/shared/hot_keys.h"

#include "policy/base/clock.h"
#include "test/support/table.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define NOW (1000 * SECOND)

static struct quota_id id_of(uint64_t number)
{
    struct quota_id id = { { 0 } };

    memcpy(id.bytes, &number, sizeof(number));
    return id;
}

static struct refusal refusal_of(uint64_t number)
{
    return (struct refusal){ .key = id_of(number),
                             .quota = 1,
                             .text = STR("user=ann") };
}

static void add(struct hot_keys *keys, uint64_t number, uint32_t times,
                int64_t now_ns)
{
    struct refusal refusal = refusal_of(number);

    for (; times > 0; times--)
        hot_keys_add(keys, &refusal, now_ns);
}

/* The entry of a key, or a zeroed one. */
static struct hot_key find(const struct hot_keys *keys, uint64_t number)
{
    struct hot_key copies[HOT_KEYS];
    uint32_t count = hot_keys_copy(keys, copies);
    struct quota_id id = id_of(number);

    for (uint32_t i = 0; i < count; i++)
        if (memcmp(&copies[i].key, &id, sizeof(id)) == 0)
            return copies[i];
    return (struct hot_key){ 0 };
}

static struct hot_keys *new_keys(void)
{
    struct hot_keys *keys = calloc(1, sizeof(*keys));

    assert_non_null(keys);
    return keys;
}

static void test_counts(void **state)
{
    struct hot_keys *keys = new_keys();
    struct hot_key copies[HOT_KEYS];

    (void)state;
    assert_int_equal(hot_keys_copy(keys, copies), 0);
    /* Also the key whose name is all zeros. */
    for (uint64_t number = 0; number < HOT_KEYS; number++)
        add(keys, number, (uint32_t)number + 1, NOW);
    assert_int_equal(hot_keys_copy(keys, copies), HOT_KEYS);
    for (uint64_t number = 0; number < HOT_KEYS; number++) {
        assert_int_equal(find(keys, number).count, number + 1);
        assert_int_equal(find(keys, number).excess, 0);
    }
    free(keys);
}

static void test_the_least_makes_room(void **state)
{
    struct hot_keys *keys = new_keys();
    struct hot_key key;

    (void)state;
    for (uint64_t number = 0; number < HOT_KEYS; number++)
        add(keys, number, (uint32_t)number + 10, NOW);
    add(keys, 1000, 1, NOW);
    assert_int_equal(find(keys, 0).count, 0);
    key = find(keys, 1000);
    assert_int_equal(key.count, 11);
    assert_int_equal(key.excess, 10);
    /* Two have 11 now: the first of them goes. */
    add(keys, 1001, 1, NOW);
    assert_int_equal(find(keys, 1000).count, 0);
    assert_int_equal(find(keys, 1).count, 11);
    free(keys);
}

/* A key with more than 1/HOT_KEYS of all refusals is there, whatever else is
 * refused, and what its count claims too much is known. */
static void test_a_heavy_key_stays(void **state)
{
    static const struct {
        const char *why;
        uint32_t one_in, others;
    } rows[] = {
        { "half of all", 2, 100000 },
        { "a tenth", 10, 5000 },
        { "just above 1/64", 60, 100000 },
        { "few others", 60, 64 },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct hot_keys *keys = new_keys();
        struct hot_key key;
        uint64_t heavy = 0;

        for (uint32_t n = 0; n < 60000; n++)
            if (n % rows[i].one_in == 0) {
                add(keys, UINT64_MAX, 1, NOW);
                heavy++;
            } else {
                add(keys, 1 + n * UINT64_C(2654435761) % rows[i].others, 1,
                    NOW);
            }
        key = find(keys, UINT64_MAX);
        row_true(rows[i].why, key.count >= heavy);
        row_true(rows[i].why, key.count - key.excess <= heavy);
        free(keys);
    }
}

static void test_stale_ones_are_gone(void **state)
{
    static const int64_t later = NOW + HOT_KEY_STALE_NS;
    struct hot_keys *keys = new_keys();
    struct hot_key copies[HOT_KEYS];

    (void)state;
    for (uint64_t number = 0; number < HOT_KEYS; number++)
        add(keys, number, 100, NOW);
    add(keys, 7, 1, later - 1);
    assert_int_equal(find(keys, 7).count, 101);
    /* A new one owes nothing to one that is stale; neither does itself. */
    add(keys, 1000, 1, later);
    assert_int_equal(find(keys, 1000).count, 1);
    assert_int_equal(find(keys, 1000).excess, 0);
    add(keys, 8, 1, later);
    assert_int_equal(find(keys, 8).count, 1);
    assert_int_equal(hot_keys_merge(copies, hot_keys_copy(keys, copies), later),
                     3);
    free(keys);
}

static void test_text(void **state)
{
    static const char long_text[] =
        "0123456789012345678901234567890123456789012345678901234567890123456";
    struct hot_keys *keys = new_keys();
    struct refusal refusal = refusal_of(1);
    struct hot_key key;

    (void)state;
    refusal.text = str_of(long_text);
    refusal.is_redacted = true;
    refusal.slots = 20;
    refusal.quota = 3;
    hot_keys_add(keys, &refusal, NOW);
    key = find(keys, 1);
    assert_int_equal(key.text_len, HOT_KEY_TEXT_BYTES);
    assert_memory_equal(key.text, long_text, HOT_KEY_TEXT_BYTES);
    assert_true(key.is_redacted);
    assert_int_equal(key.slots, 20);
    assert_int_equal(key.quota, 3);
    assert_int_equal(key.last_ns, NOW);
    refusal = refusal_of(2);
    refusal.text = (struct str){ 0 };
    hot_keys_add(keys, &refusal, NOW);
    assert_int_equal(find(keys, 2).text_len, 0);
    free(keys);
}

static void test_merge(void **state)
{
    struct hot_key keys[] = {
        { .key = id_of(1),
          .quota = 1,
          .count = 5,
          .excess = 1,
          .last_ns = 10,
          .slots = 7 },
        { .key = id_of(2), .quota = 1, .count = 8, .last_ns = 20 },
        { .key = id_of(1),
          .quota = 1,
          .count = 6,
          .excess = 2,
          .last_ns = 30,
          .slots = 9 },
        { .key = id_of(1), .quota = 2, .count = 1, .last_ns = 40 },
        { .key = id_of(3),
          .quota = 1,
          .count = 99,
          .last_ns = 40 - HOT_KEY_STALE_NS },
    };

    (void)state;
    assert_int_equal(hot_keys_merge(keys, ROWS(keys), 40), 3);
    assert_int_equal(keys[0].count, 11);
    assert_int_equal(keys[0].excess, 3);
    assert_int_equal(keys[0].last_ns, 30);
    assert_int_equal(keys[0].slots, 9);
    assert_int_equal(keys[1].count, 8);
    assert_int_equal(keys[2].quota, 2);
    assert_int_equal(hot_keys_merge(keys, 0, 40), 0);
}

static void test_mend(void **state)
{
    struct hot_keys *keys = new_keys();
    struct hot_key copies[HOT_KEYS];

    (void)state;
    add(keys, 1, 3, NOW);
    add(keys, 2, 4, NOW);
    /* Its writer died while it wrote the second one. */
    atomic_fetch_or(&keys->entries[1].sequence, 1);
    assert_int_equal(hot_keys_copy(keys, copies), 1);
    hot_keys_mend(keys);
    assert_int_equal(hot_keys_copy(keys, copies), 1);
    assert_int_equal(find(keys, 1).count, 3);
    add(keys, 5, 1, NOW);
    assert_int_equal(find(keys, 5).count, 1);
    free(keys);
}

/* ---- while it is written ----------------------------------------------- */

#define CHURNED 100000

/* The text tells the key, so a copy of two keys shows. */
static void churn(struct hot_keys *keys, uint64_t number)
{
    char text[33];
    struct refusal refusal = refusal_of(number);

    snprintf(text, sizeof(text), "%032llu", (unsigned long long)number);
    refusal.text = (struct str){ text, sizeof(text) - 1 };
    refusal.slots = (int64_t)number;
    hot_keys_add(keys, &refusal, NOW);
}

struct churn {
    struct hot_keys *keys;
    _Atomic bool is_over;
};

static void *write_keys(void *context)
{
    struct churn *churning = context;

    for (uint64_t number = 1; number <= CHURNED; number++)
        churn(churning->keys, number);
    atomic_store(&churning->is_over, true);
    return NULL;
}

static void expect_whole(const struct hot_key *key)
{
    struct quota_id id = id_of((uint64_t)key->slots);
    char text[33];

    snprintf(text, sizeof(text), "%032llu", (unsigned long long)key->slots);
    assert_memory_equal(&key->key, &id, sizeof(id));
    assert_int_equal(key->text_len, sizeof(text) - 1);
    assert_memory_equal(key->text, text, sizeof(text) - 1);
}

static uint32_t expect_all_whole(const struct hot_keys *keys)
{
    struct hot_key copies[HOT_KEYS];
    uint32_t count = hot_keys_copy(keys, copies);

    for (uint32_t i = 0; i < count; i++)
        expect_whole(&copies[i]);
    return count;
}

static void test_no_copy_is_of_two_keys(void **state)
{
    struct churn churning = { .keys = new_keys() };
    pthread_t writer;

    (void)state;
    assert_int_equal(pthread_create(&writer, NULL, write_keys, &churning), 0);
    while (!atomic_load(&churning.is_over))
        expect_all_whole(churning.keys);
    pthread_join(writer, NULL);
    assert_int_equal(expect_all_whole(churning.keys), HOT_KEYS);
    free(churning.keys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_the_least_makes_room),
        cmocka_unit_test(test_a_heavy_key_stays),
        cmocka_unit_test(test_stale_ones_are_gone),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_merge),
        cmocka_unit_test(test_mend),
        cmocka_unit_test(test_no_copy_is_of_two_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

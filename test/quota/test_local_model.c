/*
 * A million random operations, with retries, releases, expiry and changes of
 * limits, against a model that is too simple to be wrong.
 */
#include "test/quota/drive.h"
#include "test/quota/local_check.h"
#include "test/quota/random.h"
#include "test/quota/window_model.h"
#include "test/support/table.h"

#include "policy/base/clock.h"
#include "quota/algo/token_bucket.h"
#include "quota/local/local.h"

#include <unistd.h>

#define OPERATIONS 1000000

/* Keys are of a kind by their number. */
enum kind {
    KIND_RATE, /* a token bucket */
    KIND_SLOTS,
    KIND_ANY_SLOTS, /* with release_any */
    KIND_FIXED,
    KIND_ROLLING,
};
#define KINDS 5
#define KEYS 20
#define IDS 5
#define LEASES_MAX 32
#define CHARGES_MAX 3

struct held {
    struct quota_id id;
    int64_t units, ends_ns;
};

struct remembered {
    int64_t granted, ends_ns;
};

/* All that is known of one key. */
struct key {
    struct token_bucket bucket;
    struct window_model window;
    struct held leases[LEASES_MAX]; /* in the order of their end */
    uint32_t lease_count;
    int64_t tombstone_ends_ns[IDS];
    struct remembered taken[IDS], given_back[IDS];
};

struct world {
    struct store *store;
    struct random random;
    int64_t now_ns;
    struct quota_id key_names[KEYS], id_names[IDS];
    struct key keys[KEYS];
};

/* One charge, by numbers. */
struct choice {
    uint32_t key;
    int id; /* < 0: none */
};

static enum kind kind_of(uint32_t key)
{
    return key % KINDS;
}

static int64_t below(struct world *world, int64_t limit)
{
    return random_below(&world->random, limit);
}

static const struct limit *choose_limit(struct world *world, uint32_t key)
{
#define RATE(size)                                                             \
    .algorithm = LIMIT_TOKEN_BUCKET, .amount = 7, .period_ns = 3 * SECOND,     \
    .burst = (size), .dedup_ns = SECOND
#define FIXED(count)                                                           \
    .algorithm = LIMIT_FIXED_WINDOW, .amount = (count),                        \
    .period_ns = 3 * SECOND, .dedup_ns = SECOND
#define ROLLING(count, bucket)                                                 \
    .algorithm = LIMIT_ROLLING_WINDOW, .amount = (count),                      \
    .period_ns = 3 * SECOND, .bucket_ns = (bucket)*MILLISECOND,                \
    .dedup_ns = SECOND
#define SLOTS(count, seconds)                                                  \
    .algorithm = LIMIT_CONCURRENCY, .amount = (count),                         \
    .lease_ns = (seconds)*SECOND, .dedup_ns = SECOND
    static const struct limit limits[KINDS][4] = {
        { { RATE(1) }, { RATE(5) }, { RATE(5) }, { RATE(10) } },
        { { SLOTS(0, 2) }, { SLOTS(5, 1) }, { SLOTS(5, 3) }, { SLOTS(9, 2) } },
        { { SLOTS(0, 2), .release_any = true },
          { SLOTS(5, 1), .release_any = true },
          { SLOTS(5, 3), .release_any = true },
          { SLOTS(9, 2), .release_any = true } },
        { { FIXED(0) }, { FIXED(5) }, { FIXED(9) }, { FIXED(15) } },
        { { ROLLING(4, 150) },
          { ROLLING(9, 150) },
          { ROLLING(9, 1000) },
          { ROLLING(15, 3000) } },
    };
#undef RATE
#undef SLOTS
#undef FIXED
#undef ROLLING

    return &limits[kind_of(key)][below(world, 4)];
}

/* ---- the model ---- */

static int64_t min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t max(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static void end_lease(struct key *key, uint32_t index)
{
    key->lease_count--;
    memmove(&key->leases[index], &key->leases[index + 1],
            (key->lease_count - index) * sizeof(key->leases[0]));
}

static void put_lease(struct key *key, struct held lease)
{
    uint32_t index = key->lease_count++;

    assert_true(key->lease_count <= LEASES_MAX);
    for (; index > 0 && key->leases[index - 1].ends_ns > lease.ends_ns; index--)
        key->leases[index] = key->leases[index - 1];
    key->leases[index] = lease;
}

static uint32_t find_lease(const struct key *key, const struct quota_id *id)
{
    uint32_t index = 0;

    while (index < key->lease_count &&
           memcmp(&key->leases[index].id, id, sizeof(*id)) != 0)
        index++;
    return index;
}

static void pass_time(struct key *key, const struct limit *limit,
                      int64_t now_ns)
{
    if (limit->algorithm == LIMIT_TOKEN_BUCKET)
        token_bucket_regain(&key->bucket, limit, now_ns);
    while (key->lease_count > 0 && key->leases[0].ends_ns <= now_ns)
        end_lease(key, 0);
    window_model_pass(&key->window, limit, now_ns);
}

static int64_t left_of(const struct key *key, const struct limit *limit)
{
    int64_t left = limit->amount - window_model_used(&key->window);

    if (limit->algorithm == LIMIT_TOKEN_BUCKET)
        return token_bucket_left(&key->bucket, limit);
    for (uint32_t i = 0; i < key->lease_count; i++)
        left -= key->leases[i].units;
    return max(left, 0);
}

static void admit_in_model(const struct charge *charge, int64_t left,
                           struct quota_grant *grant)
{
    bool is_partial = charge->is_best_effort || charge->is_shadow;

    grant->granted = charge->amount;
    if (charge->amount > left) {
        grant->granted = is_partial ? left : 0;
        grant->is_refused =
            charge->is_best_effort ? left == 0 : charge->amount > left;
    }
}

static void take_in_model(const struct world *world, struct key *key,
                          const struct choice *choice,
                          const struct charge *charge,
                          struct quota_grant *grant)
{
    const struct limit *limit = charge->limit;
    uint32_t lease = find_lease(key, &charge->id);

    if (limit->algorithm != LIMIT_CONCURRENCY) {
        if (choice->id >= 0 && key->taken[choice->id].ends_ns > world->now_ns) {
            grant->granted = key->taken[choice->id].granted;
            return;
        }
        admit_in_model(charge, left_of(key, limit), grant);
        if (limit->algorithm == LIMIT_TOKEN_BUCKET)
            key->bucket.used += grant->granted;
        else
            window_model_take(&key->window, limit, world->now_ns,
                              grant->granted);
        if (choice->id >= 0 && grant->granted > 0)
            key->taken[choice->id] =
                (struct remembered){ grant->granted,
                                     world->now_ns + limit->dedup_ns };
    } else if (choice->id >= 0 && lease < key->lease_count) {
        struct held renewed = key->leases[lease];

        renewed.ends_ns = world->now_ns + limit->lease_ns;
        end_lease(key, lease);
        put_lease(key, renewed);
        grant->granted = renewed.units;
    } else if (choice->id < 0 ||
               key->tombstone_ends_ns[choice->id] <= world->now_ns) {
        admit_in_model(charge, left_of(key, limit), grant);
        /* One without an id is put once the store has named it. */
        if (grant->granted > 0 && choice->id >= 0)
            put_lease(key, (struct held){ charge->id, grant->granted,
                                          world->now_ns + limit->lease_ns });
    }
}

static int64_t shrink(struct key *key, uint32_t index, int64_t units)
{
    units = min(units, key->leases[index].units);
    key->leases[index].units -= units;
    if (key->leases[index].units == 0)
        end_lease(key, index);
    return units;
}

static int64_t release_in_model(const struct world *world, struct key *key,
                                const struct choice *choice,
                                const struct charge *charge)
{
    uint32_t lease = find_lease(key, &charge->id);
    int64_t released = 0;

    if (choice->id < 0 || charge->limit->release_any) {
        while (released < -charge->amount && key->lease_count > 0)
            released += shrink(key, 0, -charge->amount - released);
        return released;
    }
    if (lease < key->lease_count)
        return shrink(key, lease, -charge->amount);
    if (key->tombstone_ends_ns[choice->id] <= world->now_ns)
        key->tombstone_ends_ns[choice->id] =
            world->now_ns + RELEASE_TOMBSTONE_NS;
    return 0;
}

static bool is_slots(uint32_t key)
{
    return kind_of(key) == KIND_SLOTS || kind_of(key) == KIND_ANY_SLOTS;
}

static void give_back_in_model(const struct world *world, struct key *key,
                               const struct choice *choice,
                               const struct charge *charge,
                               struct quota_grant *grant)
{
    bool is_kept = choice->id >= 0 && kind_of(choice->key) != KIND_SLOTS;

    if (is_kept && key->given_back[choice->id].ends_ns > world->now_ns) {
        grant->granted = key->given_back[choice->id].granted;
        return;
    }
    if (kind_of(choice->key) == KIND_RATE)
        grant->granted = token_bucket_give_back(&key->bucket, -charge->amount);
    else if (!is_slots(choice->key))
        grant->granted = window_model_give_back(&key->window, -charge->amount);
    else
        grant->granted = release_in_model(world, key, choice, charge);
    if (is_kept && grant->granted > 0)
        key->given_back[choice->id] =
            (struct remembered){ grant->granted,
                                 world->now_ns + charge->limit->dedup_ns };
}

static int64_t wait_in_model(const struct key *key, const struct limit *limit,
                             int64_t now_ns, int64_t wanted)
{
    if (limit->algorithm == LIMIT_CONCURRENCY)
        return -1;
    return limit->algorithm == LIMIT_TOKEN_BUCKET
               ? token_bucket_wait_ns(&key->bucket, limit, wanted)
               : window_model_wait_ns(&key->window, limit, now_ns, wanted);
}

static int64_t full_in_model(const struct key *key, const struct limit *limit,
                             int64_t now_ns)
{
    if (limit->algorithm == LIMIT_CONCURRENCY)
        return key->lease_count > 0 ? -1 : 0;
    return limit->algorithm == LIMIT_TOKEN_BUCKET
               ? token_bucket_idle_ns(&key->bucket, limit)
               : window_model_full_ns(&key->window, limit, now_ns);
}

static int64_t valid_in_model(const struct key *key, const struct limit *limit,
                              int64_t now_ns, int64_t granted)
{
    if (granted == 0 || limit->algorithm == LIMIT_CONCURRENCY)
        return 0;
    if (limit->algorithm == LIMIT_TOKEN_BUCKET)
        return token_bucket_time_ns(limit, granted);
    /* What a retry was granted may have ended. */
    return limit->algorithm == LIMIT_ROLLING_WINDOW
               ? limit->period_ns
               : full_in_model(key, limit, now_ns);
}

/* What the grant is but for its lease_id. */
static void complete_in_model(const struct key *key,
                              const struct charge *charge, int64_t now_ns,
                              struct quota_grant *grant)
{
    const struct limit *limit = charge->limit;
    int64_t wanted = charge->is_best_effort ? 1 : charge->amount;

    if (grant->is_refused)
        grant->retry_after_ns = wait_in_model(key, limit, now_ns, wanted);
    if (charge->amount > 0)
        grant->valid_for_ns =
            valid_in_model(key, limit, now_ns, grant->granted);
    grant->has_lease = limit->algorithm == LIMIT_CONCURRENCY &&
                       charge->amount > 0 && grant->granted > 0;
}

static enum take_status ask_model(struct world *world,
                                  const struct choice *choices,
                                  const struct take *take,
                                  struct quota_grant *grants)
{
    struct key before[CHARGES_MAX];
    enum take_status status = TAKE_GRANTED;

    for (uint32_t i = 0; i < take->count; i++) {
        const struct charge *charge = &take->charges[i];
        struct key *key = &world->keys[choices[i].key];

        pass_time(key, charge->limit, world->now_ns);
        before[i] = *key;
        grants[i] = (struct quota_grant){ 0 };
        if (charge->amount > 0)
            take_in_model(world, key, &choices[i], charge, &grants[i]);
        if (charge->amount < 0)
            give_back_in_model(world, key, &choices[i], charge, &grants[i]);
        complete_in_model(key, charge, world->now_ns, &grants[i]);
        if (grants[i].is_refused && !charge->is_shadow)
            status = TAKE_REFUSED;
    }
    for (uint32_t i = 0; status == TAKE_REFUSED && i < take->count; i++) {
        world->keys[choices[i].key] = before[i];
        grants[i].granted = grants[i].valid_for_ns = 0;
        grants[i].has_lease = false;
    }
    return status;
}

/* ---- the store beside it ---- */

static void compare(const struct quota_grant *got,
                    const struct quota_grant *want)
{
    row_equal_i64("granted", got->granted, want->granted);
    row_equal_i64("refused", got->is_refused, want->is_refused);
    row_equal_i64("valid for", got->valid_for_ns, want->valid_for_ns);
    row_equal_i64("retry after", got->retry_after_ns, want->retry_after_ns);
    row_equal_i64("lease", got->has_lease, want->has_lease);
}

static void choose_charges(struct world *world, struct choice *choices,
                           struct take *take)
{
    take->count = (uint32_t)below(world, CHARGES_MAX) + 1;
    for (uint32_t i = 0; i < take->count; i++) {
        /* Different ones. */
        uint32_t first = i == 0 ? (uint32_t)below(world, KEYS) : 0;
        uint32_t key =
            i == 0
                ? first
                : (choices[i - 1].key + 1 + (uint32_t)below(world, 2)) % KEYS;
        struct charge *charge = &take->charges[i];

        choices[i] = (struct choice){ key, (int)below(world, IDS + 2) - 2 };
        *charge = (struct charge){
            .limit = choose_limit(world, key),
            .quota = STR("quota"),
            .key = world->key_names[key],
            .amount = below(world, 9) - 3,
            .is_best_effort = below(world, 4) == 0,
            .is_shadow = below(world, 6) == 0,
            .has_id = choices[i].id >= 0,
        };
        if (charge->has_id)
            charge->id = world->id_names[choices[i].id];
    }
}

static void take_at_random(struct world *world)
{
    struct choice choices[CHARGES_MAX] = { 0 };
    struct quota_grant grants[CHARGES_MAX];
    struct take take = { 0 };

    choose_charges(world, choices, &take);
    drive_take(world->store, &take, world->now_ns);
    row_equal_i64("status", take.status,
                  ask_model(world, choices, &take, grants));
    for (uint32_t i = 0; i < take.count; i++) {
        const struct limit *limit = take.charges[i].limit;
        struct key *key = &world->keys[choices[i].key];

        compare(&take.grants[i], &grants[i]);
        if (grants[i].has_lease && !take.charges[i].has_id) {
            struct held lease = { .units = grants[i].granted,
                                  .ends_ns = world->now_ns + limit->lease_ns };

            memcpy(&lease.id, take.grants[i].lease_id, sizeof(lease.id));
            put_lease(key, lease);
        }
        row_equal_i64("remaining", take.grants[i].remaining,
                      left_of(key, limit));
        row_equal_i64("full after", take.grants[i].full_after_ns,
                      full_in_model(key, limit, world->now_ns));
    }
}

/* Some leases by their names, which may be gone by now. */
static void release_at_random(struct world *world)
{
    struct release release = { 0 };
    int64_t released = 0;

    for (uint32_t i = 0; i < CHARGES_MAX; i++) {
        uint32_t number = (uint32_t)below(world, KEYS);
        struct key *key = &world->keys[number];
        struct lease_name *lease = &release.leases[release.count];

        if (!is_slots(number) || key->lease_count == 0)
            continue;
        *lease = (struct lease_name){
            .quota = STR("quota"),
            .key = world->key_names[number],
            .id = key->leases[below(world, key->lease_count)].id,
        };
        release.count++;
        if (key->leases[find_lease(key, &lease->id)].ends_ns > world->now_ns)
            released += key->leases[find_lease(key, &lease->id)].units;
        else
            for (int id = 0; id < IDS; id++)
                if (memcmp(&world->id_names[id], &lease->id, 16) == 0)
                    key->tombstone_ends_ns[id] =
                        world->now_ns + RELEASE_TOMBSTONE_NS;
        end_lease(key, find_lease(key, &lease->id));
    }
    drive_release(world->store, &release, world->now_ns);
    row_equal_i64("released", release.released, released);
}

static void name_all(struct world *world)
{
    for (uint8_t i = 0; i < KEYS; i++)
        world->key_names[i] =
            store_hash(world->store, (struct str){ (const char *)&i, 1 });
    for (uint8_t i = 0; i < IDS; i++)
        world->id_names[i] =
            store_hash(world->store, (struct str){ (const char *)&i, 1 });
}

static void the_store_does_what_the_model_does(void **state)
{
    static struct world world;
    int fd = local_create(2 * LOCAL_SIZE_MIN_BYTES);

    (void)state;
    world.store = local_open(fd);
    world.random = random_from(7);
    name_all(&world);
    for (int i = 0; i < OPERATIONS; i++) {
        if (below(&world, 3) == 0)
            world.now_ns += below(&world, 200 * MILLISECOND);
        if (below(&world, 500) == 0)
            world.now_ns += 20 * SECOND;
        if (below(&world, 8) == 0)
            release_at_random(&world);
        else
            take_at_random(&world);
        if (i % (OPERATIONS / 100) == 0)
            local_check(fd);
    }
    assert_int_equal(world.store->stats.evictions, 0);
    store_free(world.store);
    close(fd);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_store_does_what_the_model_does),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

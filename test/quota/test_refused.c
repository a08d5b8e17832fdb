/* What is remembered of refusals, and that it never changes an answer. Time
 * moves by addition. */
#include "test/support/table.h"

#include "policy/base/clock.h"
#include "quota/algo/admit.h"
#include "quota/algo/token_bucket.h"
#include "quota/local/local.h"
#include "quota/refused.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MS MILLISECOND

static const struct limit no_dedup = {
    .algorithm = LIMIT_TOKEN_BUCKET,
    .amount = 1,
    .period_ns = HOUR,
    .burst = 10,
};
static const struct limit with_dedup = {
    .algorithm = LIMIT_TOKEN_BUCKET,
    .amount = 1,
    .period_ns = HOUR,
    .burst = 10,
    .dedup_ns = 300 * MS,
};
static const struct limit slots = {
    .algorithm = LIMIT_CONCURRENCY,
    .amount = 1,
    .lease_ns = HOUR,
};

static struct charge charge_of(const struct limit *limit, uint8_t key,
                               int64_t amount)
{
    return (struct charge){
        .limit = limit,
        .key = { { key } },
        .amount = amount,
        .has_id = limit->dedup_ns > 0,
        .id = { { key, 1 } },
    };
}

static struct take take_of(struct charge charge)
{
    struct take take = { .count = 1 };

    take.charges[0] = charge;
    return take;
}

static struct refused_when at(int64_t now_ms)
{
    return (struct refused_when){ 1, 1, now_ms * MS };
}

/* The store refuses until retry_ms; the answer took 1 ms. */
static void learn(struct refused *refused, struct charge charge, int64_t now_ms,
                  int64_t retry_ms)
{
    struct refused_when when = at(now_ms);
    struct take take = take_of(charge);

    take.status = TAKE_REFUSED;
    take.grants[0] = (struct quota_grant){
        .is_refused = true,
        .remaining = 0,
        .retry_after_ns = (retry_ms - now_ms) * MS,
    };
    refused_learn(refused, &take, &when, when.now_ns + MS);
}

static bool answers(const struct refused *refused, struct charge charge,
                    struct refused_when when)
{
    struct take take = take_of(charge);

    return refused_answer(refused, &take, &when);
}

/* ---- tables ------------------------------------------------------------ */

/* At 1000 ms the key 1 is refused for 4 until 1500 ms. */
static void a_refusal_is_remembered(void **state)
{
    static const struct {
        const char *why;
        struct refused_when when;
        uint8_t key;
        int64_t amount;
        bool is_best_effort, is_shadow, is_answered;
    } rows[] = {
        { "at once", { 1, 1, 1001 * MS }, 1, 4, false, false, true },
        { "just before its time",
          { 1, 1, 1500 * MS - 1 },
          1,
          4,
          false,
          false,
          true },
        { "its time has come", { 1, 1, 1500 * MS }, 1, 4, false, false, false },
        { "time stepped back", { 1, 1, 999 * MS }, 1, 4, false, false, false },
        { "another key", { 1, 1, 1001 * MS }, 2, 4, false, false, false },
        { "one of the same set",
          { 1, 1, 1001 * MS },
          5,
          4,
          false,
          false,
          false },
        { "another amount", { 1, 1, 1001 * MS }, 1, 3, false, false, false },
        { "more has another time",
          { 1, 1, 1001 * MS },
          1,
          5,
          false,
          false,
          false },
        { "what is left will do",
          { 1, 1, 1001 * MS },
          1,
          4,
          true,
          false,
          false },
        { "in shadow it is charged",
          { 1, 1, 1001 * MS },
          1,
          4,
          false,
          true,
          false },
        { "a look", { 1, 1, 1001 * MS }, 1, 0, false, false, false },
        { "giving back", { 1, 1, 1001 * MS }, 1, -4, false, false, false },
        { "the limit has changed",
          { 2, 1, 1001 * MS },
          1,
          4,
          false,
          false,
          false },
        { "usage has shrunk", { 1, 2, 1001 * MS }, 1, 4, false, false, false },
    };
    struct refused refused;

    (void)state;
    refused_init(&refused);
    assert_false(answers(&refused, charge_of(&no_dedup, 1, 4), at(1001)));
    learn(&refused, charge_of(&no_dedup, 1, 4), 1000, 1500);
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct charge charge =
            charge_of(&no_dedup, rows[i].key, rows[i].amount);

        charge.is_best_effort = rows[i].is_best_effort;
        charge.is_shadow = rows[i].is_shadow;
        row_equal_i64(rows[i].why, answers(&refused, charge, rows[i].when),
                      rows[i].is_answered);
    }
    refused_fini(&refused);
}

/* What is learnt from one answer, asked at 1000 ms: whether a take of 4, with
 * best effort or not, is answered at 1002 ms. */
static void what_is_learnt(void **state)
{
    static const struct {
        const char *why;
        const struct limit *limit;
        bool is_best_effort, is_shadow;
        enum take_status status;
        struct quota_grant grant;
        bool is_answered;
    } rows[] = {
        { "refused",
          &no_dedup,
          false,
          false,
          TAKE_REFUSED,
          { .is_refused = true, .retry_after_ns = SECOND },
          true },
        { "nothing is left",
          &no_dedup,
          true,
          false,
          TAKE_REFUSED,
          { .is_refused = true, .retry_after_ns = SECOND },
          true },
        { "granted",
          &no_dedup,
          false,
          false,
          TAKE_GRANTED,
          { .granted = 4 },
          false },
        { "another one refused",
          &no_dedup,
          false,
          false,
          TAKE_REFUSED,
          { 0 },
          false },
        { "in shadow",
          &no_dedup,
          false,
          true,
          TAKE_GRANTED,
          { .is_refused = true, .retry_after_ns = SECOND },
          false },
        { "never",
          &no_dedup,
          false,
          false,
          TAKE_REFUSED,
          { .is_refused = true, .retry_after_ns = -1 },
          false },
        { "no answer",
          &no_dedup,
          false,
          false,
          TAKE_OUTAGE,
          { .is_refused = true, .retry_after_ns = SECOND },
          false },
        { "a slot may be free at any time",
          &slots,
          false,
          false,
          TAKE_REFUSED,
          { .is_refused = true, .retry_after_ns = SECOND },
          false },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct charge charge = charge_of(rows[i].limit, 1, 4);
        struct refused_when when = at(1000);
        struct refused refused;
        struct take take;

        refused_init(&refused);
        charge.is_best_effort = rows[i].is_best_effort;
        charge.is_shadow = rows[i].is_shadow;
        take = take_of(charge);
        take.status = rows[i].status;
        take.grants[0] = rows[i].grant;
        refused_learn(&refused, &take, &when, when.now_ns + MS);
        charge.is_shadow = false;
        row_equal_i64(rows[i].why, answers(&refused, charge, at(1002)),
                      rows[i].is_answered);
        refused_fini(&refused);
    }
}

/* A refusal that another worker asked for while somebody gave back is not
 * believed: it may be from before. */
static void the_epoch_is_that_of_the_question(void **state)
{
    struct refused refused;

    (void)state;
    refused_init(&refused);
    learn(&refused, charge_of(&no_dedup, 1, 1), 1000, 1500);
    assert_false(answers(&refused, charge_of(&no_dedup, 1, 1),
                         (struct refused_when){ 1, 2, 1100 * MS }));
    refused_fini(&refused);
}

static void it_is_asked_for_again(void **state)
{
    struct charge charge = charge_of(&no_dedup, 1, 1);
    struct refused refused;

    (void)state;
    refused_init(&refused);
    learn(&refused, charge, 1000, 60000);
    assert_true(answers(&refused, charge, at(1999)));
    assert_false(answers(&refused, charge, at(2000)));
    learn(&refused, charge, 2000, 60000);
    assert_true(answers(&refused, charge, at(2999)));
    refused_fini(&refused);
}

/* Refusals of one key at some times, each until some time; whether a charge
 * with an id, of a limit with a dedup of 300 ms, is answered at some time. */
static void a_retry_of_what_was_granted_reaches_the_store(void **state)
{
    static const struct {
        const char *why;
        struct {
            int64_t now_ms, retry_ms;
        } refusals[3];
        int64_t at_ms;
        bool is_answered;
    } rows[] = {
        { "its record may live", { { 1000, 9000 } }, 1301, false },
        { "records are counted roughly", { { 1000, 9000 } }, 1303, false },
        { "all records from before are gone", { { 1000, 9000 } }, 1304, true },
        { "refused again, without a gap",
          { { 1000, 9000 }, { 1200, 9000 } },
          1304,
          true },
        { "also by other retry times",
          { { 1000, 1300 }, { 1200, 1500 }, { 1400, 1700 } },
          1450,
          true },
        { "something was granted in the gap",
          { { 1000, 1100 }, { 1200, 9000 } },
          1304,
          false },
        { "then its record counts",
          { { 1000, 1100 }, { 1200, 9000 } },
          1504,
          true },
        { "the answer came after the retry time",
          { { 1000, 1201 }, { 1200, 9000 } },
          1304,
          false },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct charge charge = charge_of(&with_dedup, 1, 1);
        struct refused refused;

        refused_init(&refused);
        for (int n = 0; n < 3 && rows[i].refusals[n].now_ms > 0; n++)
            learn(&refused, charge, rows[i].refusals[n].now_ms,
                  rows[i].refusals[n].retry_ms);
        row_equal_i64(rows[i].why, answers(&refused, charge, at(rows[i].at_ms)),
                      rows[i].is_answered);
        charge.has_id = false;
        row_true("without an id it is answered at once",
                 answers(&refused, charge, at(rows[i].at_ms)));
        refused_fini(&refused);
    }
}

/* What may have been granted in a gap that time does not show. */
static void a_change_is_a_gap(void **state)
{
    static const struct {
        const char *why;
        struct refused_when second;
        bool is_answered;
    } rows[] = {
        { "nothing changed", { 1, 1, 1200 * MS }, true },
        { "something was given back", { 1, 2, 1200 * MS }, false },
        { "the limit was another", { 2, 1, 1200 * MS }, false },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct charge charge = charge_of(&with_dedup, 1, 1);
        struct refused_when when = rows[i].second;
        struct take take = take_of(charge);
        struct refused refused;

        refused_init(&refused);
        learn(&refused, charge, 1000, 9000);
        take.status = TAKE_REFUSED;
        take.grants[0] =
            (struct quota_grant){ .is_refused = true, .retry_after_ns = HOUR };
        refused_learn(&refused, &take, &when, when.now_ns);
        when.now_ns = 1400 * MS;
        row_equal_i64(rows[i].why, answers(&refused, charge, when),
                      rows[i].is_answered);
        when.now_ns = 1600 * MS;
        row_true(rows[i].why, answers(&refused, charge, when));
        refused_fini(&refused);
    }
}

static void the_answer_says_what_is_known(void **state)
{
    struct refused_when when = at(1200);
    struct refused refused;
    struct take take = { .count = 3 };

    (void)state;
    refused_init(&refused);
    learn(&refused, charge_of(&no_dedup, 2, 1), 1000, 1500);
    take.charges[0] = charge_of(&no_dedup, 1, 1);
    take.charges[1] = charge_of(&no_dedup, 2, 1);
    take.charges[2] = charge_of(&slots, 3, 1);
    assert_true(refused_answer(&refused, &take, &when));
    assert_int_equal(take.status, TAKE_REFUSED);
    for (uint32_t i = 0; i < take.count; i++) {
        assert_int_equal(take.grants[i].granted, 0);
        assert_int_equal(take.grants[i].is_refused, i == 1);
        assert_false(take.grants[i].has_lease);
    }
    assert_int_equal(take.grants[1].retry_after_ns, 300 * MS);
    assert_int_equal(take.grants[1].remaining, 0);
    assert_int_equal(take.grants[0].remaining, -1);

    /* A look wants to see the store. */
    take.charges[0].amount = 0;
    assert_false(refused_answer(&refused, &take, &when));
    refused_fini(&refused);
}

/* The same key twice in one take: the second is refused because of the
 * first, which then is not charged. */
static void a_key_that_is_there_twice_teaches_nothing(void **state)
{
    struct refused_when when = at(1000);
    struct take take = { .count = 2, .status = TAKE_REFUSED };
    struct refused refused;

    (void)state;
    refused_init(&refused);
    take.charges[0] = charge_of(&no_dedup, 1, 9);
    take.charges[1] = charge_of(&no_dedup, 1, 2);
    take.grants[1] =
        (struct quota_grant){ .is_refused = true, .retry_after_ns = HOUR };
    refused_learn(&refused, &take, &when, when.now_ns);
    assert_false(answers(&refused, take.charges[1], at(1001)));
    refused_fini(&refused);
}

/* Keys of one set. */
static struct charge neighbour(uint8_t number)
{
    struct charge charge = charge_of(&no_dedup, 1, 1);

    charge.key.bytes[15] = number;
    return charge;
}

static void the_oldest_makes_room(void **state)
{
    struct refused refused;

    (void)state;
    refused_init(&refused);
    for (uint8_t i = 0; i <= REFUSED_WAYS; i++)
        learn(&refused, neighbour(i), 1000 + i, 60000);
    for (uint8_t i = 0; i <= REFUSED_WAYS; i++)
        row_equal_i64("neighbours", answers(&refused, neighbour(i), at(1500)),
                      i > 0);
    refused_fini(&refused);
}

static void what_gives_back_outdates(void **state)
{
    static const struct {
        const char *why;
        const struct limit *limit;
        int64_t amount;
        bool outdates;
    } rows[] = {
        { "a take", &no_dedup, 1, false },
        { "a look", &no_dedup, 0, false },
        { "a refund", &no_dedup, -1, true },
        { "a release of slots, which are not remembered", &slots, -1, false },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct take take = { .count = 2 };

        take.charges[0] = charge_of(&no_dedup, 1, 1);
        take.charges[1] = charge_of(rows[i].limit, 2, rows[i].amount);
        row_equal_i64(rows[i].why, refused_is_outdated_by(&take),
                      rows[i].outdates);
    }
}

/* ---- a store as simple as can be ---------------------------------------- */

#define KEYS 6
#define RECORDS 8192

struct model {
    struct store store;
    struct model_key {
        struct token_bucket bucket;
        struct model_record {
            uint64_t id;
            int64_t granted, ends_ns;
        } records[2][RECORDS]; /* of takes, and of what was given back */
    } keys[KEYS];
};

static uint64_t number_of(const struct quota_id *id)
{
    uint64_t number;

    memcpy(&number, id->bytes, sizeof(number));
    return number;
}

static struct model_record *record_of(struct model_key *key,
                                      const struct charge *charge)
{
    uint64_t id = number_of(&charge->id);

    return &key->records[charge->amount < 0][id % RECORDS];
}

/* Decides, and changes only `bucket`. */
static struct quota_grant decide(struct model_key *key,
                                 const struct charge *charge,
                                 struct token_bucket *bucket, int64_t now_ns)
{
    const struct limit *limit = charge->limit;
    const struct model_record *record = record_of(key, charge);
    struct quota_grant grant = { 0 };

    token_bucket_regain(bucket, limit, now_ns);
    if (charge->has_id && charge->amount != 0 && limit->dedup_ns > 0 &&
        record->id == number_of(&charge->id) && record->ends_ns > now_ns) {
        grant.granted = record->granted;
    } else if (charge->amount < 0) {
        grant.granted = token_bucket_give_back(bucket, -charge->amount);
    } else {
        struct admission admission =
            admit(token_bucket_left(bucket, limit), charge->amount,
                  charge->is_best_effort, charge->is_shadow);

        token_bucket_take(bucket, admission.granted);
        grant.granted = admission.granted;
        grant.is_refused = admission.is_refused;
    }
    grant.remaining = token_bucket_left(bucket, limit);
    if (grant.is_refused)
        grant.retry_after_ns = token_bucket_wait_ns(
            bucket, limit, charge->is_best_effort ? 1 : charge->amount);
    return grant;
}

static void keep(struct model_key *key, const struct charge *charge,
                 const struct quota_grant *grant, int64_t now_ns)
{
    struct model_record *record = record_of(key, charge);

    if (!charge->has_id || grant->granted == 0 || charge->amount == 0 ||
        charge->limit->dedup_ns == 0 ||
        (record->id == number_of(&charge->id) && record->ends_ns > now_ns))
        return;
    *record = (struct model_record){ number_of(&charge->id), grant->granted,
                                     now_ns + charge->limit->dedup_ns };
}

static struct model_key *key_of(struct model *model,
                                const struct charge *charge)
{
    return &model->keys[charge->key.bytes[0]];
}

static enum store_when model_take(struct store *store, struct take *take,
                                  int64_t now_ns)
{
    struct model *model = container_of(store, struct model, store);
    struct token_bucket buckets[QUOTAS_PER_CHECK_MAX];

    take->status = TAKE_GRANTED;
    for (uint32_t i = 0; i < take->count; i++) {
        const struct charge *charge = &take->charges[i];

        buckets[i] = key_of(model, charge)->bucket;
        take->grants[i] =
            decide(key_of(model, charge), charge, &buckets[i], now_ns);
        if (take->grants[i].is_refused && !charge->is_shadow)
            take->status = TAKE_REFUSED;
    }
    for (uint32_t i = 0; i < take->count; i++) {
        struct model_key *key = key_of(model, &take->charges[i]);

        if (take->status == TAKE_REFUSED) {
            take->grants[i].granted = 0;
            continue;
        }
        keep(key, &take->charges[i], &take->grants[i], now_ns);
        key->bucket = buckets[i];
    }
    return STORE_NOW;
}

static void model_free(struct store *store)
{
    free(container_of(store, struct model, store));
}

static struct store *model_new(void)
{
    static const struct store_ops ops = { .take = model_take,
                                          .free = model_free };
    struct model *model = calloc(1, sizeof(*model));

    assert_non_null(model);
    model->store.ops = &ops;
    return &model->store;
}

/* ---- against a store ---------------------------------------------------- */

#define OPERATIONS 1000000
#define PAST 64 /* takes that may be repeated */

struct world {
    struct store *asked, *reference; /* the same is done to both */
    struct refused refused;
    struct refused_when when;
    struct limit limits[KEYS];
    struct take past[PAST];
    uint64_t ids;
    uint64_t answered, repeated;
};

static struct store *open_new(void)
{
    int fd = local_create(LOCAL_SIZE_MIN_BYTES);
    struct store *store = local_open(fd);

    assert_non_null(store);
    close(fd);
    return store;
}

static void set_limits(struct world *world)
{
    static const int64_t periods[] = { 10 * MS, SECOND, MINUTE };

    for (uint32_t i = 0; i < KEYS; i++)
        world->limits[i] = (struct limit){
            .algorithm = LIMIT_TOKEN_BUCKET,
            .amount = random() % 20,
            .period_ns = periods[random() % 3],
            .burst = 1 + random() % 10,
            .dedup_ns = (int64_t)(i % 3) * 100 * MS,
        };
    world->when.generation++;
}

static void add_charge(struct world *world, struct take *take, uint32_t key)
{
    struct charge *charge = &take->charges[take->count++];

    *charge = (struct charge){
        .limit = &world->limits[key],
        .key = { { (uint8_t)key } },
        .amount = 1 + random() % 12 % 4,
        .is_best_effort = random() % 4 == 0,
        .is_shadow = random() % 16 == 0,
        .has_id = random() % 4 != 0,
    };
    if (random() % 256 == 0)
        charge->amount = -charge->amount;
    else if (random() % 64 == 0)
        charge->amount = 0;
}

/* A new take, or one from before once more. */
static struct take next_take(struct world *world)
{
    struct take *past = &world->past[random() % PAST];
    uint32_t key = (uint32_t)random() % KEYS;

    if (past->count > 0 && random() % 4 == 0) {
        world->repeated++;
        return *past;
    }
    *past = (struct take){ 0 };
    add_charge(world, past, key);
    if (random() % 4 == 0)
        add_charge(world, past, (key + 1) % KEYS);
    world->ids++;
    for (uint32_t i = 0; i < past->count; i++)
        memcpy(past->charges[i].id.bytes, &world->ids, sizeof(world->ids));
    return *past;
}

/* Out of memory or from the store, as a worker does it. What is given back
 * often passes through another worker, which only raises the epoch. */
static bool ask(struct world *world, struct take *take)
{
    bool is_elsewhere = refused_is_outdated_by(take) && random() % 2 == 0;

    if (refused_answer(&world->refused, take, &world->when))
        return false;
    store_take(world->asked, take, world->when.now_ns);
    if (!is_elsewhere)
        refused_learn(&world->refused, take, &world->when, world->when.now_ns);
    if (refused_is_outdated_by(take))
        world->when.epoch++;
    return true;
}

/* How far the times of two answers must agree. */
enum times {
    TIMES_EQUAL,
    TIMES_NOT_LATER, /* what was remembered may be from after a step back */
    TIMES_UNKNOWN,   /* time has stepped back: the store says too little */
};

static void compare_times(const struct quota_grant *got,
                          const struct quota_grant *want, enum times times)
{
    switch (times) {
    case TIMES_EQUAL:
        assert_int_equal(got->retry_after_ns, want->retry_after_ns);
        break;
    case TIMES_NOT_LATER:
        assert_true(got->retry_after_ns <= want->retry_after_ns);
        break;
    case TIMES_UNKNOWN:
        break;
    }
}

static void compare_asked(const struct take *got, const struct take *want)
{
    for (uint32_t i = 0; i < got->count; i++) {
        const struct quota_grant *grant = &got->grants[i];
        const struct quota_grant *wanted = &want->grants[i];

        assert_int_equal(grant->granted, wanted->granted);
        assert_int_equal(grant->remaining, wanted->remaining);
        assert_int_equal(grant->is_refused, wanted->is_refused);
        compare_times(grant, wanted, TIMES_EQUAL);
    }
}

/* Of an answer out of memory: those that refuse do so in the store too. What
 * remains is told as it was, so it is known where it is nothing. */
static void compare_remembered(const struct take *got, const struct take *want,
                               enum times times)
{
    bool is_refused = false;

    for (uint32_t i = 0; i < got->count; i++) {
        const struct quota_grant *grant = &got->grants[i];
        const struct quota_grant *wanted = &want->grants[i];

        assert_int_equal(grant->granted, 0);
        assert_int_equal(wanted->granted, 0);
        if (!grant->is_refused)
            continue;
        is_refused = true;
        assert_false(got->charges[i].is_shadow);
        assert_true(wanted->is_refused);
        compare_times(grant, wanted, times);
        if (got->charges[i].amount == 1 || got->charges[i].is_best_effort)
            assert_int_equal(grant->remaining, wanted->remaining);
    }
    assert_true(is_refused);
}

static void pass_time(struct world *world, bool may_step_back)
{
    switch (random() % 1000) {
    case 0:
        world->when.now_ns += random() % (20 * SECOND);
        break;
    case 1:
        if (may_step_back)
            world->when.now_ns -= random() % (2 * SECOND);
        break;
    default:
        world->when.now_ns += random() % (2 * MS);
        break;
    }
}

/* Takes both over. */
static void run(struct store *asked, struct store *reference, bool is_model)
{
    struct world world = {
        .asked = asked,
        .reference = reference,
        .when = { 1, 1, 1000 * SECOND },
    };

    int64_t latest_ns = 0;

    srandom(3);
    refused_init(&world.refused);
    set_limits(&world);
    for (int i = 0; i < OPERATIONS; i++) {
        struct take take, expected;
        enum times times = is_model ? TIMES_NOT_LATER : TIMES_EQUAL;
        bool is_asked;

        pass_time(&world, is_model);
        if (world.when.now_ns < latest_ns)
            times = TIMES_UNKNOWN;
        else
            latest_ns = world.when.now_ns;
        if (is_model && random() % 5000 == 0)
            set_limits(&world);
        take = expected = next_take(&world);
        is_asked = ask(&world, &take);
        store_take(reference, &expected, world.when.now_ns);
        assert_int_equal(take.status, expected.status);
        if (is_asked)
            compare_asked(&take, &expected);
        else
            compare_remembered(&take, &expected, times);
        world.answered += !is_asked;
    }
    print_message("%u of %u answered out of memory, %u repeated\n",
                  (unsigned)world.answered, OPERATIONS,
                  (unsigned)world.repeated);
    assert_true(world.answered > OPERATIONS / 20);
    refused_fini(&world.refused);
    store_free(asked);
    store_free(reference);
}

static void no_answer_changes(void **state)
{
    (void)state;
    run(model_new(), model_new(), true);
}

/* Without steps back and changed limits: what has ended once, by the limit that
 * it was charged under, is freed by one operation or another, and here one
 * store is asked less often. */
static void nor_with_the_memory_store(void **state)
{
    (void)state;
    run(open_new(), open_new(), false);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refusal_is_remembered),
        cmocka_unit_test(what_is_learnt),
        cmocka_unit_test(the_epoch_is_that_of_the_question),
        cmocka_unit_test(it_is_asked_for_again),
        cmocka_unit_test(a_retry_of_what_was_granted_reaches_the_store),
        cmocka_unit_test(a_change_is_a_gap),
        cmocka_unit_test(the_answer_says_what_is_known),
        cmocka_unit_test(a_key_that_is_there_twice_teaches_nothing),
        cmocka_unit_test(the_oldest_makes_room),
        cmocka_unit_test(what_gives_back_outdates),
        cmocka_unit_test(no_answer_changes),
        cmocka_unit_test(nor_with_the_memory_store),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

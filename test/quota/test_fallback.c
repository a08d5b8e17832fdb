/* Quotas that go on counting in memory while the store is away, and what
 * becomes of that when it is back. Time moves by addition. */
#include "test/quota/flaky_store.h"
#include "test/support/table.h"

#include "policy/base/clock.h"
#include "quota/carrier.h"
#include "quota/fallback.h"
#include "quota/local/local.h"
#include "quota/take.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { RATE, SLOTS };

#define LEASE_NS HOUR

static const struct limit rate_limits[] = {
    { .algorithm = LIMIT_TOKEN_BUCKET,
      .amount = 10,
      .period_ns = 10 * SECOND,
      .burst = 10,
      .dedup_ns = SECOND },
};
static const struct limit slots_limits[] = {
    { .algorithm = LIMIT_CONCURRENCY, .amount = 8, .lease_ns = LEASE_NS },
};
static const struct quota_limits limits[] = {
    [RATE] = { STR_INIT("rate"), ON_OUTAGE_LOCAL, rate_limits, 1 },
    [SLOTS] = { STR_INIT("slots"), ON_OUTAGE_LOCAL, slots_limits, 1 },
};

/* Replicas that share the store. */
#define REPLICAS 2
#define WORKERS 2

static int64_t now_ns;

static int64_t tell_time(void)
{
    return now_ns;
}

/* One machine: two workers that share a memory and a journal, before a store
 * that all share. */
struct machine {
    struct store *inner;
    struct journal *journal;
    struct {
        struct flaky_store store;
        struct store *memory;
        struct fallback fallback;
        struct carrier carrier;
    } workers[WORKERS];
};

static struct store *open_copy(int fd)
{
    struct store *store = local_open(fd);

    assert_non_null(store);
    return store;
}

static int setup(void **state)
{
    struct machine *machine = calloc(1, sizeof(*machine));
    int inner_fd = local_create(LOCAL_SIZE_MIN_BYTES);
    int memory_fd = local_create(LOCAL_SIZE_MIN_BYTES);

    assert_true(machine && inner_fd >= 0 && memory_fd >= 0);
    machine->inner = open_copy(inner_fd);
    machine->journal =
        mmap(NULL, sizeof(*machine->journal), PROT_READ | PROT_WRITE,
             MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(machine->journal, MAP_FAILED);
    journal_init(machine->journal);
    for (int i = 0; i < WORKERS; i++) {
        struct flaky_store *store = &machine->workers[i].store;

        flaky_init(store, machine->inner);
        machine->workers[i].memory = open_copy(memory_fd);
        fallback_init(&machine->workers[i].fallback, machine->workers[i].memory,
                      machine->journal);
        carrier_init(&machine->workers[i].carrier,
                     &machine->workers[i].fallback, &store->store);
        machine->workers[i].carrier.clock = tell_time;
    }
    close(inner_fd);
    close(memory_fd);
    now_ns = 1000 * SECOND;
    *state = machine;
    return 0;
}

static int teardown(void **state)
{
    struct machine *machine = *state;

    for (int i = 0; i < WORKERS; i++)
        store_free(machine->workers[i].memory);
    store_free(machine->inner);
    munmap(machine->journal, sizeof(*machine->journal));
    free(machine);
    return 0;
}

static void set(struct machine *machine, enum flaky_state state)
{
    for (int i = 0; i < WORKERS; i++)
        flaky_set(&machine->workers[i].store, state);
}

static void turn(struct machine *machine, int worker)
{
    carrier_turn(&machine->workers[worker].carrier, REPLICAS, SECOND, now_ns);
}

/* Until all is carried over; each turn does a part. */
static void turn_all(struct machine *machine)
{
    for (int i = 0; i < JOURNAL_ENTRIES && !journal_is_empty(machine->journal);
         i++)
        turn(machine, i % WORKERS);
    assert_true(journal_is_empty(machine->journal));
}

struct ask {
    uint32_t quota;
    const char *key;
    int64_t amount;
    const char *id; /* "": none */
};

/* As a Check does it. */
static struct take take(struct machine *machine, int worker, struct ask ask)
{
    const struct fallback *fallback = &machine->workers[worker].fallback;
    struct store *store = &machine->workers[worker].store.store;
    const struct quota_request request = {
        .quota = ask.quota,
        .key = str_of(ask.key),
        .text = str_of(ask.key),
        .amount = ask.amount,
    };
    struct take take;
    struct share share;
    enum store_when when;
    bool is_shared;

    take_init(&take, store, &request, 1, limits, str_of(ask.id));
    take.deadline_ns = now_ns + SECOND;
    when = store_take(store, &take, now_ns);
    assert_int_equal(when, STORE_NOW);
    if (take.status == TAKE_GRANTED)
        fallback_returned(fallback, &take, now_ns);
    if (take.status != TAKE_OUTAGE)
        return take;
    is_shared = share_init(&share, &take, &request, limits, REPLICAS);
    assert_true(is_shared);
    fallback_take(fallback, &share, &take, now_ns);
    take_settle(&take, &request, limits, &share);
    return take;
}

static int64_t granted(struct machine *machine, int worker, struct ask ask)
{
    struct take answer = take(machine, worker, ask);

    return answer.grants[0].is_refused ? -1 : answer.grants[0].granted;
}

static struct lease_name name_of(struct machine *machine, const char *key,
                                 const char *id)
{
    return (struct lease_name){ STR("slots"),
                                store_hash(machine->inner, str_of(key)),
                                store_hash(machine->inner, str_of(id)) };
}

/* As the release of a handle does it. */
static int64_t release(struct machine *machine, int worker, const char *key,
                       const char *id)
{
    const struct fallback *fallback = &machine->workers[worker].fallback;
    struct store *store = &machine->workers[worker].store.store;
    struct release release = { .count = 1, .deadline_ns = now_ns + SECOND };

    int64_t units;

    release.leases[0] = name_of(machine, key, id);
    units = fallback_release(fallback, &release, now_ns);
    store_release(store, &release, now_ns);
    fallback_released(fallback, &release, units, now_ns);
    return release.released;
}

/* What the store itself has. */
static int64_t release_there(struct machine *machine, const char *key,
                             const char *id)
{
    struct release release = { .count = 1 };

    release.leases[0] = name_of(machine, key, id);
    store_release(machine->inner, &release, now_ns);
    return release.released;
}

/* What is left of a quota, whole, in a store. */
static int64_t left(struct machine *machine, struct store *store,
                    uint32_t quota, const char *key)
{
    const struct quota_request request = { .quota = quota, .key = str_of(key) };
    struct take take;

    take_init(&take, machine->inner, &request, 1, limits, STR(""));
    store_take(store, &take, now_ns);
    assert_int_equal(take.status, TAKE_GRANTED);
    return take.grants[0].remaining;
}

static int64_t left_there(struct machine *machine, uint32_t quota)
{
    return left(machine, machine->inner, quota, "k");
}

static int64_t left_here(struct machine *machine, uint32_t quota)
{
    return left(machine, machine->workers[0].memory, quota, "k");
}

/* ---- rates ------------------------------------------------------------- */

static void a_rate_counts_on_under_its_share(void **state)
{
    struct machine *machine = *state;
    struct take refused;

    set(machine, FLAKY_AWAY);
    for (int i = 0; i < 5; i++)
        assert_int_equal(
            granted(machine, i % 2, (struct ask){ RATE, "k", 1, "" }), 1);
    refused = take(machine, 0, (struct ask){ RATE, "k", 1, "" });
    assert_true(refused.grants[0].is_refused);
    assert_true(refused.grants[0].is_outage && refused.grants[0].is_local);
    assert_int_equal(refused.grants[0].retry_after_ns, 2 * SECOND);
    assert_int_equal(granted(machine, 0, (struct ask){ RATE, "other", 1, "" }),
                     1);
    now_ns += 2 * SECOND;
    assert_int_equal(granted(machine, 0, (struct ask){ RATE, "k", 1, "" }), 1);
}

static void a_retry_is_known_here_too(void **state)
{
    struct machine *machine = *state;

    set(machine, FLAKY_AWAY);
    for (int i = 0; i < 9; i++)
        assert_int_equal(
            granted(machine, i % 2, (struct ask){ RATE, "k", 4, "same" }), 4);
    assert_int_equal(granted(machine, 0, (struct ask){ RATE, "k", 4, "next" }),
                     -1);
}

static void what_is_in_use_is_carried_over(void **state)
{
    struct machine *machine = *state;

    assert_int_equal(granted(machine, 0, (struct ask){ RATE, "k", 2, "" }), 2);
    set(machine, FLAKY_AWAY);
    assert_int_equal(granted(machine, 0, (struct ask){ RATE, "k", 5, "" }), 5);
    now_ns += 4 * SECOND; /* one in 2 s comes back here, one a second there */
    set(machine, FLAKY_UP);
    turn_all(machine);
    assert_int_equal(left_there(machine, RATE), 10 - 3);
    assert_int_equal(machine->workers[0].carrier.carried +
                         machine->workers[1].carrier.carried,
                     1);
}

static void what_has_come_back_is_not(void **state)
{
    struct machine *machine = *state;

    set(machine, FLAKY_AWAY);
    assert_int_equal(granted(machine, 0, (struct ask){ RATE, "k", 5, "" }), 5);
    now_ns += 10 * SECOND;
    set(machine, FLAKY_UP);
    turn_all(machine);
    assert_int_equal(left_there(machine, RATE), 10);
}

/* Another replica has used all meanwhile, of a store that kept its data. */
static void a_full_store_takes_what_it_can(void **state)
{
    struct machine *machine = *state;

    set(machine, FLAKY_AWAY);
    assert_int_equal(granted(machine, 0, (struct ask){ RATE, "k", 5, "" }), 5);
    set(machine, FLAKY_UP);
    assert_int_equal(granted(machine, 0, (struct ask){ RATE, "k", 8, "" }), 8);
    turn_all(machine);
    assert_int_equal(left_there(machine, RATE), 0);
}

/* One share for one window, however often the store goes. */
static void a_store_that_wavers_gives_no_new_share(void **state)
{
    struct machine *machine = *state;
    int64_t sum = 0;

    for (int i = 0; i < 20; i++) {
        struct ask one = { RATE, "k", 1, "" };

        set(machine, FLAKY_AWAY);
        while (granted(machine, i % 2, one) == 1)
            sum++;
        set(machine, FLAKY_UP);
        turn_all(machine);
    }
    assert_int_equal(sum, 5);
    assert_int_equal(left_there(machine, RATE), 5);

    /* Two more are free here, and only these are new there. */
    now_ns += 4 * SECOND;
    set(machine, FLAKY_AWAY);
    assert_int_equal(granted(machine, 0, (struct ask){ RATE, "k", 2, "" }), 2);
    set(machine, FLAKY_UP);
    turn_all(machine);
    assert_int_equal(left_there(machine, RATE), 5 + 4 - 2);
}

static void a_refund_counts_here(void **state)
{
    struct machine *machine = *state;

    set(machine, FLAKY_AWAY);
    assert_int_equal(granted(machine, 0, (struct ask){ RATE, "k", 5, "" }), 5);
    assert_int_equal(granted(machine, 1, (struct ask){ RATE, "k", -3, "" }), 3);
    set(machine, FLAKY_UP);
    turn_all(machine);
    assert_int_equal(left_there(machine, RATE), 8);
    /* What was carried over may be given back there. */
    assert_int_equal(granted(machine, 1, (struct ask){ RATE, "k", -2, "" }), 2);
    assert_int_equal(left_here(machine, RATE), 10);
}

static void it_fails_again_while_it_is_carried_over(void **state)
{
    struct machine *machine = *state;

    set(machine, FLAKY_AWAY);
    assert_int_equal(granted(machine, 0, (struct ask){ RATE, "k", 4, "" }), 4);
    set(machine, FLAKY_LATE);
    turn(machine, 0);
    assert_true(journal_is_empty(machine->journal));
    flaky_answer(&machine->workers[0].store, true);
    assert_int_equal(left_there(machine, RATE), 10);
    assert_int_equal(machine->journal->count, 1);
    assert_int_equal(machine->workers[0].carrier.carried, 0);

    set(machine, FLAKY_UP);
    turn_all(machine);
    assert_int_equal(left_there(machine, RATE), 6);
}

/* ---- leases ------------------------------------------------------------ */

static void slots_are_shared_out(void **state)
{
    struct machine *machine = *state;
    static const char *const ids[] = { "a", "b", "c", "d" };

    set(machine, FLAKY_AWAY);
    for (size_t i = 0; i < ROWS(ids); i++)
        assert_int_equal(
            granted(machine, (int)i % 2, (struct ask){ SLOTS, "k", 1, ids[i] }),
            1);
    assert_int_equal(granted(machine, 0, (struct ask){ SLOTS, "k", 1, "e" }),
                     -1);
    assert_int_equal(granted(machine, 1, (struct ask){ SLOTS, "k", 1, "a" }),
                     1);
    assert_int_equal(release(machine, 1, "k", "a"), 1);
    assert_int_equal(release(machine, 1, "k", "a"), -1);
    assert_int_equal(granted(machine, 0, (struct ask){ SLOTS, "k", 1, "e" }),
                     1);
}

static void a_lease_is_carried_over_under_its_id(void **state)
{
    struct machine *machine = *state;

    set(machine, FLAKY_AWAY);
    assert_int_equal(granted(machine, 0, (struct ask){ SLOTS, "k", 2, "a" }),
                     2);
    assert_int_equal(granted(machine, 1, (struct ask){ SLOTS, "k", 1, "b" }),
                     1);
    set(machine, FLAKY_UP);
    turn_all(machine);
    assert_int_equal(left_there(machine, SLOTS), 5);
    assert_int_equal(release(machine, 1, "k", "a"), 2);
    assert_int_equal(granted(machine, 0, (struct ask){ SLOTS, "k", -1, "b" }),
                     1);
    assert_int_equal(left_there(machine, SLOTS), 8);
    assert_int_equal(left_here(machine, SLOTS), 8);
}

/* All slots are taken there, but the holder has his: they are all counted. */
static void a_lease_is_carried_over_beyond_the_limit(void **state)
{
    struct machine *machine = *state;

    assert_int_equal(granted(machine, 0, (struct ask){ SLOTS, "k", 8, "a" }),
                     8);
    set(machine, FLAKY_AWAY);
    assert_int_equal(granted(machine, 0, (struct ask){ SLOTS, "k", 3, "b" }),
                     3);
    set(machine, FLAKY_UP);
    turn_all(machine);
    assert_int_equal(release_there(machine, "k", "a"), 8);
    assert_int_equal(left_there(machine, SLOTS), 5);
    assert_int_equal(release(machine, 1, "k", "b"), 3);
}

/* Nobody gave an id: the handle names the one that was made here. */
static void also_one_without_an_id(void **state)
{
    struct machine *machine = *state;
    struct lease_name leases[QUOTAS_PER_CHECK_MAX];
    struct release release = { .count = 1 };
    struct take held;

    set(machine, FLAKY_AWAY);
    held = take(machine, 0, (struct ask){ SLOTS, "k", 1, "" });
    assert_int_equal(take_leases(&held, leases), 1);
    set(machine, FLAKY_UP);
    turn_all(machine);
    release.leases[0] = leases[0];
    store_release(machine->inner, &release, now_ns);
    assert_int_equal(release.released, 1);
}

static void a_renewal_is_one_lease(void **state)
{
    struct machine *machine = *state;

    assert_int_equal(granted(machine, 0, (struct ask){ SLOTS, "k", 1, "a" }),
                     1);
    set(machine, FLAKY_AWAY);
    assert_int_equal(granted(machine, 0, (struct ask){ SLOTS, "k", 1, "a" }),
                     1);
    set(machine, FLAKY_UP);
    assert_int_equal(granted(machine, 1, (struct ask){ SLOTS, "k", 1, "a" }),
                     1);
    turn_all(machine);
    assert_int_equal(left_there(machine, SLOTS), 7);
    assert_int_equal(left_here(machine, SLOTS), 7);
}

static void one_that_has_ended_is_not(void **state)
{
    struct machine *machine = *state;

    set(machine, FLAKY_AWAY);
    assert_int_equal(granted(machine, 0, (struct ask){ SLOTS, "k", 1, "a" }),
                     1);
    assert_int_equal(granted(machine, 0, (struct ask){ SLOTS, "k", 1, "b" }),
                     1);
    assert_int_equal(release(machine, 1, "k", "b"), 1);
    now_ns += LEASE_NS;
    set(machine, FLAKY_UP);
    turn_all(machine);
    assert_int_equal(left_there(machine, SLOTS), 8);
}

/* Held there from before, renewed here, released here: the store is told. */
static void a_release_of_the_outage_reaches_the_store(void **state)
{
    struct machine *machine = *state;

    assert_int_equal(granted(machine, 0, (struct ask){ SLOTS, "k", 1, "a" }),
                     1);
    assert_int_equal(granted(machine, 0, (struct ask){ SLOTS, "k", 1, "b" }),
                     1);
    assert_int_equal(granted(machine, 0, (struct ask){ SLOTS, "k", 1, "c" }),
                     1);
    set(machine, FLAKY_AWAY);
    assert_int_equal(granted(machine, 0, (struct ask){ SLOTS, "k", 1, "a" }),
                     1);
    assert_int_equal(granted(machine, 0, (struct ask){ SLOTS, "k", 1, "b" }),
                     1);
    assert_int_equal(release(machine, 1, "k", "a"), 1);
    /* By a Check with a negative amount. */
    assert_int_equal(granted(machine, 1, (struct ask){ SLOTS, "k", -1, "b" }),
                     1);
    /* Of that one nothing is here: the caller must ask again. */
    assert_int_equal(release(machine, 1, "k", "c"), -1);
    set(machine, FLAKY_UP);
    turn_all(machine);
    assert_int_equal(left_there(machine, SLOTS), 7);
    assert_int_equal(release_there(machine, "k", "c"), 1);
}

static void it_is_released_before_it_is_carried_over(void **state)
{
    struct machine *machine = *state;

    set(machine, FLAKY_AWAY);
    assert_int_equal(granted(machine, 0, (struct ask){ SLOTS, "k", 1, "a" }),
                     1);
    set(machine, FLAKY_UP);
    assert_int_equal(release(machine, 1, "k", "a"), 1);
    turn_all(machine);
    assert_int_equal(left_there(machine, SLOTS), 8);
    assert_int_equal(left_here(machine, SLOTS), 8);
}

static void it_is_released_while_it_is_carried_over(void **state)
{
    struct machine *machine = *state;

    set(machine, FLAKY_AWAY);
    assert_int_equal(granted(machine, 0, (struct ask){ SLOTS, "k", 1, "a" }),
                     1);
    flaky_set(&machine->workers[0].store, FLAKY_LATE);
    flaky_set(&machine->workers[1].store, FLAKY_UP);
    turn(machine, 0);
    assert_int_equal(release(machine, 1, "k", "a"), 1);
    flaky_answer(&machine->workers[0].store, false);
    assert_int_equal(left_there(machine, SLOTS), 8);
    assert_int_equal(left_here(machine, SLOTS), 8);
    assert_true(journal_is_empty(machine->journal));
}

/* The store fails under it, and its holder releases it meanwhile. */
static void it_fails_while_a_lease_is_carried_over(void **state)
{
    struct machine *machine = *state;

    set(machine, FLAKY_AWAY);
    assert_int_equal(granted(machine, 0, (struct ask){ SLOTS, "k", 1, "a" }),
                     1);
    assert_int_equal(granted(machine, 0, (struct ask){ SLOTS, "k", 1, "b" }),
                     1);
    flaky_set(&machine->workers[0].store, FLAKY_LATE);
    turn(machine, 0);
    assert_int_equal(release(machine, 1, "k", "b"), 1);
    flaky_answer(&machine->workers[0].store, true);
    assert_int_equal(left_here(machine, SLOTS), 7);
    set(machine, FLAKY_UP);
    turn_all(machine);
    assert_int_equal(left_there(machine, SLOTS), 7);
    assert_int_equal(release_there(machine, "k", "a"), 1);
}

/* ---- many -------------------------------------------------------------- */

#define MANY 500

static void many_go_a_few_at_a_time(void **state)
{
    struct machine *machine = *state;
    struct flaky_store *store = &machine->workers[0].store;
    uint64_t asked;
    char key[16];

    set(machine, FLAKY_AWAY);
    for (int i = 0; i < MANY; i++) {
        snprintf(key, sizeof(key), "k%d", i);
        assert_int_equal(granted(machine, 0, (struct ask){ RATE, key, 5, "" }),
                         5);
    }
    set(machine, FLAKY_LATE);
    asked = store->store.stats.operations;
    turn(machine, 0);
    assert_int_equal(store->store.stats.operations - asked, CARRIER_PARCELS);
    turn(machine, 0);
    assert_int_equal(store->store.stats.operations - asked, CARRIER_PARCELS);
    for (int i = 0; i < MANY && machine->workers[0].carrier.under_way > 0;
         i++) {
        flaky_answer(store, false);
        assert_true(machine->workers[0].carrier.under_way <= CARRIER_PARCELS);
    }
    assert_int_equal(machine->workers[0].carrier.carried, MANY);
    for (int i = 0; i < MANY; i++) {
        snprintf(key, sizeof(key), "k%d", i);
        assert_int_equal(left(machine, machine->inner, RATE, key), 5);
    }
}

#define STEPS 100000
#define IDS 4000

/* What callers hold, by id. */
struct model {
    bool is_held[IDS];
    uint32_t next; /* the first id that was never used */
    uint32_t granted, granted_away;
};

/* One of those that are held, or IDS. */
static uint32_t pick_held(const struct model *model)
{
    uint32_t begin = (uint32_t)random() % IDS;

    for (uint32_t i = 0; i < IDS; i++)
        if (model->is_held[(begin + i) % IDS])
            return (begin + i) % IDS;
    return IDS;
}

static void take_next(struct machine *machine, struct model *model, int worker)
{
    char id[16];

    if (model->next == IDS)
        return;
    snprintf(id, sizeof(id), "%u", model->next);
    if (granted(machine, worker, (struct ask){ SLOTS, "k", 1, id }) == 1) {
        model->is_held[model->next] = true;
        model->granted++;
        model->granted_away +=
            machine->workers[worker].store.state == FLAKY_AWAY;
    }
    model->next++;
}

/* Ends or renews a lease; the renewal may be refused where it was in the other
 * place. */
static void go_on(struct machine *machine, struct model *model, int worker,
                  bool is_over)
{
    uint32_t held = pick_held(model);
    char id[16];

    if (held == IDS)
        return;
    snprintf(id, sizeof(id), "%u", held);
    if (!is_over)
        granted(machine, worker, (struct ask){ SLOTS, "k", 1, id });
    else if (release(machine, worker, "k", id) == 1)
        model->is_held[held] = false;
}

static void step(struct machine *machine, struct model *model)
{
    int worker = (int)(random() % WORKERS);
    struct flaky_store *store = &machine->workers[worker].store;
    bool answers_now = store->state != FLAKY_LATE;

    now_ns += MILLISECOND;
    switch (random() % 6) {
    case 0:
        if (answers_now)
            take_next(machine, model, worker);
        break;
    case 1:
    case 2:
        if (answers_now)
            go_on(machine, model, worker, random() % 2);
        break;
    case 3:
        flaky_answer(store, random() % 2);
        break;
    case 4:
        turn(machine, worker);
        break;
    case 5:
        if (random() % 8 == 0) {
            flaky_answer(store, true);
            flaky_set(store, (enum flaky_state)(random() % 3));
        }
        break;
    }
}

/* Leases come and go while the store comes and goes, for each worker by itself,
 * and what is carried over fails half of the time. In the end the store holds
 * what callers hold: nothing is lost, and nothing is there twice. */
static void the_store_holds_what_callers_hold(void **state)
{
    struct machine *machine = *state;
    struct model *model = calloc(1, sizeof(*model));
    char id[16];

    assert_non_null(model);
    srandom(7);
    for (int i = 0; i < STEPS; i++)
        step(machine, model);
    for (int i = 0; i < WORKERS; i++) {
        flaky_answer(&machine->workers[i].store, true);
        flaky_set(&machine->workers[i].store, FLAKY_UP);
    }
    turn_all(machine);
    assert_int_equal(machine->journal->lost, 0);
    for (uint32_t i = 0; i < model->next; i++) {
        snprintf(id, sizeof(id), "%u", i);
        row_equal_i64(id, release_there(machine, "k", id), model->is_held[i]);
    }
    assert_int_equal(left_there(machine, SLOTS), 8);
    print_message("%u granted, %u of them while the store was away\n",
                  model->granted, model->granted_away);
    assert_true(model->granted > 1000 && model->granted_away > 100);
    free(model);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    static const struct CMUnitTest tests[] = {
        TEST(a_rate_counts_on_under_its_share),
        TEST(a_retry_is_known_here_too),
        TEST(what_is_in_use_is_carried_over),
        TEST(what_has_come_back_is_not),
        TEST(a_full_store_takes_what_it_can),
        TEST(a_store_that_wavers_gives_no_new_share),
        TEST(a_refund_counts_here),
        TEST(it_fails_again_while_it_is_carried_over),
        TEST(slots_are_shared_out),
        TEST(a_lease_is_carried_over_under_its_id),
        TEST(a_lease_is_carried_over_beyond_the_limit),
        TEST(also_one_without_an_id),
        TEST(a_renewal_is_one_lease),
        TEST(one_that_has_ended_is_not),
        TEST(a_release_of_the_outage_reaches_the_store),
        TEST(it_is_released_before_it_is_carried_over),
        TEST(it_is_released_while_it_is_carried_over),
        TEST(it_fails_while_a_lease_is_carried_over),
        TEST(many_go_a_few_at_a_time),
        TEST(the_store_holds_what_callers_hold),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "test/quota/several.h"

#include "test/support/table.h"

static const struct limit rate_ = { SLOW_RATE, .burst = 5 };
static const struct limit fixed_ = { .algorithm = LIMIT_FIXED_WINDOW,
                                     .amount = 5,
                                     .period_ns = HOUR,
                                     .dedup_ns = HOUR };
static const struct limit rolling_ = { .algorithm = LIMIT_ROLLING_WINDOW,
                                       .amount = 5,
                                       .period_ns = HOUR,
                                       .bucket_ns = HOUR / 20,
                                       .dedup_ns = HOUR };
static const struct limit slots_ = { SLOTS(3) };
static const struct limit any_slots_ = { SLOTS(3), .release_any = true };
static const struct limit none_ = { SLOTS(0) };

/* KIND, key, amount, granted */
#define RATE .limit = &rate_
#define FIXED .limit = &fixed_
#define ROLLING .limit = &rolling_
#define LEASE .limit = &slots_
#define ANY .limit = &any_slots_
#define NONE .limit = &none_
#define REFUSED .is_refused = true

const struct several several_cases[] = {
    { "all are granted",
      {
          { "two rates",
            TAKE_GRANTED,
            { { RATE, "a", 2, 2 }, { RATE, "b", 3, 3 } },
            { 3, 2 } },
          { "a rate and slots",
            TAKE_GRANTED,
            { { RATE, "a", 1, 1 }, { LEASE, "c", 2, 2 } },
            { 2, 1 } },
          { "looks take part",
            TAKE_GRANTED,
            { { RATE, "a", 0, 0 }, { LEASE, "c", 1, 1 } },
            { 2, 0 } },
      } },
    { "a refused one costs the others nothing",
      {
          { "the last one",
            TAKE_REFUSED,
            { { RATE, "a", 2, 0 },
              { LEASE, "b", 2, 0 },
              { RATE, "c", 6, 0, REFUSED } },
            { 5, 3, 5 } },
          { "the first one",
            TAKE_REFUSED,
            { { LEASE, "b", 4, 0, REFUSED },
              { RATE, "a", 2, 0 },
              { LEASE, "d", 1, 0 } },
            { 3, 5, 3 } },
          { "several",
            TAKE_REFUSED,
            { { RATE, "a", 6, 0, REFUSED },
              { RATE, "c", 5, 0 },
              { LEASE, "b", 4, 0, REFUSED } },
            { 5, 5, 3 } },
          { "it left no lease either",
            TAKE_GRANTED,
            { { LEASE, "b", -3, 0 }, { LEASE, "d", 3, 3 } },
            { 3, 0 } },
      } },
    { "windows take part",
      {
          { "granted",
            TAKE_GRANTED,
            { { FIXED, "a", 2, 2, .id = "r" },
              { ROLLING, "b", 3, 3, .id = "r" },
              { RATE, "c", 1, 1 },
              { LEASE, "d", 1, 1 } },
            { 3, 2, 4, 2 } },
          { "a refused one costs the others nothing",
            TAKE_REFUSED,
            { { ROLLING, "e", 1, 0 },
              { FIXED, "a", 1, 0 },
              { ROLLING, "b", 3, 0, REFUSED },
              { FIXED, "f", 1, 0 } },
            { 5, 3, 2, 5 } },
          { "retries, and both twice",
            TAKE_GRANTED,
            { { FIXED, "a", 2, 2, .id = "r" },
              { ROLLING, "b", 3, 3, .id = "r" },
              { FIXED, "g", 2, 2 },
              { FIXED, "g", 3, 3 },
              { ROLLING, "h", 2, 2 },
              { ROLLING, "h", 3, 3 } },
            { 3, 2, 0, 0, 0, 0 } },
          { "given back",
            TAKE_GRANTED,
            { { FIXED, "a", -9, 2 },
              { ROLLING, "b", -1, 1 },
              { ROLLING, "h", -9, 5 } },
            { 5, 3, 5 } },
      } },
    { "eight are taken or none",
      {
          { "none",
            TAKE_REFUSED,
            { { RATE, "1", 1, 0 },
              { RATE, "2", 1, 0 },
              { LEASE, "3", 1, 0 },
              { LEASE, "4", 1, 0 },
              { RATE, "5", 1, 0 },
              { LEASE, "6", 1, 0 },
              { RATE, "7", 1, 0 },
              { NONE, "8", 1, 0, REFUSED } },
            { 5, 5, 3, 3, 5, 3, 5, 0 } },
          { "eight",
            TAKE_GRANTED,
            { { RATE, "1", 1, 1 },
              { RATE, "2", 1, 1 },
              { LEASE, "3", 1, 1 },
              { LEASE, "4", 1, 1 },
              { RATE, "5", 1, 1 },
              { LEASE, "6", 1, 1 },
              { RATE, "7", 1, 1 },
              { RATE, "8", 1, 1 } },
            { 4, 4, 2, 2, 4, 2, 4, 4 } },
      } },
    { "one key may be charged twice",
      {
          { "a rate, beyond its burst",
            TAKE_REFUSED,
            { { RATE, "a", 3, 0 }, { RATE, "a", 3, 0, REFUSED } },
            { 5, 5 } },
          { "a rate, all of it",
            TAKE_GRANTED,
            { { RATE, "a", 3, 3 }, { RATE, "a", 2, 2 } },
            { 0, 0 } },
          { "slots, beyond their limit",
            TAKE_REFUSED,
            { { LEASE, "b", 2, 0 }, { LEASE, "b", 2, 0, REFUSED } },
            { 3, 3 } },
          { "slots, all of them",
            TAKE_GRANTED,
            { { LEASE, "b", 2, 2 }, { LEASE, "b", 1, 1 } },
            { 0, 0 } },
      } },
    { "a shadow neither refuses nor rolls back others",
      {
          { "it is charged what it can be",
            TAKE_GRANTED,
            { { RATE, "a", 2, 2 },
              { RATE, "b", 9, 5, REFUSED, IN_SHADOW },
              { LEASE, "c", 4, 3, REFUSED, IN_SHADOW },
              { LEASE, "d", 1, 1 } },
            { 3, 0, 0, 2 } },
          { "it costs nothing when others refuse",
            TAKE_REFUSED,
            { { RATE, "e", 2, 0, IN_SHADOW },
              { LEASE, "f", 2, 0, IN_SHADOW },
              { NONE, "g", 1, 0, REFUSED } },
            { 5, 3, 0 } },
      } },
    { "best effort is enough for all to be granted",
      {
          { "a part is a grant",
            TAKE_GRANTED,
            { { RATE, "a", 9, 5, BEST_EFFORT },
              { LEASE, "b", 9, 3, BEST_EFFORT },
              { LEASE, "c", 1, 1 } },
            { 0, 0, 2 } },
          { "nothing is none",
            TAKE_REFUSED,
            { { RATE, "a", 9, 0, REFUSED, BEST_EFFORT }, { LEASE, "c", 1, 0 } },
            { 0, 2 } },
      } },
    { "retries among several",
      {
          { "first",
            TAKE_GRANTED,
            { { RATE, "a", 2, 2, .id = "r" }, { LEASE, "b", 2, 2, .id = "r" } },
            { 3, 1 } },
          { "a repeat is charged once, others anew",
            TAKE_GRANTED,
            { { RATE, "a", 2, 2, .id = "r" },
              { LEASE, "b", 2, 2, .id = "r" },
              { RATE, "c", 1, 1, .id = "r" } },
            { 3, 1, 4 } },
          { "it stays remembered when another one refuses",
            TAKE_REFUSED,
            { { RATE, "a", 2, 0, .id = "r" },
              { LEASE, "b", 2, 0, .id = "r" },
              { RATE, "d", 1, 0, .id = "r" },
              { NONE, "e", 1, 0, REFUSED, .id = "r" } },
            { 3, 1, 5, 0 } },
          { "and what was refused is not",
            TAKE_GRANTED,
            { { RATE, "a", 2, 2, .id = "r" },
              { LEASE, "b", 2, 2, .id = "r" },
              { RATE, "d", 1, 1, .id = "r" } },
            { 3, 1, 4 } },
      } },
    { "giving back among several",
      {
          { "in use",
            TAKE_GRANTED,
            { { RATE, "a", 3, 3 },
              { LEASE, "b", 2, 2, .id = "l" },
              { ANY, "c", 2, 2 } },
            { 2, 1, 1 } },
          { "a refused take gives nothing back",
            TAKE_REFUSED,
            { { RATE, "a", -3, 0 },
              { LEASE, "b", -2, 0, .id = "l" },
              { ANY, "c", -1, 0, .id = "r" },
              { NONE, "d", 1, 0, REFUSED } },
            { 2, 1, 1, 0 } },
          { "a granted one does",
            TAKE_GRANTED,
            { { RATE, "a", -3, 3 },
              { LEASE, "b", -2, 2, .id = "l" },
              { ANY, "c", -1, 1, .id = "r" },
              { RATE, "d", 1, 1 } },
            { 5, 3, 2, 4 } },
      } },
    { 0 },
};

static enum take_status take_round(const struct round *round,
                                   const struct subject *subject,
                                   struct take *take)
{
    for (uint32_t i = 0; i < QUOTAS_PER_CHECK_MAX; i++) {
        const struct part *part = &round->parts[i];
        struct charge *charge = &take->charges[i];

        if (!part->limit)
            break;
        *charge = subject_charge(subject, part->limit, part->key, part->amount,
                                 part->id);
        charge->is_best_effort = part->mode == STEP_BEST_EFFORT;
        charge->is_shadow = part->mode == STEP_SHADOW;
        take->count = i + 1;
    }
    subject_take(subject, take);
    return take->status;
}

static void run_round(const struct round *round, const struct subject *subject)
{
    struct take take = { 0 };

    row_equal_i64(round->why, take_round(round, subject, &take), round->status);
    for (uint32_t i = 0; i < take.count; i++) {
        const struct part *part = &round->parts[i];
        const struct quota_grant *grant = &take.grants[i];

        row_equal_i64(round->why, grant->granted, part->granted);
        row_equal_i64(round->why, grant->is_refused, part->is_refused);
        row_equal_i64(round->why, grant->has_lease,
                      part->limit->algorithm == LIMIT_CONCURRENCY &&
                          part->amount > 0 && part->granted > 0);
        if (grant->granted == 0)
            row_equal_i64(round->why, grant->valid_for_ns, 0);
        row_equal_i64(round->why, subject_look(subject, part->limit, part->key),
                      round->left[i]);
    }
}

void several_run(const struct several *several, const struct fixture *fixture)
{
    struct subject subject = { fixture, fixture->open(fixture->context) };

    assert_non_null(subject.store);
    for (size_t i = 0; i < ROUNDS_MAX && several->rounds[i].why; i++)
        run_round(&several->rounds[i], &subject);
    store_free(subject.store);
}

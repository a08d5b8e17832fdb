/*
 * A case of the conformance suite that is a sequence of takes of one quota:
 * plain data, and the program that runs it.
 */
#ifndef TEST_QUOTA_SEQUENCE_H
#define TEST_QUOTA_SEQUENCE_H

#include "policy/base/clock.h"
#include "quota/limit.h"
#include "test/quota/conformance.h"

#include <stdbool.h>
#include <stdint.h>

enum step_mode {
    STEP_ALL, /* all of the amount or nothing */
    STEP_BEST_EFFORT,
    STEP_SHADOW,
};

/* One take, and the grant that it is to get. */
struct step {
    const char *why;
    int64_t amount;
    int64_t granted, remaining;
    bool is_refused;
    int64_t retry_after_ns;
    int64_t full_after_ns; /* of windows; of other algorithms where it is not
                              what the limit and `remaining` tell. 0: that */
    int64_t after_ns;      /* time that passes before it */
    const char *id;        /* deduplication id, or NULL */
    enum step_mode mode;
    const struct limit *limit; /* NULL: the sequence's */
};

/* What rows say in short. */
#define BEST_EFFORT .mode = STEP_BEST_EFFORT
#define IN_SHADOW .mode = STEP_SHADOW

#define STEPS_MAX 16

struct sequence {
    const char *name;
    struct limit limit;
    struct step steps[STEPS_MAX]; /* until one without `why` */
};

/* A time that cannot be told. */
#define NOT_KNOWN INT64_C(-1)

/* Stalls of the machine shorter than half of this spoil no case. */
#define TICK (200 * MILLISECOND)

/* A rate that regains nothing while a case runs: one token in 100 seconds. */
#define TOKEN_TIME (100 * SECOND)
#define SLOW_RATE                                                              \
    .algorithm = LIMIT_TOKEN_BUCKET, .amount = 10,                             \
    .period_ns = 10 * TOKEN_TIME, .dedup_ns = HOUR

/* Slots that no case outlives. */
#define SLOTS(count)                                                           \
    .algorithm = LIMIT_CONCURRENCY, .amount = (count), .lease_ns = HOUR,       \
    .dedup_ns = HOUR

/* All cases of one kind; the last one has no name. */
extern const struct sequence rate_sequences[], window_sequences[],
    lease_sequences[];

/* A store under test. */
struct subject {
    const struct fixture *fixture;
    struct store *store;
};

/* A charge of `amount` on `limit`; key and id are any texts, id may be NULL. */
struct charge subject_charge(const struct subject *subject,
                             const struct limit *limit, const char *key,
                             int64_t amount, const char *id);

/* Answers; fails the test if the store is away. */
void subject_take(const struct subject *subject, struct take *take);
int64_t subject_release(const struct subject *subject, struct release *release);

/* What is left of a limit. */
int64_t subject_look(const struct subject *subject, const struct limit *limit,
                     const char *key);

void sequence_run(const struct sequence *sequence,
                  const struct fixture *fixture);

#endif

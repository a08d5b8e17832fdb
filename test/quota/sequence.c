#include "test/quota/sequence.h"

#include "test/quota/drive.h"
#include "test/support/table.h"

struct charge subject_charge(const struct subject *subject,
                             const struct limit *limit, const char *key,
                             int64_t amount, const char *id)
{
    struct charge charge = {
        .limit = limit,
        .quota = STR("quota"),
        .key = store_hash(subject->store, str_of(key)),
        .text = str_of(key),
        .amount = amount,
        .has_id = id != NULL,
    };

    if (id)
        charge.id = store_hash(subject->store, str_of(id));
    return charge;
}

void subject_take(const struct subject *subject, struct take *take)
{
    const struct fixture *fixture = subject->fixture;

    /* A store fills its answers whole. This is true as a bool, too. */
    memset(take->grants, 0x01, sizeof(take->grants));
    drive_take(subject->store, take, fixture->now(fixture->context));
    assert_int_not_equal(take->status, TAKE_OUTAGE);
    for (uint32_t i = 0; i < take->count; i++) {
        assert_false(take->grants[i].is_outage);
        assert_false(take->grants[i].is_local);
    }
    assert_true(subject->store->is_up);
}

int64_t subject_release(const struct subject *subject, struct release *release)
{
    const struct fixture *fixture = subject->fixture;

    drive_release(subject->store, release, fixture->now(fixture->context));
    assert_int_not_equal(release->released, -1);
    return release->released;
}

int64_t subject_look(const struct subject *subject, const struct limit *limit,
                     const char *key)
{
    struct take take = { .count = 1 };

    take.charges[0] = subject_charge(subject, limit, key, 0, NULL);
    subject_take(subject, &take);
    assert_int_equal(take.status, TAKE_GRANTED);
    return take.grants[0].remaining;
}

/* The limits of all cases divide evenly. */
static int64_t time_to_regain(const struct limit *limit, int64_t amount)
{
    return amount == 0 ? 0 : amount * (limit->period_ns / limit->amount);
}

/* `less_ns`: it may be as much shorter. Where time passes unasked, a long span
 * may lose more of it, for then nothing else of the case depends on that. */
static void check_span(const char *why, const struct fixture *fixture,
                       int64_t got, int64_t want, int64_t less_ns)
{
    int64_t slack_ns =
        fixture->slack_ns > 0 ? fixture->slack_ns + want / 100 : 0;

    if (want <= 0)
        row_equal_i64(why, got, want);
    else if (got > want + fixture->granularity_ns ||
             got < want - slack_ns - less_ns)
        row_fail(why, "told %" PRId64 " ns, expected %" PRId64, got, want);
}

static void check_time(const char *why, const struct limit *limit,
                       const struct fixture *fixture, int64_t got, int64_t want)
{
    /* How much is left of a calendar's unit depends on when the test runs. */
    check_span(why, fixture, got, want,
               limit->calendar == CALENDAR_NONE ? 0 : want);
}

static void check_valid(const struct step *step, const struct limit *limit,
                        const struct fixture *fixture,
                        const struct quota_grant *grant)
{
    int64_t used = step->amount > 0 ? step->granted : 0;

    switch (limit->algorithm) {
    case LIMIT_TOKEN_BUCKET:
        row_equal_i64(step->why, grant->valid_for_ns,
                      time_to_regain(limit, used));
        break;
    case LIMIT_FIXED_WINDOW:
        check_time(step->why, limit, fixture, grant->valid_for_ns,
                   used > 0 ? step->full_after_ns : 0);
        break;
    case LIMIT_ROLLING_WINDOW:
        row_equal_i64(step->why, grant->valid_for_ns,
                      used > 0 ? limit->period_ns : 0);
        break;
    case LIMIT_CONCURRENCY:
        row_equal_i64(step->why, grant->valid_for_ns, 0);
        break;
    }
}

static void check_full(const struct step *step, const struct limit *limit,
                       const struct fixture *fixture,
                       const struct quota_grant *grant)
{
    int64_t got = grant->full_after_ns;

    if (step->full_after_ns != 0) {
        check_time(step->why, limit, fixture, got, step->full_after_ns);
        return;
    }
    switch (limit->algorithm) {
    case LIMIT_TOKEN_BUCKET:
        /* Of the next token some part may have come back. */
        check_span(step->why, fixture, got,
                   limit->amount > 0
                       ? time_to_regain(limit, limit->burst - step->remaining)
                       : 0,
                   limit->amount > 0 ? time_to_regain(limit, 1) : 0);
        break;
    case LIMIT_FIXED_WINDOW:
    case LIMIT_ROLLING_WINDOW:
        row_equal_i64(step->why, got, 0);
        break;
    case LIMIT_CONCURRENCY:
        row_equal_i64(step->why, got,
                      step->remaining < limit->amount ? NOT_KNOWN : 0);
        break;
    }
}

static void check_grant(const struct step *step, const struct limit *limit,
                        const struct fixture *fixture,
                        const struct quota_grant *grant)
{
    int64_t used = step->amount > 0 ? step->granted : 0;
    bool is_rate = limit->algorithm != LIMIT_CONCURRENCY;

    row_equal_i64(step->why, grant->granted, step->granted);
    row_equal_i64(step->why, grant->is_refused, step->is_refused);
    row_equal_i64(step->why, grant->remaining, step->remaining);
    row_equal_i64(step->why, grant->is_outage, false);
    row_equal_i64(step->why, grant->has_lease, !is_rate && used > 0);
    check_valid(step, limit, fixture, grant);
    check_full(step, limit, fixture, grant);
    check_time(step->why, limit, fixture, grant->retry_after_ns,
               step->retry_after_ns);
}

static void run_step(const struct step *step, const struct limit *limit,
                     const struct subject *subject)
{
    const struct fixture *fixture = subject->fixture;
    bool is_shadow = step->mode == STEP_SHADOW;
    struct take take = { .count = 1 };

    if (step->after_ns > 0)
        fixture->advance(fixture->context, step->after_ns);
    take.charges[0] =
        subject_charge(subject, limit, "key", step->amount, step->id);
    take.charges[0].is_best_effort = step->mode == STEP_BEST_EFFORT;
    take.charges[0].is_shadow = is_shadow;
    subject_take(subject, &take);
    row_equal_i64(step->why, take.status,
                  step->is_refused && !is_shadow ? TAKE_REFUSED : TAKE_GRANTED);
    check_grant(step, limit, fixture, &take.grants[0]);
}

void sequence_run(const struct sequence *sequence,
                  const struct fixture *fixture)
{
    struct subject subject = { fixture, fixture->open(fixture->context) };

    assert_non_null(subject.store);
    for (size_t i = 0; i < STEPS_MAX && sequence->steps[i].why; i++) {
        const struct step *step = &sequence->steps[i];

        run_step(step, step->limit ? step->limit : &sequence->limit, &subject);
    }
    store_free(subject.store);
}

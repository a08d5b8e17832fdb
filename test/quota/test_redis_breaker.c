#include "test/support/table.h"

#include "quota/redis/breaker.h"

enum event { FAILS, SUCCEEDS, TRIPS, PROBES };

static void apply(struct breaker *breaker, enum event event, int64_t now_ns)
{
    switch (event) {
    case FAILS:
        breaker_fail(breaker, now_ns);
        break;
    case SUCCEEDS:
        breaker_succeed(breaker);
        break;
    case TRIPS:
        breaker_trip(breaker, now_ns);
        break;
    case PROBES:
        breaker_probe(breaker);
        break;
    }
}

static void it_opens_and_closes(void **state)
{
    static const struct {
        const char *why;
        enum event events[16];
        size_t count;
        enum breaker_state state;
    } rows[] = {
        { "open at first", { FAILS }, 0, BREAKER_OPEN },
        { "a failure while open changes nothing", { FAILS }, 1, BREAKER_OPEN },
        { "an old success while open changes nothing",
          { SUCCEEDS },
          1,
          BREAKER_OPEN },
        { "a probe is under way", { PROBES }, 1, BREAKER_HALF_OPEN },
        { "the probe succeeds", { PROBES, SUCCEEDS }, 2, BREAKER_CLOSED },
        { "the probe fails: once is enough",
          { PROBES, TRIPS },
          2,
          BREAKER_OPEN },
        { "an operation from before fails: the probe decides",
          { PROBES, FAILS },
          2,
          BREAKER_HALF_OPEN },
        { "few failures are forgiven",
          { PROBES, SUCCEEDS, FAILS, FAILS, FAILS, FAILS },
          6,
          BREAKER_CLOSED },
        { "five in a row are not",
          { PROBES, SUCCEEDS, FAILS, FAILS, FAILS, FAILS, FAILS },
          7,
          BREAKER_OPEN },
        { "a success begins the row again",
          { PROBES, SUCCEEDS, FAILS, FAILS, FAILS, FAILS, SUCCEEDS, FAILS },
          8,
          BREAKER_CLOSED },
        { "a lost connection opens it at once",
          { PROBES, SUCCEEDS, TRIPS },
          3,
          BREAKER_OPEN },
        { "after it closed again the row begins anew",
          { PROBES, SUCCEEDS, FAILS, FAILS, FAILS, FAILS, TRIPS, PROBES,
            SUCCEEDS, FAILS },
          10,
          BREAKER_CLOSED },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct breaker breaker;

        breaker_init(&breaker, i);
        for (size_t n = 0; n < rows[i].count; n++)
            apply(&breaker, rows[i].events[n], 0);
        row_equal_i64(rows[i].why, breaker.state, rows[i].state);
    }
}

static void the_first_probe_is_due_at_once(void **state)
{
    struct breaker breaker;

    (void)state;
    breaker_init(&breaker, 1);
    assert_true(breaker_is_due(&breaker, 0));
    breaker_probe(&breaker);
    assert_false(breaker_is_due(&breaker, INT64_MAX));
}

/* How long after a failed probe the next one is due. */
static int64_t failed_probe_wait(struct breaker *breaker)
{
    int64_t now_ns = 1000 * SECOND, wait_ns;

    breaker_probe(breaker);
    breaker_trip(breaker, now_ns);
    wait_ns = breaker->probe_at_ns - now_ns;
    assert_false(breaker_is_due(breaker, breaker->probe_at_ns - 1));
    assert_true(breaker_is_due(breaker, breaker->probe_at_ns));
    return wait_ns;
}

static void waits_double_up_to_a_cap(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 200; seed++) {
        int64_t backoff_ns = BREAKER_BACKOFF_MIN_NS;
        struct breaker breaker;

        breaker_init(&breaker, seed);
        for (int n = 0; n < 12; n++) {
            int64_t wait_ns = failed_probe_wait(&breaker);

            assert_in_range(wait_ns, backoff_ns / 2, backoff_ns);
            backoff_ns *= 2;
            if (backoff_ns > BREAKER_BACKOFF_MAX_NS)
                backoff_ns = BREAKER_BACKOFF_MAX_NS;
        }
    }
}

static void waits_differ_between_replicas(void **state)
{
    struct breaker a, b;

    (void)state;
    breaker_init(&a, 1);
    breaker_init(&b, 2);
    assert_int_not_equal(failed_probe_wait(&a), failed_probe_wait(&b));
}

static void only_an_operation_resets_the_back_off(void **state)
{
    struct breaker breaker;

    (void)state;
    breaker_init(&breaker, 1);
    for (int n = 0; n < 10; n++)
        failed_probe_wait(&breaker);
    breaker_probe(&breaker);
    breaker_succeed(&breaker);
    breaker_trip(&breaker, 0);
    assert_true(breaker.probe_at_ns >= BREAKER_BACKOFF_MAX_NS / 2);

    breaker_probe(&breaker);
    breaker_succeed(&breaker);
    breaker_succeed(&breaker);
    breaker_trip(&breaker, 0);
    assert_true(breaker.probe_at_ns <= BREAKER_BACKOFF_MIN_NS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_opens_and_closes),
        cmocka_unit_test(the_first_probe_is_due_at_once),
        cmocka_unit_test(waits_double_up_to_a_cap),
        cmocka_unit_test(waits_differ_between_replicas),
        cmocka_unit_test(only_an_operation_resets_the_back_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

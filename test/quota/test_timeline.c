/* The time of a store over restarts and boots. */
#include "test/support/table.h"

#include "policy/base/clock.h"
#include "quota/local/clocks.h"

#define WALL (INT64_C(1700000000) * SECOND)

static const struct boot boot_a = { "a" }, boot_b = { "b" }, unknown = { "" };

static void it_begins_with_the_wall_clock(void **state)
{
    static const struct {
        const char *why;
        int64_t boot_ns, wall_ns, offset_ns;
    } rows[] = {
        { "as usual", HOUR, WALL, WALL - HOUR },
        { "just booted", 0, WALL, WALL },
        { "no clock that runs without power", HOUR, SECOND, SECOND - HOUR },
        { "before 1970", HOUR, -WALL, -HOUR },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct clocks now = { rows[i].boot_ns, rows[i].wall_ns, boot_a };
        struct timeline time = timeline_begin(&now);

        row_equal_i64(rows[i].why, time.offset_ns, rows[i].offset_ns);
        row_true(rows[i].why, memcmp(&time.boot, &boot_a, 16) == 0);
    }
}

/* Begun in boot a, an hour after it, at WALL. */
static const struct {
    const char *why;
    int64_t seen_ns;
    struct clocks now;
    int64_t time_ns;
} resumptions[] = {
    { "the same boot",
      WALL + MINUTE,
      { 2 * HOUR, WALL + HOUR, { "a" } },
      WALL + HOUR },
    { "the same boot, the wall clock was set forward",
      WALL,
      { 2 * HOUR, WALL + 500 * HOUR, { "a" } },
      WALL + HOUR },
    { "the same boot, the wall clock was set back",
      WALL,
      { 2 * HOUR, 0, { "a" } },
      WALL + HOUR },
    { "the same boot, at the same instant",
      WALL,
      { HOUR, WALL, { "a" } },
      WALL },
    { "the same boot, from a container that counts from elsewhere",
      WALL + HOUR,
      { SECOND, WALL + 2 * HOUR, { "a" } },
      WALL + 2 * HOUR },
    { "the same boot, one that counts from far away",
      WALL,
      { INT64_MAX - 1, WALL + HOUR, { "a" } },
      WALL + HOUR },
    { "another boot",
      WALL + MINUTE,
      { SECOND, WALL + 2 * HOUR, { "b" } },
      WALL + 2 * HOUR },
    { "another boot, at the same time since it",
      WALL,
      { HOUR, WALL + 2 * HOUR, { "b" } },
      WALL + 2 * HOUR },
    { "another boot, the wall clock was set back a little",
      WALL + HOUR,
      { SECOND, WALL + MINUTE, { "b" } },
      WALL + HOUR },
    { "another boot, the wall clock was lost",
      WALL + HOUR,
      { SECOND, 0, { "b" } },
      WALL + HOUR },
    { "another boot, the wall clock is before 1970",
      WALL + HOUR,
      { SECOND, -WALL, { "b" } },
      WALL + HOUR },
    { "nothing was seen yet, and the wall clock was lost",
      0,
      { SECOND, 0, { "b" } },
      0 },
    { "an unknown boot",
      WALL,
      { 2 * HOUR, WALL + HOUR + MINUTE, { "" } },
      WALL + HOUR + MINUTE },
};

static void it_goes_on(void **state)
{
    static const struct clocks begun = { HOUR, WALL, { "a" } };

    (void)state;
    for (size_t i = 0; i < ROWS(resumptions); i++) {
        const struct clocks *now = &resumptions[i].now;
        struct timeline before = timeline_begin(&begun);
        struct timeline time =
            timeline_resume(&before, resumptions[i].seen_ns, now);

        row_equal_i64(resumptions[i].why, now->boot_ns + time.offset_ns,
                      resumptions[i].time_ns);
        row_true(resumptions[i].why, memcmp(&time.boot, &now->boot, 16) == 0);
        /* From now on it is the same boot, unless nobody knows. */
        before = timeline_resume(&time, resumptions[i].seen_ns, now);
        row_equal_i64(resumptions[i].why, before.offset_ns, time.offset_ns);
    }
}

/* Two boots that are not known may be different ones. */
static void the_unknown_is_like_nothing(void **state)
{
    struct clocks now = { HOUR, WALL, unknown };
    struct timeline time = timeline_begin(&now);

    (void)state;
    now.wall_ns += 5 * HOUR;
    time = timeline_resume(&time, WALL, &now);
    assert_int_equal(now.boot_ns + time.offset_ns, WALL + 5 * HOUR);
}

/* Whatever a file holds. */
static void a_damaged_offset_is_replaced(void **state)
{
    static const int64_t offsets[] = {
        INT64_MIN, -1, 0, WALL - 2 * HOUR, TIMELINE_END_NS, INT64_MAX
    };
    struct clocks now = { HOUR, WALL, boot_b };

    (void)state;
    for (size_t i = 0; i < ROWS(offsets); i++) {
        struct timeline damaged = { offsets[i], boot_b };
        struct timeline time = timeline_resume(&damaged, WALL, &now);

        assert_int_equal(now.boot_ns + time.offset_ns, WALL);
    }
}

static void the_boot_of_this_machine_is_known(void **state)
{
    struct clocks first = clocks_read(), second = clocks_read();

    (void)state;
    assert_memory_equal(&first.boot, &second.boot, sizeof(first.boot));
    assert_memory_not_equal(&first.boot, &unknown, sizeof(unknown));
    assert_true(first.boot_ns > 0 && first.boot_ns <= second.boot_ns);
    assert_true(first.wall_ns > WALL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_begins_with_the_wall_clock),
        cmocka_unit_test(it_goes_on),
        cmocka_unit_test(the_unknown_is_like_nothing),
        cmocka_unit_test(a_damaged_offset_is_replaced),
        cmocka_unit_test(the_boot_of_this_machine_is_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "quota/redis/split.h"
#include "test/support/table.h"

static const struct limit rate = { .algorithm = LIMIT_TOKEN_BUCKET };
static const struct limit lease = { .algorithm = LIMIT_CONCURRENCY };

/* A charge of a Check, and its slot. */
struct given {
    const struct limit *limit;
    uint16_t slot;
    int64_t amount;
    bool has_id;
};

static void make_take(struct take *take, uint16_t *slots,
                      const struct given *given, uint32_t count)
{
    *take = (struct take){ .count = count };
    for (uint32_t i = 0; i < count; i++) {
        take->charges[i] = (struct charge){ .limit = given[i].limit,
                                            .amount = given[i].amount,
                                            .has_id = given[i].has_id };
        take->charges[i].id.bytes[0] = (uint8_t)(100 + i);
        take->grants[i].lease_id[0] = (uint8_t)(i + 1);
        slots[i] = given[i].slot;
    }
}

static void a_take_is_split_by_slots(void **state)
{
    static const struct {
        const char *why;
        uint32_t count;
        struct given given[4];
        uint32_t part_count;
        struct {
            uint16_t slot;
            bool gives_back;
            uint32_t count;
            uint8_t places[4];
        } parts[4];
    } rows[] = {
        { "two slots",
          2,
          { { &rate, 7, 1, false }, { &rate, 5, 1, false } },
          2,
          { { 7, false, 1, { 0 } }, { 5, false, 1, { 1 } } } },
        { "what shares a slot stays together",
          3,
          { { &rate, 7, 1, false },
            { &rate, 5, 1, false },
            { &lease, 7, 0, false } },
          2,
          { { 7, false, 2, { 0, 2 } }, { 5, false, 1, { 1 } } } },
        { "what gives back comes last, and apart",
          4,
          { { &rate, 7, -1, false },
            { &rate, 5, 1, false },
            { &lease, 7, 1, false },
            { &rate, 5, -2, false } },
          4,
          { { 5, false, 1, { 1 } },
            { 7, false, 1, { 2 } },
            { 7, true, 1, { 0 } },
            { 5, true, 1, { 3 } } } },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        static struct part parts[QUOTAS_PER_CHECK_MAX];
        uint16_t slots[QUOTAS_PER_CHECK_MAX];
        struct take take;

        make_take(&take, slots, rows[i].given, rows[i].count);
        row_equal_i64(rows[i].why, split_take(&take, slots, parts),
                      rows[i].part_count);
        for (uint32_t n = 0; n < rows[i].part_count; n++) {
            row_equal_i64(rows[i].why, parts[n].slot, rows[i].parts[n].slot);
            row_equal_i64(rows[i].why, parts[n].gives_back,
                          rows[i].parts[n].gives_back);
            row_equal_i64(rows[i].why, parts[n].take.count,
                          rows[i].parts[n].count);
            for (uint32_t c = 0; c < parts[n].take.count; c++) {
                uint8_t place = rows[i].parts[n].places[c];

                row_equal_i64(rows[i].why, parts[n].places[c], place);
                row_equal_i64(rows[i].why, parts[n].take.charges[c].amount,
                              rows[i].given[place].amount);
                row_equal_i64(rows[i].why, parts[n].take.grants[c].lease_id[0],
                              place + 1);
            }
        }
    }
}

static void the_whole_is_what_the_parts_are(void **state)
{
    static const struct {
        const char *why;
        enum take_status parts[3], whole;
    } rows[] = {
        { "all granted", { TAKE_GRANTED, TAKE_GRANTED }, TAKE_GRANTED },
        { "one refused", { TAKE_GRANTED, TAKE_REFUSED }, TAKE_REFUSED },
        { "one is not known",
          { TAKE_OUTAGE, TAKE_GRANTED, TAKE_GRANTED },
          TAKE_OUTAGE },
        { "refused is certain", { TAKE_OUTAGE, TAKE_REFUSED }, TAKE_REFUSED },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        static struct part parts[3];

        for (uint32_t n = 0; n < 3; n++)
            parts[n].status = rows[i].parts[n];
        row_equal_i64(rows[i].why, split_status(parts, 3), rows[i].whole);
    }
}

/* A part of one charge that is answered, and how it is undone. */
static const struct {
    const char *why;
    struct given given;
    enum take_status status;
    int64_t granted;
    bool is_repeat;
    bool is_needed; /* else nothing is sent */
    int64_t amount; /* of what undoes it */
    uint8_t id;     /* first byte */
} undone[] = {
    { "a rate", { &rate, 1, 3, false }, TAKE_GRANTED, 3, false, true, -3, 100 },
    { "with an id, for its record",
      { &rate, 1, 3, true },
      TAKE_GRANTED,
      3,
      false,
      true,
      -3,
      100 },
    { "what best effort got",
      { &rate, 1, 9, false },
      TAKE_GRANTED,
      4,
      false,
      true,
      -4,
      100 },
    { "nothing was got",
      { &rate, 1, 9, false },
      TAKE_GRANTED,
      0,
      false,
      false,
      0,
      100 },
    { "a look", { &rate, 1, 0, false }, TAKE_GRANTED, 0, false, false, 0, 100 },
    { "a lease, by its own id",
      { &lease, 1, 2, false },
      TAKE_GRANTED,
      2,
      false,
      true,
      -2,
      1 },
    { "a lease under a caller's id",
      { &lease, 1, 2, true },
      TAKE_GRANTED,
      2,
      false,
      true,
      -2,
      1 },
    { "a lease that was had before stays",
      { &lease, 1, 2, true },
      TAKE_GRANTED,
      2,
      true,
      false,
      0,
      100 },
    { "a retry of a rate",
      { &rate, 1, 2, true },
      TAKE_GRANTED,
      2,
      true,
      false,
      0,
      100 },
    { "refused: nothing was taken",
      { &lease, 1, 2, false },
      TAKE_REFUSED,
      0,
      false,
      false,
      0,
      100 },
    { "not known: a lease that nobody else has",
      { &lease, 1, 2, false },
      TAKE_OUTAGE,
      0,
      false,
      true,
      -2,
      1 },
    { "not known: a caller's lease may be an old one",
      { &lease, 1, 2, true },
      TAKE_OUTAGE,
      0,
      false,
      false,
      0,
      100 },
    { "not known: a rate",
      { &rate, 1, 2, false },
      TAKE_OUTAGE,
      0,
      false,
      false,
      0,
      100 },
    { "what would have given back is looked at",
      { &rate, 1, -2, false },
      TAKE_GRANTED,
      0,
      false,
      true,
      0,
      100 },
};

static void what_was_taken_is_undone_and_no_more(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(undone); i++) {
        static struct part parts[QUOTAS_PER_CHECK_MAX];
        uint16_t slots[QUOTAS_PER_CHECK_MAX];
        const struct charge *charge = &parts[0].take.charges[0];
        struct take take;

        make_take(&take, slots, &undone[i].given, 1);
        assert_int_equal(split_take(&take, slots, parts), 1);
        parts[0].take.status = undone[i].status;
        parts[0].take.grants[0].granted = undone[i].granted;
        parts[0].repeats = undone[i].is_repeat;
        split_note(&take, &parts[0]);
        row_equal_i64(undone[i].why, split_undo(&parts[0]),
                      undone[i].is_needed);
        row_true(undone[i].why, parts[0].is_undo);
        row_equal_i64(undone[i].why, charge->amount, undone[i].amount);
        row_equal_i64(undone[i].why, charge->id.bytes[0], undone[i].id);
    }
}

/* What three parts say, after the third refused. */
static void a_refused_check_says_how_things_stand(void **state)
{
    static const struct given given[] = { { &lease, 1, 2, false },
                                          { &rate, 2, 3, false },
                                          { &rate, 3, 4, false },
                                          { &rate, 4, -1, false } };
    static struct part parts[QUOTAS_PER_CHECK_MAX];
    uint16_t slots[QUOTAS_PER_CHECK_MAX];
    struct take take;

    (void)state;
    make_take(&take, slots, given, 4);
    assert_int_equal(split_take(&take, slots, parts), 4);
    parts[0].take.grants[0].granted = 2;
    parts[0].take.grants[0].remaining = 1;
    parts[0].take.grants[0].has_lease = true;
    parts[1].take.grants[0].granted = 3;
    parts[1].take.grants[0].remaining = 5;
    parts[1].take.grants[0].valid_for_ns = 9;
    parts[2].take.status = TAKE_REFUSED;
    parts[2].take.grants[0].is_refused = true;
    parts[2].take.grants[0].retry_after_ns = 77;
    for (uint32_t i = 0; i < 3; i++)
        split_note(&take, &parts[i]);
    for (uint32_t i = 0; i < 4; i++)
        split_undo(&parts[i]);

    /* The lease is undone, the rate's node is lost, the last one looks. */
    parts[0].take.grants[0] =
        (struct quota_grant){ .granted = 2, .remaining = 4 };
    parts[1].take.status = TAKE_OUTAGE;
    parts[3].take.grants[0].remaining = 8;
    split_join(&take, parts, 4, split_status(parts, 4));

    assert_int_equal(take.status, TAKE_REFUSED);
    assert_int_equal(take.grants[0].granted, 0);
    assert_int_equal(take.grants[0].remaining, 4);
    assert_false(take.grants[0].has_lease);
    assert_int_equal(take.grants[1].granted, 0);
    assert_int_equal(take.grants[1].remaining, 8);
    assert_int_equal(take.grants[1].valid_for_ns, 0);
    assert_true(take.grants[2].is_refused);
    assert_int_equal(take.grants[2].retry_after_ns, 77);
    assert_int_equal(take.grants[3].granted, 0);
    assert_int_equal(take.grants[3].remaining, 8);
    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(take.grants[i].is_refused, i == 2);
}

static void a_shadow_that_was_short_stays_marked(void **state)
{
    static const struct given given[] = { { &rate, 1, 9, false },
                                          { &rate, 2, 3, false } };
    static struct part parts[QUOTAS_PER_CHECK_MAX];
    uint16_t slots[QUOTAS_PER_CHECK_MAX];
    struct take take;

    (void)state;
    make_take(&take, slots, given, 2);
    take.charges[0].is_shadow = true;
    assert_int_equal(split_take(&take, slots, parts), 2);
    parts[0].take.grants[0].granted = 5;
    parts[0].take.grants[0].is_refused = true;
    parts[1].take.status = TAKE_REFUSED;
    split_note(&take, &parts[0]);
    split_note(&take, &parts[1]);
    assert_true(split_undo(&parts[0]));
    assert_false(split_undo(&parts[1]));
    assert_int_equal(parts[0].take.charges[0].amount, -5);
    split_join(&take, parts, 2, TAKE_REFUSED);
    assert_true(take.grants[0].is_refused);
    assert_int_equal(take.grants[0].granted, 0);
}

static void a_release_is_the_sum_of_its_parts(void **state)
{
    static struct part parts[QUOTAS_PER_CHECK_MAX];
    const uint16_t slots[] = { 4, 9, 4 };
    struct release release = { .count = 3 };

    (void)state;
    release.leases[2].id.bytes[0] = 42;
    assert_int_equal(split_release(&release, slots, parts), 2);
    assert_int_equal(parts[0].release.count, 2);
    assert_int_equal(parts[0].release.leases[1].id.bytes[0], 42);
    assert_int_equal(parts[1].slot, 9);
    parts[0].release.released = 3;
    parts[1].release.released = 4;
    assert_int_equal(split_released(parts, 2), 7);
    parts[0].release.released = -1;
    assert_int_equal(split_released(parts, 2), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_take_is_split_by_slots),
        cmocka_unit_test(the_whole_is_what_the_parts_are),
        cmocka_unit_test(what_was_taken_is_undone_and_no_more),
        cmocka_unit_test(a_refused_check_says_how_things_stand),
        cmocka_unit_test(a_shadow_that_was_short_stays_marked),
        cmocka_unit_test(a_release_is_the_sum_of_its_parts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

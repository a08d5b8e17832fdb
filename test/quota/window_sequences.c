/* Fixed and rolling windows. */
#include "test/quota/sequence.h"

#define REFUSED .is_refused = true, .retry_after_ns
#define NEVER NOT_KNOWN
/* When nothing will be in use. */
#define FULL .full_after_ns

#define FIXED(count, time)                                                     \
    .algorithm = LIMIT_FIXED_WINDOW, .amount = (count), .period_ns = (time),   \
    .dedup_ns = HOUR
#define ROLLING(count, time, part)                                             \
    .algorithm = LIMIT_ROLLING_WINDOW, .amount = (count), .period_ns = (time), \
    .bucket_ns = (part), .dedup_ns = HOUR
#define ALIGNED(count, unit, most)                                             \
    .algorithm = LIMIT_FIXED_WINDOW, .amount = (count), .period_ns = (most),   \
    .calendar = CALENDAR_##unit

/* Windows that no case outlives; of a rolling one it uses one bucket. */
#define SLOW_FIXED(count) FIXED(count, HOUR)
#define SLOW_ROLLING(count) ROLLING(count, HOUR, HOUR / 20)

/* What holds for both as long as the first window lasts. */
#define FOR_BOTH(text, amount, ...)                                            \
    { "a fixed window " text, { SLOW_FIXED(amount) }, { __VA_ARGS__ } },       \
    {                                                                          \
        "a rolling window " text, { SLOW_ROLLING(amount) },                    \
        {                                                                      \
            __VA_ARGS__                                                        \
        }                                                                      \
    }

static const struct limit fixed_0 = { SLOW_FIXED(0) };
static const struct limit fixed_2 = { SLOW_FIXED(2) };
static const struct limit fixed_10 = { SLOW_FIXED(10) };
static const struct limit rolling_0 = { SLOW_ROLLING(0) };
static const struct limit rolling_2 = { SLOW_ROLLING(2) };
static const struct limit rolling_10 = { SLOW_ROLLING(10) };

/* Of a limit of five. */
#define CHANGE_AMOUNT(kind)                                                    \
    { .why = "four in use", 4, 4, 1, FULL = HOUR },                            \
        { .why = "more", 0, 0, 6, FULL = HOUR, .limit = &kind##_10 },          \
        { .why = "fewer", 0, 0, 0, FULL = HOUR, .limit = &kind##_2 },          \
        { .why = "refuses until there is room",                                \
          2,                                                                   \
          0,                                                                   \
          0,                                                                   \
          REFUSED = HOUR,                                                      \
          FULL = HOUR,                                                         \
          .limit = &kind##_2 },                                                \
        { .why = "what no longer fits",                                        \
          3,                                                                   \
          0,                                                                   \
          0,                                                                   \
          REFUSED = NEVER,                                                     \
          FULL = HOUR,                                                         \
          .limit = &kind##_2 },                                                \
        { .why = "none at all",                                                \
          1,                                                                   \
          0,                                                                   \
          0,                                                                   \
          REFUSED = NEVER,                                                     \
          FULL = HOUR,                                                         \
          .limit = &kind##_0 },                                                \
    {                                                                          \
        .why = "the former one again", 1, 1, 0, FULL = HOUR                    \
    }

const struct sequence window_sequences[] = {
    FOR_BOTH("grants its amount, then refuses", 5,
             { .why = "some", 3, 3, 2, FULL = HOUR },
             { .why = "the rest", 2, 2, 0, FULL = HOUR },
             { .why = "one more", 1, 0, 0, REFUSED = HOUR, FULL = HOUR },
             { .why = "as much as ever fits",
               5,
               0,
               0,
               REFUSED = HOUR,
               FULL = HOUR }),
    FOR_BOTH("charges nothing for a refusal", 5,
             { .why = "some", 2, 2, 3, FULL = HOUR },
             { .why = "too much", 4, 0, 3, REFUSED = HOUR, FULL = HOUR },
             { .why = "what fits", 3, 3, 0, FULL = HOUR }),
    FOR_BOTH("never grants more than its amount at once", 5,
             { .why = "one too many", 6, 0, 5, REFUSED = NEVER },
             { .why = "absurdly many", INT64_MAX, 0, 5, REFUSED = NEVER },
             { .why = "all", 5, 5, 0, FULL = HOUR },
             { .why = "one too many, of none",
               6,
               0,
               0,
               REFUSED = NEVER,
               FULL = HOUR }),
    FOR_BOTH("grants what is left to best effort", 5,
             { .why = "all of it fits", 3, 3, 2, FULL = HOUR, BEST_EFFORT },
             { .why = "a part fits", 4, 2, 0, FULL = HOUR, BEST_EFFORT },
             { .why = "absurdly many",
               INT64_MAX,
               0,
               0,
               REFUSED = HOUR,
               FULL = HOUR,
               BEST_EFFORT }),
    FOR_BOTH("is looked at with amount 0", 5,
             { .why = "of nothing seen", 0, 0, 5, .id = "look" },
             { .why = "all", 5, 5, 0, FULL = HOUR },
             { .why = "of none left", 0, 0, 0, FULL = HOUR, .id = "look" },
             { .why = "best effort", 0, 0, 0, FULL = HOUR, BEST_EFFORT }),
    FOR_BOTH(
        "gives back what is in use", 5, { .why = "of nothing seen", -1, 0, 5 },
        { .why = "some", 4, 4, 1, FULL = HOUR },
        { .why = "a part of it back", -3, 3, 4, FULL = HOUR },
        { .why = "more than is in use", -10, 1, 5 },
        { .why = "again", -10, 0, 5 },
        { .why = "it holds no more than its amount", 5, 5, 0, FULL = HOUR },
        { .why = "absurdly much", INT64_MIN, 5, 5 }),
    FOR_BOTH("of 0 denies all", 0, { .why = "one", 1, 0, 0, REFUSED = NEVER },
             { .why = "best effort", 1, 0, 0, REFUSED = NEVER, BEST_EFFORT },
             { .why = "looking is free", 0, 0, 0 },
             { .why = "there is nothing to give back", -1, 0, 0 }),
    FOR_BOTH(
        "in shadow charges what it can and refuses nothing", 5,
        { .why = "as without", 2, 2, 3, FULL = HOUR, IN_SHADOW },
        { .why = "a part", 4, 3, 0, REFUSED = HOUR, FULL = HOUR, IN_SHADOW },
        { .why = "nothing", 1, 0, 0, REFUSED = HOUR, FULL = HOUR, IN_SHADOW },
        { .why = "more than ever fits",
          6,
          0,
          0,
          REFUSED = NEVER,
          FULL = HOUR,
          IN_SHADOW }),
    FOR_BOTH(
        "charges a retry once", 5,
        { .why = "first", 2, 2, 3, FULL = HOUR, .id = "a" },
        { .why = "retry", 2, 2, 3, FULL = HOUR, .id = "a" },
        { .why = "the answer is the first one's",
          4,
          2,
          3,
          FULL = HOUR,
          .id = "a" },
        { .why = "a part", 9, 3, 0, FULL = HOUR, .id = "b", BEST_EFFORT },
        { .why = "retry of it", 9, 3, 0, FULL = HOUR, .id = "b", BEST_EFFORT },
        { .why = "refused", 1, 0, 0, REFUSED = HOUR, FULL = HOUR, .id = "c" },
        { .why = "two back", -2, 2, 2, FULL = HOUR, .id = "d" },
        { .why = "retry of that", -2, 2, 2, FULL = HOUR, .id = "d" },
        { .why = "the refusal is not remembered",
          1,
          1,
          1,
          FULL = HOUR,
          .id = "c" }),
    { "a changed amount keeps what is in use of a fixed window",
      { SLOW_FIXED(5) },
      { CHANGE_AMOUNT(fixed) } },
    { "a changed amount keeps what is in use of a rolling window",
      { SLOW_ROLLING(5) },
      { CHANGE_AMOUNT(rolling) } },

    { "at the end of a fixed window all is free",
      { FIXED(3, 4 * TICK) },
      {
          { .why = "some", 1, 1, 2, FULL = 4 * TICK },
          { .why = "the rest", 2, 2, 0, FULL = 3 * TICK, .after_ns = TICK },
          { .why = "no more",
            1,
            0,
            0,
            REFUSED = 2 * TICK,
            FULL = 2 * TICK,
            .after_ns = TICK },
          { .why = "all is free", 0, 0, 3, .after_ns = 2 * TICK },
          { .why = "the next one begins with its first use",
            2,
            2,
            1,
            FULL = 4 * TICK,
            .after_ns = TICK },
      } },
    { "only what is granted begins a fixed window",
      { FIXED(3, 4 * TICK) },
      {
          { .why = "a look", 0, 0, 3 },
          { .why = "a refusal", 4, 0, 3, REFUSED = NEVER },
          { .why = "a use", 2, 2, 1, FULL = 4 * TICK, .after_ns = TICK },
          { .why = "all of it back", -2, 2, 3, .after_ns = TICK },
          { .why = "another use", 1, 1, 2, FULL = 4 * TICK, .after_ns = TICK },
      } },
    { "a calendar window ends with its unit",
      { ALIGNED(5, YEAR, LIMIT_WINDOW_MAX_NS) },
      {
          { .why = "some", 3, 3, 2, FULL = LIMIT_WINDOW_MAX_NS },
          { .why = "too much",
            3,
            0,
            2,
            REFUSED = LIMIT_WINDOW_MAX_NS,
            FULL = LIMIT_WINDOW_MAX_NS },
          { .why = "more than ever fits",
            6,
            0,
            2,
            REFUSED = NEVER,
            FULL = LIMIT_WINDOW_MAX_NS },
          { .why = "all of it back", -3, 3, 5 },
      } },
    { "a second later a second is over",
      { ALIGNED(5, SECOND, SECOND) },
      {
          { .why = "all", 5, 5, 0, FULL = SECOND },
          { .why = "again", 5, 5, 0, FULL = SECOND, .after_ns = SECOND },
      } },

    { "in a rolling window each use comes back in its turn",
      { ROLLING(5, 4 * TICK, TICK) },
      {
          { .why = "two", 2, 2, 3, FULL = 4 * TICK },
          { .why = "two more", 2, 2, 1, FULL = 4 * TICK, .after_ns = TICK },
          { .why = "the first must come back",
            2,
            0,
            1,
            REFUSED = 2 * TICK,
            FULL = 3 * TICK,
            .after_ns = TICK },
          { .why = "both must", 4, 0, 1, REFUSED = 3 * TICK, FULL = 3 * TICK },
          { .why = "the first are back",
            2,
            2,
            1,
            FULL = 4 * TICK,
            .after_ns = 2 * TICK },
          { .why = "the second are",
            0,
            0,
            3,
            FULL = 3 * TICK,
            .after_ns = TICK },
          { .why = "all are", 0, 0, 5, .after_ns = 3 * TICK },
      } },
    { "uses of one bucket come back with the last of them",
      { ROLLING(5, 4 * TICK, 2 * TICK) },
      {
          { .why = "one", 1, 1, 4, FULL = 4 * TICK },
          { .why = "another one", 1, 1, 3, FULL = 4 * TICK, .after_ns = TICK },
          { .why = "the first waits for the second",
            4,
            0,
            3,
            REFUSED = TICK,
            FULL = TICK,
            .after_ns = 3 * TICK },
          { .why = "both are back", 0, 0, 5, .after_ns = TICK },
      } },
    { "the newest use of a rolling window is given back first",
      { ROLLING(5, 4 * TICK, TICK) },
      {
          { .why = "two", 2, 2, 3, FULL = 4 * TICK },
          { .why = "two more", 2, 2, 1, FULL = 4 * TICK, .after_ns = TICK },
          { .why = "three back", -3, 3, 4, FULL = 3 * TICK },
          { .why = "the next use has a bucket of its own",
            1,
            1,
            3,
            FULL = 4 * TICK,
            .after_ns = TICK },
          { .why = "the first is back",
            0,
            0,
            4,
            FULL = 2 * TICK,
            .after_ns = 2 * TICK },
          { .why = "all are", 0, 0, 5, .after_ns = 2 * TICK },
      } },
    { 0 },
};

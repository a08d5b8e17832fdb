#include "config/entry.h"
#include "config/schema_part.h"
#include "policy/base/clock.h"

static const struct choice on_outages[] = { { "open", ON_OUTAGE_OPEN },
                                            { "closed", ON_OUTAGE_CLOSED },
                                            { "local", ON_OUTAGE_LOCAL },
                                            { NULL, 0 } };

static const struct choice releases[] = { { "lease", false },
                                          { "any", true },
                                          { NULL, 0 } };

/* CONCURRENCY has a group of its own. */
static const struct choice rate_algorithms[] = {
    { "token_bucket", LIMIT_TOKEN_BUCKET },
    { "fixed_window", LIMIT_FIXED_WINDOW },
    { "rolling_window", LIMIT_ROLLING_WINDOW },
    { NULL, 0 },
};

/* Negated, as durations are not negative. The first one is none. */
static const struct choice calendars[] = {
#define X(name, text) { text, -CALENDAR_##name },
    CALENDARS(X)
#undef X
        { NULL, 0 },
};
#define CALENDAR_UNITS (calendars + 1)

static const struct field concurrency_fields[] = {
    { .name = "max",
      .kind = FIELD_INTEGER,
      MEMBER(concurrency_entry, max),
      .is_required = true,
      .least = 0,
      .most = LIMIT_AMOUNT_MAX,
      .doc = "The most at the same time; 0 refuses all." },
    { .name = "lease",
      .kind = FIELD_DURATION,
      MEMBER(concurrency_entry, lease_ns),
      .least = LIMIT_PERIOD_MIN_NS,
      .most = LIMIT_PERIOD_MAX_NS,
      .fallback = "1m",
      .doc = "A slot that nobody gives back becomes free after this." },
    { .name = "release",
      .kind = FIELD_CHOICE,
      MEMBER(concurrency_entry, release_any),
      .choices = releases,
      .fallback = "lease",
      .doc = "What a negative amount frees. `lease`: the slot taken with the "
             "same id, or the oldest where the call has no id. `any`: the "
             "oldest, whatever the id." },
};

static const struct group concurrency_group = GROUP(
    concurrency_entry, concurrency_fields,
    "So many at the same time, over all replicas. Callers must release what "
    "they took, or it comes back only when its lease ends: Istio 1.x "
    "sidecars never release.");

static const struct field rate_fields[] = {
    { .name = "algorithm",
      .kind = FIELD_CHOICE,
      MEMBER(rate_entry, algorithm),
      .choices = rate_algorithms,
      .fallback = "token_bucket",
      .doc = "`token_bucket`: `burst` at once, refilled evenly. "
             "`fixed_window`: `amount`, then none until the window ends; the "
             "next one begins with the next use, or see `align`. "
             "`rolling_window`: never more than `amount` in any time of "
             "`per`." },
    { .name = "amount",
      .kind = FIELD_INTEGER,
      MEMBER(rate_entry, amount),
      .is_required = true,
      .least = 0,
      .most = LIMIT_AMOUNT_MAX,
      .doc = "So many in each `per`; 0 refuses all." },
    { .name = "per",
      .kind = FIELD_DURATION,
      MEMBER(rate_entry, per_ns),
      .least = LIMIT_PERIOD_MIN_NS,
      .most = LIMIT_WINDOW_MAX_NS,
      .choices = CALENDAR_UNITS,
      .fallback = "1s",
      .doc = "See `amount`. Of `token_bucket` at most 1d; the words only with "
             "`align`." },
    { .name = "burst",
      .kind = FIELD_INTEGER,
      MEMBER(rate_entry, burst),
      .least = 1,
      .most = LIMIT_AMOUNT_MAX,
      .doc = "`token_bucket`: the most at once; by default as much as "
             "`amount`." },
    { .name = "bucket",
      .kind = FIELD_DURATION,
      MEMBER(rate_entry, bucket_ns),
      .least = LIMIT_BUCKET_MIN_NS,
      .most = LIMIT_WINDOW_MAX_NS,
      .doc = "`rolling_window`: uses within this time share one count, and "
             "come back at most this much later than they could; from a "
             "hundredth of `per` to all of it, by default a twentieth. Less "
             "is more exact and takes more memory." },
    { .name = "align",
      .kind = FIELD_BOOL,
      MEMBER(rate_entry, is_aligned),
      .fallback = "false",
      .doc = "`fixed_window`: windows are units of the calendar, in UTC, and a "
             "week begins on Monday. `per` is then one of `1s` `1m` `1h` `1d`, "
             "or a word." },
};

static const struct group rate_group =
    GROUP(rate_entry, rate_fields, "So many in a time.");

static const struct field override_fields[] = {
    { .name = "when",
      .kind = FIELD_TEXT_MAP,
      MEMBER(override_entry, when),
      .is_required = true,
      .least = 1,
      .most = 16,
      .doc = "Values that dimensions must have, as text; dimensions not named "
             "may have any." },
    { .name = "max",
      .kind = FIELD_INTEGER,
      MEMBER(override_entry, max),
      .least = 0,
      .most = LIMIT_AMOUNT_MAX,
      .doc = "In place of `concurrency.max`." },
    { .name = "lease",
      .kind = FIELD_DURATION,
      MEMBER(override_entry, lease_ns),
      .least = LIMIT_PERIOD_MIN_NS,
      .most = LIMIT_PERIOD_MAX_NS,
      .doc = "In place of `concurrency.lease`." },
    { .name = "amount",
      .kind = FIELD_INTEGER,
      MEMBER(override_entry, amount),
      .least = 0,
      .most = LIMIT_AMOUNT_MAX,
      .doc = "In place of `rate.amount`." },
    { .name = "per",
      .kind = FIELD_DURATION,
      MEMBER(override_entry, per_ns),
      .least = LIMIT_PERIOD_MIN_NS,
      .most = LIMIT_PERIOD_MAX_NS,
      .doc = "In place of `rate.per`, of `token_bucket` only: usage of a "
             "window is kept by its length." },
    { .name = "burst",
      .kind = FIELD_INTEGER,
      MEMBER(override_entry, burst),
      .least = 1,
      .most = LIMIT_AMOUNT_MAX,
      .doc = "In place of `rate.burst`; where neither is written, as much as "
             "the amount." },
    { .name = "unlimited",
      .kind = FIELD_BOOL,
      MEMBER(override_entry, is_unlimited),
      .fallback = "false",
      .doc = "Always granted, nothing is charged: in place of any other "
             "limit." },
};

static const struct group override_group =
    GROUP(override_entry, override_fields,
          "Other limits for some keys: the first whose `when` holds. What an "
          "override does not write is as in the quota.");

static const struct field quota_fields[] = {
    { .name = "name",
      .kind = FIELD_TEXT,
      MEMBER(quota_entry, name),
      .is_required = true,
      .least = 1,
      .most = NAME_BYTES_MAX,
      .doc = "By which rules and callers name it; upper and lower case are "
             "the same." },
    { .name = "match",
      .kind = FIELD_EXPRESSION,
      MEMBER(quota_entry, match),
      .doc = "Which requests are charged; others pass it freely. By default "
             "all." },
    ENFORCEMENT_FIELDS(quota_entry, "charges and counts, but never refuses."),
    { .name = "dimensions",
      .kind = FIELD_EXPRESSION_MAP,
      MEMBER(quota_entry, dimensions),
      .most = 16,
      .doc = "Expressions by name: each combination of their values has usage "
             "of its own. By default there is one usage for all." },
    { .name = "concurrency",
      .kind = FIELD_OPTIONAL_GROUP,
      MEMBER(quota_entry, concurrency),
      .group = &concurrency_group,
      .doc = "A limit of how many at the same time." },
    { .name = "rate",
      .kind = FIELD_OPTIONAL_GROUP,
      MEMBER(quota_entry, rate),
      .group = &rate_group,
      .doc = "A limit of how many in a time. A quota has either `concurrency` "
             "or `rate`." },
    { .name = "unlimited",
      .kind = FIELD_BOOL,
      MEMBER(quota_entry, is_unlimited),
      .fallback = "false",
      .doc = "Always granted, nothing is charged, but where an override that "
             "is not `unlimited` holds." },
    { .name = "overrides",
      .kind = FIELD_LIST,
      MEMBER(quota_entry, overrides),
      .most = 10000,
      .group = &override_group,
      .doc = "Other limits for some keys." },
    { .name = "dedup",
      .kind = FIELD_DURATION,
      MEMBER(quota_entry, dedup_ns),
      .least = 0,
      .most = HOUR,
      .fallback = "1s",
      .doc = "How long a repeated call with the same deduplication id is "
             "answered as the first was, uncharged; 0: not at all." },
    { .name = "on_outage",
      .kind = FIELD_CHOICE,
      MEMBER(quota_entry, on_outage),
      .choices = on_outages,
      .fallback = "open",
      .doc = "What holds when the store does not answer. `open`: granted. "
             "`closed`: refused. `local`: charged in memory of this machine, "
             "under the limit divided by `store.replicas`, and to the store "
             "when it is back; with the kind `memory` as `open`. All are "
             "counted." },
};

const struct group quota_group =
    GROUP(quota_entry, quota_fields,
          "Limits that rules charge, or that callers name themselves: [which "
          "one when](quotas.md).");

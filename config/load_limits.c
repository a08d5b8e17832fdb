#include "config/load.h"

#include "config/quantity.h"
#include "policy/base/clock.h"

/* ---- the calendar ------------------------------------------------------ */

#define DAY (24 * HOUR)

/* How long each unit can be. */
static const int64_t longest_ns[] = {
    [CALENDAR_SECOND] = SECOND,  [CALENDAR_MINUTE] = MINUTE,
    [CALENDAR_HOUR] = HOUR,      [CALENDAR_DAY] = DAY,
    [CALENDAR_WEEK] = 7 * DAY,   [CALENDAR_MONTH] = 31 * DAY,
    [CALENDAR_YEAR] = 366 * DAY,
};

/* The unit that `per` means with `align`: a word, or a unit of durations.
 * CALENDAR_NONE: none. */
static enum calendar unit_of(int64_t per_ns)
{
    if (per_ns < 0)
        return (enum calendar)(-per_ns);
    for (int unit = CALENDAR_SECOND; unit <= CALENDAR_DAY; unit++)
        if (longest_ns[unit] == per_ns)
            return (enum calendar)unit;
    return CALENDAR_NONE;
}

/* ---- limits ------------------------------------------------------------ */

static int64_t at_least(int64_t value, int64_t least)
{
    return value > least ? value : least;
}

/* Completes a limit; what is not written is 0. */
static void use_rate(const struct rate_entry *rate, struct limit *limit)
{
    limit->algorithm = rate->algorithm;
    limit->amount = rate->amount;
    /* A word that means nothing was reported. */
    limit->period_ns = at_least(rate->per_ns, 0);
    switch (rate->algorithm) {
    case LIMIT_TOKEN_BUCKET:
        limit->burst =
            rate->burst > 0 ? rate->burst : at_least(rate->amount, 1);
        break;
    case LIMIT_FIXED_WINDOW:
        if (!rate->is_aligned)
            break;
        limit->calendar = unit_of(rate->per_ns);
        limit->period_ns = longest_ns[limit->calendar];
        break;
    case LIMIT_ROLLING_WINDOW:
        limit->bucket_ns = rate->bucket_ns > 0
                               ? rate->bucket_ns
                               : rate->per_ns / LOAD_BUCKETS_DEFAULT;
        break;
    case LIMIT_CONCURRENCY:
        break;
    }
}

static bool is_written(const struct override_entry *override, const char *name)
{
    return override && mark_find(override->mark, name);
}

static struct limit concurrency_limit(const struct concurrency_entry *entry,
                                      const struct override_entry *override)
{
    return (struct limit){
        .algorithm = LIMIT_CONCURRENCY,
        .amount = is_written(override, "max") ? override->max : entry->max,
        .lease_ns = is_written(override, "lease") ? override->lease_ns
                                                  : entry->lease_ns,
        .release_any = entry->release_any,
    };
}

struct limit load_limit(const struct quota_entry *quota,
                        const struct override_entry *override)
{
    struct limit limit = { 0 };

    if (quota->concurrency) {
        limit = concurrency_limit(quota->concurrency, override);
    } else if (quota->rate) {
        struct rate_entry rate = *quota->rate;

        if (is_written(override, "amount"))
            rate.amount = override->amount;
        if (is_written(override, "per"))
            rate.per_ns = override->per_ns;
        if (is_written(override, "burst"))
            rate.burst = override->burst;
        use_rate(&rate, &limit);
    }
    limit.dedup_ns = quota->dedup_ns;
    return limit;
}

/* ---- what fits together ------------------------------------------------ */

static const char *name_of(enum limit_algorithm algorithm)
{
    static const char *const names[] = {
#define X(name, text) [LIMIT_##name] = (text),
        LIMIT_ALGORITHMS(X)
#undef X
    };

    return names[algorithm];
}

/* Keys of `rate` that only one algorithm knows. */
static const struct {
    const char *name;
    enum limit_algorithm algorithm;
} rate_keys[] = {
    { "burst", LIMIT_TOKEN_BUCKET },
    { "align", LIMIT_FIXED_WINDOW },
    { "bucket", LIMIT_ROLLING_WINDOW },
};

static void check_rate_keys(struct load *load, const struct rate_entry *rate,
                            const struct mark *group)
{
    for (size_t i = 0; i < sizeof(rate_keys) / sizeof(rate_keys[0]); i++) {
        const struct mark *mark = mark_find(group, rate_keys[i].name);

        if (mark && rate_keys[i].algorithm != rate->algorithm)
            diags_add(load->diags, DIAG_ERROR, mark_name_place(mark),
                      "`%s` is for \"%s\" only, not for \"%s\"",
                      rate_keys[i].name, name_of(rate_keys[i].algorithm),
                      name_of(rate->algorithm));
    }
}

static void check_per(struct load *load, const struct rate_entry *rate,
                      const struct mark *mark)
{
    if (rate->is_aligned && rate->algorithm == LIMIT_FIXED_WINDOW) {
        if (unit_of(rate->per_ns) == CALENDAR_NONE)
            diags_add(load->diags, DIAG_ERROR, mark_place(mark),
                      "with `align`, `per` must be a unit of the calendar: "
                      "\"1s\", \"1m\", \"1h\", \"1d\", \"week\", \"month\" or "
                      "\"year\"");
    } else if (rate->per_ns < 0) {
        diags_add(load->diags, DIAG_ERROR, mark_place(mark),
                  "a unit of the calendar needs \"fixed_window\" with `align = "
                  "true`");
    } else if (rate->algorithm == LIMIT_TOKEN_BUCKET &&
               rate->per_ns > LIMIT_PERIOD_MAX_NS) {
        diags_add(load->diags, DIAG_ERROR, mark_place(mark),
                  "`per` must be at most 1d for \"token_bucket\"");
    }
}

static void check_bucket(struct load *load, const struct rate_entry *rate,
                         const struct mark *mark)
{
    struct arena *arena = &load->snapshot->arena;
    int64_t least_ns =
        at_least(rate->per_ns / LIMIT_BUCKETS_MAX, LIMIT_BUCKET_MIN_NS);
    struct str least, most;

    if ((least_ns <= rate->bucket_ns && rate->bucket_ns <= rate->per_ns))
        return;
    least = quantity_format(least_ns, QUANTITY_DURATION, arena);
    most = quantity_format(rate->per_ns, QUANTITY_DURATION, arena);
    diags_add(load->diags, DIAG_ERROR, mark_place(mark),
              "`bucket` must be from %.*s, a hundredth of `per`, to %.*s",
              STR_ARG(least), STR_ARG(most));
}

static void check_rate(struct load *load, const struct quota_entry *quota)
{
    const struct rate_entry *rate = quota->rate;
    const struct mark *group = mark_find(quota->mark, "rate");
    const struct mark *per = mark_find(group, "per");
    const struct mark *bucket = mark_find(group, "bucket");

    check_rate_keys(load, rate, group);
    /* 0: it was reported already. */
    if (per && rate->per_ns != 0)
        check_per(load, rate, per);
    if (bucket && rate->bucket_ns != 0 && rate->per_ns > 0 &&
        rate->algorithm == LIMIT_ROLLING_WINDOW)
        check_bucket(load, rate, bucket);
}

void load_check_limit(struct load *load, const struct quota_entry *quota)
{
    if (quota->concurrency && quota->rate)
        diags_add(load->diags, DIAG_ERROR,
                  mark_name_place(mark_find(quota->mark, "rate")),
                  "a quota has either `concurrency` or `rate`, not both");
    else if (!mark_find(quota->mark, "concurrency") &&
             !mark_find(quota->mark, "rate") && !quota->is_unlimited)
        diags_add(load->diags, DIAG_ERROR, mark_place(quota->mark),
                  "a quota must have `concurrency` or `rate`");
    if (quota->rate)
        check_rate(load, quota);
}

/* What an override may write, and for which limits. */
static const struct {
    const char *name, *group;
    bool is_of_buckets; /* for "token_bucket" only */
} override_keys[] = {
    { "max", "concurrency", false }, { "lease", "concurrency", false },
    { "amount", "rate", false },     { "per", "rate", true },
    { "burst", "rate", true },
};

static void check_override_key(struct load *load,
                               const struct quota_entry *quota, size_t index,
                               const struct mark *mark)
{
    const char *name = override_keys[index].name;
    const char *group = override_keys[index].group;

    if (!mark_find(quota->mark, group))
        diags_add(load->diags, DIAG_ERROR, mark_name_place(mark),
                  "`%s` overrides nothing: the quota has no `%s`", name, group);
    else if (override_keys[index].is_of_buckets && quota->rate &&
             quota->rate->algorithm != LIMIT_TOKEN_BUCKET)
        diags_add(
            load->diags, DIAG_ERROR, mark_name_place(mark),
            "`%s` overrides nothing: it is for \"token_bucket\" only, not "
            "for \"%s\"",
            name, name_of(quota->rate->algorithm));
}

void load_check_override(struct load *load, const struct quota_entry *quota,
                         const struct override_entry *override)
{
    bool has_any = false;

    for (size_t i = 0; i < sizeof(override_keys) / sizeof(override_keys[0]);
         i++) {
        const struct mark *mark =
            mark_find(override->mark, override_keys[i].name);

        if (!mark)
            continue;
        has_any = true;
        check_override_key(load, quota, i, mark);
    }
    if (has_any && override->is_unlimited)
        diags_add(load->diags, DIAG_ERROR,
                  mark_name_place(mark_find(override->mark, "unlimited")),
                  "an override is either `unlimited` or has limits, not both");
    else if (!has_any && !override->is_unlimited)
        diags_add(load->diags, DIAG_ERROR, mark_place(override->mark),
                  "this override changes nothing");
}

/* ---- what usage is kept by --------------------------------------------- */

struct str load_limit_window(const struct limit *limit, struct arena *arena)
{
    switch (limit->algorithm) {
    case LIMIT_TOKEN_BUCKET:
    case LIMIT_CONCURRENCY:
        break;
    case LIMIT_FIXED_WINDOW:
    case LIMIT_ROLLING_WINDOW:
        return limit->calendar == CALENDAR_NONE
                   ? quantity_format(limit->period_ns, QUANTITY_DURATION, arena)
                   : str_of(calendar_text(limit->calendar));
    }
    return STR("");
}

#include "test/quota/window_model.h"

#include "test/support/table.h"

static struct uses *newest_of(struct window_model *model)
{
    return model->bucket_count > 0 ? &model->buckets[model->bucket_count - 1]
                                   : NULL;
}

void window_model_pass(struct window_model *model, const struct limit *limit,
                       int64_t now_ns)
{
    if (model->ends_ns <= now_ns)
        model->used = 0;
    while (model->bucket_count > 0 &&
           model->buckets[0].last_ns + limit->period_ns <= now_ns) {
        model->bucket_count--;
        memmove(&model->buckets[0], &model->buckets[1],
                model->bucket_count * sizeof(model->buckets[0]));
    }
}

int64_t window_model_used(const struct window_model *model)
{
    int64_t used = model->used;

    for (uint32_t i = 0; i < model->bucket_count; i++)
        used += model->buckets[i].units;
    return used;
}

static void use_bucket(struct window_model *model, const struct limit *limit,
                       int64_t now_ns, int64_t units)
{
    struct uses *newest = newest_of(model);

    if (newest &&
        (now_ns < newest->start_ns + limit->bucket_ns ||
         model->bucket_count >= limit->period_ns / limit->bucket_ns + 2)) {
        newest->last_ns = now_ns;
        newest->units += units;
        return;
    }
    assert_true(model->bucket_count < WINDOW_MODEL_BUCKETS);
    model->buckets[model->bucket_count++] =
        (struct uses){ now_ns, now_ns, units };
}

void window_model_take(struct window_model *model, const struct limit *limit,
                       int64_t now_ns, int64_t units)
{
    if (units == 0)
        return;
    if (limit->algorithm == LIMIT_ROLLING_WINDOW) {
        use_bucket(model, limit, now_ns, units);
        return;
    }
    if (model->used == 0)
        model->ends_ns = now_ns + limit->period_ns;
    model->used += units;
}

static int64_t give_back(int64_t *used, int64_t units)
{
    if (units > *used)
        units = *used;
    *used -= units;
    return units;
}

int64_t window_model_give_back(struct window_model *model, int64_t units)
{
    int64_t given = give_back(&model->used, units);

    while (given < units && model->bucket_count > 0) {
        given += give_back(&newest_of(model)->units, units - given);
        if (newest_of(model)->units > 0)
            continue;
        model->bucket_count--;
        /* The one before it takes no more. */
        if (model->bucket_count > 0)
            newest_of(model)->start_ns = INT64_MIN;
    }
    return given;
}

/* Tries each instant at which something comes back. */
int64_t window_model_wait_ns(const struct window_model *model,
                             const struct limit *limit, int64_t now_ns,
                             int64_t wanted)
{
    struct window_model later = *model;
    int64_t then_ns = now_ns;

    if (wanted > limit->amount)
        return -1;
    while (limit->amount - window_model_used(&later) < wanted) {
        then_ns = later.used > 0 ? later.ends_ns
                                 : later.buckets[0].last_ns + limit->period_ns;
        window_model_pass(&later, limit, then_ns);
    }
    return then_ns - now_ns;
}

int64_t window_model_full_ns(const struct window_model *model,
                             const struct limit *limit, int64_t now_ns)
{
    struct window_model later = *model;
    const struct uses *newest = newest_of(&later);

    if (newest)
        return newest->last_ns + limit->period_ns - now_ns;
    return model->used > 0 ? model->ends_ns - now_ns : 0;
}

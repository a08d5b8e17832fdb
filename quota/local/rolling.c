#include "quota/local/rolling.h"

#include <assert.h>
#include <string.h>

#define CHAIN_MAX ((ROLLING_BUCKETS_MAX + SPAN_BUCKETS - 2) / SPAN_BUCKETS)
/* Each node of the chain is changed, or taken out and freed. */
static_assert(4 * CHAIN_MAX < UNDO_LINES_MAX / 2, "a window can be undone");

void rolling_load(struct shard *shard, const struct node *node,
                  struct rolling_window *window)
{
    uint32_t count = 0;

    for (uint32_t at = node->rolling.oldest; at != 0;) {
        const struct span *span = &shard_node(shard, at)->span;

        for (int i = 0; i < SPAN_BUCKETS && span->units[i] > 0; i++)
            window->buckets[count++] =
                (struct rolling_bucket){ span->ends_ns[i], span->units[i] };
        at = span->newer;
    }
    window->buckets[count++] =
        (struct rolling_bucket){ node->ends_ns, node->rolling.units };
    window->count = count;
    window->start_ns = node->rolling.start_ns;
}

/* The part of a window's older buckets that begins with the `first`. */
static struct span span_of(const struct rolling_window *window, uint32_t first)
{
    struct span span = { 0 };

    for (uint32_t i = 0; i < SPAN_BUCKETS && first + i + 1 < window->count;
         i++) {
        span.ends_ns[i] = window->buckets[first + i].ends_ns;
        span.units[i] = (uint32_t)window->buckets[first + i].units;
    }
    return span;
}

static void set_link(struct shard *shard, uint32_t *link, uint32_t index)
{
    shard_touch(shard, link);
    *link = index;
}

/* The node that the link leads to; a new one if there is none. */
static struct node *follow(struct shard *shard, uint32_t *link)
{
    struct node *node;

    if (*link != 0)
        return shard_node(shard, *link);
    node = shard_add_span(shard);
    set_link(shard, link, shard_index(shard, node));
    return node;
}

static void drop_chain(struct shard *shard, uint32_t at)
{
    while (at != 0) {
        struct node *node = shard_node(shard, at);

        at = node->span.newer;
        shard_drop(shard, node);
    }
}

static void save_older(struct shard *shard, struct node *node,
                       const struct rolling_window *window)
{
    uint32_t owner = shard_index(shard, node);
    uint32_t *link = &node->rolling.oldest;
    uint32_t rest;

    for (uint32_t i = 0; i + 1 < window->count; i += SPAN_BUCKETS) {
        struct node *holder = follow(shard, link);
        struct span span = span_of(window, i);

        span.owner = owner;
        span.newer = holder->span.newer;
        if (memcmp(&span, &holder->span, sizeof(span)) != 0) {
            shard_touch(shard, holder);
            holder->span = span;
        }
        link = &holder->span.newer;
    }
    rest = *link;
    if (rest != 0)
        set_link(shard, link, 0);
    drop_chain(shard, rest);
}

void rolling_save(struct shard *shard, struct node *node,
                  const struct rolling_window *window)
{
    const struct rolling_bucket *newest = &window->buckets[window->count - 1];

    save_older(shard, node, window);
    node->ends_ns = newest->ends_ns;
    node->rolling.start_ns = window->start_ns;
    node->rolling.units = (uint32_t)newest->units;
}

void rolling_drop(struct shard *shard, struct node *node)
{
    uint32_t chain = node->kind == NODE_ROLLING ? node->rolling.oldest : 0;

    shard_drop(shard, node);
    drop_chain(shard, chain);
}

void rolling_expire(struct shard *shard, const struct quota_id *key,
                    int64_t now_ns)
{
    struct node *node = shard_find(shard, NODE_ROLLING, key);
    struct rolling_window window;
    uint32_t count;

    if (!node)
        return;
    rolling_load(shard, node, &window);
    count = window.count;
    rolling_window_pass(&window, now_ns);
    if (window.count == count)
        return;
    if (window.count == 0) {
        rolling_drop(shard, node);
    } else {
        shard_touch(shard, node);
        rolling_save(shard, node, &window);
    }
    shard_commit(shard);
}

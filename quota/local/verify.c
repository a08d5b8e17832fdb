#include "quota/local/verify.h"

#include "quota/algo/rolling_window.h"

#include <stdlib.h>

/* There are as many heads as nodes, and names are hashes. */
#define CHAIN_MAX 64

/* What was met so far. */
struct survey {
    struct shard *shard;
    uint8_t *met; /* a bit for each node */
    uint32_t counts[NODE_KINDS];
    uint32_t lease_count; /* in the lists of gates */
};

static bool is_met(const struct survey *survey, uint32_t index)
{
    return survey->met[index / 8] >> index % 8 & 1;
}

static bool is_record_index(const struct shard *shard, uint32_t index)
{
    return index <= shard->record_count;
}

/* Of a node that chains and lists may lead to. */
static bool is_index(const struct shard *shard, uint32_t index)
{
    return index > 0 && index < shard->root.fresh;
}

/* A node that a chain leads to, or NULL: each is in one chain only. */
static struct node *meet(struct survey *survey, uint32_t index)
{
    struct node *node;

    if (!is_index(survey->shard, index) || is_met(survey, index))
        return NULL;
    survey->met[index / 8] |= (uint8_t)(1U << index % 8);
    node = shard_node(survey->shard, index);
    if ((unsigned)node->kind >= NODE_KINDS)
        return NULL;
    survey->counts[node->kind]++;
    return node;
}

static const char *verify_root(const struct shard *shard)
{
    const struct root *root = &shard->root;
    uint32_t first = shard->record_count + 1;

    if (root->fresh < first || root->fresh > shard->node_count)
        return "the count of its nodes is none";
    if (root->record < 1 || root->record > shard->record_count)
        return "its next record is none";
    if (root->hand < first || root->hand > shard->node_count)
        return "its hand is at no node";
    if (shard->seen_ns < 0)
        return "its time is none";
    return NULL;
}

/* What may be in use, or was granted. */
static bool is_amount(int64_t amount)
{
    return amount > 0 && amount <= LIMIT_AMOUNT_MAX;
}

/* The older buckets of a rolling window, as they end. Nobody else leads to
 * their nodes. */
struct buckets {
    uint32_t count;
    int64_t units, ends_ns; /* of all; of the last one */
};

/* Adds those of one node. False if they cannot be. */
static bool add_span(struct buckets *buckets, const struct span *span)
{
    uint32_t used = 0;

    while (used < SPAN_BUCKETS && span->units[used] > 0) {
        if (span->ends_ns[used] < buckets->ends_ns)
            return false;
        buckets->ends_ns = span->ends_ns[used];
        buckets->units += span->units[used++];
    }
    buckets->count += used;
    return used > 0 && (used == SPAN_BUCKETS || span->newer == 0);
}

static bool is_rolling(struct survey *survey, const struct node *rolling)
{
    struct buckets buckets = { 0 };
    uint32_t index = rolling->rolling.oldest;

    while (index != 0) {
        const struct node *node = meet(survey, index);

        if (!node || node->kind != NODE_SPAN ||
            node->span.owner != shard_index(survey->shard, rolling) ||
            !add_span(&buckets, &node->span))
            return false;
        index = node->span.newer;
    }
    return buckets.count < ROLLING_BUCKETS_MAX && rolling->rolling.units > 0 &&
           is_amount(buckets.units + rolling->rolling.units) &&
           rolling->ends_ns >= buckets.ends_ns;
}

static bool is_named(const struct node *node)
{
    return node->kind != NODE_FREE && node->kind != NODE_SPAN;
}

static const char *verify_chain(struct survey *survey, uint32_t head)
{
    struct shard *shard = survey->shard;
    uint32_t index = shard->heads[head];

    for (int length = 0; index != 0; length++) {
        const struct node *node = meet(survey, index);

        if (!node || length == CHAIN_MAX)
            return "a chain does not end";
        if (!is_named(node) ||
            (node->kind == NODE_RECORD) != is_record_index(shard, index))
            return "a node is in the wrong chain";
        if (node->kind == NODE_ROLLING && !is_rolling(survey, node))
            return "what a node holds cannot be";
        index = node->next;
    }
    return NULL;
}

static const char *verify_free(struct survey *survey)
{
    struct shard *shard = survey->shard;
    uint32_t index = shard->root.free;

    while (index != 0) {
        const struct node *node = meet(survey, index);

        if (!node || node->kind != NODE_FREE || is_record_index(shard, index))
            return "the chain of free nodes is broken";
        index = node->next;
    }
    return NULL;
}

/* No node is lost. */
static const char *verify_all_met(const struct survey *survey)
{
    struct shard *shard = survey->shard;

    for (uint32_t i = 1; i < shard->root.fresh; i++) {
        if (is_met(survey, i))
            continue;
        if (!is_record_index(shard, i) ||
            shard_node(shard, i)->kind != NODE_FREE)
            return "a node is in no chain";
    }
    for (uint32_t kind = NODE_FREE + 1; kind < NODE_KINDS; kind++)
        if (survey->counts[kind] != shard->root.counts[kind])
            return "its nodes are not as many as it counts";
    return NULL;
}

static bool is_bucket(const struct shard *shard,
                      const struct token_bucket *bucket)
{
    return is_amount(bucket->used) && bucket->part >= 0 &&
           bucket->part < LIMIT_PERIOD_MAX_NS && bucket->at_ns >= 0 &&
           bucket->at_ns <= shard->seen_ns;
}

/* Each lease points to its neighbours and to its gate, so it is in one list
 * only, once. */
static bool is_gate(struct survey *survey, const struct node *gate)
{
    struct shard *shard = survey->shard;
    uint32_t older = 0, index = gate->gate.oldest;
    int64_t held = 0, ends_ns = INT64_MIN;

    while (index != 0) {
        const struct node *node;

        if (!is_index(shard, index))
            return false;
        node = shard_node(shard, index);
        if (node->kind != NODE_LEASE || node->lease.older != older ||
            node->lease.gate != shard_index(shard, gate) ||
            !is_amount(node->lease.units) || node->ends_ns < ends_ns)
            return false;
        held += node->lease.units;
        if (!is_amount(held))
            return false;
        ends_ns = node->ends_ns;
        older = index;
        index = node->lease.newer;
        survey->lease_count++;
    }
    return older != 0 && gate->gate.newest == older && gate->gate.held == held;
}

static bool is_sound(struct survey *survey, const struct node *node)
{
    switch (node->kind) {
    case NODE_FREE:
    case NODE_SPAN:
        return false;
    case NODE_BUCKET:
        return is_bucket(survey->shard, &node->bucket);
    case NODE_WINDOW:
        return is_amount(node->used);
    case NODE_GATE:
        return is_gate(survey, node);
    case NODE_RECORD:
        return is_amount(node->granted);
    case NODE_ROLLING: /* see verify_chain */
    case NODE_LEASE:   /* see is_gate */
    case NODE_TOMBSTONE:
        return true;
    }
    return false;
}

/* All chains lead to nodes, and end. */
static const char *verify_nodes(struct survey *survey)
{
    struct shard *shard = survey->shard;

    for (uint32_t i = 1; i < shard->root.fresh; i++) {
        const struct node *node = shard_node(shard, i);

        if (!is_named(node))
            continue;
        if (shard_find(shard, node->kind, &node->name) != node)
            return "a node is not found by its name";
        if (!is_sound(survey, node))
            return "what a node holds cannot be";
    }
    if (survey->lease_count != shard->root.counts[NODE_LEASE])
        return "a lease is not among those of its key";
    return NULL;
}

static const char *survey_all(struct survey *survey)
{
    struct shard *shard = survey->shard;
    const char *why = NULL;

    for (uint32_t head = 0; head < shard->head_count && !why; head++)
        why = verify_chain(survey, head);
    if (!why)
        why = verify_free(survey);
    if (!why)
        why = verify_all_met(survey);
    return why ? why : verify_nodes(survey);
}

const char *verify_shard(struct shard *shard)
{
    struct survey survey = { .shard = shard };
    const char *why = verify_root(shard);

    if (why)
        return why;
    survey.met = calloc(shard->node_count / 8 + 1, 1);
    if (!survey.met)
        abort();
    why = survey_all(&survey);
    free(survey.met);
    return why;
}

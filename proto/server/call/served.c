#include "proto/server/call/served.h"

#include "config/bundle.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>

struct served *served_new(struct snapshot *snapshot,
                          const struct shared *shared)
{
    const struct ruleset *ruleset = &snapshot->ruleset;
    struct arena *arena = &snapshot->arena;
    struct served *served = arena_calloc(arena, 1, sizeof(*served));
    uint32_t *rules = arena_calloc(arena, ruleset->rule_count, sizeof(*rules));
    uint32_t *quotas =
        arena_calloc(arena, ruleset->quota_count, sizeof(*quotas));

    for (uint32_t i = 0; i < ruleset->rule_count; i++)
        rules[i] = name_find(&shared->rule_names, ruleset->rules[i].name);
    for (uint32_t i = 0; i < ruleset->quota_count; i++)
        quotas[i] = name_find(&shared->quota_names, ruleset->quotas[i].name);
    words_init(&served->words, snapshot->vocabulary);
    served->snapshot = snapshot;
    served->rule_slots = rules;
    served->quota_slots = quotas;
    return served;
}

void served_free(struct served *served)
{
    /* It lives in the snapshot's own memory. */
    snapshot_free(served->snapshot);
}

/* The first mistake, as one line. */
static void describe(const struct diags *diags, char *why, size_t why_size)
{
    const struct diag *diag = diags->first;

    while (diag && diag->severity != DIAG_ERROR)
        diag = diag->next;
    if (diag)
        snprintf(why, why_size, "%.*s:%u:%u: %.*s", STR_ARG(diag->place.file),
                 diag->place.line, diag->place.column, STR_ARG(diag->message));
    else
        snprintf(why, why_size, "the configuration cannot be loaded");
}

struct served *served_load(int bundle_fd, uint64_t generation,
                           const struct shared *shared, char *why,
                           size_t why_size)
{
    struct snapshot *snapshot = NULL;
    struct bundle bundle;
    struct diags diags;

    if (!bundle_open(&bundle, bundle_fd)) {
        snprintf(why, why_size, "the bundle is of another version");
        bundle_fini(&bundle);
        return NULL;
    }
    diags_init(&diags);
    diags.least = DIAG_ERROR; /* of the rest, the master has told */
    snapshot = snapshot_load(&bundle, &diags);
    if (!snapshot)
        describe(&diags, why, why_size);
    diags_fini(&diags);
    if (!snapshot)
        return NULL;
    snapshot->generation = generation;
    return served_new(snapshot, shared);
}

void serving_init(struct serving *serving, struct served *served, int wake_fd)
{
    *serving = (struct serving){ .current = served, .wake_fd = wake_fd };
    served->use_count = 1;
}

void serving_publish(struct serving *serving, struct served *served)
{
    struct served *missed;

    served->use_count = 1;
    missed = atomic_exchange(&serving->next, served);
    if (missed)
        served_free(missed);
}

void serving_collect(struct serving *serving)
{
    struct served *served = atomic_exchange(&serving->retired, NULL);

    while (served) {
        struct served *next = served->next_retired;

        served_free(served);
        served = next;
    }
}

void serving_fini(struct serving *serving)
{
    struct served *next = atomic_load(&serving->next);

    serving_collect(serving);
    if (next)
        served_free(next);
    assert(serving->current->use_count == 1);
    served_free(serving->current);
}

/* Freeing takes long, and the memory is the control thread's to give. */
static void retire(struct serving *serving, struct served *served)
{
    served->next_retired = atomic_load(&serving->retired);
    while (!atomic_compare_exchange_weak(&serving->retired,
                                         &served->next_retired, served))
        continue;
    eventfd_write(serving->wake_fd, 1);
}

void serving_unpin(struct serving *serving, struct served *served)
{
    assert(served->use_count > 0);
    if (--served->use_count == 0)
        retire(serving, served);
}

void serving_turn(struct serving *serving)
{
    struct served *next;

    if (!atomic_load_explicit(&serving->next, memory_order_relaxed))
        return;
    next = atomic_exchange(&serving->next, NULL);
    if (!next)
        return;
    serving_unpin(serving, serving->current);
    serving->current = next;
}

struct served *serving_pin(struct serving *serving)
{
    serving->current->use_count++;
    return serving->current;
}

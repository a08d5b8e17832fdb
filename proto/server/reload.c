#include "proto/server/reload.h"

#include "config/diff.h"
#include "config/example.h"
#include "config/watch.h"
#include "policy/base/clock.h"
#include "policy/base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

/* How long workers may take to load a configuration. */
#define VOTE_NS (10 * SECOND)

/* What a worker may need besides gRPC: program, configurations, calls. */
#define WORKER_BASE_BYTES (UINT64_C(128) << 20)

static void tell_mistakes(const struct diags *diags)
{
    diags_print(diags, stderr, isatty(STDERR_FILENO));
}

static bool read_bundle(struct bundle *bundle, const char *path,
                        struct diags *diags)
{
    if (path)
        return bundle_read(bundle, path, diags);
    bundle_from_text(bundle, STR("built-in example"), config_example());
    return true;
}

struct edition *reload_first(const char *path)
{
    struct edition *edition = NULL;
    struct bundle bundle;
    struct diags diags;

    diags_init(&diags);
    if (read_bundle(&bundle, path, &diags))
        edition = edition_new(&bundle, 1, &diags);
    else
        bundle_fini(&bundle);
    tell_mistakes(&diags);
    diags_fini(&diags);
    return edition;
}

/* Workers find the slots when they load the configuration. */
static void give_slots(struct shared *shared, const struct ruleset *ruleset)
{
    for (uint32_t i = 0; i < ruleset->rule_count; i++)
        name_slot(&shared->rule_names, ruleset->rules[i].name);
    for (uint32_t i = 0; i < ruleset->quota_count; i++)
        name_slot(&shared->quota_names, ruleset->quotas[i].name);
}

static void take_effect(struct reload *reload)
{
    const struct snapshot *snapshot = reload->current->snapshot;
    uint64_t limit_bytes;

    log_set_level(snapshot->log.level);
    /* gRPC keeps to max_memory_bytes by itself; far beyond it something
     * leaks. */
    if (__builtin_mul_overflow(snapshot->server.max_memory_bytes, 4,
                               &limit_bytes) ||
        __builtin_add_overflow(limit_bytes, WORKER_BASE_BYTES, &limit_bytes))
        limit_bytes = UINT64_MAX;
    reload->fleet->rss_limit_bytes = limit_bytes;
    atomic_store(&reload->shared->generation, reload->current->generation);
    atomic_store(&reload->shared->reloaded_wall_ns, clock_wall_ns());
}

/* To systemd, where it started us. */
static void notify_reloading(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
               (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
}

/* After a reload, however it went. */
static void notify_ready(void)
{
    sd_notify(0, "READY=1");
}

static void count_failure(struct reload *reload)
{
    COUNT(reload->shared->reload_failures, 1);
    notify_ready();
}

static void refuse(struct reload *reload, const struct diags *diags)
{
    const struct diag *first = diags->first;

    while (first && first->severity != DIAG_ERROR)
        first = first->next;
    if (first)
        log_error(
            "reload_refused",
            "at=%.*s:%u:%u error=\"%.*s\" error_count=%u generation=%" PRIu64,
            STR_ARG(first->place.file), first->place.line, first->place.column,
            STR_ARG(first->message), diags->error_count,
            reload->current->generation);
    count_failure(reload);
}

static void abandon(struct reload *reload, const char *reason)
{
    log_error("reload_failed", "reason=\"%s\" generation=%" PRIu64, reason,
              reload->current->generation);
    fleet_discard(reload->fleet);
    edition_free(reload->candidate);
    reload->candidate = NULL;
    count_failure(reload);
}

static void put_to_vote(struct reload *reload, struct edition *candidate,
                        int64_t now_ns)
{
    reload->candidate = candidate;
    reload->last_generation = candidate->generation;
    give_slots(reload->shared, &candidate->snapshot->ruleset);
    loop_set(reload->loop, &reload->deadline, now_ns + VOTE_NS);
    fleet_prepare(reload->fleet, candidate);
}

/* NULL if the file has not changed, or with errors in `diags`. */
static struct edition *read_candidate(struct reload *reload,
                                      struct diags *diags)
{
    struct bundle bundle;
    bool is_read = read_bundle(&bundle, reload->path, diags);

    if (reload->watch)
        watch_files(reload->watch, &bundle);
    if (is_read && !bundle_equal(&bundle, &reload->current->snapshot->bundle))
        return edition_new(&bundle, reload->last_generation + 1, diags);
    bundle_fini(&bundle);
    return NULL;
}

void reload_ask(struct reload *reload, int64_t now_ns)
{
    struct edition *candidate;
    struct diags diags;

    if (reload->fleet->is_draining)
        return;
    reload->is_asked = reload->candidate != NULL;
    if (reload->is_asked)
        return;
    notify_reloading();
    diags_init(&diags);
    candidate = read_candidate(reload, &diags);
    tell_mistakes(&diags);
    if (candidate) {
        put_to_vote(reload, candidate, now_ns);
    } else if (diags.error_count > 0) {
        refuse(reload, &diags);
    } else {
        log_info("reload_unchanged", "generation=%" PRIu64,
                 reload->current->generation);
        notify_ready();
    }
    diags_fini(&diags);
}

static void log_changes(const struct snapshot *old, const struct snapshot *new)
{
    struct arena arena;
    struct diff diff = { 0 };

    arena_init(&arena, 0);
    diff_settings(&diff, &old->settings, &new->settings, &arena);
    for (uint32_t i = 0; i < diff.count; i++) {
        const struct change *change = &diff.changes[i];

        log_event(change->needs_restart ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO,
                  "changed", "setting=\"%.*s\"%s", STR_ARG(change->text),
                  change->needs_restart ? " takes_effect=\"at a restart\""
                                        : "");
    }
    arena_fini(&arena);
}

static void commit(struct reload *reload)
{
    struct edition *old = reload->current;

    fleet_commit(reload->fleet);
    reload->current = reload->candidate;
    reload->candidate = NULL;
    log_info("reload", "generation=%" PRIu64, reload->current->generation);
    log_changes(old->snapshot, reload->current->snapshot);
    edition_free(old);
    take_effect(reload);
    COUNT(reload->shared->reloads, 1);
    notify_ready();
}

/* The vote is over. */
static void settle(struct reload *reload, int64_t now_ns)
{
    loop_cancel(&reload->deadline);
    if (reload->is_asked)
        reload_ask(reload, now_ns);
}

static void on_deadline(struct timer *timer, int64_t now_ns)
{
    struct reload *reload = container_of(timer, struct reload, deadline);

    abandon(reload, "not every worker has loaded it in time");
    settle(reload, now_ns);
}

void reload_step(struct reload *reload, int64_t now_ns)
{
    if (!reload->candidate || reload->fleet->is_draining)
        return;
    switch (fleet_vote(reload->fleet)) {
    case FLEET_UNDECIDED:
        return;
    case FLEET_READY:
        commit(reload);
        break;
    case FLEET_REFUSED:
        abandon(reload, reload->fleet->refusal);
        break;
    }
    settle(reload, now_ns);
}

static void look(struct reload *reload, int64_t now_ns)
{
    if (watch_step(reload->watch, now_ns))
        reload_ask(reload, now_ns);
    loop_set(reload->loop, &reload->next_look,
             watch_deadline_ns(reload->watch));
}

static void on_change(struct waitable *waitable, int64_t now_ns)
{
    look(container_of(waitable, struct reload, changes), now_ns);
}

static void on_next_look(struct timer *timer, int64_t now_ns)
{
    look(container_of(timer, struct reload, next_look), now_ns);
}

static void start_watching(struct reload *reload)
{
    reload->watch = watch_new();
    watch_files(reload->watch, &reload->current->snapshot->bundle);
    reload->changes = (struct waitable){ watch_fd(reload->watch), on_change };
    /* Without the descriptor changes are found by looking, only later. */
    if (reload->changes.fd >= 0 && !loop_add(reload->loop, &reload->changes))
        log_warning("watch_by_looking", "error=\"%s\"", strerror(errno));
    timer_init(&reload->next_look, on_next_look);
    loop_set(reload->loop, &reload->next_look,
             watch_deadline_ns(reload->watch));
}

void reload_start(struct reload *reload)
{
    reload->last_generation = reload->current->generation;
    timer_init(&reload->deadline, on_deadline);
    give_slots(reload->shared, &reload->current->snapshot->ruleset);
    take_effect(reload);
    if (reload->path)
        start_watching(reload);
}

void reload_fini(struct reload *reload)
{
    if (reload->watch)
        watch_free(reload->watch);
    edition_free(reload->candidate);
    edition_free(reload->current);
}

#include "proto/server/master/reload.h"

#include "config/diff.h"
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

struct edition *reload_first(struct loader *loader)
{
    struct load_result result;

    loader_ask(loader, LOAD_ALL, NULL, 1);
    loader_wait(loader, &result);
    tell_mistakes(&result.diags);
    diags_fini(&result.diags);
    return result.edition;
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
    list_board_publish(reload->board, snapshot);
    edition_board_publish(reload->editions, reload->current);
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
    edition_unref(reload->candidate);
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

static void ask(struct reload *reload, enum load_what what)
{
    reload->is_loading = true;
    notify_reloading();
    loader_ask(reload->loader, what, reload->current,
               reload->last_generation + 1);
}

void reload_ask(struct reload *reload)
{
    if (reload->fleet->is_draining)
        return;
    reload->is_asked = reload->is_loading || reload->candidate;
    if (!reload->is_asked)
        ask(reload, LOAD_ALL);
}

/* When nothing is under way: what was missed meanwhile. */
static void go_on(struct reload *reload)
{
    if (reload->is_loading || reload->candidate || reload->fleet->is_draining)
        return;
    if (reload->is_asked)
        ask(reload, LOAD_ALL);
    else if (loader_has_news(reload->loader))
        ask(reload, LOAD_CHANGED);
    reload->is_asked = false;
}

static void on_loaded(struct reload *reload, struct load_result *result,
                      int64_t now_ns)
{
    reload->is_loading = false;
    tell_mistakes(&result->diags);
    if (reload->fleet->is_draining) {
        edition_unref(result->edition);
    } else if (result->edition) {
        put_to_vote(reload, result->edition, now_ns);
    } else if (result->diags.error_count > 0) {
        refuse(reload, &result->diags);
    } else {
        log_info("reload_unchanged", "generation=%" PRIu64,
                 reload->current->generation);
        notify_ready();
    }
    diags_fini(&result->diags);
}

static void on_news(struct waitable *waitable, int64_t now_ns)
{
    struct reload *reload = container_of(waitable, struct reload, news);
    struct load_result result;

    if (loader_take(reload->loader, &result))
        on_loaded(reload, &result, now_ns);
    go_on(reload);
}

static void log_change(const struct change *change)
{
    log_event(change->needs_restart ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO,
              "changed", "setting=\"%.*s\"%s", STR_ARG(change->text),
              change->needs_restart ? " takes_effect=\"at a restart\"" : "");
}

/* Of many changes that is enough to know that file again. */
#define CHANGES_LOGGED 100

static void log_changes(const struct snapshot *old, const struct snapshot *new)
{
    struct arena arena;
    struct diff diff = { 0 };
    uint32_t left = 0;

    arena_init(&arena, 0);
    diff_settings(&diff, &old->settings, &new->settings, &arena);
    for (uint32_t i = 0; i < diff.count; i++) {
        if (i < CHANGES_LOGGED || diff.changes[i].needs_restart)
            log_change(&diff.changes[i]);
        else
            left++;
    }
    if (left > 0)
        log_info("changed", "more=%" PRIu32, left);
    arena_fini(&arena);
}

/* Lists whose entries have changed, wherever these come from. */
static void log_lists(const struct snapshot *old, const struct snapshot *new)
{
    for (uint32_t i = 0; i < new->list_count; i++) {
        const struct bundle_list *list = &new->bundle.lists[i];
        const struct bundle_list *before =
            bundle_find_list(&old->bundle, list->name);

        if (before && bundle_list_equal(before, list))
            continue;
        log_info("list", "name=\"%.*s\" available=%s entries=%" PRIu32,
                 STR_ARG(list->name), list->block.data ? "true" : "false",
                 roster_entry_count(new->lists[i].roster));
    }
}

/* Not what they hold, but that this has changed. */
static void log_secrets(const struct snapshot *old, const struct snapshot *new)
{
    for (uint32_t i = 0; i < new->bundle.secret_count; i++) {
        const struct bundle_secret *secret = &new->bundle.secrets[i];
        struct str before = bundle_find_secret(&old->bundle, secret->name);

        if (before.data && !str_eq(before, secret->text))
            log_info("changed", "setting=\"%.*s: another password\"",
                     STR_ARG(secret->name));
    }
}

static void commit(struct reload *reload)
{
    struct edition *old = reload->current;

    fleet_commit(reload->fleet);
    reload->current = reload->candidate;
    reload->candidate = NULL;
    log_info("reload", "generation=%" PRIu64, reload->current->generation);
    log_changes(old->snapshot, reload->current->snapshot);
    log_lists(old->snapshot, reload->current->snapshot);
    log_secrets(old->snapshot, reload->current->snapshot);
    edition_unref(old);
    take_effect(reload);
    COUNT(reload->shared->reloads, 1);
    notify_ready();
}

/* The vote is over. */
static void settle(struct reload *reload)
{
    loop_cancel(&reload->deadline);
    go_on(reload);
}

static void on_deadline(struct timer *timer, int64_t now_ns)
{
    struct reload *reload = container_of(timer, struct reload, deadline);

    (void)now_ns;
    abandon(reload, "not every worker has loaded it in time");
    settle(reload);
}

void reload_step(struct reload *reload)
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
    settle(reload);
}

void reload_start(struct reload *reload)
{
    reload->last_generation = reload->current->generation;
    timer_init(&reload->deadline, on_deadline);
    give_slots(reload->shared, &reload->current->snapshot->ruleset);
    take_effect(reload);
    reload->news = (struct waitable){ loader_fd(reload->loader), on_news };
    if (!loop_add(reload->loop, &reload->news))
        log_error("no_reloads", "error=\"%s\"", strerror(errno));
}

void reload_fini(struct reload *reload)
{
    loader_stop(reload->loader);
    edition_unref(reload->candidate);
    edition_unref(reload->current);
}

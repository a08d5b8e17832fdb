#include "proto/server/master/fleet.h"

#include "policy/base/clock.h"
#include "policy/base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#define RESTART_DELAY_MIN_NS (50 * MILLISECOND)
#define RESTART_DELAY_MAX_NS (1 * SECOND)
#define RESTART_YOUNG_NS (10 * SECOND)
#define SAMPLE_NS (1 * SECOND)

int64_t restart_delay_ns(int64_t last_ns, int64_t lived_ns)
{
    if (last_ns == 0 || lived_ns >= RESTART_YOUNG_NS)
        return RESTART_DELAY_MIN_NS;
    if (last_ns >= RESTART_DELAY_MAX_NS / 2)
        return RESTART_DELAY_MAX_NS;
    return 2 * last_ns;
}

/* A worker that misses what it is told would run something else than the
 * others: it is replaced. sealed: -1, or the bundle to pass. */
static void tell(struct berth *berth, enum control_kind kind,
                 uint64_t generation, int sealed)
{
    struct control_message message = { .kind = kind, .generation = generation };

    if (member_tell(&berth->member, &message, sealed))
        return;
    log_error("worker_replaced", "worker=%" PRIu32 " reason=\"%s\"",
              berth->member.index, strerror(errno));
    member_kill(&berth->member);
}

static void tell_all(struct fleet *fleet, enum control_kind kind,
                     uint64_t generation, int sealed)
{
    for (uint32_t i = 0; i < fleet->shared->worker_count; i++)
        tell(&fleet->berths[i], kind, generation, sealed);
}

static void propose(struct berth *berth, const struct edition *candidate)
{
    tell(berth, CONTROL_PREPARE, candidate->generation, candidate->sealed);
}

static void schedule_restart(struct berth *berth, int64_t now_ns)
{
    berth->restart_delay_ns =
        restart_delay_ns(berth->restart_delay_ns, now_ns - berth->started_ns);
    loop_set(berth->fleet->loop, &berth->restart,
             now_ns + berth->restart_delay_ns);
}

static void start(struct berth *berth, int64_t now_ns)
{
    struct fleet *fleet = berth->fleet;
    struct member *member = &berth->member;
    struct spawn_fds fds = { .shared = fleet->shared_fd,
                             .store = fleet->store_fd,
                             .bundle = fleet->current->sealed };

    berth->started_ns = now_ns;
    berth->ready_generation = 0;
    if (!member_start(member, fds, fleet->current->generation, now_ns)) {
        log_error("worker_not_started", "worker=%" PRIu32 " error=\"%s\"",
                  member->index, strerror(errno));
        schedule_restart(berth, now_ns);
        return;
    }
    log_info("worker_started", "worker=%" PRIu32 " pid=%d generation=%" PRIu64,
             member->index, (int)member->pid, fleet->current->generation);
    if (fleet->candidate)
        propose(berth, fleet->candidate);
}

static void on_restart(struct timer *timer, int64_t now_ns)
{
    struct berth *berth = container_of(timer, struct berth, restart);

    COUNT(berth->fleet->shared->workers[berth->member.index].restarts, 1);
    start(berth, now_ns);
}

static void on_exited(struct member *member, int status, bool is_signal,
                      int64_t now_ns)
{
    struct berth *berth = container_of(member, struct berth, member);
    struct fleet *fleet = berth->fleet;
    bool is_wanted = fleet->is_draining && status == 0;

    log_event(is_wanted ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR, "worker_exited",
              "worker=%" PRIu32 " %s=%d", member->index,
              is_signal ? "signal" : "status", status);
    berth->is_serving = false;
    if (!fleet->is_draining)
        schedule_restart(berth, now_ns);
    fleet->changed(fleet, now_ns);
}

static void hear(struct berth *berth, const struct control_message *message)
{
    struct fleet *fleet = berth->fleet;

    switch (message->kind) {
    case CONTROL_SERVING:
        berth->is_serving = true;
        break;
    case CONTROL_READY:
        berth->ready_generation = message->generation;
        break;
    case CONTROL_REFUSED:
        if (fleet->candidate &&
            message->generation == fleet->candidate->generation)
            snprintf(fleet->refusal, sizeof(fleet->refusal), "%s",
                     message->text[0] ? message->text : "no reason given");
        break;
    case CONTROL_CONNECTION:
    case CONTROL_PREPARE:
    case CONTROL_COMMIT:
    case CONTROL_DISCARD:
    case CONTROL_DRAIN:
        log_warning("unexpected_message", "worker=%" PRIu32 " kind=%d",
                    berth->member.index, (int)message->kind);
        break;
    }
}

static void on_said(struct member *member,
                    const struct control_message *message, int64_t now_ns)
{
    struct berth *berth = container_of(member, struct berth, member);

    hear(berth, message);
    berth->fleet->changed(berth->fleet, now_ns);
}

static void on_sample(struct timer *timer, int64_t now_ns)
{
    struct fleet *fleet = container_of(timer, struct fleet, sample);

    for (uint32_t i = 0; i < fleet->shared->worker_count; i++) {
        struct member *member = &fleet->berths[i].member;
        const char *fault =
            member_sample(member, &fleet->loads[i], fleet->rss_limit_bytes);

        if (!fault)
            continue;
        log_error("worker_replaced", "worker=%" PRIu32 " pid=%d reason=\"%s\"",
                  i, (int)member->pid, fault);
        member_kill(member);
    }
    loop_set(fleet->loop, timer, now_ns + SAMPLE_NS);
}

void fleet_start(struct fleet *fleet, const struct edition *edition,
                 int64_t now_ns)
{
    fleet->current = edition;
    for (uint32_t i = 0; i < fleet->shared->worker_count; i++) {
        struct berth *berth = &fleet->berths[i];

        member_init(&berth->member, fleet->loop, fleet->shared, i);
        berth->member.exited = on_exited;
        berth->member.said = on_said;
        berth->fleet = fleet;
        timer_init(&berth->restart, on_restart);
        start(berth, now_ns);
    }
    timer_init(&fleet->sample, on_sample);
    loop_set(fleet->loop, &fleet->sample, now_ns + SAMPLE_NS);
}

static int32_t pick(struct fleet *fleet)
{
    for (uint32_t i = 0; i < fleet->shared->worker_count; i++) {
        const struct berth *berth = &fleet->berths[i];

        fleet->loads[i].is_available = berth->is_serving &&
                                       berth->member.stuck_samples == 0 &&
                                       member_has_room(&berth->member);
    }
    return balance_pick(fleet->loads, fleet->shared->worker_count,
                        fleet->last_picked);
}

bool fleet_has_room(struct fleet *fleet)
{
    return pick(fleet) >= 0;
}

bool fleet_hand(struct fleet *fleet, int connection, const char *peer)
{
    struct control_message message = { .kind = CONTROL_CONNECTION };
    int32_t index = pick(fleet);

    errno = EAGAIN;
    snprintf(message.text, sizeof(message.text), "%s", peer);
    if (index < 0 ||
        !member_tell(&fleet->berths[index].member, &message, connection))
        return false;
    fleet->loads[index].handed++;
    fleet->last_picked = (uint32_t)index;
    return true;
}

void fleet_prepare(struct fleet *fleet, const struct edition *candidate)
{
    fleet->candidate = candidate;
    fleet->refusal[0] = '\0';
    for (uint32_t i = 0; i < fleet->shared->worker_count; i++)
        propose(&fleet->berths[i], candidate);
}

enum fleet_vote fleet_vote(const struct fleet *fleet)
{
    if (fleet->refusal[0])
        return FLEET_REFUSED;
    for (uint32_t i = 0; i < fleet->shared->worker_count; i++) {
        const struct berth *berth = &fleet->berths[i];

        if (!berth->is_serving ||
            berth->ready_generation != fleet->candidate->generation)
            return FLEET_UNDECIDED;
    }
    return FLEET_READY;
}

void fleet_commit(struct fleet *fleet)
{
    fleet->current = fleet->candidate;
    fleet->candidate = NULL;
    tell_all(fleet, CONTROL_COMMIT, fleet->current->generation, -1);
}

void fleet_discard(struct fleet *fleet)
{
    uint64_t generation = fleet->candidate->generation;

    fleet->candidate = NULL;
    tell_all(fleet, CONTROL_DISCARD, generation, -1);
}

uint32_t fleet_running(const struct fleet *fleet)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < fleet->shared->worker_count; i++)
        count += fleet->berths[i].member.pid != 0;
    return count;
}

uint32_t fleet_serving(const struct fleet *fleet)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < fleet->shared->worker_count; i++)
        count += fleet->berths[i].is_serving;
    return count;
}

void fleet_drain(struct fleet *fleet)
{
    fleet->is_draining = true;
    for (uint32_t i = 0; i < fleet->shared->worker_count; i++)
        loop_cancel(&fleet->berths[i].restart);
    tell_all(fleet, CONTROL_DRAIN, 0, -1);
}

void fleet_kill(struct fleet *fleet)
{
    for (uint32_t i = 0; i < fleet->shared->worker_count; i++)
        member_kill(&fleet->berths[i].member);
}

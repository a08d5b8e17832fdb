#include "proto/server/worker.h"

#include "policy/base/clock.h"
#include "policy/base/log.h"
#include "proto/server/control.h"
#include "proto/server/control_thread.h"
#include "proto/server/core_log.h"
#include "proto/server/store_open.h"
#include "quota/local/local.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

/* ---- the call thread --------------------------------------------------- */

static void note_turn(struct worker *worker, int64_t now_ns)
{
    struct worker_block *block = worker->block;
    const struct store_stats *before = &worker->stats_before;
    const struct store_stats *stats = &worker->store->stats;

    atomic_store_explicit(&block->turned_ns, now_ns, memory_order_relaxed);
#define X(name, help)                                                          \
    atomic_store_explicit(&block->store_##name, before->name + stats->name,    \
                          memory_order_relaxed);
    STORE_STATS(X)
#undef X
    COUNT(block->carried_over, worker->carrier.carried);
    worker->carrier.carried = 0;
}

static void turn_carrier(struct worker *worker)
{
    const struct store_settings *settings =
        &worker->serving.current->snapshot->store;

    carrier_turn(&worker->carrier, settings->replicas, settings->deadline_ns,
                 worker->core.now_ns);
}

/* Both clocks are this machine's, so how far they are from each other is known
 * without a mistake. */
static void note_skew(struct worker *worker)
{
    const struct store *store = worker->store;
    struct worker_block *block = worker->block;

    if (!store->has_clock || store->clock_offset_ns == worker->clock_offset_ns)
        return;
    worker->clock_offset_ns = store->clock_offset_ns;
    atomic_store(&block->store_skew_ns,
                 store->clock_offset_ns - (clock_wall_ns() - clock_boot_ns()));
    atomic_store(&block->has_store_skew, true);
}

/* Passwords may change while it runs. */
static void note_configuration(struct worker *worker)
{
    const struct snapshot *snapshot = worker->serving.current->snapshot;

    if (!worker->is_store_redis ||
        worker->store_generation == snapshot->generation)
        return;
    worker->store_generation = snapshot->generation;
    store_open_renew(worker->store, &snapshot->store);
}

/* What calls have asked of the store meanwhile leaves now, in one write. */
static void on_turn(struct core *core)
{
    struct worker *worker = container_of(core, struct worker, core);

    serving_turn(&worker->serving);
    note_configuration(worker);
    turn_carrier(worker);
    if (core_is_stopping(core))
        streams_drain(&worker->streams);
    if (core->has_lock)
        store_thread_turn(&worker->store_thread, core->now_ns);
    outage_turn(worker->outage, worker->store->is_up, core->now_ns);
    note_turn(worker, core->now_ns);
    note_skew(worker);
}

struct call_thread {
    struct worker *worker;
    struct control_thread *control;
};

static void *run_calls(void *argument)
{
    struct call_thread *thread = argument;

    core_run(&thread->worker->core);
    control_thread_end(thread->control);
    return NULL;
}

/* ---- the worker -------------------------------------------------------- */

/* Counters go on where a former worker of that index left them. */
static void adopt_block(struct worker *worker)
{
    struct worker_block *block = worker->block;

    atomic_store(&block->open_connections, 0);
    atomic_store(&block->calls_in_progress, 0);
    atomic_store(&block->open_streams, 0);
    atomic_store(&block->has_store_skew, false);
    hot_keys_mend(&block->hot_keys);
#define X(name, help)                                                          \
    worker->stats_before.name = atomic_load(&block->store_##name);
    STORE_STATS(X)
#undef X
}

static uint64_t random_seed(void)
{
    uint64_t seed;

    /* So few bytes come whole, and at once. */
    if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
        abort();
    return seed;
}

static void worker_init(struct worker *worker, const struct worker_parts *parts,
                        int wake_fd)
{
    *worker = (struct worker){
        .shared = parts->shared,
        .block = &parts->shared->workers[parts->index],
        .store = parts->store,
        .outage = parts->outage,
        .is_store_redis = parts->is_store_redis,
        .store_generation = parts->served->snapshot->generation,
    };
    adopt_block(worker);
    fallback_init(&worker->fallback, parts->memory, &parts->shared->journal);
    carrier_init(&worker->carrier, &worker->fallback, parts->store);
    refused_init(&worker->refused);
    denial_log_init(&worker->denials, random_seed());
    core_init(&worker->core, &parts->served->snapshot->server,
              parts->is_store_late);
    worker->core.turn = on_turn;
    serving_init(&worker->serving, parts->served, wake_fd);
    calls_init(&worker->calls);
    streams_init(&worker->streams, worker);
    unknowns_init(&worker->unknowns, worker);
    assert(service_count <= ENDPOINTS_MAX);
    for (uint32_t i = 0; i < service_count; i++)
        endpoint_init(&worker->endpoints[i], services[i], worker);
    worker->endpoint_count = service_count;
}

static void worker_start(struct worker *worker)
{
    core_start(&worker->core);
    for (uint32_t i = 0; i < worker->endpoint_count; i++)
        endpoint_arm(&worker->endpoints[i]);
    streams_arm(&worker->streams);
    unknowns_arm(&worker->unknowns);
    if (worker->core.has_lock)
        store_thread_start(&worker->store_thread, &worker->core, worker->store);
}

static void worker_fini(struct worker *worker)
{
    if (worker->core.has_lock)
        store_thread_stop(&worker->store_thread);
    note_turn(worker, clock_boot_ns());
    store_free(worker->store); /* which may fall back for the last time */
    if (worker->fallback.memory)
        store_free(worker->fallback.memory);
    refused_fini(&worker->refused);
    unknowns_fini(&worker->unknowns);
    streams_fini(&worker->streams);
    calls_fini(&worker->calls);
    core_fini(&worker->core);
    serving_fini(&worker->serving);
}

/* How long a new worker lets its store come up before it takes connections:
 * calls would be answered by on_outage, although nothing is wrong. */
#define STORE_PATIENCE_NS (200 * MILLISECOND)

static void await_store(struct worker *worker)
{
    const struct timespec pause = { .tv_nsec = MILLISECOND };
    int64_t until_ns = clock_boot_ns() + STORE_PATIENCE_NS;
    bool is_up;

    do {
        core_lock(&worker->core);
        is_up = worker->store->is_up;
        core_unlock(&worker->core);
    } while (!is_up && clock_boot_ns() < until_ns &&
             nanosleep(&pause, NULL) == 0);
}

/* With the call thread beside it, until all is over. */
static void run_control(struct worker *worker, struct control_thread *control)
{
    struct call_thread calls = { worker, control };
    pthread_t thread;

    if (pthread_create(&thread, NULL, run_calls, &calls) != 0)
        abort();
    control_thread_run(control);
    pthread_join(thread, NULL);
}

int worker_run(const struct worker_parts *parts)
{
    struct control_thread control;
    struct worker worker;
    int wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

    core_log_install();
    grpc_init();
    worker_init(&worker, parts, wake_fd);
    if (wake_fd < 0 ||
        !control_thread_init(&control, &worker, parts->control, wake_fd)) {
        log_error("worker_failed", "detail=\"no descriptors\"");
        _exit(1);
    }
    worker_start(&worker);
    await_store(&worker);
    run_control(&worker, &control);
    control_thread_fini(&control);
    worker_fini(&worker);
    close(wake_fd);
    grpc_shutdown_blocking();
    return 0;
}

/* ---- the process ------------------------------------------------------- */

/* on_turn sees it by store->is_up. */
static void on_store_up(void *context, const char *server)
{
    (void)context;
    (void)server;
}

static void on_store_down(void *context, const char *server, const char *detail)
{
    outage_down(context, server, detail, clock_boot_ns());
}

/* False with the reason in `why`. */
static bool make_parts(struct worker_parts *parts, struct outage *outage,
                       char *why, size_t why_size)
{
    struct shared *shared = shared_map(WORKER_FD_SHARED);
    uint32_t index = parts->index;
    const struct redis_events events = { on_store_up, on_store_down, outage };
    const struct store_settings *settings;

    snprintf(why, why_size, "its memory is of another version");
    if (!shared || index >= shared->worker_count)
        return false;
    parts->control = WORKER_FD_CONTROL;
    parts->shared = shared;
    parts->outage = outage;
    outage_init(outage, &shared->gate, index);
    parts->served = served_load(WORKER_FD_BUNDLE,
                                atomic_load(&shared->workers[index].generation),
                                shared, why, why_size);
    if (!parts->served)
        return false;
    settings = &parts->served->snapshot->store;
    parts->is_store_redis = settings->kind == STORE_REDIS;
    parts->is_store_late = parts->is_store_redis;
    parts->store = store_open(settings, WORKER_FD_STORE, &events);
    if (parts->is_store_redis)
        parts->memory = local_open(WORKER_FD_STORE);
    return parts->store && (parts->memory || !parts->is_store_redis);
}

static void ignore_signals(void)
{
    static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };

    for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
        signal(ignored[i], SIG_IGN);
}

int worker_main(uint32_t index)
{
    struct worker_parts parts = { .index = index };
    struct outage outage;
    char why[256];

    ignore_signals();
    snprintf(why, sizeof(why), "worker-%" PRIu32, index);
    log_set_process(why);
    prctl(PR_SET_NAME, why); /* else all are "exe" in ps and top */
    for (int fd = WORKER_FD_CONTROL; fd <= WORKER_FD_BUNDLE; fd++)
        fcntl(fd, F_SETFD, FD_CLOEXEC);
    if (!make_parts(&parts, &outage, why, sizeof(why))) {
        log_error("worker_failed", "detail=\"%s\"", why);
        return 1;
    }
    close(WORKER_FD_BUNDLE);
    return worker_run(&parts);
}

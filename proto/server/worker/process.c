#include "proto/server/worker/process.h"

#include "policy/base/clock.h"
#include "policy/base/log.h"
#include "proto/server/call/core_log.h"
#include "proto/server/call/worker.h"
#include "proto/server/doors/health_watch.h"
#include "proto/server/doors/services.h"
#include "proto/server/doors/unknown.h"
#include "proto/server/shared/control.h"
#include "proto/server/shared/store_open.h"
#include "proto/server/shared/worker_fd.h"
#include "proto/server/worker/control_thread.h"
#include "proto/server/worker/store_thread.h"
#include "quota/carrier.h"
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

/* What its calls share, and what it is besides. Threads: under the core's
 * lock. */
struct process {
    struct worker worker;
    struct carrier carrier;
    struct health_watches watches;
    struct unknowns unknowns;
    struct store_thread store_thread; /* if the store answers later */
    struct store_stats stats_before;  /* what `block` had at the start */
    int64_t clock_offset_ns;          /* the store's, when last noted */
    bool is_store_redis;
    uint64_t store_generation; /* whose passwords the store has */
};

/* ---- the call thread --------------------------------------------------- */

static void note_turn(struct process *process, int64_t now_ns)
{
    struct worker_block *block = process->worker.block;
    const struct store_stats *before = &process->stats_before;
    const struct store_stats *stats = &process->worker.store->stats;

    atomic_store_explicit(&block->turned_ns, now_ns, memory_order_relaxed);
#define X(name, help)                                                          \
    atomic_store_explicit(&block->store_##name, before->name + stats->name,    \
                          memory_order_relaxed);
    STORE_STATS(X)
#undef X
    COUNT(block->carried_over, process->carrier.carried);
    process->carrier.carried = 0;
}

static const struct snapshot *current(const struct process *process)
{
    return process->worker.serving.current->snapshot;
}

static void turn_carrier(struct process *process)
{
    const struct store_settings *settings = &current(process)->store;

    carrier_turn(&process->carrier, settings->replicas, settings->deadline_ns,
                 process->worker.core.now_ns);
}

/* Both clocks are this machine's, so how far they are from each other is known
 * without a mistake. */
static void note_skew(struct process *process)
{
    const struct store *store = process->worker.store;
    struct worker_block *block = process->worker.block;

    if (!store->has_clock || store->clock_offset_ns == process->clock_offset_ns)
        return;
    process->clock_offset_ns = store->clock_offset_ns;
    atomic_store(&block->store_skew_ns,
                 store->clock_offset_ns - (clock_wall_ns() - clock_boot_ns()));
    atomic_store(&block->has_store_skew, true);
}

/* Passwords may change while it runs. */
static void note_configuration(struct process *process)
{
    const struct snapshot *snapshot = current(process);

    if (!process->is_store_redis ||
        process->store_generation == snapshot->generation)
        return;
    process->store_generation = snapshot->generation;
    store_open_renew(process->worker.store, &snapshot->store);
}

/* What calls have asked of the store meanwhile leaves now, in one write. */
static void on_turn(struct core *core)
{
    struct process *process = container_of(core, struct process, worker.core);
    struct worker *worker = &process->worker;

    serving_turn(&worker->serving);
    note_configuration(process);
    turn_carrier(process);
    if (core_is_stopping(core))
        health_watches_drain(&process->watches);
    if (core->has_lock)
        store_thread_turn(&process->store_thread, core->now_ns);
    outage_turn(worker->outage, worker->store->is_up, core->now_ns);
    note_turn(process, core->now_ns);
    note_skew(process);
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

/* ---- from start to end ------------------------------------------------- */

/* Counters go on where a former worker of that index left them. */
static void adopt_block(struct process *process)
{
    struct worker_block *block = process->worker.block;

    atomic_store(&block->open_connections, 0);
    atomic_store(&block->calls_in_progress, 0);
    atomic_store(&block->open_streams, 0);
    atomic_store(&block->has_store_skew, false);
    hot_keys_mend(&block->hot_keys);
#define X(name, help)                                                          \
    process->stats_before.name = atomic_load(&block->store_##name);
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

static void init_worker(struct worker *worker,
                        const struct process_parts *parts, int wake_fd)
{
    worker->shared = parts->shared;
    worker->block = &parts->shared->workers[parts->index];
    worker->store = parts->store;
    worker->outage = parts->outage;
    fallback_init(&worker->fallback, parts->memory, &parts->shared->journal);
    refused_init(&worker->refused);
    denial_log_init(&worker->denials, random_seed());
    core_init(&worker->core, &parts->served->snapshot->server,
              parts->is_store_late);
    serving_init(&worker->serving, parts->served, wake_fd);
    calls_init(&worker->calls);
}

static void init_doors(struct process *process)
{
    struct worker *worker = &process->worker;

    assert(service_count <= ENDPOINTS_MAX);
    for (uint32_t i = 0; i < service_count; i++)
        endpoint_init(&worker->endpoints[i], services[i], worker);
    worker->endpoint_count = service_count;
    health_watches_init(&process->watches, worker);
    unknowns_init(&process->unknowns, worker);
}

static void process_init(struct process *process,
                         const struct process_parts *parts, int wake_fd)
{
    *process = (struct process){
        .is_store_redis = parts->is_store_redis,
        .store_generation = parts->served->snapshot->generation,
    };
    init_worker(&process->worker, parts, wake_fd);
    adopt_block(process);
    carrier_init(&process->carrier, &process->worker.fallback, parts->store);
    process->worker.core.turn = on_turn;
    init_doors(process);
}

static void process_start(struct process *process)
{
    struct worker *worker = &process->worker;

    core_start(&worker->core);
    for (uint32_t i = 0; i < worker->endpoint_count; i++)
        endpoint_arm(&worker->endpoints[i]);
    health_watches_arm(&process->watches);
    unknowns_arm(&process->unknowns);
    if (worker->core.has_lock)
        store_thread_start(&process->store_thread, &worker->core,
                           worker->store);
}

static void process_fini(struct process *process)
{
    struct worker *worker = &process->worker;

    if (worker->core.has_lock)
        store_thread_stop(&process->store_thread);
    note_turn(process, clock_boot_ns());
    store_free(worker->store); /* which may fall back for the last time */
    if (worker->fallback.memory)
        store_free(worker->fallback.memory);
    refused_fini(&worker->refused);
    unknowns_fini(&process->unknowns);
    health_watches_fini(&process->watches);
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

int process_run(const struct process_parts *parts)
{
    struct control_thread control;
    struct process process;
    int wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

    core_log_install();
    grpc_init();
    process_init(&process, parts, wake_fd);
    if (wake_fd < 0 || !control_thread_init(&control, &process.worker,
                                            parts->control, wake_fd)) {
        log_error("worker_failed", "detail=\"no descriptors\"");
        _exit(1);
    }
    process_start(&process);
    await_store(&process.worker);
    run_control(&process.worker, &control);
    control_thread_fini(&control);
    process_fini(&process);
    close(wake_fd);
    grpc_shutdown_blocking();
    return 0;
}

/* ---- `sluice worker` --------------------------------------------------- */

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
static bool make_parts(struct process_parts *parts, struct outage *outage,
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

int process_main(uint32_t index)
{
    struct process_parts parts = { .index = index };
    struct outage outage;
    char why[256];

    ignore_signals();
    snprintf(why, sizeof(why), "worker-%" PRIu32, index);
    log_set_process(why);
    prctl(PR_SET_NAME, why); /* else all are "exe" in ps and top */
    for (int fd = WORKER_FD_CONTROL; fd < WORKER_FD_END; fd++)
        fcntl(fd, F_SETFD, FD_CLOEXEC);
    if (!make_parts(&parts, &outage, why, sizeof(why))) {
        log_error("worker_failed", "detail=\"%s\"", why);
        return 1;
    }
    close(WORKER_FD_BUNDLE);
    return process_run(&parts);
}

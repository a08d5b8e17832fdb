#include "bench/store/run.h"

#include "bench/load/cpu.h"
#include "bench/store/client.h"
#include "bench/store/fill.h"
#include "bench/store/use.h"

#include "policy/base/clock.h"
#include "quota/local/local.h"

#include <assert.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Four shards, as the default has. */
#define STORE_BYTES (UINT64_C(16) << 20)

/* For processes to start and Redis to be found, before the warm-up. */
#define START_NS (20 * MILLISECOND)

/* What a process tells. */
struct told {
    uint64_t operations, outages;
    int64_t elapsed_ns, cpu_ns;
    char fault[RUN_FAULT_BYTES];
};

/* What all have when they begin. */
struct scene {
    const struct run *run;
    struct keys keys;
    int store_fd; /* -1: none */
    int64_t ahead_ns;
    int64_t begin_ns;
    struct told *told; /* shared by all */
};

/* -- In a process -- */

static int64_t own_cpu_ns(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * SECOND +
           (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * MICROSECOND;
}

static struct client *new_client(const struct scene *scene)
{
    const struct run *run = scene->run;
    struct store *store;

    if (run->subject->is_floor)
        return floor_client_new(run->subject, run->server, &scene->keys,
                                run->depth);
    store = run->server ? use_open_redis(run->server, run->is_cluster)
                        : local_open(scene->store_fd);
    if (!store)
        abort();
    return store_client_new(run->subject, store, &scene->keys, run->depth,
                            scene->ahead_ns);
}

/* Until then, and until there is something new to count. Returns when that
 * was. */
static int64_t turn_until(struct client *client, int64_t until_ns)
{
    uint64_t done_count = client->done_count;
    int64_t now_ns = clock_boot_ns();

    while (!client->fault &&
           (now_ns < until_ns || client->done_count == done_count)) {
        client->turn(client, now_ns);
        now_ns = clock_boot_ns();
        if (now_ns > until_ns + USE_WITHIN_NS)
            client->fault = "nothing was answered";
    }
    return now_ns;
}

static void run_client(const struct scene *scene, struct told *told)
{
    struct client *client = new_client(scene);
    int64_t began_ns = turn_until(client, scene->begin_ns);
    int64_t cpu_ns = own_cpu_ns();
    uint64_t done_count = client->done_count;
    uint64_t outage_count = client->outage_count;

    told->elapsed_ns =
        turn_until(client, began_ns + scene->run->duration_ns) - began_ns;
    told->cpu_ns = own_cpu_ns() - cpu_ns;
    told->operations = client->done_count - done_count;
    told->outages = client->outage_count - outage_count;
    if (client->fault)
        snprintf(told->fault, sizeof(told->fault), "%s", client->fault);
    client->free(client);
}

/* -- All processes -- */

static pid_t start(const struct scene *scene, struct told *told)
{
    pid_t pid = fork();

    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        run_client(scene, told);
        _exit(EXIT_SUCCESS);
    }
    if (pid < 0)
        abort();
    return pid;
}

static void sleep_until(int64_t until_ns)
{
    const struct timespec until = { .tv_sec = until_ns / SECOND,
                                    .tv_nsec = until_ns % SECOND };

    while (clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &until, NULL) != 0)
        ;
}

/* What all of Redis has used. */
static int64_t servers_cpu_ns(const struct run *run)
{
    int64_t used_ns = 0;

    for (uint32_t i = 0; i < run->server_count; i++)
        used_ns += cpu_used_ns(run->server_pids[i], false);
    return used_ns;
}

/* How many cores Redis uses from `begin_ns` on. */
static double server_cores(const struct scene *scene)
{
    int64_t began_ns, cpu_ns;

    if (scene->run->server_count == 0)
        return -1;
    sleep_until(scene->begin_ns);
    began_ns = clock_boot_ns();
    cpu_ns = servers_cpu_ns(scene->run);
    sleep_until(began_ns + scene->run->duration_ns);
    cpu_ns = servers_cpu_ns(scene->run) - cpu_ns;
    return (double)cpu_ns / (double)(clock_boot_ns() - began_ns);
}

static void add_told(struct run_result *result, const struct told *told,
                     int status)
{
    result->operations += told->operations;
    result->outages += told->outages;
    result->cpu_ns += told->cpu_ns;
    if (status != 0)
        snprintf(result->fault, sizeof(result->fault), "a process died");
    else if (told->fault[0])
        snprintf(result->fault, sizeof(result->fault), "%s", told->fault);
    else
        result->rate += (double)told->operations * (double)SECOND /
                        (double)told->elapsed_ns;
}

static void run_all(const struct scene *scene, struct run_result *result)
{
    const struct run *run = scene->run;
    pid_t pids[RUN_PROCESSES_MAX];

    for (uint32_t i = 0; i < run->processes; i++)
        pids[i] = start(scene, &scene->told[i]);
    result->server_cores = server_cores(scene);
    for (uint32_t i = 0; i < run->processes; i++) {
        int status = -1;

        waitpid(pids[i], &status, 0);
        add_told(result, &scene->told[i], status);
    }
}

/* -- Before and after -- */

static const char *fill_store(struct scene *scene)
{
    const struct run *run = scene->run;
    struct store *store;

    scene->store_fd = local_create(STORE_BYTES);
    store = scene->store_fd < 0 ? NULL : local_open(scene->store_fd);
    if (!store)
        return "no room for the store";
    scene->ahead_ns =
        fill_memory(run->subject, store, &scene->keys, clock_boot_ns());
    store_free(store);
    return scene->ahead_ns < 0 ? "the store cannot be filled" : NULL;
}

static const char *prepare(struct scene *scene)
{
    const struct run *run = scene->run;

    if (!run->server)
        return fill_store(scene);
    return fill_redis(run->subject, run->server, &scene->keys);
}

void run_measure(const struct run *run, struct run_result *result)
{
    size_t told_bytes = run->processes * sizeof(struct told);
    struct scene scene = {
        .run = run,
        .store_fd = -1,
        .told = mmap(NULL, told_bytes, PROT_READ | PROT_WRITE,
                     MAP_SHARED | MAP_ANONYMOUS, -1, 0),
    };
    const char *fault;

    assert(run->processes >= 1 && run->processes <= RUN_PROCESSES_MAX);
    if (scene.told == MAP_FAILED)
        abort();
    *result = (struct run_result){ .server_cores = -1 };
    keys_init(&scene.keys, run->keys);
    fault = prepare(&scene);
    scene.begin_ns = clock_boot_ns() + START_NS + run->warmup_ns;
    if (fault)
        snprintf(result->fault, sizeof(result->fault), "%s", fault);
    else
        run_all(&scene, result);
    if (scene.store_fd >= 0)
        close(scene.store_fd);
    keys_fini(&scene.keys);
    munmap(scene.told, told_bytes);
}

#include "proto/server/master/master.h"

#include "policy/base/clock.h"
#include "policy/base/log.h"
#include "proto/server/admin/admin.h"
#include "proto/server/admin/facts.h"
#include "proto/server/admin/steward.h"
#include "proto/server/loader/edition_board.h"
#include "proto/server/master/accept.h"
#include "proto/server/master/banner.h"
#include "proto/server/master/fleet.h"
#include "proto/server/master/reload.h"
#include "proto/server/master/store_memory.h"
#include "proto/server/shared/loop.h"
#include "proto/server/shared/shared.h"
#include "proto/server/shared/worker_fd.h"
#include "quota/local/local.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

/* Workers cancel what is left at the end of drain_ns by themselves; this much
 * later they are killed. */
#define DRAIN_GRACE_NS (1 * SECOND)

enum exit_status {
    EXIT_STOPPED = 0,
    EXIT_BAD_CONFIG = 1,
    EXIT_NOT_STARTED = 2,
};

struct master {
    struct loop loop;
    struct waitable signals;
    struct shared *shared;
    struct fleet fleet;
    struct acceptor acceptor;
    struct reload reload;
    struct listener admin_listener, control_listener;
    struct admin *admin;
    struct steward *steward;
    struct hot_board *hot;
    struct list_board *board;
    struct edition_board *editions;
    struct facts facts;
    char listen_text[1024], admin_text[SOCKET_NAME_SIZE];
    struct timer drain_end;
    bool is_announced;
};

/* Says why it does not start, and yields false. */
static bool fail(const char *what)
{
    fprintf(stderr, "sluice: %s: %s\n", what, strerror(errno));
    return false;
}

static uint32_t choose_worker_count(const struct server_settings *server)
{
    cpu_set_t cores;
    int count = 1;

    if (server->workers > 0)
        count = (int)server->workers;
    else if (sched_getaffinity(0, sizeof(cores), &cores) == 0)
        count = CPU_COUNT(&cores);
    return (uint32_t)(count < WORKERS_MAX ? count : WORKERS_MAX);
}

/* As many connections as the system grants; workers inherit it. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static bool open_store(struct master *master, const struct snapshot *snapshot)
{
    int64_t patience_ns = snapshot->server.drain_ns + DRAIN_GRACE_NS;
    int fd =
        store_memory_open(&snapshot->store, patience_ns, master->signals.fd);

    if (fd < 0)
        return false;
    master->fleet.store_fd = worker_fd_above(fd);
    if (master->fleet.store_fd < 0)
        return fail("no descriptor for the store");
    master->facts.store = local_open(master->fleet.store_fd);
    return true;
}

static bool open_memory(struct master *master, const struct snapshot *snapshot)
{
    int fd;

    master->shared = shared_create(choose_worker_count(&snapshot->server), &fd);
    if (!master->shared)
        return fail("no memory to share with workers");
    master->fleet.shared_fd = worker_fd_above(fd);
    if (master->fleet.shared_fd < 0)
        return fail("no memory to share with workers");
    return open_store(master, snapshot);
}

static bool open_ports(struct master *master,
                       const struct server_settings *server)
{
    char error[LISTEN_ERROR_SIZE];
    bool is_open = true;

    for (uint32_t i = 0; i < server->listen.count && is_open; i++)
        is_open =
            acceptor_bind(&master->acceptor, server->listen.items[i], error);
    if (is_open && server->admin.len > 0)
        is_open = listener_open(&master->admin_listener, server->admin, error);
    if (is_open && server->control.len > 0)
        is_open = listener_open_private(&master->control_listener,
                                        server->control, error);
    if (!is_open)
        fprintf(stderr, "sluice: %s\n", error);
    return is_open;
}

/* What people are told of all this. */
static void fill_facts(struct master *master)
{
    const struct acceptor *acceptor = &master->acceptor;
    size_t length = 0;

    for (uint32_t i = 0; i < acceptor->port_count; i++) {
        char name[SOCKET_NAME_SIZE];

        socket_name_format(&acceptor->ports[i].listener.name, name);
        if (length < sizeof(master->listen_text))
            length += (size_t)snprintf(master->listen_text + length,
                                       sizeof(master->listen_text) - length,
                                       "%s%s", i > 0 ? ", " : "", name);
    }
    if (master->admin_listener.fd >= 0)
        socket_name_format(&master->admin_listener.name, master->admin_text);
    master->facts.shared = master->shared;
    master->facts.board = master->board;
    master->facts.hot = master->hot;
    master->facts.listen = master->listen_text;
    master->facts.admin = master->admin_text;
    master->facts.store_kind = master->reload.current->snapshot->store.kind;
}

static void announce(struct master *master)
{
    banner_print(stdout, program_invocation_name, &master->facts,
                 master->reload.current->snapshot);
    fflush(stdout);
    sd_notify(0, "READY=1");
    master->is_announced = true;
}

static void on_fleet_changed(struct fleet *fleet, int64_t now_ns)
{
    struct master *master = container_of(fleet, struct master, fleet);

    if (!master->is_announced &&
        fleet_serving(fleet) == master->shared->worker_count)
        announce(master);
    (void)now_ns;
    reload_step(&master->reload);
}

static void on_drain_end(struct timer *timer, int64_t now_ns)
{
    struct master *master = container_of(timer, struct master, drain_end);

    (void)now_ns;
    log_warning("drain_ended",
                "workers=%u reason=\"calls are still in flight\"",
                fleet_running(&master->fleet));
    fleet_kill(&master->fleet);
}

static void drain(struct master *master, int64_t now_ns)
{
    int64_t drain_ns = master->reload.current->snapshot->server.drain_ns;

    log_info("drain", "workers=%u", fleet_running(&master->fleet));
    sd_notify(0, "STOPPING=1");
    atomic_store(&master->facts.is_draining, true);
    acceptor_fini(&master->acceptor);
    fleet_drain(&master->fleet);
    loop_set(&master->loop, &master->drain_end,
             now_ns + drain_ns + DRAIN_GRACE_NS);
}

static void on_signal(struct waitable *waitable, int64_t now_ns)
{
    struct master *master = container_of(waitable, struct master, signals);
    struct signalfd_siginfo info;

    if (read(waitable->fd, &info, sizeof(info)) != sizeof(info))
        return;
    if (info.ssi_signo == SIGHUP)
        reload_ask(&master->reload);
    else if (master->fleet.is_draining)
        fleet_kill(&master->fleet);
    else
        drain(master, now_ns);
}

/* From here on signals are events; also for threads that start later. */
static bool open_signals(struct master *master)
{
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGHUP);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    signal(SIGPIPE, SIG_IGN);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    master->signals.ready = on_signal;
    master->signals.fd = signalfd(-1, &signals, SFD_CLOEXEC);
    return loop_init(&master->loop) && master->signals.fd >= 0 &&
           loop_add(&master->loop, &master->signals);
}

static bool start_steward(struct master *master,
                          const struct snapshot *snapshot)
{
    const struct steward_parts parts = {
        .store = &snapshot->store,
        .store_fd = master->fleet.store_fd,
        .shared = master->shared,
        .editions = master->editions,
        .board = master->hot,
        .listener = master->control_listener.fd,
    };

    master->steward = steward_start(&parts);
    return master->steward || fail("no thread that asks the store");
}

static bool start_admin(struct master *master)
{
    if (master->admin_listener.fd < 0)
        return true;
    master->admin = admin_start(master->admin_listener.fd, &master->facts);
    return master->admin || fail("no thread for the admin address");
}

static bool open_all(struct master *master)
{
    const struct snapshot *snapshot = master->reload.current->snapshot;

    raise_descriptor_limit();
    if (!open_signals(master))
        return fail("no event loop");
    if (!open_ports(master, &snapshot->server) ||
        !open_memory(master, snapshot))
        return false;
    master->hot = hot_board_new();
    if (!master->hot)
        return fail("no descriptor");
    fill_facts(master);
    return start_steward(master, snapshot) && start_admin(master);
}

static void run(struct master *master)
{
    struct fleet *fleet = &master->fleet;
    int64_t now_ns = clock_boot_ns();

    timer_init(&master->drain_end, on_drain_end);
    fleet->loop = &master->loop;
    fleet->shared = master->shared;
    fleet->changed = on_fleet_changed;
    master->reload.loop = &master->loop;
    master->reload.fleet = fleet;
    master->reload.shared = master->shared;
    master->reload.board = master->board;
    master->reload.editions = master->editions;
    reload_start(&master->reload);
    fleet_start(fleet, master->reload.current, now_ns);
    acceptor_start(&master->acceptor);
    while (!fleet->is_draining || fleet_running(fleet) > 0)
        loop_turn(&master->loop);
    log_info("stopped", "pid=%d", (int)getpid());
}

/* What the end of the process would not clear away. */
static void close_all(struct master *master)
{
    admin_stop(master->admin);
    acceptor_fini(&master->acceptor);
    steward_stop(master->steward);
    hot_board_free(master->hot);
    listener_close(&master->admin_listener);
    listener_close(&master->control_listener);
    if (master->facts.store)
        store_free(master->facts.store);
    reload_fini(&master->reload);
    edition_board_free(master->editions);
    list_board_free(master->board);
}

static enum exit_status serve(struct master *master)
{
    struct reload *reload = &master->reload;

    reload->loader = loader_start(master->facts.config_path, master->board);
    if (!reload->loader) {
        fail("no thread to load the configuration");
        return EXIT_NOT_STARTED;
    }
    reload->current = reload_first(reload->loader);
    if (!reload->current)
        return EXIT_BAD_CONFIG;
    if (!open_all(master))
        return EXIT_NOT_STARTED;
    run(master);
    return EXIT_STOPPED;
}

int master_run(const char *path)
{
    struct master master = { .facts.config_path = path,
                             .admin_listener.fd = -1,
                             .control_listener.fd = -1 };
    enum exit_status status;

    log_set_process("master");
    acceptor_init(&master.acceptor, &master.loop, &master.fleet);
    master.board = list_board_new();
    master.editions = edition_board_new();
    status = serve(&master);
    close_all(&master);
    return (int)status;
}

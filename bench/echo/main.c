/*
 * sluice-echo: what the gRPC C core costs without Sluice. It has Sluice's
 * processes, its settings and its decoding, but decides nothing: the floor
 * that the benchmark measures against.
 */
#include "bench/echo/worker.h"
#include "config/bundle.h"
#include "policy/base/diag.h"
#include "proto/server/master/listen.h"
#include "proto/server/shared/control.h"

#include <assert.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#define WORKERS_MAX 64

static struct snapshot *load(const char *path)
{
    struct snapshot *snapshot = NULL;
    struct bundle bundle;
    struct diags diags;

    diags_init(&diags);
    if (bundle_read(&bundle, path, &diags))
        snapshot = snapshot_load(&bundle, &diags);
    diags_print(&diags, stderr, false);
    bundle_fini(&bundle);
    diags_fini(&diags);
    return snapshot;
}

static uint32_t worker_count_of(const struct server_settings *settings)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    uint32_t count =
        settings->workers > 0 ? settings->workers : (uint32_t)cores;

    return count < WORKERS_MAX ? count : WORKERS_MAX;
}

/* Starts a worker; our end of the socket to it. Before gRPC has any thread. */
static int start_worker(const struct server_settings *settings)
{
    int pair[2];
    pid_t pid;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return -1;
    pid = fork();
    if (pid < 0)
        return -1;
    if (pid == 0) {
        /* Later workers hold our end too: it does not close with us. */
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        close(pair[0]);
        worker_serve(pair[1], settings);
    }
    close(pair[1]);
    return pair[0];
}

/* Hands each connection to the next worker. */
static void accept_all(int listener, const int *workers, uint32_t count)
{
    const struct control_message message = { .kind = CONTROL_CONNECTION };
    struct pollfd readable = { .fd = listener, .events = POLLIN };
    const int one = 1;

    for (uint32_t next = 0; poll(&readable, 1, -1) >= 0;) {
        int connection =
            accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (connection < 0)
            continue;
        setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        if (!control_send(workers[next], &message, connection))
            perror("sluice-echo: hand over");
        close(connection);
        next = (next + 1) % count;
    }
}

int main(int argc, char **argv)
{
    char error[LISTEN_ERROR_SIZE];
    const struct server_settings *settings;
    struct snapshot *snapshot;
    struct listener listener;
    int workers[WORKERS_MAX];
    uint32_t count;

    if (argc != 2) {
        fprintf(stderr, "Usage: sluice-echo FILE\n"
                        "FILE is a configuration of Sluice, of which only "
                        "`server` counts.\n");
        return EXIT_FAILURE;
    }
    snapshot = load(argv[1]);
    if (!snapshot)
        return EXIT_FAILURE;
    settings = &snapshot->server;
    if (!listener_open(&listener, settings->listen.items[0], error)) {
        fprintf(stderr, "sluice-echo: %s\n", error);
        return EXIT_FAILURE;
    }
    count = worker_count_of(settings);
    assert(count > 0);
    for (uint32_t i = 0; i < count; i++) {
        workers[i] = start_worker(settings);
        if (workers[i] < 0) {
            perror("sluice-echo: worker");
            return EXIT_FAILURE;
        }
    }
    accept_all(listener.fd, workers, count);
    return EXIT_FAILURE;
}

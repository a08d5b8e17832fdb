/*
 * A worker of the echo: a gRPC server on the C core, set up as Sluice's, which
 * decodes each Mixer Check into an arena and answers all of them the same.
 * Threads: as said for each function.
 */
#ifndef BENCH_ECHO_WORKER_H
#define BENCH_ECHO_WORKER_H

#include "config/snapshot.h"

/*
 * Serves the connections that come over `control`
 * (proto/server/shared/control.h) until its other end is closed, and exits. For
 * a process of its own, which has not used gRPC before.
 */
_Noreturn void worker_serve(int control,
                            const struct server_settings *settings);

#endif

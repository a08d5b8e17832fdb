#include "proto/server/master/spawn.h"

#include "proto/server/shared/worker_fd.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <unistd.h>

/* The spawn functions return an error number; they fail only without memory. */
static int prepare(posix_spawn_file_actions_t *files, posix_spawnattr_t *attrs,
                   const struct spawn_fds *fds)
{
    const int moves[][2] = {
        { fds->control, WORKER_FD_CONTROL },
        { fds->shared, WORKER_FD_SHARED },
        { fds->store, WORKER_FD_STORE },
        { fds->bundle, WORKER_FD_BUNDLE },
    };
    sigset_t none;
    int error = 0;

    sigemptyset(&none);
    for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]) && !error; i++) {
        assert(moves[i][0] >= WORKER_FD_END);
        error =
            posix_spawn_file_actions_adddup2(files, moves[i][0], moves[i][1]);
    }
    if (!error)
        error = posix_spawn_file_actions_addclosefrom_np(files, WORKER_FD_END);
    if (!error)
        error = posix_spawnattr_setsigmask(attrs, &none);
    if (!error)
        error = posix_spawnattr_setflags(attrs, POSIX_SPAWN_SETSIGMASK);
    return error;
}

pid_t spawn_worker(uint32_t index, const struct spawn_fds *fds)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attrs;
    char number[16], program[] = "sluice", command[] = "worker";
    char *arguments[] = { program, command, number, NULL };
    pid_t pid;
    int error;

    snprintf(number, sizeof(number), "%" PRIu32, index);
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attrs);
    error = prepare(&files, &attrs, fds);
    if (!error)
        error = posix_spawn(&pid, "/proc/self/exe", &files, &attrs, arguments,
                            environ);
    posix_spawnattr_destroy(&attrs);
    posix_spawn_file_actions_destroy(&files);
    errno = error;
    return error ? -1 : pid;
}

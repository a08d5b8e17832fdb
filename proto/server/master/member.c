#include "proto/server/master/member.h"

#include "policy/base/log.h"
#include "proto/server/shared/worker_fd.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* A worker's loop turns at least twice a second, also at rest. So many samples
 * without a turn: it hangs. Samples, not time, so that a machine that slept
 * kills nobody. */
#define STUCK_SAMPLES 10

static struct worker_block *block_of(const struct member *member)
{
    return &member->shared->workers[member->index];
}

/* Its connections and calls are gone with it; its counters stay. */
static void clear_gauges(struct member *member)
{
    struct worker_block *block = block_of(member);

    atomic_store(&block->pid, 0);
    atomic_store(&block->state, WORKER_DEAD);
    atomic_store(&block->open_connections, 0);
    atomic_store(&block->calls_in_progress, 0);
    atomic_store(&block->open_streams, 0);
    atomic_store(&block->rss_bytes, 0);
    if (gate_shut(&member->shared->gate, member->index))
        log_info("gate_shut",
                 "reason=\"the worker that held it open is gone\"");
}

/* Takes out all that nobody shall read any more. */
static void empty(int socket)
{
    struct pollfd queue = { .fd = socket, .events = POLLIN };
    struct control_message message;
    int fd;

    while (poll(&queue, 1, 0) == 1 && queue.revents == POLLIN)
        if (control_receive(socket, &message, &fd) && fd >= 0)
            close(fd);
}

static void on_process(struct waitable *waitable, int64_t now_ns)
{
    struct member *member = container_of(waitable, struct member, process);
    siginfo_t info = { 0 };

    if (waitid(P_PIDFD, (id_t)waitable->fd, &info, WEXITED) != 0)
        return;
    loop_remove(member->loop, waitable);
    close(waitable->fd);
    empty(member->control.fd);
    clear_gauges(member);
    member->pid = 0;
    member->exited(member, info.si_status, info.si_code != CLD_EXITED, now_ns);
}

static void on_control(struct waitable *waitable, int64_t now_ns)
{
    struct member *member = container_of(waitable, struct member, control);
    struct control_message message;
    int fd;

    if (!control_receive(waitable->fd, &message, &fd)) {
        log_error("worker_replaced", "worker=%" PRIu32 " reason=\"%s\"",
                  member->index, strerror(errno));
        member_kill(member);
        return;
    }
    if (fd >= 0)
        close(fd);
    member->said(member, &message, now_ns);
}

void member_init(struct member *member, struct loop *loop,
                 struct shared *shared, uint32_t index)
{
    member->loop = loop;
    member->shared = shared;
    member->index = index;
    member->process = (struct waitable){ -1, on_process };
    member->control = (struct waitable){ -1, on_control };
    member->far_end = -1;
}

static bool open_control(struct member *member)
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return false;
    member->control.fd = pair[0];
    member->far_end = worker_fd_above(pair[1]);
    if (member->far_end >= 0 && loop_add(member->loop, &member->control))
        return true;
    if (member->far_end >= 0)
        close(member->far_end);
    close(member->control.fd);
    member->control.fd = member->far_end = -1;
    return false;
}

static void announce_start(struct member *member, uint64_t generation,
                           int64_t now_ns)
{
    struct worker_block *block = block_of(member);

    member->stuck_samples = 0;
    atomic_store(&block->generation, generation);
    atomic_store(&block->turned_ns, now_ns);
    atomic_store(&block->state, WORKER_STARTING);
}

static bool watch_process(struct member *member, pid_t pid)
{
    member->process.fd = pidfd_open(pid, 0);
    if (member->process.fd < 0)
        return false;
    if (loop_add(member->loop, &member->process))
        return true;
    close(member->process.fd);
    return false;
}

static pid_t start_process(struct member *member, struct spawn_fds fds)
{
    pid_t pid;

    fds.control = member->far_end;
    pid = spawn_worker(member->index, &fds);
    if (pid >= 0 && !watch_process(member, pid)) {
        int error = errno;

        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        errno = error;
        return -1;
    }
    return pid;
}

bool member_start(struct member *member, struct spawn_fds fds,
                  uint64_t generation, int64_t now_ns)
{
    pid_t pid;

    if (member->control.fd < 0 && !open_control(member))
        return false;
    /* What a worker that read nothing has left would stop the next one too. */
    if (!member_has_room(member))
        empty(member->far_end);
    announce_start(member, generation, now_ns);
    pid = start_process(member, fds);
    if (pid < 0) {
        clear_gauges(member);
        return false;
    }
    member->pid = pid;
    atomic_store(&block_of(member)->pid, pid);
    return true;
}

bool member_tell(struct member *member, const struct control_message *message,
                 int fd)
{
    return !member->pid || control_send(member->control.fd, message, fd);
}

bool member_has_room(const struct member *member)
{
    /* The kernel says POLLOUT while three quarters of the queue are free. */
    struct pollfd queue = { .fd = member->control.fd, .events = POLLOUT };

    return poll(&queue, 1, 0) == 1 && queue.revents == POLLOUT;
}

void member_kill(struct member *member)
{
    /* Its end was not waited for yet, so the number is still its own. */
    if (member->pid)
        kill(member->pid, SIGKILL);
}

/* Without the mappings that all workers share. */
static uint64_t own_memory_bytes(pid_t pid)
{
    unsigned long resident = 0, shared = 0;
    char path[64], line[128], *at;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
    file = fopen(path, "re");
    if (!file)
        return 0;
    /* The whole, what of it is resident, what of that is shared, ... */
    if (fgets(line, sizeof(line), file) && (at = strchr(line, ' '))) {
        resident = strtoul(at, &at, 10);
        shared = strtoul(at, NULL, 10);
    }
    fclose(file);
    if (shared > resident)
        return 0;
    return (uint64_t)(resident - shared) * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void sample_turning(struct member *member)
{
    struct worker_block *block = block_of(member);
    int64_t turned_ns = atomic_load(&block->turned_ns);

    if (turned_ns == member->turned_before_ns &&
        atomic_load(&block->state) == WORKER_SERVING)
        member->stuck_samples++;
    else
        member->stuck_samples = 0;
    member->turned_before_ns = turned_ns;
}

const char *member_sample(struct member *member, struct load *load,
                          uint64_t rss_limit_bytes)
{
    struct worker_block *block = block_of(member);
    uint64_t calls = atomic_load(&block->calls_total);
    uint64_t rss_bytes = member->pid ? own_memory_bytes(member->pid) : 0;

    load->calls = calls - member->calls_before;
    load->connections = atomic_load(&block->open_connections);
    load->handed = 0;
    member->calls_before = calls;
    atomic_store(&block->rss_bytes, rss_bytes);
    sample_turning(member);
    if (member->pid && member->stuck_samples >= STUCK_SAMPLES)
        return "its loop stands still";
    if (rss_bytes > rss_limit_bytes)
        return "its memory exceeds the bound";
    return NULL;
}

#include "proto/server/worker/store_thread.h"

#include "policy/base/clock.h"

#include <assert.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* While operations come it sleeps no longer than one usually may take, so that
 * most of them find it up in time for their deadline and need not wake it. */
#define ACTIVE_NS (5 * MILLISECOND)

static bool waits_for_same(const struct store_wait *a,
                           const struct store_wait *b)
{
    if (a->fd_count != b->fd_count)
        return false;
    for (uint32_t i = 0; i < a->fd_count; i++)
        if (a->fds[i].fd != b->fds[i].fd ||
            a->fds[i].events != b->fds[i].events)
            return false;
    return true;
}

static void plan(struct store_thread *driver, int64_t now_ns)
{
    struct store_wait *wait = &driver->wait;
    uint64_t operations = driver->store->stats.operations;

    store_wait(driver->store, wait);
    if (operations != driver->operations &&
        wait->deadline_ns > now_ns + ACTIVE_NS)
        wait->deadline_ns = now_ns + ACTIVE_NS;
    driver->operations = operations;
    driver->is_nudged = false;
}

static void fill(struct pollfd *fds, const struct store_wait *wait)
{
    for (uint32_t i = 0; i < wait->fd_count; i++)
        fds[i] = (struct pollfd){ wait->fds[i].fd, wait->fds[i].events, 0 };
}

static void sleep_for(const struct store_wait *wait, int wake_fd)
{
    struct pollfd fds[STORE_FDS_MAX + 1] = { { wake_fd, POLLIN, 0 } };
    struct timespec timeout = { 0 };
    int64_t now_ns = clock_boot_ns();
    /* "At once" may be said as any time that is past. */
    int64_t left_ns =
        wait->deadline_ns > now_ns ? wait->deadline_ns - now_ns : 0;
    eventfd_t ignored;

    fill(fds + 1, wait);
    if (left_ns > 0) {
        timeout.tv_sec = left_ns / SECOND;
        timeout.tv_nsec = left_ns % SECOND;
    }
    if (ppoll(fds, wait->fd_count + 1, &timeout, NULL) > 0 && fds[0].revents)
        eventfd_read(wake_fd, &ignored);
}

/* Steps the store by what is ready now. What made a thread wake up may be old
 * by the time that it has the lock: sockets may be others, and an answer that
 * came meanwhile must be read before its operation is said to be late. */
static void step(struct store *store)
{
    struct pollfd fds[STORE_FDS_MAX];
    struct store_wait wait;

    store_wait(store, &wait);
    fill(fds, &wait);
    poll(fds, wait.fd_count, 0);
    for (uint32_t i = 0; i < wait.fd_count; i++)
        wait.fds[i].revents = fds[i].revents;
    store_step(store, &wait, clock_boot_ns());
}

static void *drive(void *argument)
{
    struct store_thread *driver = argument;

    core_lock(driver->core);
    while (!driver->is_stopping) {
        plan(driver, clock_boot_ns());
        core_unlock(driver->core);
        sleep_for(&driver->wait, driver->wake_fd);
        core_lock(driver->core);
        step(driver->store);
    }
    core_unlock(driver->core);
    return NULL;
}

void store_thread_start(struct store_thread *driver, struct core *core,
                        struct store *store)
{
    *driver = (struct store_thread){ .core = core, .store = store };
    assert(core->has_lock);
    driver->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (driver->wake_fd < 0 ||
        pthread_create(&driver->thread, NULL, drive, driver) != 0)
        abort();
}

static void wake(struct store_thread *driver)
{
    driver->is_nudged = true;
    eventfd_write(driver->wake_fd, 1);
}

void store_thread_turn(struct store_thread *driver, int64_t now_ns)
{
    struct store_wait wait;

    store_wait(driver->store, &wait);
    if (wait.deadline_ns <= now_ns)
        step(driver->store);
    else
        store_step(driver->store, NULL, now_ns);
    store_wait(driver->store, &wait);
    if (!driver->is_nudged && (wait.deadline_ns < driver->wait.deadline_ns ||
                               !waits_for_same(&wait, &driver->wait)))
        wake(driver);
}

void store_thread_stop(struct store_thread *driver)
{
    core_lock(driver->core);
    driver->is_stopping = true;
    wake(driver);
    core_unlock(driver->core);
    pthread_join(driver->thread, NULL);
    close(driver->wake_fd);
}

#include "quota/await.h"

#include "policy/base/clock.h"

#include <poll.h>
#include <time.h>

/* What runs `done` must know whom it is for. */
struct awaited_take {
    struct take take;
    bool is_done;
};

struct awaited_release {
    struct release release;
    bool is_done;
};

struct awaited_holders {
    struct holders holders;
    bool is_done;
};

static void take_done(struct take *take)
{
    container_of(take, struct awaited_take, take)->is_done = true;
}

static void release_done(struct release *release)
{
    container_of(release, struct awaited_release, release)->is_done = true;
}

static void holders_done(struct holders *holders)
{
    container_of(holders, struct awaited_holders, holders)->is_done = true;
}

static struct timespec timeout_until(int64_t until_ns)
{
    int64_t now_ns = clock_boot_ns();
    int64_t left_ns = until_ns > now_ns ? until_ns - now_ns : 0;

    return (struct timespec){ .tv_sec = left_ns / SECOND,
                              .tv_nsec = left_ns % SECOND };
}

/* Waits for what the store waits for, but not beyond `until_ns`. */
static void turn(struct store *store, int64_t until_ns)
{
    struct pollfd fds[STORE_FDS_MAX];
    struct store_wait wait;
    struct timespec timeout;

    store_wait(store, &wait);
    for (uint32_t i = 0; i < wait.fd_count; i++)
        fds[i] = (struct pollfd){ wait.fds[i].fd, wait.fds[i].events, 0 };
    timeout = timeout_until(wait.deadline_ns < until_ns ? wait.deadline_ns
                                                        : until_ns);
    if (ppoll(fds, wait.fd_count, &timeout, NULL) > 0)
        for (uint32_t i = 0; i < wait.fd_count; i++)
            wait.fds[i].revents = fds[i].revents;
    store_step(store, &wait, clock_boot_ns());
}

/* Whether waiting can change anything. */
static bool waits(struct store *store)
{
    struct store_wait wait;

    store_wait(store, &wait);
    return wait.fd_count > 0 || wait.deadline_ns != INT64_MAX;
}

void await_up(struct store *store, int64_t until_ns)
{
    turn(store, 0);
    while (!store->is_up && waits(store) && clock_boot_ns() < until_ns)
        turn(store, until_ns);
}

void await_take(struct store *store, struct take *take)
{
    struct awaited_take awaited = { .take = *take };

    awaited.take.done = take_done;
    if (store_take(store, &awaited.take, clock_boot_ns()) == STORE_LATER)
        while (!awaited.is_done)
            turn(store, awaited.take.deadline_ns);
    *take = awaited.take;
}

void await_release(struct store *store, struct release *release)
{
    struct awaited_release awaited = { .release = *release };

    awaited.release.done = release_done;
    if (store_release(store, &awaited.release, clock_boot_ns()) == STORE_LATER)
        while (!awaited.is_done)
            turn(store, awaited.release.deadline_ns);
    *release = awaited.release;
}

void await_holders(struct store *store, struct holders *holders)
{
    struct awaited_holders awaited = { .holders = *holders };

    awaited.holders.done = holders_done;
    if (store_holders(store, &awaited.holders, clock_boot_ns()) == STORE_LATER)
        while (!awaited.is_done)
            turn(store, awaited.holders.deadline_ns);
    *holders = awaited.holders;
}

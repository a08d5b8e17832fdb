#include "test/quota/drive.h"

#include "policy/base/clock.h"

#include <poll.h>

/* Far more than any store needs that is there. */
#define DEADLINE_NS (2 * SECOND)

struct driven_take {
    struct take take;
    bool is_done;
};

struct driven_release {
    struct release release;
    bool is_done;
};

struct driven_holders {
    struct holders holders;
    bool is_done;
};

static void take_done(struct take *take)
{
    container_of(take, struct driven_take, take)->is_done = true;
}

static void release_done(struct release *release)
{
    container_of(release, struct driven_release, release)->is_done = true;
}

static void holders_done(struct holders *holders)
{
    container_of(holders, struct driven_holders, holders)->is_done = true;
}

static int timeout_ms(const struct store_wait *wait)
{
    int64_t left_ns;

    if (wait->deadline_ns == INT64_MAX)
        return -1;
    left_ns = wait->deadline_ns - clock_boot_ns();
    return left_ns > 0 ? (int)(left_ns / MILLISECOND) + 1 : 0;
}

/* One turn of the loop that a store needs. */
static void turn(struct store *store)
{
    struct pollfd fds[STORE_FDS_MAX];
    struct store_wait wait;

    store_wait(store, &wait);
    for (uint32_t i = 0; i < wait.fd_count; i++)
        fds[i] = (struct pollfd){ wait.fds[i].fd, wait.fds[i].events, 0 };
    poll(fds, wait.fd_count, timeout_ms(&wait));
    for (uint32_t i = 0; i < wait.fd_count; i++)
        wait.fds[i].revents = fds[i].revents;
    store_step(store, &wait, clock_boot_ns());
}

void drive_take(struct store *store, struct take *take, int64_t now_ns)
{
    struct driven_take driven = { .take = *take };

    driven.take.done = take_done;
    driven.take.deadline_ns = now_ns + DEADLINE_NS;
    if (store_take(store, &driven.take, now_ns) == STORE_LATER) {
        while (!driven.is_done)
            turn(store);
    }
    *take = driven.take;
}

void drive_release(struct store *store, struct release *release, int64_t now_ns)
{
    struct driven_release driven = { .release = *release };

    driven.release.done = release_done;
    driven.release.deadline_ns = now_ns + DEADLINE_NS;
    if (store_release(store, &driven.release, now_ns) == STORE_LATER) {
        while (!driven.is_done)
            turn(store);
    }
    *release = driven.release;
}

void drive_holders(struct store *store, struct holders *holders, int64_t now_ns)
{
    struct driven_holders driven = { .holders = *holders };

    driven.holders.done = holders_done;
    driven.holders.deadline_ns = now_ns + DEADLINE_NS;
    if (store_holders(store, &driven.holders, now_ns) == STORE_LATER) {
        while (!driven.is_done)
            turn(store);
    }
    *holders = driven.holders;
}

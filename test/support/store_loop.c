#include "test/support/store_loop.h"

#include "policy/base/clock.h"
#include "test/support/table.h"

#include <poll.h>
#include <time.h>

#define WAIT_MAX_NS (10 * SECOND)

static int wait_until(struct store_wait *wait, int64_t until_ns)
{
    struct pollfd fds[STORE_FDS_MAX];
    int64_t left_ns;
    struct timespec timeout;
    int ready;

    if (until_ns > wait->deadline_ns)
        until_ns = wait->deadline_ns;
    left_ns = until_ns - clock_boot_ns();
    if (left_ns < 0)
        left_ns = 0;
    timeout = (struct timespec){ .tv_sec = left_ns / SECOND,
                                 .tv_nsec = left_ns % SECOND };
    for (uint32_t i = 0; i < wait->fd_count; i++)
        fds[i] = (struct pollfd){ .fd = wait->fds[i].fd,
                                  .events = wait->fds[i].events };
    ready = ppoll(fds, wait->fd_count, &timeout, NULL);
    for (uint32_t i = 0; i < wait->fd_count; i++)
        wait->fds[i].revents = ready > 0 ? fds[i].revents : 0;
    return ready;
}

void store_loop_turn(struct store *store, int64_t until_ns)
{
    struct store_wait wait;

    store_wait(store, &wait);
    assert_true(wait_until(&wait, until_ns) >= 0);
    store_step(store, &wait, clock_boot_ns());
}

void store_loop_run(struct store *store, int64_t until_ns)
{
    while (clock_boot_ns() < until_ns)
        store_loop_turn(store, until_ns);
}

void store_loop_until_up(struct store *store, bool is_up)
{
    int64_t until_ns = clock_boot_ns() + WAIT_MAX_NS;

    while (store->is_up != is_up) {
        if (clock_boot_ns() >= until_ns)
            fail_msg("the store did not come %s", is_up ? "up" : "down");
        store_loop_turn(store, until_ns);
    }
}

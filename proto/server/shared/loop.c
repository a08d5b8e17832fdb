#include "proto/server/shared/loop.h"

#include "policy/base/clock.h"

#include <assert.h>
#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

bool loop_init(struct loop *loop)
{
    list_init(&loop->timers);
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    return loop->epoll >= 0;
}

void loop_fini(struct loop *loop)
{
    close(loop->epoll);
}

bool loop_add(struct loop *loop, struct waitable *waitable)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = waitable };

    return epoll_ctl(loop->epoll, EPOLL_CTL_ADD, waitable->fd, &event) == 0;
}

void loop_remove(struct loop *loop, struct waitable *waitable)
{
    epoll_ctl(loop->epoll, EPOLL_CTL_DEL, waitable->fd, NULL);
}

void timer_init(struct timer *timer,
                void (*run)(struct timer *timer, int64_t now_ns))
{
    timer->run = run;
    list_init(&timer->link);
}

void loop_set(struct loop *loop, struct timer *timer, int64_t at_ns)
{
    loop_cancel(timer);
    timer->at_ns = at_ns;
    list_append(&loop->timers, &timer->link);
}

void loop_cancel(struct timer *timer)
{
    list_remove(&timer->link);
}

static struct timer *earliest(struct loop *loop)
{
    struct timer *first = NULL;

    for (struct list *link = loop->timers.next; link != &loop->timers;
         link = link->next) {
        struct timer *timer = container_of(link, struct timer, link);

        if (!first || timer->at_ns < first->at_ns)
            first = timer;
    }
    return first;
}

/* In whole milliseconds, rounded up, so that nothing runs too early. */
static int wait_ms(const struct timer *timer, int64_t now_ns)
{
    int64_t ms;

    if (!timer)
        return -1;
    if (timer->at_ns <= now_ns)
        return 0;
    ms = (timer->at_ns - now_ns - 1) / MILLISECOND + 1;
    return ms < INT32_MAX ? (int)ms : INT32_MAX;
}

void loop_turn(struct loop *loop)
{
    struct timer *timer = earliest(loop);
    struct epoll_event event;
    int64_t now_ns;
    int count;

    count = epoll_wait(loop->epoll, &event, 1, wait_ms(timer, clock_boot_ns()));
    assert(count >= 0 || errno == EINTR);
    now_ns = clock_boot_ns();
    /* Timers first: a busy descriptor must not hold them up. */
    if (timer && timer->at_ns <= now_ns) {
        loop_cancel(timer);
        timer->run(timer, now_ns);
    } else if (count > 0) {
        struct waitable *waitable = event.data.ptr;

        waitable->ready(waitable, now_ns);
    }
}

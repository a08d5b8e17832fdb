#include "bench/race/delay.h"

static struct delayed *item_of(struct list *link)
{
    return container_of(link, struct delayed, link);
}

void delay_init(struct delay *delay, int64_t span_ns)
{
    list_init(&delay->queue);
    delay->span_ns = span_ns;
}

void delay_add(struct delay *delay, struct delayed *item, int64_t now_ns)
{
    item->due_ns = now_ns + delay->span_ns;
    list_append(&delay->queue, &item->link);
}

void delay_remove(struct delayed *item)
{
    list_remove(&item->link);
}

struct delayed *delay_take(struct delay *delay, int64_t now_ns)
{
    return delay_due_ns(delay) <= now_ns
               ? item_of(list_take_first(&delay->queue))
               : NULL;
}

int64_t delay_due_ns(const struct delay *delay)
{
    return list_is_empty(&delay->queue) ? INT64_MAX
                                        : item_of(delay->queue.next)->due_ns;
}

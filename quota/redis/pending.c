#include "quota/redis/pending.h"

#include <assert.h>
#include <stdlib.h>

void pending_init(struct pending *pending)
{
    *pending = (struct pending){
        .ring = calloc(PENDING_MAX, sizeof(struct operation)),
    };
    if (!pending->ring)
        abort();
    list_init(&pending->waiting);
}

void pending_fini(struct pending *pending)
{
    free(pending->ring);
    pending->ring = NULL;
}

static struct operation *waiting_operation(struct list *link)
{
    return container_of(link, struct operation, link);
}

/* Deadlines nearly always come in the order of sending, so the place is
 * looked for from the end. */
static void wait_for(struct pending *pending, struct operation *operation)
{
    struct list *after = pending->waiting.prev;

    while (after != &pending->waiting &&
           waiting_operation(after)->deadline_ns > operation->deadline_ns)
        after = after->prev;
    /* Appending to the ring that begins at `after->next` puts it there. */
    list_append(after->next, &operation->link);
}

bool pending_is_full(const struct pending *pending)
{
    return pending->count == PENDING_MAX;
}

void pending_add(struct pending *pending, const struct operation *operation)
{
    struct operation *last;

    assert(!pending_is_full(pending));
    last = &pending->ring[(pending->first + pending->count) % PENDING_MAX];
    pending->count++;
    *last = *operation;
    if (operation_has_owner(last))
        wait_for(pending, last);
}

bool pending_take_first(struct pending *pending, struct operation *operation)
{
    struct operation *first = &pending->ring[pending->first];

    if (pending->count == 0)
        return false;
    if (operation_has_owner(first))
        list_remove(&first->link);
    *operation = *first;
    pending->first = (pending->first + 1) % PENDING_MAX;
    pending->count--;
    return true;
}

bool pending_take_due(struct pending *pending, int64_t now_ns,
                      struct operation *operation)
{
    struct operation *due = waiting_operation(pending->waiting.next);

    if (list_is_empty(&pending->waiting) || due->deadline_ns > now_ns)
        return false;
    list_remove(&due->link);
    *operation = *due;
    due->kind = OPERATION_EXPIRED;
    return true;
}

int64_t pending_deadline_ns(const struct pending *pending)
{
    if (list_is_empty(&pending->waiting))
        return INT64_MAX;
    return waiting_operation(pending->waiting.next)->deadline_ns;
}

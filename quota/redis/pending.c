#include "quota/redis/pending.h"

#include <assert.h>
#include <stdlib.h>

static void *new_ring(size_t size)
{
    void *ring = calloc(PENDING_MAX, size);

    if (!ring)
        abort();
    return ring;
}

void pending_init(struct pending *pending)
{
    *pending = (struct pending){
        .operations = new_ring(sizeof(pending->operations[0])),
        .commands = new_ring(sizeof(pending->commands[0])),
    };
    list_init(&pending->waiting);
}

void pending_fini(struct pending *pending)
{
    free(pending->operations);
    free(pending->commands);
    pending->operations = NULL;
    pending->commands = NULL;
}

/* -- Operations -- */

static struct operation *waiting_operation(struct list *link)
{
    return container_of(link, struct operation, link);
}

/* Deadlines nearly always come in the order of asking, so the place is looked
 * for from the end. */
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

static struct operation *operation_at(const struct pending *pending,
                                      uint32_t index)
{
    return &pending->operations[(pending->first + index) % PENDING_MAX];
}

void pending_add(struct pending *pending, const struct operation *operation)
{
    struct operation *last;

    assert(!pending_is_full(pending));
    assert(operation->kind != OPERATION_GONE);
    last = operation_at(pending, pending->count);
    pending->count++;
    pending->unsent_count++;
    *last = *operation;
    wait_for(pending, last);
}

static bool is_unsent(const struct pending *pending,
                      const struct operation *operation)
{
    uint32_t index = (uint32_t)(operation - pending->operations);
    uint32_t place = (index + PENDING_MAX - pending->first) % PENDING_MAX;

    return place >= pending->count - pending->unsent_count;
}

/* Drops the first ones while nobody waits for them or for their reply. */
static void drop_gone(struct pending *pending)
{
    while (pending->count > 0 && pending->unsent_count == pending->count &&
           operation_at(pending, 0)->kind == OPERATION_GONE) {
        pending->first = (pending->first + 1) % PENDING_MAX;
        pending->count--;
        pending->unsent_count--;
    }
}

bool pending_take_first(struct pending *pending, struct operation *operation)
{
    struct operation *first = operation_at(pending, 0);

    if (pending->count == 0)
        return false;
    if (first->kind != OPERATION_GONE)
        list_remove(&first->link);
    *operation = *first;
    pending->first = (pending->first + 1) % PENDING_MAX;
    pending->count--;
    if (pending->unsent_count > pending->count)
        pending->unsent_count = pending->count;
    drop_gone(pending);
    return true;
}

bool pending_take_due(struct pending *pending, int64_t now_ns,
                      struct operation *operation)
{
    struct operation *due = waiting_operation(pending->waiting.next);

    if (list_is_empty(&pending->waiting) || due->deadline_ns > now_ns)
        return false;
    list_remove(&due->link);
    if (is_unsent(pending, due))
        due->result_count = 0;
    *operation = *due;
    due->kind = OPERATION_GONE;
    drop_gone(pending);
    return true;
}

int64_t pending_deadline_ns(const struct pending *pending)
{
    if (list_is_empty(&pending->waiting))
        return INT64_MAX;
    return waiting_operation(pending->waiting.next)->deadline_ns;
}

/* -- Commands -- */

static bool is_alone(const struct operation *operation)
{
    return operation->kind == OPERATION_HOLDERS || operation->is_asking ||
           operation->is_alone;
}

/* A script reaches the keys of one slot. */
static bool may_go_together(const struct operation *a,
                            const struct operation *b)
{
    return a->slot == b->slot && !is_alone(a) && !is_alone(b);
}

uint32_t pending_batch(const struct pending *pending,
                       const struct operation *operations[SCRIPT_CHECKS_MAX],
                       uint32_t *span)
{
    uint32_t sent_count = pending->count - pending->unsent_count;
    uint32_t count = 0, charge_count = 0;

    *span = 0;
    for (uint32_t i = 0; i < pending->unsent_count && count < SCRIPT_CHECKS_MAX;
         i++) {
        const struct operation *operation =
            operation_at(pending, sent_count + i);

        if (operation->kind == OPERATION_GONE)
            continue;
        charge_count += operation->charge_count;
        if (charge_count > SCRIPT_CHARGES_MAX ||
            (count > 0 && !may_go_together(operations[0], operation)))
            break;
        operations[count++] = operation;
        *span = i + 1;
    }
    return count;
}

bool pending_has_all_commands(const struct pending *pending)
{
    return pending->command_count == PENDING_MAX;
}

void pending_add_command(struct pending *pending, struct command command)
{
    uint32_t last = pending->first_command + pending->command_count;

    assert(!pending_has_all_commands(pending));
    assert(command.operation_count <= pending->unsent_count);
    pending->commands[last % PENDING_MAX] = command;
    pending->command_count++;
    pending->unsent_count -= command.operation_count;
}

bool pending_take_command(struct pending *pending, struct command *command)
{
    if (pending->command_count == 0)
        return false;
    *command = pending->commands[pending->first_command];
    pending->first_command = (pending->first_command + 1) % PENDING_MAX;
    pending->command_count--;
    return true;
}

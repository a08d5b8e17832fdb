#include "quota/local/shard.h"

#include "policy/base/clock.h"

#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <time.h>

/* Of all nodes; retries come soon, so few are enough. */
#define RECORDS_ONE_IN 8

#define TRIES_PER_TURN 50

#define HEADS_PER_LINE (UNDO_LINE_BYTES / sizeof(uint32_t))

void shard_renew_lock(struct shard *shard)
{
    pthread_mutexattr_t attributes;

    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&shard->lock, &attributes);
    pthread_mutexattr_destroy(&attributes);
}

/* One head per node; both end on a line. */
static uint32_t count_nodes(size_t size)
{
    size_t count = (size - offsetof(struct shard, heads)) / NODE_AND_HEAD_BYTES;

    count -= count % HEADS_PER_LINE;
    assert(size >= SHARD_BYTES_MIN && count <= UINT32_MAX);
    return (uint32_t)count;
}

uint32_t shard_cells(size_t size)
{
    uint32_t count = count_nodes(size);

    return count - count / RECORDS_ONE_IN - 1;
}

bool shard_has_shape(const struct shard *shard, size_t size)
{
    uint32_t count = count_nodes(size);

    return shard->head_count == count && shard->node_count == count &&
           shard->record_count == count / RECORDS_ONE_IN;
}

void shard_init(struct shard *shard, size_t size)
{
    uint32_t count = count_nodes(size);

    shard_renew_lock(shard);
    shard->head_count = count;
    shard->node_count = count;
    shard->record_count = count / RECORDS_ONE_IN;
    shard->root = (struct root){
        .fresh = shard->record_count + 1,
        .record = 1,
        .hand = shard->record_count + 1,
    };
}

static int64_t monotonic_ns(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * SECOND + time.tv_nsec;
}

/* A lock is usually held for less than a microsecond, so it is worth trying
 * again; if that does not help, its owner may need our processor to go on. */
static int lock_in_time(pthread_mutex_t *lock, int64_t wait_ns)
{
    int64_t start_ns = 0;
    int error;

    for (int tries = 1; (error = pthread_mutex_trylock(lock)) == EBUSY;
         tries++) {
        if (tries % TRIES_PER_TURN != 0)
            continue;
        if (start_ns == 0)
            start_ns = monotonic_ns();
        else if (monotonic_ns() - start_ns >= wait_ns)
            break;
        sched_yield();
    }
    return error;
}

enum shard_result shard_lock(struct shard *shard, int64_t wait_ns)
{
    int error = lock_in_time(&shard->lock, wait_ns);

    if (error == EBUSY)
        return SHARD_TIMEOUT;
    if (error == 0)
        return SHARD_LOCKED;
    assert(error == EOWNERDEAD);
    undo_roll_back(&shard->undo);
    pthread_mutex_consistent(&shard->lock);
    return SHARD_RECOVERED;
}

void shard_unlock(struct shard *shard)
{
    pthread_mutex_unlock(&shard->lock);
}

void shard_commit(struct shard *shard)
{
    undo_commit(&shard->undo);
}

void shard_roll_back(struct shard *shard)
{
    undo_roll_back(&shard->undo);
}

static uint32_t *head_of(struct shard *shard, const struct quota_id *name)
{
    uint32_t bits;

    memcpy(&bits, name->bytes, sizeof(bits));
    return &shard->heads[(uint64_t)bits * shard->head_count >> 32];
}

struct node *shard_find(struct shard *shard, enum node_kind kind,
                        const struct quota_id *name)
{
    uint32_t index = *head_of(shard, name);

    while (index != 0) {
        struct node *node = shard_node(shard, index);

        if (node->kind == kind && memcmp(&node->name, name, sizeof(*name)) == 0)
            return node;
        index = node->next;
    }
    return NULL;
}

/* Puts a touched node, which is in no chain, under its name. */
static void link_node(struct shard *shard, struct node *node,
                      enum node_kind kind, const struct quota_id *name)
{
    uint32_t *head = head_of(shard, name);

    *node = (struct node){ .kind = kind, .next = *head, .name = *name };
    shard_touch(shard, head);
    *head = shard_index(shard, node);
    shard_touch(shard, &shard->root);
    shard->root.counts[kind]++;
}

static void unlink_node(struct shard *shard, struct node *node)
{
    uint32_t *link = head_of(shard, &node->name);
    uint32_t index = shard_index(shard, node);

    while (*link != index)
        link = &shard_node(shard, *link)->next;
    shard_touch(shard, link);
    *link = node->next;
}

uint32_t shard_free_count(const struct shard *shard)
{
    uint32_t count = shard->node_count - 1 - shard->record_count;

    for (int kind = NODE_FREE + 1; kind < NODE_KINDS; kind++)
        if (kind != NODE_RECORD)
            count -= shard->root.counts[kind];
    return count;
}

/* A free node, touched, as is the root. */
static struct node *take_free(struct shard *shard)
{
    struct root *root = &shard->root;
    struct node *node;

    shard_touch(shard, root);
    if (root->free != 0) {
        node = shard_node(shard, root->free);
        root->free = node->next;
    } else {
        assert(root->fresh < shard->node_count);
        node = shard_node(shard, root->fresh++);
    }
    shard_touch(shard, node);
    return node;
}

struct node *shard_add(struct shard *shard, enum node_kind kind,
                       const struct quota_id *name)
{
    struct node *node = take_free(shard);

    link_node(shard, node, kind, name);
    return node;
}

struct node *shard_add_span(struct shard *shard)
{
    struct node *node = take_free(shard);

    *node = (struct node){ .kind = NODE_SPAN };
    shard->root.counts[NODE_SPAN]++;
    return node;
}

struct node *shard_add_record(struct shard *shard, const struct quota_id *name)
{
    struct root *root = &shard->root;
    struct node *node = shard_node(shard, root->record);

    shard_touch(shard, root);
    root->record = root->record == shard->record_count ? 1 : root->record + 1;
    shard_touch(shard, node);
    if (node->kind == NODE_RECORD) {
        unlink_node(shard, node);
        root->counts[NODE_RECORD]--;
    }
    link_node(shard, node, NODE_RECORD, name);
    return node;
}

void shard_drop(struct shard *shard, struct node *node)
{
    struct root *root = &shard->root;

    if (node->kind != NODE_SPAN)
        unlink_node(shard, node);
    shard_touch(shard, root);
    root->counts[node->kind]--;
    shard_touch(shard, node);
    node->kind = NODE_FREE;
    node->next = root->free;
    root->free = shard_index(shard, node);
}

void shard_drop_record(struct shard *shard, struct node *node)
{
    unlink_node(shard, node);
    shard_touch(shard, &shard->root);
    shard->root.counts[NODE_RECORD]--;
    shard_touch(shard, node);
    node->kind = NODE_FREE;
}

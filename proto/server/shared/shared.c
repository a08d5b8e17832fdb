#include "proto/server/shared/shared.h"

#include "policy/base/clock.h"
#include "policy/base/hdr.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHARED_MAGIC UINT64_C(0x31306563696c7573) /* "sluice01" */

const char *const verdict_labels[VERDICT_COUNT] = {
#define X(name, label) label,
    VERDICTS(X)
#undef X
};

static size_t shared_bytes(uint32_t worker_count)
{
    return sizeof(struct shared) +
           (size_t)worker_count * sizeof(struct worker_block);
}

static struct shared *map_bytes(int fd, size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    return memory == MAP_FAILED ? NULL : memory;
}

/* Slot 0 is for all names that find no other. */
static void name_table_init(struct name_table *table)
{
    strcpy(table->names[0], "other");
    atomic_store(&table->count, 1);
}

struct shared *shared_create(uint32_t worker_count, int *fd)
{
    size_t size = shared_bytes(worker_count);
    struct shared *shared = NULL;

    assert(worker_count >= 1 && worker_count <= WORKERS_MAX);
    *fd = memfd_create("sluice-shared", MFD_ALLOW_SEALING);
    if (*fd < 0)
        return NULL;
    /* Sealed, so that nobody can pull the memory from under the others. */
    if (ftruncate(*fd, (off_t)size) == 0 &&
        fcntl(*fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
        shared = map_bytes(*fd, size);
    if (!shared) {
        int error = errno;

        close(*fd);
        errno = error;
        return NULL;
    }
    shared->worker_count = worker_count;
    shared->started_wall_ns = clock_wall_ns();
    name_table_init(&shared->rule_names);
    name_table_init(&shared->quota_names);
    journal_init(&shared->journal);
    for (uint32_t i = 0; i < worker_count; i++)
        atomic_store(&shared->workers[i].state, WORKER_DEAD);
    shared->magic = SHARED_MAGIC;
    return shared;
}

struct shared *shared_map(int fd)
{
    struct shared *shared;
    struct stat status;
    size_t size;

    if (fstat(fd, &status) != 0 ||
        status.st_size < (off_t)sizeof(struct shared))
        return NULL;
    size = (size_t)status.st_size;
    shared = map_bytes(fd, size);
    if (!shared)
        return NULL;
    if (shared->magic != SHARED_MAGIC || shared->worker_count < 1 ||
        shared->worker_count > WORKERS_MAX ||
        size != shared_bytes(shared->worker_count)) {
        munmap(shared, size);
        return NULL;
    }
    return shared;
}

static struct str cut_name(struct str name)
{
    if (name.len > NAME_BYTES)
        name.len = NAME_BYTES;
    return name;
}

uint32_t name_find(const struct name_table *table, struct str name)
{
    uint32_t count = atomic_load_explicit(&table->count, memory_order_acquire);

    name = cut_name(name);
    for (uint32_t i = 1; i < count; i++)
        if (str_eq(str_of(table->names[i]), name))
            return i;
    return 0;
}

uint32_t name_slot(struct name_table *table, struct str name)
{
    uint32_t slot = name_find(table, name);
    uint32_t count = atomic_load(&table->count);

    name = cut_name(name);
    if (slot || count == NAME_SLOTS || str_eq(name, str_of(table->names[0])))
        return slot;
    memcpy(table->names[count], name.data, name.len);
    table->names[count][name.len] = '\0';
    atomic_store_explicit(&table->count, count + 1, memory_order_release);
    return count;
}

uint64_t shared_sum(const struct shared *shared, size_t offset)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < shared->worker_count; i++) {
        const void *counter = (const char *)&shared->workers[i] + offset;

        sum += atomic_load_explicit((const _Atomic uint64_t *)counter,
                                    memory_order_relaxed);
    }
    return sum;
}

uint64_t shared_checks(const struct shared *shared, unsigned door,
                       unsigned verdict)
{
    return shared_sum(shared,
                      offsetof(struct worker_block, checks) +
                          (door * VERDICT_COUNT + verdict) * sizeof(uint64_t));
}

bool shared_store_skew(const struct shared *shared, int64_t *skew_ns)
{
    bool is_known = false;

    *skew_ns = 0;
    for (uint32_t i = 0; i < shared->worker_count; i++) {
        const struct worker_block *block = &shared->workers[i];
        int64_t skew = atomic_load(&block->store_skew_ns);

        if (!atomic_load(&block->has_store_skew))
            continue;
        is_known = true;
        if (llabs(skew) > llabs(*skew_ns))
            *skew_ns = skew;
    }
    return is_known;
}

void gate_outdate(struct gate *gate)
{
    atomic_fetch_add(&gate->epoch, 1);
}

bool gate_open(struct gate *gate, uint32_t index)
{
    assert(index < WORKERS_MAX);
    gate_outdate(gate);
    if (atomic_fetch_or(&gate->mask, UINT64_C(1) << index))
        return false;
    atomic_store(&gate->opened_wall_ns, clock_wall_ns());
    atomic_store(&gate->opened_ns, clock_boot_ns());
    atomic_store(&gate->answers, 0);
    atomic_fetch_add(&gate->episodes, 1);
    return true;
}

bool gate_shut(struct gate *gate, uint32_t index)
{
    uint64_t bit = UINT64_C(1) << index;

    assert(index < WORKERS_MAX);
    gate_outdate(gate);
    if (atomic_fetch_and(&gate->mask, ~bit) != bit)
        return false;
    atomic_store(&gate->lasted_ns,
                 clock_boot_ns() - atomic_load(&gate->opened_ns));
    return true;
}

#define STEP_BITS 5

void histogram_record(struct histogram *histogram, int64_t value_ns)
{
    uint64_t value = value_ns > 0 ? (uint64_t)value_ns : 0;

    COUNT(histogram->buckets[hdr_bucket(value, STEP_BITS, HISTOGRAM_BUCKETS)],
          1);
    COUNT(histogram->sum_ns, value);
}

int64_t histogram_bound_ns(uint32_t index)
{
    assert(index < HISTOGRAM_BUCKETS);
    return hdr_bound(index, STEP_BITS);
}

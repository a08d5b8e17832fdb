#include "quota/local/mapping.h"

#include "quota/algo/instant.h"
#include "quota/local/clocks.h"
#include "quota/local/memory_limit.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* "sluice" */
#define MAGIC UINT64_C(0x6563696c7573)

/* Goes up whenever the meaning of the bytes changes; the sizes change it, too,
 * so that two builds never share what they see differently. */
#define VERSION UINT64_C(3)
#define LAYOUT                                                                 \
    (VERSION << 48 | (uint64_t)NODE_KINDS << 40 |                              \
     (uint64_t)sizeof(pthread_mutex_t) << 32 | (uint64_t)sizeof(struct shard))

/* Shards begin here. */
#define HEADER_BYTES ((uint64_t)4096)
static_assert(sizeof(struct header) <= HEADER_BYTES, "the header fits");

#define SMALL_SHARD_BYTES (UINT64_C(1) << 20)
#define SMALL_SHARDS_MAX 4
#define SHARD_BYTES (UINT64_C(16) << 20)

static bool fill_secret(struct secret *secret)
{
    ssize_t got = getrandom(secret->bytes, sizeof(secret->bytes), 0);

    return got == (ssize_t)sizeof(secret->bytes);
}

static uint32_t count_shards(uint64_t size_bytes)
{
    uint64_t small = size_bytes / SMALL_SHARD_BYTES;
    uint64_t count = size_bytes / SHARD_BYTES;

    if (small < SMALL_SHARDS_MAX)
        return (uint32_t)small;
    if (count < SMALL_SHARDS_MAX)
        return SMALL_SHARDS_MAX;
    return count < MAPPING_SHARDS_MAX ? (uint32_t)count : MAPPING_SHARDS_MAX;
}

uint64_t mapping_shard_bytes(uint64_t size_bytes)
{
    uint64_t bytes = (size_bytes - HEADER_BYTES) / count_shards(size_bytes);

    return bytes - bytes % UNDO_LINE_BYTES;
}

static struct quota_id checksum_of(const struct header *header)
{
    const char *begin = (const char *)&header->layout;
    const char *end = (const char *)&header->checksum;

    return name_of_bytes(&header->secret,
                         (struct str){ begin, (size_t)(end - begin) });
}

static bool map(struct mapping *mapping, int fd, uint64_t size_bytes)
{
    void *memory =
        mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    if (memory == MAP_FAILED)
        return false;
    *mapping = (struct mapping){ memory, size_bytes };
    return true;
}

/* The magic comes last: without it, it is not finished. */
bool mapping_format(int fd, uint64_t size_bytes, const struct clocks *now)
{
    struct mapping mapping;
    struct header *header;

    if (!map(&mapping, fd, size_bytes))
        return false;
    header = mapping.header;
    header->layout = LAYOUT;
    header->size_bytes = size_bytes;
    header->shard_count = count_shards(size_bytes);
    header->shard_bytes = mapping_shard_bytes(size_bytes);
    header->time = timeline_begin(now);
    assert(header->shard_count > 0);
    if (!fill_secret(&header->secret)) {
        mapping_close(&mapping);
        return false;
    }
    for (uint32_t i = 0; i < header->shard_count; i++)
        shard_init(mapping_shard(&mapping, i), header->shard_bytes);
    header->checksum = checksum_of(header);
    atomic_signal_fence(memory_order_seq_cst);
    header->magic = MAGIC;
    mapping_close(&mapping);
    return true;
}

/* To preallocate more than there is would take the machine down. */
static bool is_in_memory(uint64_t size_bytes)
{
    struct memory_limit limit;

    memory_limit_find(&limit);
    if (size_bytes < limit.bytes)
        return true;
    errno = ENOMEM;
    return false;
}

/* All of it now, and for ever: nobody is to be killed for touching it. */
static bool preallocate(int fd, uint64_t size_bytes)
{
    return fallocate(fd, 0, 0, (off_t)size_bytes) == 0 &&
           fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) ==
               0;
}

int mapping_create(uint64_t size_bytes)
{
    struct clocks now = clocks_read();
    int fd, error;

    if (!is_in_memory(size_bytes))
        return -1;
    fd = memfd_create("sluice-store", MFD_ALLOW_SEALING);
    if (fd < 0)
        return -1;
    if (preallocate(fd, size_bytes) && mapping_format(fd, size_bytes, &now))
        return fd;
    error = errno;
    close(fd);
    errno = error;
    return -1;
}

static const char *fault_of(const struct mapping *mapping)
{
    const struct header *header = mapping->header;
    uint64_t size_bytes = mapping->size_bytes;
    struct quota_id checksum;

    if (header->magic == 0)
        return "its making was not finished";
    if (header->magic != MAGIC)
        return "it is no store";
    if (header->layout != LAYOUT)
        return "it is of another version";
    checksum = checksum_of(header);
    if (memcmp(&checksum, &header->checksum, sizeof(checksum)) != 0 ||
        header->size_bytes != size_bytes ||
        header->shard_count != count_shards(size_bytes) ||
        header->shard_bytes != mapping_shard_bytes(size_bytes))
        return "its header is damaged";
    return NULL;
}

const char *mapping_map(struct mapping *mapping, int fd)
{
    struct stat status;
    const char *why;

    if (fstat(fd, &status) < 0 || status.st_size < (off_t)SMALL_SHARD_BYTES)
        return "it is too short";
    if (!map(mapping, fd, (uint64_t)status.st_size))
        return "it cannot be mapped";
    why = fault_of(mapping);
    if (why)
        mapping_close(mapping);
    return why;
}

bool mapping_open(struct mapping *mapping, int fd)
{
    return mapping_map(mapping, fd) == NULL;
}

bool mapping_is_ours(const void *head)
{
    uint64_t magic;

    static_assert(sizeof(magic) == MAPPING_MARK_BYTES, "it begins the header");
    memcpy(&magic, head, sizeof(magic));
    return magic == MAGIC || magic == 0;
}

void mapping_close(struct mapping *mapping)
{
    munmap(mapping->header, mapping->size_bytes);
}

int64_t mapping_time(const struct mapping *mapping, int64_t boot_ns)
{
    int64_t time_ns = instant_after(boot_ns, mapping->header->time.offset_ns);

    return time_ns < INT64_MAX ? time_ns : INT64_MAX - 1;
}

struct shard *mapping_shard(const struct mapping *mapping, uint32_t index)
{
    char *shards = (char *)mapping->header + HEADER_BYTES;

    return (struct shard *)(void *)(shards +
                                    index * mapping->header->shard_bytes);
}

uint32_t mapping_shard_of(const struct mapping *mapping,
                          const struct quota_id *key)
{
    uint32_t bits;

    /* Not the bytes that choose among the heads of a shard. */
    memcpy(&bits, key->bytes + sizeof(key->bytes) - sizeof(bits), sizeof(bits));
    return (uint32_t)((uint64_t)bits * mapping->header->shard_count >> 32);
}

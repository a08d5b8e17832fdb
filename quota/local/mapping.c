#include "quota/local/mapping.h"

#include "policy/base/clock.h"
#include "quota/algo/instant.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* "sluice" */
#define MAGIC UINT64_C(0x6563696c7573)

/* Goes up whenever the meaning of the bytes changes; the sizes change it, too,
 * so that two builds never share what they see differently. */
#define LAYOUT                                                                 \
    (UINT64_C(2) << 48 | (uint64_t)sizeof(pthread_mutex_t) << 32 |             \
     (uint64_t)sizeof(struct shard))

/* Shards begin here. */
#define HEADER_BYTES ((uint64_t)4096)
static_assert(sizeof(struct header) <= HEADER_BYTES, "the header fits");

#define SHARD_BYTES_WANTED (UINT64_C(1) << 20)

static bool fill_secret(struct secret *secret)
{
    ssize_t got = getrandom(secret->bytes, sizeof(secret->bytes), 0);

    return got == (ssize_t)sizeof(secret->bytes);
}

static uint32_t count_shards(uint64_t size_bytes)
{
    uint64_t count = size_bytes / SHARD_BYTES_WANTED;

    return count < MAPPING_SHARDS_MAX ? (uint32_t)count : MAPPING_SHARDS_MAX;
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

/* Fills a zeroed file with an empty store. */
static bool format(int fd, uint64_t size_bytes)
{
    struct header header = {
        .magic = MAGIC,
        .layout = LAYOUT,
        .size_bytes = size_bytes,
        .shard_count = count_shards(size_bytes),
        .wall_offset_ns = clock_wall_ns() - clock_boot_ns(),
    };
    struct mapping mapping;

    assert(header.shard_count > 0);
    header.shard_bytes = (size_bytes - HEADER_BYTES) / header.shard_count;
    header.shard_bytes -= header.shard_bytes % UNDO_LINE_BYTES;
    if (!fill_secret(&header.secret) || !map(&mapping, fd, size_bytes))
        return false;
    *mapping.header = header;
    for (uint32_t i = 0; i < header.shard_count; i++)
        shard_init(mapping_shard(&mapping, i), header.shard_bytes);
    mapping_close(&mapping);
    return true;
}

/* To preallocate more than there is would take the machine down. */
static bool is_in_memory(uint64_t size_bytes)
{
    uint64_t pages = (uint64_t)sysconf(_SC_PHYS_PAGES);

    if (size_bytes / (uint64_t)sysconf(_SC_PAGESIZE) < pages)
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
    int fd, error;

    if (!is_in_memory(size_bytes))
        return -1;
    fd = memfd_create("sluice-store", MFD_ALLOW_SEALING);
    if (fd < 0)
        return -1;
    if (preallocate(fd, size_bytes) && format(fd, size_bytes))
        return fd;
    error = errno;
    close(fd);
    errno = error;
    return -1;
}

bool mapping_open(struct mapping *mapping, int fd)
{
    const struct header *header;
    struct stat status;

    if (fstat(fd, &status) < 0 || status.st_size < (off_t)HEADER_BYTES ||
        !map(mapping, fd, (uint64_t)status.st_size))
        return false;
    header = mapping->header;
    if (header->magic == MAGIC && header->layout == LAYOUT &&
        header->size_bytes == mapping->size_bytes)
        return true;
    mapping_close(mapping);
    return false;
}

void mapping_close(struct mapping *mapping)
{
    munmap(mapping->header, mapping->size_bytes);
}

int64_t mapping_time(const struct mapping *mapping, int64_t boot_ns)
{
    int64_t time_ns = instant_after(boot_ns, mapping->header->wall_offset_ns);

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

/*
 * The bytes of a store in a file. The first byte says whether the rest is what
 * the file begins with, or changes of a sound one: four bytes where, four what.
 * It is refused, or every operation on it is safe, and leaves it sound.
 */
#include "policy/base/clock.h"
#include "quota/local/local.h"
#include "quota/local/mapping.h"
#include "quota/local/resume.h"
#include "quota/local/verify.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SIZE_BYTES LOCAL_SIZE_MIN_BYTES
#define KEYS 15

static const struct limit rate = { .algorithm = LIMIT_TOKEN_BUCKET,
                                   .amount = 3,
                                   .period_ns = SECOND,
                                   .burst = 100,
                                   .dedup_ns = MINUTE };
static const struct limit slots = { .algorithm = LIMIT_CONCURRENCY,
                                    .amount = 100,
                                    .lease_ns = MINUTE };
static const struct limit any_slots = { .algorithm = LIMIT_CONCURRENCY,
                                        .amount = 50,
                                        .lease_ns = SECOND,
                                        .dedup_ns = MINUTE,
                                        .release_any = true };
static const struct limit window = { .algorithm = LIMIT_FIXED_WINDOW,
                                     .amount = 100,
                                     .period_ns = SECOND };
static const struct limit rolling = { .algorithm = LIMIT_ROLLING_WINDOW,
                                      .amount = 1000,
                                      .period_ns = SECOND,
                                      .bucket_ns = 10 * MILLISECOND };

/* A sound store, to be changed. */
static struct {
    int fd;
    char *bytes; /* its mapping */
    char *before;
} template;

/* Operations of all kinds on all keys. */
static void use(int fd, int64_t now_ns)
{
    static const struct limit *const limits[] = { &rate, &slots, &any_slots,
                                                  &window, &rolling };
    static const int64_t amounts[] = { 3, 1, 0, -1, 5, INT64_MIN };
    struct store *store = local_open(fd);
    struct local_usage usage;

    assert(store);
    for (uint32_t i = 0; i < 12 * KEYS; i++) {
        uint8_t key = (uint8_t)(i % KEYS);
        struct take take = { .count = 2 };

        for (uint32_t n = 0; n < take.count; n++) {
            take.charges[n] = (struct charge){
                .limit = limits[key % 5],
                .key = store_hash(store, (struct str){ (char *)&key, 1 }),
                .amount = amounts[(i / KEYS + n) % 6],
                .has_id = n == 0,
                .id = store_hash(store, STR("id")),
            };
        }
        store_take(store, &take, now_ns + (int64_t)i * 10 * MILLISECOND);
        assert(take.status != TAKE_OUTAGE);
    }
    local_usage(store, &usage);
    assert(usage.free_cells <= usage.cells);
    store_free(store);
}

static void make_template(void)
{
    template.fd = local_create(SIZE_BYTES);
    assert(template.fd >= 0);
    use(template.fd, clock_boot_ns());
    template.bytes = mmap(NULL, SIZE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
                          template.fd, 0);
    template.before = malloc(SIZE_BYTES);
    assert(template.bytes != MAP_FAILED && template.before);
    memcpy(template.before, template.bytes, SIZE_BYTES);
}

/* Most of the bytes were never used: what is changed is near the front. */
static void change(const uint8_t *data, size_t size)
{
    for (; size >= 8; data += 8, size -= 8) {
        uint32_t at;

        memcpy(&at, data, sizeof(at));
        at = at % (at % 2 == 0 ? SIZE_BYTES / 4 : SIZE_BYTES / 32) * 4;
        memcpy(template.bytes + at % SIZE_BYTES, data + 4, 4);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct clocks now = { HOUR, clock_wall_ns(), { "fuzz" } };
    struct mapping mapping;
    uint32_t index;

    if (size == 0)
        return 0;
    if (!template.bytes)
        make_template();
    memcpy(template.bytes, template.before, SIZE_BYTES);
    if (data[0] % 8 == 0)
        memcpy(template.bytes, data + 1,
               size - 1 < SIZE_BYTES ? size - 1 : SIZE_BYTES);
    else
        change(data + 1, size - 1);
    if (mapping_map(&mapping, template.fd))
        return 0;
    if (!resume(&mapping, &now, &index)) {
        use(template.fd, now.boot_ns);
        for (uint32_t i = 0; i < mapping.header->shard_count; i++)
            assert(!verify_shard(mapping_shard(&mapping, i)));
    }
    mapping_close(&mapping);
    return 0;
}

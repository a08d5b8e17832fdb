/*
 * One byte, the size of the pieces, then what a server or a sentinel sends:
 * read as replies to all that is asked of them.
 */
#include "policy/base/clock.h"
#include "quota/redis/clock_offset.h"
#include "quota/redis/holders.h"
#include "quota/redis/login.h"
#include "quota/redis/redirect.h"
#include "quota/redis/result.h"
#include "quota/redis/script.h"
#include "quota/redis/sentinel.h"
#include "quota/redis/topology.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct limit limits[] = {
    { .algorithm = LIMIT_TOKEN_BUCKET,
      .amount = 3,
      .period_ns = SECOND + 1,
      .burst = 5 },
    { .algorithm = LIMIT_TOKEN_BUCKET, .period_ns = SECOND, .burst = 1 },
    { .algorithm = LIMIT_TOKEN_BUCKET,
      .amount = 1,
      .period_ns = LIMIT_PERIOD_MAX_NS,
      .burst = LIMIT_AMOUNT_MAX },
    { .algorithm = LIMIT_CONCURRENCY, .amount = 5, .lease_ns = SECOND },
    { .algorithm = LIMIT_FIXED_WINDOW, .amount = 4, .period_ns = MINUTE },
    { .algorithm = LIMIT_ROLLING_WINDOW,
      .amount = 6,
      .period_ns = LIMIT_WINDOW_MAX_NS,
      .bucket_ns = HOUR },
};
#define LIMIT_COUNT (sizeof(limits) / sizeof(limits[0]))

static struct topology topology;

static bool has(const struct reply *reply, uint32_t count)
{
    return reply->kind == REPLY_INTEGERS && reply->count == count;
}

/* `count` charges, of algorithms that begin with the first one. */
static void read_take(const struct reply *reply, uint32_t first, uint32_t count)
{
    struct take take = { .count = count };

    for (uint32_t i = 0; i < count; i++)
        take.charges[i] = (struct charge){
            .limit = &limits[(first + i) % LIMIT_COUNT],
            .amount = (int64_t)i - 1,
            .is_best_effort = i % 3 == 0,
            .is_shadow = i % 5 == 0,
        };
    if (!has(reply, result_count_of_take(&take)) ||
        result_read_take(reply->integers, &take) != RESULT_READ)
        return;
    assert(take.status != TAKE_OUTAGE);
    for (uint32_t i = 0; i < count; i++) {
        assert(take.grants[i].granted >= 0);
        assert(take.grants[i].remaining >= 0);
        assert(take.grants[i].valid_for_ns >= 0);
        assert(take.grants[i].retry_after_ns >= -1);
        assert(take.grants[i].full_after_ns >= -1);
    }
}

static void check_address(const char *server)
{
    struct address address;

    /* An address, or the name of one; never a path. */
    address_init(&address, str_of(server));
    assert(!address.fault);
    assert(address.count == 0 || address.sockaddrs[0].ss_family != AF_UNIX);
    address_fini(&address);
}

static void read_words(const struct reply *reply)
{
    char server[ADDRESS_TEXT_BYTES] = "";
    int64_t offset_ns;

    if (!sentinel_read(reply, server)) {
        check_address(server);
    } else {
        assert(server[0] == '\0');
    }
    if (clock_offset_read(reply, SECOND, MINUTE, &offset_ns))
        assert(offset_ns > -HOUR);
    assert((login_fault(reply) == NULL) == (reply->kind == REPLY_OTHER));
}

static void read_holders(const struct reply *reply)
{
    struct holders holders = { .is_outage = true };

    if (!holders_read(reply, &holders))
        return;
    assert(!holders.is_outage && holders.units >= 0);
    assert(holders.count <= HOLDERS_MAX);
    assert(holders.count <= holders.lease_count);
    for (uint32_t i = 0; i < holders.count; i++)
        assert(holders.items[i].units > 0 && holders.items[i].ends_in_ns >= 0);
}

static void read_cluster(const struct reply *reply)
{
    struct redirect redirect;

    if (redirect_read(reply, "asked:1", &redirect) != REDIRECT_NONE) {
        assert(redirect.slot < SLOT_COUNT);
        check_address(redirect.server);
        assert(!redirect_is_split(reply));
    }
    if (!topology_end(&topology, reply))
        for (uint32_t i = 0; i < topology.node_count; i++) {
            assert(slots_count(&topology.slots, (uint8_t)i) <= SLOT_COUNT);
            check_address(topology.nodes[i]);
        }
    topology_begin(&topology, "asked:1");
}

static void read_reply(const struct reply *reply)
{
    struct release release = { .count = 2 };

    for (uint32_t count = 1; count <= QUOTAS_PER_CHECK_MAX; count++)
        for (uint32_t first = 0; first < LIMIT_COUNT; first++)
            read_take(reply, first, count);
    if (has(reply, result_count_of_release(&release)) &&
        result_read_release(reply->integers, &release) == RESULT_READ)
        assert(release.released >= 0);
    read_holders(reply);
    assert(!(script_read_probe(reply) && script_is_missing(reply)));
    read_words(reply);
    read_cluster(reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t piece = size > 0 ? data[0] + (size_t)1 : 1;
    struct reply_reader reader;
    enum reply_result result = REPLY_NONE;

    reply_reader_init(&reader);
    topology_begin(&topology, "asked:1");
    /* As a map of a cluster's slots too, every other time. */
    if (size % 2)
        reader.listener = (struct reply_listener){ topology_hear, &topology };
    for (size_t at = 1; at < size && result != REPLY_BROKEN; at += piece) {
        if (piece > size - at)
            piece = size - at;
        if (!reply_feed(&reader, (const char *)data + at, piece))
            break;
        while ((result = reply_next(&reader)) == REPLY_READY)
            read_reply(&reader.reply);
    }
    reply_reader_fini(&reader);
    return 0;
}

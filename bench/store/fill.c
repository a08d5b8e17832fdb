#include "bench/store/fill.h"

#include "bench/store/link.h"
#include "bench/store/use.h"

#include "policy/base/clock.h"
#include "quota/redis/row.h"

/* Keys of one call of the script. */
#define KEYS_PER_CALL 250

/* Buckets that began one after the other, of one use each; the newest begins
 * now. As lua/rolling_window.lua keeps them. ARGV: the length of a bucket and
 * of the window in us. */
static const char window_script[] =
    "local clock = redis.call('TIME') "
    "local now = clock[1] * 1000000 + clock[2] "
    "local share, span, buckets = tonumber(ARGV[1]), tonumber(ARGV[2]), { now }"
    "local count = span / share "
    "for i = 1, count do "
    "buckets[2 * i] = now + span - (count - i) * share "
    "buckets[2 * i + 1] = 1 end "
    "local bytes = cmsgpack.pack(buckets) "
    "for i = 1, #KEYS do "
    "redis.call('SET', KEYS[i], bytes, 'PX', span / 1000) end "
    "return #KEYS";

/* -- Memory -- */

int64_t fill_memory(const struct subject *subject, struct store *store,
                    const struct keys *keys, int64_t now_ns)
{
    int64_t ahead_ns = 0;

    if (!subject->is_filled)
        return 0;
    for (int i = 0; i < SUBJECT_BUCKETS; i++) {
        ahead_ns = i * subject->limit.bucket_ns;
        if (!use_keys(subject, store, keys, false, now_ns + ahead_ns))
            return -1;
    }
    return ahead_ns;
}

/* -- Redis -- */

static void put_keys(struct outbox *outbox, struct store *store,
                     const struct keys *keys, uint32_t first, uint32_t count)
{
    for (uint32_t n = 0; n < count; n++) {
        struct quota_id key = store_hash(store, keys_at(keys, first + n));
        const struct row row = { .kind = ROW_ROLLING,
                                 .quota = STR(USE_QUOTA),
                                 .key = &key };

        row_put_keys(&row, outbox, STR(USE_PREFIX));
    }
}

static const char *write_some(const struct subject *subject,
                              struct connection *connection,
                              struct store *store, const struct keys *keys,
                              uint32_t first)
{
    struct outbox *outbox = &connection->outbox;
    uint32_t left = keys->count - first;
    uint32_t count = left < KEYS_PER_CALL ? left : KEYS_PER_CALL;

    outbox_begin(outbox, 5 + count);
    outbox_put(outbox, STR("EVAL"));
    outbox_put(outbox, str_of(window_script));
    outbox_put_i64(outbox, count);
    put_keys(outbox, store, keys, first, count);
    outbox_put_i64(outbox, subject->limit.bucket_ns / MICROSECOND);
    outbox_put_i64(outbox, subject->limit.period_ns / MICROSECOND);
    outbox_end(outbox);
    return link_ask(connection);
}

/* What the store says of a key: units in use; -1: nothing. */
static int64_t used_of(const struct subject *subject, struct store *store,
                       struct str key)
{
    struct take look = { .count = 1 };

    look.charges[0] = use_charge(subject, store, key);
    look.charges[0].amount = 0;
    return use_take(store, &look, 1, clock_boot_ns())
               ? subject->limit.amount - look.grants[0].remaining
               : -1;
}

static const char *write_all(const struct subject *subject, const char *server,
                             struct store *store, const struct keys *keys)
{
    struct connection connection;
    const char *fault;

    connection_init(&connection);
    fault = link_open(&connection, server);
    for (uint32_t first = 0; !fault && first < keys->count;
         first += KEYS_PER_CALL)
        fault = write_some(subject, &connection, store, keys, first);
    connection_fini(&connection);
    return fault ? "the windows cannot be written" : NULL;
}

const char *fill_redis(const struct subject *subject, const char *server,
                       const struct keys *keys)
{
    struct store *store;
    const char *fault;

    if (!subject->is_filled)
        return NULL;
    store = use_open_redis(server, false);
    fault = write_all(subject, server, store, keys);
    if (!fault && used_of(subject, store, keys_at(keys, 0)) != SUBJECT_BUCKETS)
        fault = "the store does not read the windows as they were written";
    store_free(store);
    return fault;
}

#include "test/quota/story.h"

#include "quota/algo/admit.h"
#include "quota/algo/rate.h"
#include "quota/local/local.h"
#include "quota/store.h"

#include <assert.h>
#include <string.h>
#include <unistd.h>

/* The calendar's units begin with it. */
#define BEGIN_NS (10 * HOUR)

const struct story_run story_runs[STORY_RUNS] = {
    { "a few", 6 * SECOND, 12 * SECOND, 3 },
    { "20 in 12 s", 42 * SECOND, 600 * MILLISECOND, 20 },
    { "24 a minute, for 90 s", 75 * SECOND, 2500 * MILLISECOND, 36 },
    { "one", 238 * SECOND, SECOND, 1 },
    { "20 around 10:05", 292 * SECOND, 800 * MILLISECOND, 20 },
};

/* What a request that passed holds. */
struct hold {
    struct quota_id lease;
    int64_t until_ns;
};

/* The one key of the limit. */
struct key {
    const struct limit *limit;
    union rate rate; /* of all but CONCURRENCY; of which: */
    struct store *store;
    struct quota_id id;
    struct hold holds[STORY_REQUESTS_MAX];
    uint32_t hold_count;
};

/* ---- rates ------------------------------------------------------------- */

static void note_window(struct story *story, const struct limit *limit,
                        const struct fixed_window *window, int64_t at_ns)
{
    struct story_window *next = &story->windows[story->window_count++];

    assert(story->window_count <= STORY_WINDOWS_MAX);
    next->to_ns = window->ends_ns - BEGIN_NS;
    next->from_ns = limit->calendar == CALENDAR_NONE
                        ? at_ns
                        : next->to_ns - limit->period_ns;
}

static bool take_rate(struct key *key, struct story *story, int64_t at_ns)
{
    bool is_first = rate_used(&key->rate, key->limit) == 0;
    struct admission admission =
        admit(rate_left(&key->rate, key->limit), 1, false, false);

    if (admission.is_refused)
        return false;
    rate_take(&key->rate, key->limit, BEGIN_NS + at_ns, admission.granted);
    if (is_first && key->limit->algorithm == LIMIT_FIXED_WINDOW)
        note_window(story, key->limit, &key->rate.fixed, at_ns);
    return true;
}

/* ---- leases ------------------------------------------------------------ */

static struct quota_grant charge(const struct key *key, int64_t at_ns,
                                 int64_t amount)
{
    struct take take = {
        .count = 1,
        .charges = { { .limit = key->limit,
                       .quota = STR("in-flight"),
                       .key = key->id,
                       .amount = amount } },
    };

    store_take(key->store, &take, BEGIN_NS + at_ns);
    assert(take.status != TAKE_OUTAGE);
    return take.grants[0];
}

static bool is_dead(const struct story_request *request)
{
    int64_t since_ns = request->at_ns - story_runs[1].from_ns;

    return request->run == 1 && since_ns < STORY_DEAD * story_runs[1].every_ns;
}

static int64_t call_ns(int64_t at_ns)
{
    return at_ns >= STORY_SLOW_FROM_NS && at_ns < STORY_SLOW_FROM_NS + MINUTE
               ? STORY_SLOW_CALL_NS
               : STORY_CALL_NS;
}

static bool take_lease(struct key *key, const struct story_request *request)
{
    struct quota_grant grant = charge(key, request->at_ns, 1);
    struct hold *hold = &key->holds[key->hold_count];

    if (grant.is_refused)
        return false;
    memcpy(hold->lease.bytes, grant.lease_id, sizeof(grant.lease_id));
    hold->until_ns =
        is_dead(request) ? INT64_MAX : request->at_ns + call_ns(request->at_ns);
    key->hold_count++;
    return true;
}

static void release_ended(struct key *key, int64_t at_ns)
{
    for (uint32_t i = 0; i < key->hold_count; i++) {
        struct release release = {
            .count = 1,
            .leases = { { STR("in-flight"), key->id, key->holds[i].lease } },
        };

        if (key->holds[i].until_ns != at_ns)
            continue;
        store_release(key->store, &release, BEGIN_NS + at_ns);
        assert(release.released == 1);
    }
}

/* ---- both -------------------------------------------------------------- */

/* What comes back by itself, and what is given back. */
static void pass(struct key *key, int64_t at_ns)
{
    if (key->store)
        release_ended(key, at_ns);
    else
        rate_pass(&key->rate, key->limit, BEGIN_NS + at_ns);
}

static int64_t used(const struct key *key, int64_t at_ns)
{
    return key->store ? key->limit->amount - charge(key, at_ns, 0).remaining
                      : rate_used(&key->rate, key->limit);
}

static bool take(struct key *key, struct story *story,
                 const struct story_request *request)
{
    return key->store ? take_lease(key, request)
                      : take_rate(key, story, request->at_ns);
}

static void note_level(struct story *story, int64_t at_ns, int64_t used)
{
    uint32_t count = story->level_count;

    if (count > 0 && story->levels[count - 1].used == used)
        return;
    assert(count < STORY_LEVELS_MAX);
    story->levels[count] = (struct story_level){ at_ns, used };
    story->level_count++;
}

/* In the order in which they come. */
static void fill_requests(struct story *story)
{
    for (uint32_t run = 0; run < STORY_RUNS; run++)
        for (uint32_t i = 0; i < story_runs[run].count; i++) {
            assert(story->request_count < STORY_REQUESTS_MAX);
            story->requests[story->request_count++] = (struct story_request){
                .at_ns = story_runs[run].from_ns + i * story_runs[run].every_ns,
                .run = run,
            };
        }
}

static void tell(struct story *story, struct key *key)
{
    uint32_t next = 0;

    for (int64_t at_ns = 0; at_ns <= STORY_NS; at_ns += STORY_TICK_NS) {
        pass(key, at_ns);
        note_level(story, at_ns, used(key, at_ns));
        for (; next < story->request_count &&
               story->requests[next].at_ns == at_ns;
             next++)
            story->requests[next].is_passed =
                take(key, story, &story->requests[next]);
        note_level(story, at_ns, used(key, at_ns));
    }
    assert(next == story->request_count);
}

void story_tell(struct story *story, const struct limit *limit)
{
    struct key key = { .limit = limit };
    int fd = -1;

    *story = (struct story){ .limit = limit };
    fill_requests(story);
    if (limit->algorithm == LIMIT_CONCURRENCY) {
        fd = local_create(LOCAL_SIZE_MIN_BYTES);
        key.store = local_open(fd);
        assert(key.store);
        key.id = store_hash(key.store, STR("all"));
    } else {
        rate_init(&key.rate, limit);
    }
    tell(story, &key);
    if (key.store) {
        store_free(key.store);
        close(fd);
    }
}

uint32_t story_passed(const struct story *story, uint32_t run)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < story->request_count; i++)
        count += story->requests[i].run == run && story->requests[i].is_passed;
    return count;
}

uint32_t story_passed_in_all(const struct story *story)
{
    uint32_t count = 0;

    for (uint32_t run = 0; run < STORY_RUNS; run++)
        count += story_passed(story, run);
    return count;
}

static uint32_t passed_between(const struct story *story, int64_t from_ns,
                               int64_t to_ns)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < story->request_count; i++)
        count += story->requests[i].is_passed &&
                 story->requests[i].at_ns >= from_ns &&
                 story->requests[i].at_ns < to_ns;
    return count;
}

uint32_t story_most_within(const struct story *story, int64_t span_ns)
{
    uint32_t most = 0;

    for (uint32_t i = 0; i < story->request_count; i++) {
        int64_t from_ns = story->requests[i].at_ns;
        uint32_t count = passed_between(story, from_ns, from_ns + span_ns);

        most = count > most ? count : most;
    }
    return most;
}

int64_t story_most_used(const struct story *story)
{
    int64_t most = 0;

    for (uint32_t i = 0; i < story->level_count; i++)
        most = story->levels[i].used > most ? story->levels[i].used : most;
    return most;
}

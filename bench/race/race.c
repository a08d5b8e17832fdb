#include "bench/race/race.h"

#include "bench/race/calls.h"
#include "policy/base/clock.h"

#include <stdlib.h>

#define CONNECTS_WITHIN_NS (20 * SECOND)
/* Whoever reads the journal sees no later what happened. */
#define JOURNAL_WITHIN_NS (5 * MILLISECOND)

struct race {
    const struct race_plan *plan;
    struct journal *journal;
    struct calls calls;
    int64_t begin_ns, flushed_ns;
};

struct race *race_new(const struct race_plan *plan, struct journal *journal)
{
    struct race *race = calloc(1, sizeof(*race));

    if (!race)
        abort();
    race->plan = plan;
    race->journal = journal;
    calls_init(&race->calls, plan, journal);
    return race;
}

void race_free(struct race *race)
{
    calls_fini(&race->calls);
    free(race);
}

/* ---- the loop ------------------------------------------------------------ */

static struct client *client_of(struct delayed *pause)
{
    return container_of(pause, struct client, pause);
}

/* When the next call of an open loop is due; INT64_MAX: there is none. */
static int64_t next_due_ns(const struct race *race)
{
    if (race->plan->per_second <= 0 ||
        race->calls.begun >= race_call_count(race->plan))
        return INT64_MAX;
    return race->begin_ns + race_due_ns(race->plan, race->calls.begun);
}

static void begin_due(struct race *race, int64_t now_ns)
{
    for (int64_t due = next_due_ns(race); due <= now_ns;
         due = next_due_ns(race)) {
        uint64_t number = race->calls.begun;

        calls_begin(&race->calls,
                    &race->calls.clients[race_client_of(race->plan, number)],
                    race_quota_of(race->plan, number), due);
    }
}

/* Of a closed loop: those who may call again. */
static void begin_from(struct race *race, struct delay *delay, int64_t now_ns)
{
    struct delayed *pause;

    while ((pause = delay_take(delay, now_ns))) {
        struct client *client = client_of(pause);

        if (now_ns < race->begin_ns + race->plan->span_ns)
            calls_begin(&race->calls, client,
                        race_quota_of(race->plan, client->turn++), now_ns);
    }
}

static int64_t earlier(int64_t a_ns, int64_t b_ns)
{
    return a_ns < b_ns ? a_ns : b_ns;
}

/* When there is something to do even if nothing happens. */
static int64_t wake_ns(const struct race *race)
{
    int64_t wake = earlier(next_due_ns(race), calls_due_ns(&race->calls));

    wake = earlier(wake, delay_due_ns(&race->calls.ready));
    wake = earlier(wake, delay_due_ns(&race->calls.pauses));
    if (race->journal->used_bytes > 0)
        wake = earlier(wake, race->flushed_ns + JOURNAL_WITHIN_NS);
    return earlier(wake, links_reopen_ns(&race->calls.links));
}

/* All that is due at now_ns. */
static void act(struct race *race, int64_t now_ns)
{
    calls_act(&race->calls, now_ns);
    begin_due(race, now_ns);
    begin_from(race, &race->calls.ready, now_ns);
    begin_from(race, &race->calls.pauses, now_ns);
}

static void write_journal(struct race *race, int64_t now_ns)
{
    if (now_ns < race->flushed_ns + JOURNAL_WITHIN_NS)
        return;
    race->flushed_ns = now_ns;
    journal_flush(race->journal);
}

/* Sends what was gathered, and takes what comes until something is due. */
static void exchange(struct race *race)
{
    struct links *links = &race->calls.links;
    uint32_t count;

    links_flush(links);
    for (uint32_t i = 0; i < links->count; i++)
        calls_take(&race->calls, &links->items[i].connection);
    count = links_wait(links, wake_ns(race) - race_clock_ns());
    for (uint32_t i = 0; i < count; i++)
        calls_take(&race->calls, links_read(links, i));
}

static bool are_all_connected(const struct race *race)
{
    for (uint32_t i = 0; i < race->plan->client_count; i++)
        if (!connection_is_free(race->calls.clients[i].connection))
            return false;
    return true;
}

/* ---- the race ------------------------------------------------------------ */

bool race_connect(struct race *race)
{
    int64_t end_ns = race_clock_ns() + CONNECTS_WITHIN_NS;
    struct links *links = &race->calls.links;

    while (!are_all_connected(race)) {
        int64_t now_ns = race_clock_ns();
        uint32_t count;

        if (now_ns >= end_ns)
            return false;
        links_open(links, now_ns);
        links_flush(links);
        count = links_wait(links, 10 * MILLISECOND);
        for (uint32_t i = 0; i < count; i++)
            links_read(links, i);
    }
    return true;
}

static bool is_over(const struct race *race, int64_t now_ns)
{
    bool is_done = race->plan->per_second > 0
                       ? next_due_ns(race) == INT64_MAX
                       : now_ns >= race->begin_ns + race->plan->span_ns;

    return is_done && race->calls.under_way == 0;
}

void race_run(struct race *race)
{
    int64_t now_ns = race->begin_ns = race_clock_ns();

    links_wait_exactly();
    if (race->plan->per_second <= 0)
        for (uint32_t i = 0; i < race->plan->client_count; i++)
            delay_add(&race->calls.ready, &race->calls.clients[i].pause,
                      now_ns);
    for (; !is_over(race, now_ns); now_ns = race_clock_ns()) {
        links_open(&race->calls.links, now_ns);
        act(race, now_ns);
        write_journal(race, now_ns);
        exchange(race);
    }
    journal_flush(race->journal);
}

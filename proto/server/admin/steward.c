#include "proto/server/admin/steward.h"

#include "policy/base/clock.h"
#include "proto/server/admin/control_http.h"
#include "proto/server/admin/quota_desk.h"
#include "proto/server/admin/quota_usage.h"
#include "proto/server/shared/store_open.h"
#include "quota/await.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Of so many keys the holders are asked for, the most refused first; and so
 * long may that take, as a reader does not wait for longer. */
#define LISTED_MAX 8
#define REFRESH_NS (100 * MILLISECOND)

struct steward {
    struct quota_desk desk;
    struct hot_board *board;
    struct control_http *http; /* NULL: no control socket */
    pthread_t thread;
    int wake_fd; /* the end */
    _Atomic bool is_ending;
};

/* ---- the board --------------------------------------------------------- */

static uint32_t collect(const struct shared *shared, struct hot_key *keys)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < shared->worker_count; i++)
        count += hot_keys_copy(&shared->workers[i].hot_keys, keys + count);
    return hot_keys_merge(keys, count, clock_boot_ns());
}

/* From before values were to be hidden. */
static void hide(struct hot_key *key)
{
    key->text[0] = '#';
    key->text_len = 1;
}

static void fill_row(struct hot_row *row, const struct hot_key *key,
                     const struct shared *shared, bool is_redacted)
{
    const struct name_table *names = &shared->quota_names;
    uint32_t count = atomic_load_explicit(&names->count, memory_order_acquire);

    row->key = *key;
    row->is_full = false;
    memcpy(row->quota, names->names[key->quota < count ? key->quota : 0],
           sizeof(row->quota));
    if (is_redacted && !key->is_redacted)
        hide(&row->key);
}

/* Slot 0 is for names that found no other, so the quota is not known. */
static bool may_be_full(const struct hot_row *row)
{
    return row->key.slots > 0 && row->key.quota != 0;
}

/* False: the store does not answer. */
static bool ask_holders(struct steward *steward, struct hot_row *row,
                        int64_t until_ns)
{
    row->holders = (struct holders){ .quota = str_of(row->quota),
                                     .key = row->key.key,
                                     .deadline_ns = until_ns };
    await_holders(steward->desk.store, &row->holders);
    row->is_full =
        !row->holders.is_outage && row->holders.units >= row->key.slots;
    return !row->holders.is_outage;
}

static void list_full(struct steward *steward, struct hot_rows *rows)
{
    int64_t until_ns = clock_boot_ns() + REFRESH_NS;
    uint32_t listed = 0;
    bool is_answered = true;

    for (uint32_t i = 0; i < rows->count && is_answered; i++) {
        if (!may_be_full(&rows->rows[i]) || listed == LISTED_MAX)
            continue;
        if (listed++ == 0)
            await_up(steward->desk.store, until_ns);
        is_answered = ask_holders(steward, &rows->rows[i], until_ns);
    }
}

static bool redacts(struct edition_board *editions)
{
    struct edition *edition = edition_board_get(editions);
    /* Rather too little than too much. */
    bool is_redacted = !edition || edition->snapshot->ruleset.redact_keys;

    edition_unref(edition);
    return is_redacted;
}

static void refresh(struct steward *steward)
{
    const struct shared *shared = steward->desk.shared;
    struct hot_key *keys =
        calloc((size_t)shared->worker_count * HOT_KEYS, sizeof(*keys));
    struct hot_rows *rows = calloc(1, sizeof(*rows));
    bool is_redacted = redacts(steward->desk.editions);

    if (!keys || !rows)
        abort();
    rows->count = collect(shared, keys);
    if (rows->count > HOT_ROWS_MAX)
        rows->count = HOT_ROWS_MAX;
    for (uint32_t i = 0; i < rows->count; i++)
        fill_row(&rows->rows[i], &keys[i], shared, is_redacted);
    list_full(steward, rows);
    hot_board_publish(steward->board, rows);
    free(rows);
    free(keys);
}

/* ---- the thread -------------------------------------------------------- */

static void *run(void *context)
{
    struct steward *steward = context;

    while (!atomic_load(&steward->is_ending)) {
        struct control_http *http = steward->http;
        struct pollfd fds[] = {
            { steward->wake_fd, POLLIN, 0 },
            { hot_board_fd(steward->board), POLLIN, 0 },
            { http ? control_http_fd(http) : -1, POLLIN, 0 },
        };

        poll(fds, sizeof(fds) / sizeof(fds[0]),
             http ? control_http_timeout_ms(http) : -1);
        if (http)
            control_http_run(http);
        if (fds[1].revents)
            refresh(steward);
    }
    return NULL;
}

/* Signals are the master's first thread's, and nobody else's. */
static bool start_thread(struct steward *steward)
{
    sigset_t all, before;
    int error;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(&steward->thread, NULL, run, steward);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return !error;
}

/* Whoever asks is told that the store is away. */
static void on_store_up(void *context, const char *server)
{
    (void)context;
    (void)server;
}

static void on_store_down(void *context, const char *server, const char *detail)
{
    (void)context;
    (void)server;
    (void)detail;
}

static struct store *open_store(const struct steward_parts *parts)
{
    static const struct redis_events events = { on_store_up, on_store_down,
                                                NULL };
    struct store_settings settings = *parts->store;

    if (settings.deadline_ns < USAGE_OPERATION_NS)
        settings.deadline_ns = USAGE_OPERATION_NS;
    return store_open(&settings, parts->store_fd, &events);
}

static void steward_free(struct steward *steward)
{
    control_http_close(steward->http);
    if (steward->wake_fd >= 0)
        close(steward->wake_fd);
    if (steward->desk.store)
        store_free(steward->desk.store);
    free(steward);
}

struct steward *steward_start(const struct steward_parts *parts)
{
    struct steward *steward = calloc(1, sizeof(*steward));

    if (!steward)
        abort();
    steward->desk = (struct quota_desk){
        .store = open_store(parts),
        .editions = parts->editions,
        .shared = parts->shared,
    };
    steward->board = parts->board;
    steward->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (parts->listener >= 0)
        steward->http = control_http_open(parts->listener, &steward->desk);
    if (steward->desk.store && steward->wake_fd >= 0 &&
        (parts->listener < 0 || steward->http) && start_thread(steward))
        return steward;
    steward_free(steward);
    return NULL;
}

void steward_stop(struct steward *steward)
{
    if (!steward)
        return;
    atomic_store(&steward->is_ending, true);
    eventfd_write(steward->wake_fd, 1);
    pthread_join(steward->thread, NULL);
    steward_free(steward);
}

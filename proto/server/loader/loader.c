#include "proto/server/loader/loader.h"

#include "config/bundle_lists.h"
#include "config/example.h"
#include "config/watch.h"
#include "policy/base/clock.h"
#include "policy/base/list.h"
#include "proto/server/loader/fetch.h"

#include <curl/curl.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct order {
    enum load_what what;
    const struct edition *current;
    uint64_t generation;
};

struct loader {
    const char *path;
    pthread_t thread;
    int wake_fd; /* wakes the thread: an order, or the end */
    int news_fd; /* wakes the master: a result, or a change */
    _Atomic bool is_ending;
    _Atomic bool have_files_changed, have_lists_changed;

    pthread_mutex_t lock;
    struct order order;        /* under the lock */
    bool has_order;            /* likewise */
    struct load_result result; /* likewise */
    bool has_result;           /* likewise */

    /* The thread's own. */
    struct fetch *fetch;
    struct watch *watch; /* NULL: nothing to watch */
};

/* ---- the thread: waiting ----------------------------------------------- */

static void tell(struct loader *loader, _Atomic bool *flag)
{
    atomic_store(flag, true);
    eventfd_write(loader->news_fd, 1);
}

/* Until there is something to do; does what concerns lists and files. */
static void turn(struct loader *loader)
{
    int fds[] = { loader->wake_fd,
                  loader->watch ? watch_fd(loader->watch) : -1 };
    int64_t until_ns =
        loader->watch ? watch_deadline_ns(loader->watch) : INT64_MAX;
    eventfd_t unused;
    int64_t now_ns;

    fetch_wait(loader->fetch, fds, sizeof(fds) / sizeof(fds[0]), until_ns);
    eventfd_read(loader->wake_fd, &unused);
    now_ns = clock_boot_ns();
    if (fetch_step(loader->fetch, now_ns))
        tell(loader, &loader->have_lists_changed);
    if (loader->watch && watch_step(loader->watch, now_ns))
        tell(loader, &loader->have_files_changed);
}

/* ---- the thread: loading ----------------------------------------------- */

struct supply {
    struct list_supply base;
    struct loader *loader;
    const struct edition *current;
};

/* The lists of the configuration to be, and those of the present one, which
 * stays if the other turns out to be bad. Waits for those that are new. */
static void prepare(struct list_supply *base, const struct list_settings *lists,
                    uint32_t count)
{
    struct supply *supply = container_of(base, struct supply, base);
    struct loader *loader = supply->loader;
    const struct snapshot *present =
        supply->current ? supply->current->snapshot : NULL;
    int64_t now_ns = clock_boot_ns();

    fetch_begin(loader->fetch);
    for (uint32_t i = 0; present && i < present->list_count; i++)
        fetch_want(loader->fetch, &present->lists[i].settings, now_ns);
    for (uint32_t i = 0; i < count; i++)
        fetch_want(loader->fetch, &lists[i], now_ns);
    fetch_end(loader->fetch);
    while (fetch_is_trying(loader->fetch) && !atomic_load(&loader->is_ending))
        turn(loader);
    /* All that is known by now goes into this configuration. */
    atomic_store(&loader->have_lists_changed, false);
}

static struct str text(struct list_supply *base,
                       const struct list_settings *list)
{
    struct supply *supply = container_of(base, struct supply, base);

    return fetch_text(supply->loader->fetch, list, clock_boot_ns());
}

static bool read_files(struct loader *loader, struct bundle *bundle,
                       struct diags *diags)
{
    atomic_store(&loader->have_files_changed, false);
    if (loader->path)
        return bundle_read(bundle, loader->path, diags);
    bundle_from_text(bundle, STR("built-in example"), config_example());
    return true;
}

static bool read_bundle(struct loader *loader, const struct order *order,
                        struct bundle *bundle, struct diags *diags)
{
    struct supply supply = { { prepare, text }, loader, order->current };
    struct list_sources sources = { .supply = &supply.base };
    bool is_read = true;

    if (order->current)
        sources.earlier = &order->current->snapshot->bundle;
    sources.keep_files = order->what == LOAD_LISTS;
    if (sources.keep_files)
        bundle_borrow(bundle, sources.earlier);
    else
        is_read = read_files(loader, bundle, diags);
    if (is_read)
        bundle_add_lists(bundle, &sources, diags);
    if (loader->watch && !sources.keep_files)
        watch_files(loader->watch, bundle);
    return is_read;
}

static void load(struct loader *loader, const struct order *order,
                 struct load_result *result)
{
    bool have_lists_changed = atomic_load(&loader->have_lists_changed);
    struct bundle bundle;

    *result = (struct load_result){ 0 };
    diags_init(&result->diags);
    if (!read_bundle(loader, order, &bundle, &result->diags) ||
        (result->diags.error_count == 0 && order->current &&
         bundle_equal(&bundle, &order->current->snapshot->bundle)))
        bundle_fini(&bundle);
    else
        result->edition =
            edition_new(&bundle, order->generation, &result->diags);
    /* Bad files do not keep lists from being taken over. */
    if (result->diags.error_count > 0 && have_lists_changed &&
        order->what != LOAD_LISTS)
        tell(loader, &loader->have_lists_changed);
}

/* Compiling a large list takes several times its size for a moment, and
 * tcmalloc, where it is linked, would keep that. */
void MallocExtension_ReleaseFreeMemory(void) __attribute__((weak));

static void give_memory_back(void)
{
    if (MallocExtension_ReleaseFreeMemory)
        MallocExtension_ReleaseFreeMemory();
}

static bool take_order(struct loader *loader, struct order *order)
{
    bool has_order;

    pthread_mutex_lock(&loader->lock);
    has_order = loader->has_order;
    *order = loader->order;
    loader->has_order = false;
    pthread_mutex_unlock(&loader->lock);
    if (order->what == LOAD_CHANGED)
        order->what =
            atomic_load(&loader->have_files_changed) ? LOAD_ALL : LOAD_LISTS;
    return has_order;
}

static void hand_over(struct loader *loader, const struct load_result *result)
{
    pthread_mutex_lock(&loader->lock);
    loader->result = *result;
    loader->has_result = true;
    pthread_mutex_unlock(&loader->lock);
    eventfd_write(loader->news_fd, 1);
}

static void *run(void *context)
{
    struct loader *loader = context;

    while (!atomic_load(&loader->is_ending)) {
        struct order order;

        if (take_order(loader, &order)) {
            struct load_result result;

            load(loader, &order, &result);
            give_memory_back();
            hand_over(loader, &result);
        }
        turn(loader);
    }
    return NULL;
}

/* ---- the master -------------------------------------------------------- */

/* Signals are the master's first thread's, and nobody else's. */
static bool start_thread(struct loader *loader)
{
    sigset_t all, before;
    int error;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(&loader->thread, NULL, run, loader);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return !error;
}

static void loader_free(struct loader *loader)
{
    int error = errno;

    if (loader->wake_fd >= 0)
        close(loader->wake_fd);
    if (loader->news_fd >= 0)
        close(loader->news_fd);
    watch_free(loader->watch);
    fetch_free(loader->fetch);
    pthread_mutex_destroy(&loader->lock);
    free(loader);
    errno = error;
}

struct loader *loader_start(const char *path, struct list_board *board)
{
    struct loader *loader = calloc(1, sizeof(*loader));

    if (!loader)
        abort();
    curl_global_init(CURL_GLOBAL_DEFAULT);
    loader->path = path;
    pthread_mutex_init(&loader->lock, NULL);
    loader->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    loader->news_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    loader->fetch = fetch_new(board);
    loader->watch = path ? watch_new() : NULL;
    if (loader->wake_fd >= 0 && loader->news_fd >= 0 && start_thread(loader))
        return loader;
    loader_free(loader);
    return NULL;
}

void loader_stop(struct loader *loader)
{
    struct load_result result;

    if (!loader)
        return;
    atomic_store(&loader->is_ending, true);
    eventfd_write(loader->wake_fd, 1);
    pthread_join(loader->thread, NULL);
    if (loader_take(loader, &result)) {
        edition_unref(result.edition);
        diags_fini(&result.diags);
    }
    loader_free(loader);
    curl_global_cleanup();
}

void loader_ask(struct loader *loader, enum load_what what,
                const struct edition *current, uint64_t generation)
{
    pthread_mutex_lock(&loader->lock);
    loader->order = (struct order){ what, current, generation };
    loader->has_order = true;
    pthread_mutex_unlock(&loader->lock);
    eventfd_write(loader->wake_fd, 1);
}

bool loader_take(struct loader *loader, struct load_result *result)
{
    bool has_result;
    eventfd_t unused;

    eventfd_read(loader->news_fd, &unused);
    pthread_mutex_lock(&loader->lock);
    has_result = loader->has_result;
    *result = loader->result;
    loader->has_result = false;
    pthread_mutex_unlock(&loader->lock);
    return has_result;
}

bool loader_has_news(struct loader *loader)
{
    return atomic_load(&loader->have_files_changed) ||
           atomic_load(&loader->have_lists_changed);
}

int loader_fd(const struct loader *loader)
{
    return loader->news_fd;
}

void loader_wait(struct loader *loader, struct load_result *result)
{
    struct pollfd news = { .fd = loader->news_fd, .events = POLLIN };

    while (!loader_take(loader, result))
        poll(&news, 1, -1);
}

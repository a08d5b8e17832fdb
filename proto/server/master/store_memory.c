#include "proto/server/master/store_memory.h"

#include "policy/base/clock.h"
#include "policy/base/diag.h"
#include "policy/base/log.h"
#include "quota/local/clocks.h"
#include "quota/local/local.h"
#include "quota/local/memory_limit.h"
#include "quota/local/store_file.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#define RETRY_MS 50

/* Says why the file is not used, at the place where it is named. */
static void tell(const struct store_settings *settings, const char *detail)
{
    struct diags diags;

    diags_init(&diags);
    diags_add(&diags, DIAG_ERROR, settings->path_place,
              "the store's file %.*s: %s", STR_ARG(settings->path), detail);
    diags_print(&diags, stderr, isatty(STDERR_FILENO) == 1);
    diags_fini(&diags);
}

/* To take more than there is would take the machine down. */
static bool is_in_memory(const char *name, uint64_t size_bytes)
{
    struct memory_limit limit;

    memory_limit_find(&limit);
    if (size_bytes < limit.bytes)
        return true;
    fprintf(stderr,
            "sluice: %s, %" PRIu64 " bytes, does not fit into the memory there "
            "is, %" PRIu64 " bytes (%s)\n",
            name, size_bytes, limit.bytes, limit.from);
    return false;
}

static int open_nameless(const char *name, uint64_t size_bytes)
{
    int fd;

    if (!is_in_memory(name, size_bytes))
        return -1;
    fd = local_create(size_bytes);
    if (fd < 0)
        fprintf(stderr, "sluice: no memory for the store: %s\n",
                strerrordesc_np(errno));
    return fd;
}

/* False at the end of the patience, or when there is a signal to heed. */
static bool wait_a_bit(int64_t until_ns, int signals_fd)
{
    struct pollfd signals = { .fd = signals_fd, .events = POLLIN };

    return clock_boot_ns() < until_ns && poll(&signals, 1, RETRY_MS) == 0;
}

static int open_when_free(const struct store_settings *settings,
                          int64_t patience_ns, int signals_fd,
                          struct store_file_report *report)
{
    int64_t until_ns = clock_boot_ns() + patience_ns;
    bool is_waiting = false;

    for (;;) {
        struct clocks now = clocks_read();
        int fd = store_file_open(settings->path.data, settings->size_bytes,
                                 &now, report);

        if (report->state != STORE_FILE_LOCKED)
            return fd;
        if (!is_waiting)
            log_warning("store_locked", "path=\"%.*s\" wait_ms=%" PRId64,
                        STR_ARG(settings->path), patience_ns / MILLISECOND);
        is_waiting = true;
        if (!wait_a_bit(until_ns, signals_fd))
            return -1;
    }
}

static void log_opened(const struct store_settings *settings,
                       const struct store_file_report *report)
{
    switch (report->state) {
    case STORE_FILE_RESUMED:
        log_info("store_resumed", "path=\"%.*s\"", STR_ARG(settings->path));
        break;
    case STORE_FILE_NEW:
        log_info("store_created", "path=\"%.*s\"", STR_ARG(settings->path));
        break;
    case STORE_FILE_AFRESH:
        log_warning("store_afresh", "path=\"%.*s\" reason=\"%s\"",
                    STR_ARG(settings->path), report->detail);
        break;
    case STORE_FILE_LOCKED:
    case STORE_FILE_FAILED:
        tell(settings, report->detail);
        break;
    }
}

static int open_file(const struct store_settings *settings, int64_t patience_ns,
                     int signals_fd)
{
    struct store_file_report report;
    int fd;

    if (!is_in_memory("store.size", settings->size_bytes))
        return -1;
    fd = open_when_free(settings, patience_ns, signals_fd, &report);
    log_opened(settings, &report);
    return fd;
}

int store_memory_open(const struct store_settings *settings,
                      int64_t patience_ns, int signals_fd)
{
    switch (settings->kind) {
    case STORE_MEMORY:
        return settings->path.len > 0
                   ? open_file(settings, patience_ns, signals_fd)
                   : open_nameless("store.size", settings->size_bytes);
    case STORE_REDIS:
        return open_nameless("store.local_size", settings->local_size_bytes);
    }
    return -1;
}

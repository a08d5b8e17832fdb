/*
 * The master's second thread: reads and compiles configurations, watches their
 * files and fetches their lists, so that none of this holds up accepting
 * connections and looking after workers.
 * Threads: the master's first one, but for what runs inside.
 */
#ifndef PROTO_SERVER_LOADER_LOADER_H
#define PROTO_SERVER_LOADER_LOADER_H

#include "policy/base/diag.h"
#include "proto/server/loader/edition.h"
#include "proto/server/loader/list_board.h"

#include <stdbool.h>
#include <stdint.h>

struct loader;

/* path: NULL for the built-in example, which never changes. board: is told of
 * lists, and stays the caller's. NULL with errno if there is no thread. */
struct loader *loader_start(const char *path, struct list_board *board);

/* Gives up what it is doing, and ends it. NULL is fine. */
void loader_stop(struct loader *loader);

enum load_what {
    LOAD_ALL,     /* the files as they are now, and the lists */
    LOAD_LISTS,   /* the files as in the current edition; lists from the web */
    LOAD_CHANGED, /* whichever of the two has changed */
};

/*
 * Begins to load; nothing is being loaded. current: NULL, or what serves now,
 * which must stay until loader_take has given the result. generation: of the
 * edition that comes of it.
 */
void loader_ask(struct loader *loader, enum load_what what,
                const struct edition *current, uint64_t generation);

struct load_result {
    struct edition *edition; /* the receiver's; NULL: bad, or unchanged */
    struct diags diags;      /* the receiver's */
};

/* Whether what was asked for is there now. */
bool loader_take(struct loader *loader, struct load_result *result);

/* Whether files or lists have changed since they were last loaded. */
bool loader_has_news(struct loader *loader);

/* Readable when one of these two should be asked; loader_take and
 * loader_wait empty it. */
int loader_fd(const struct loader *loader);

/* Waits for the result. For the start, when there is nothing else to do. */
void loader_wait(struct loader *loader, struct load_result *result);

#endif

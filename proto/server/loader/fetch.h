/*
 * Lists from the web: asks each url again and again, checks what it gives, and
 * keeps the last good answer, in memory and, if wanted, in a file. It never
 * waits but in fetch_wait. Times are CLOCK_BOOTTIME.
 * Threads: one at a time.
 */
#ifndef PROTO_SERVER_LOADER_FETCH_H
#define PROTO_SERVER_LOADER_FETCH_H

#include "config/list_settings.h"
#include "policy/base/str.h"
#include "proto/server/loader/list_board.h"

#include <stdbool.h>
#include <stdint.h>

struct fetch;

/* board: is told what happens, and stays the caller's. */
struct fetch *fetch_new(struct list_board *board);
void fetch_free(struct fetch *fetch);

/*
 * Says anew which lists are wanted: begin, want for each, end. A list that was
 * wanted before, with the same name, url and type, keeps what it has; others
 * begin with their cache. Lists without a url are ignored.
 */
void fetch_begin(struct fetch *fetch);
void fetch_want(struct fetch *fetch, const struct list_settings *list,
                int64_t now_ns);
void fetch_end(struct fetch *fetch);

/* Goes on with all that can go on. True if fetch_text of some list may give
 * something else than before. */
bool fetch_step(struct fetch *fetch, int64_t now_ns);

/* Waits until fetch_step has something to do, one of a few descriptors is
 * readable (-1 is none), or the time has come. */
void fetch_wait(struct fetch *fetch, const int *fds, unsigned fd_count,
                int64_t until_ns);

/* Whether some list has not been answered even once, well or badly. */
bool fetch_is_trying(const struct fetch *fetch);

/* The entries, one a line, all valid; data == NULL if there are none that are
 * new enough. Until the next step, or the next end. */
struct str fetch_text(const struct fetch *fetch,
                      const struct list_settings *list, int64_t now_ns);

#endif

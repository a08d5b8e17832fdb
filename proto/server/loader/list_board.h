/*
 * What is known of each list, for the admin pages: written by the master's
 * threads, read by the admin's.
 * Threads: any, under its lock.
 */
#ifndef PROTO_SERVER_LOADER_LIST_BOARD_H
#define PROTO_SERVER_LOADER_LIST_BOARD_H

#include "config/snapshot.h"
#include "policy/base/str.h"

#include <stdbool.h>
#include <stdint.h>

#define LIST_ERROR_SIZE 256

/* Answers of a list's url, as labels of metrics. */
#define LIST_ANSWERS(X)                                                        \
    X(given)                                                                   \
    X(unchanged)                                                               \
    X(failed)

/* How the fetching of one list goes. */
struct list_news {
    int64_t confirmed_wall_ns;   /* when its url last gave it; 0: never */
    char error[LIST_ERROR_SIZE]; /* of the last answer; empty: good */
#define X(answer) uint64_t answer;
    LIST_ANSWERS(X)
#undef X
};

enum list_origin {
    LIST_INLINE,
    LIST_FILE,
    LIST_URL,
};

struct list_row {
    char name[65];
    bool is_in_use; /* by the configuration that serves */
    enum list_origin origin;
    bool is_available;
    uint32_t entry_count;
    uint64_t bytes;
    struct list_news news;
};

struct list_board;

struct list_board *list_board_new(void);
void list_board_free(struct list_board *board);

/* A configuration serves: its lists, and no others, are shown. */
void list_board_publish(struct list_board *board,
                        const struct snapshot *snapshot);

/* The latest of one list, also of one that is not shown yet. */
void list_board_tell(struct list_board *board, struct str name,
                     const struct list_news *news);

/* "inline", "file", "url". */
const char *list_origin_name(enum list_origin origin);

/* A copy of the rows that are in use, to be freed. */
struct list_row *list_board_copy(struct list_board *board, uint32_t *count);

#endif

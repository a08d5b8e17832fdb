/*
 * The keys refused most, of all workers, and who holds those that are full:
 * put together by the steward when somebody wants to know, and for a second
 * what everybody is told.
 * Threads: any, under its lock.
 */
#ifndef PROTO_SERVER_ADMIN_HOT_BOARD_H
#define PROTO_SERVER_ADMIN_HOT_BOARD_H

#include "proto/server/shared/hot_keys.h"
#include "proto/server/shared/shared.h"
#include "quota/store.h"

#include <stdbool.h>
#include <stdint.h>

struct hot_row {
    char quota[NAME_BYTES + 1];
    struct hot_key key;
    bool is_full;           /* CONCURRENCY, with no slot left */
    struct holders holders; /* if it is full */
};

#define HOT_ROWS_MAX 20

struct hot_rows {
    uint32_t count;
    struct hot_row rows[HOT_ROWS_MAX]; /* the most refused first */
};

/* How old rows may be, and how long a reader waits for newer ones. */
#define HOT_BOARD_AGE_NS INT64_C(1000000000)
#define HOT_BOARD_WAIT_NS INT64_C(100000000)

struct hot_board;

/* NULL with errno if there is no descriptor. */
struct hot_board *hot_board_new(void);

/* NULL is fine. */
void hot_board_free(struct hot_board *board);

/* Readable when rows are wanted; hot_board_publish empties it. */
int hot_board_fd(const struct hot_board *board);

void hot_board_publish(struct hot_board *board, const struct hot_rows *rows);

/* A copy, to be freed. Where no newer ones come in time, the last ones. */
struct hot_rows *hot_board_copy(struct hot_board *board);

#endif

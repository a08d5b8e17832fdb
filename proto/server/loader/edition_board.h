/*
 * The configuration that serves, for the master's threads that did not put it
 * there.
 * Threads: any, under its lock, which is held for a moment.
 */
#ifndef PROTO_SERVER_LOADER_EDITION_BOARD_H
#define PROTO_SERVER_LOADER_EDITION_BOARD_H

#include "proto/server/loader/edition.h"

struct edition_board;

struct edition_board *edition_board_new(void);

/* NULL is fine. */
void edition_board_free(struct edition_board *board);

/* It serves from now on. */
void edition_board_publish(struct edition_board *board,
                           struct edition *edition);

/* The one that serves, until edition_unref. NULL: none does yet. */
struct edition *edition_board_get(struct edition_board *board);

#endif

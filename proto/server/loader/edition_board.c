#include "proto/server/loader/edition_board.h"

#include <pthread.h>
#include <stdlib.h>

struct edition_board {
    pthread_mutex_t lock;
    struct edition *edition; /* under the lock */
};

struct edition_board *edition_board_new(void)
{
    struct edition_board *board = calloc(1, sizeof(*board));

    if (!board)
        abort();
    pthread_mutex_init(&board->lock, NULL);
    return board;
}

void edition_board_free(struct edition_board *board)
{
    if (!board)
        return;
    edition_unref(board->edition);
    pthread_mutex_destroy(&board->lock);
    free(board);
}

void edition_board_publish(struct edition_board *board, struct edition *edition)
{
    struct edition *before;

    pthread_mutex_lock(&board->lock);
    before = board->edition;
    board->edition = edition_ref(edition);
    pthread_mutex_unlock(&board->lock);
    edition_unref(before);
}

struct edition *edition_board_get(struct edition_board *board)
{
    struct edition *edition;

    pthread_mutex_lock(&board->lock);
    edition = board->edition ? edition_ref(board->edition) : NULL;
    pthread_mutex_unlock(&board->lock);
    return edition;
}

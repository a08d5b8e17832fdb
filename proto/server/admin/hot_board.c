#include "proto/server/admin/hot_board.h"

#include "policy/base/clock.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

struct hot_board {
    int wanted_fd;
    pthread_mutex_t lock;
    pthread_cond_t published;
    struct hot_rows rows; /* under the lock */
    int64_t published_ns; /* likewise; 0: never */
};

/* So that nobody who sets the clock holds a reader up. */
static void init_condition(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
}

struct hot_board *hot_board_new(void)
{
    struct hot_board *board = calloc(1, sizeof(*board));

    if (!board)
        abort();
    board->wanted_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (board->wanted_fd < 0) {
        free(board);
        return NULL;
    }
    pthread_mutex_init(&board->lock, NULL);
    init_condition(&board->published);
    return board;
}

void hot_board_free(struct hot_board *board)
{
    if (!board)
        return;
    pthread_cond_destroy(&board->published);
    pthread_mutex_destroy(&board->lock);
    close(board->wanted_fd);
    free(board);
}

int hot_board_fd(const struct hot_board *board)
{
    return board->wanted_fd;
}

void hot_board_publish(struct hot_board *board, const struct hot_rows *rows)
{
    eventfd_t unused;

    pthread_mutex_lock(&board->lock);
    eventfd_read(board->wanted_fd, &unused);
    board->rows = *rows;
    board->published_ns = clock_boot_ns();
    pthread_cond_broadcast(&board->published);
    pthread_mutex_unlock(&board->lock);
}

static struct timespec wait_end(void)
{
    struct timespec end;
    int64_t ns;

    clock_gettime(CLOCK_MONOTONIC, &end);
    ns = end.tv_nsec + HOT_BOARD_WAIT_NS;
    end.tv_sec += ns / SECOND;
    end.tv_nsec = ns % SECOND;
    return end;
}

/* Under the lock. */
static bool is_fresh(const struct hot_board *board)
{
    return board->published_ns > 0 &&
           clock_boot_ns() - board->published_ns < HOT_BOARD_AGE_NS;
}

struct hot_rows *hot_board_copy(struct hot_board *board)
{
    struct hot_rows *rows = malloc(sizeof(*rows));
    struct timespec end = wait_end();

    if (!rows)
        abort();
    pthread_mutex_lock(&board->lock);
    if (!is_fresh(board))
        eventfd_write(board->wanted_fd, 1);
    while (!is_fresh(board) &&
           pthread_cond_timedwait(&board->published, &board->lock, &end) == 0)
        continue;
    *rows = board->rows;
    pthread_mutex_unlock(&board->lock);
    return rows;
}

#include "proto/server/loader/list_board.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct list_board {
    pthread_mutex_t lock;
    struct list_row *rows;
    uint32_t count, capacity;
};

struct list_board *list_board_new(void)
{
    struct list_board *board = calloc(1, sizeof(*board));

    if (!board)
        abort();
    pthread_mutex_init(&board->lock, NULL);
    return board;
}

void list_board_free(struct list_board *board)
{
    if (!board)
        return;
    pthread_mutex_destroy(&board->lock);
    free(board->rows);
    free(board);
}

/* The row of that name, made if need be. Under the lock. */
static struct list_row *find_row(struct list_board *board, struct str name)
{
    struct list_row *row;

    for (uint32_t i = 0; i < board->count; i++)
        if (str_eq(str_of(board->rows[i].name), name))
            return &board->rows[i];
    if (board->count == board->capacity) {
        board->capacity = 2 * board->capacity + 8;
        board->rows =
            reallocarray(board->rows, board->capacity, sizeof(board->rows[0]));
        if (!board->rows)
            abort();
    }
    row = &board->rows[board->count++];
    *row = (struct list_row){ 0 };
    assert(name.len < sizeof(row->name));
    memcpy(row->name, name.data, name.len);
    return row;
}

static enum list_origin origin_of(const struct list_settings *settings)
{
    if (settings->url.len > 0)
        return LIST_URL;
    return settings->file.len > 0 ? LIST_FILE : LIST_INLINE;
}

const char *list_origin_name(enum list_origin origin)
{
    switch (origin) {
    case LIST_INLINE:
        return "inline";
    case LIST_FILE:
        return "file";
    case LIST_URL:
        return "url";
    }
    return "unknown";
}

static void drop_unused(struct list_board *board)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < board->count; i++)
        if (board->rows[i].is_in_use)
            board->rows[kept++] = board->rows[i];
    board->count = kept;
}

void list_board_publish(struct list_board *board,
                        const struct snapshot *snapshot)
{
    pthread_mutex_lock(&board->lock);
    for (uint32_t i = 0; i < board->count; i++)
        board->rows[i].is_in_use = false;
    for (uint32_t i = 0; i < snapshot->list_count; i++) {
        const struct snapshot_list *list = &snapshot->lists[i];
        const struct bundle_list *compiled =
            bundle_find_list(&snapshot->bundle, list->settings.name);
        struct list_row *row = find_row(board, list->settings.name);

        row->is_in_use = true;
        row->origin = origin_of(&list->settings);
        row->is_available = compiled->block.data != NULL;
        row->entry_count = roster_entry_count(list->roster);
        row->bytes = compiled->block.len;
    }
    drop_unused(board);
    pthread_mutex_unlock(&board->lock);
}

void list_board_tell(struct list_board *board, struct str name,
                     const struct list_news *news)
{
    pthread_mutex_lock(&board->lock);
    find_row(board, name)->news = *news;
    pthread_mutex_unlock(&board->lock);
}

struct list_row *list_board_copy(struct list_board *board, uint32_t *count)
{
    struct list_row *rows;

    pthread_mutex_lock(&board->lock);
    rows = calloc((size_t)board->count + 1, sizeof(*rows));
    if (!rows)
        abort();
    *count = 0;
    for (uint32_t i = 0; i < board->count; i++)
        if (board->rows[i].is_in_use)
            rows[(*count)++] = board->rows[i];
    pthread_mutex_unlock(&board->lock);
    return rows;
}

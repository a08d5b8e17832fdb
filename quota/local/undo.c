#include "quota/local/undo.h"

#include <assert.h>
#include <string.h>

/* Nothing is moved across by the compiler; see undo.h. */
static void fence(void)
{
    atomic_signal_fence(memory_order_seq_cst);
}

static uint32_t get_count(const struct undo *undo)
{
    return atomic_load_explicit(&undo->count, memory_order_relaxed);
}

static void set_count(struct undo *undo, uint32_t count)
{
    fence();
    atomic_store_explicit(&undo->count, count, memory_order_relaxed);
    fence();
}

static unsigned char *get_line(struct undo *undo, uint32_t line)
{
    return (unsigned char *)undo + (size_t)line * UNDO_LINE_BYTES;
}

void undo_save(struct undo *undo, const void *address)
{
    size_t distance =
        (size_t)((const unsigned char *)address - (unsigned char *)undo);
    uint32_t line = (uint32_t)(distance / UNDO_LINE_BYTES);
    uint32_t count = get_count(undo);

    assert(count < UNDO_LINES_MAX);
    undo->lines[count] = line;
    memcpy(undo->images[count].bytes, get_line(undo, line), UNDO_LINE_BYTES);
    set_count(undo, count + 1);
}

void undo_commit(struct undo *undo)
{
    set_count(undo, 0);
}

bool undo_is_sound(const struct undo *undo, size_t size)
{
    uint32_t count = get_count(undo);

    if (count > UNDO_LINES_MAX)
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (undo->lines[i] < sizeof(*undo) / UNDO_LINE_BYTES ||
            undo->lines[i] >= size / UNDO_LINE_BYTES)
            return false;
    return true;
}

void undo_roll_back(struct undo *undo)
{
    /* Backwards: of a line saved twice the first image is the one to keep. */
    for (uint32_t i = get_count(undo); i-- > 0;)
        memcpy(get_line(undo, undo->lines[i]), undo->images[i].bytes,
               UNDO_LINE_BYTES);
    set_count(undo, 0);
}

/*
 * An undo log in shared memory. Before a line of memory is changed it is saved
 * here; a change that must not be, or that its process did not live to finish,
 * is undone from it. One mechanism for "all or none" and for crashes.
 *
 * The log stands before the lines that it saves, in the same mapping. A
 * process may die between any two instructions: others then see everything
 * that it did until there, in program order, since the kernel hands the lock
 * on afterwards. So only the compiler must be kept from reordering.
 * Threads: any, under the lock of the shard that it is part of.
 */
#ifndef QUOTA_LOCAL_UNDO_H
#define QUOTA_LOCAL_UNDO_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UNDO_LINE_BYTES 64

/* More than one take can change in one shard; saving more is a bug. */
#define UNDO_LINES_MAX 256

struct undo {
    _Atomic uint32_t count;
    uint32_t lines[UNDO_LINES_MAX]; /* distance from here, in lines */
    struct undo_image {
        alignas(UNDO_LINE_BYTES) unsigned char bytes[UNDO_LINE_BYTES];
    } images[UNDO_LINES_MAX];
};

/* Saves the line that holds `address`. */
void undo_save(struct undo *undo, const void *address);

/* Lets what was changed stand. */
void undo_commit(struct undo *undo);

/* Whether what it says to undo lies behind it, within `size` bytes from where
 * it begins. */
bool undo_is_sound(const struct undo *undo, size_t size);

/* Undoes all changes since the last commit. May be repeated. */
void undo_roll_back(struct undo *undo);

#endif

/*
 * Request bodies, encoded once before the load begins: each is one gRPC frame
 * (a zero byte, the length in 4 bytes, the message).
 * Threads: any, once they are made.
 */
#ifndef BENCH_LOAD_BODY_H
#define BENCH_LOAD_BODY_H

#include "policy/base/arena.h"
#include "policy/base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_PREFIX_BYTES 5
/* An id of its own that every request carries: hexadecimal digits. */
#define BODY_ID_BYTES 16

struct body {
    struct str frame;
    /* Where in the frame the id is to be written; 0: nowhere. */
    size_t id_offset;
};

struct bodies {
    struct arena arena;
    struct body *items;
    uint32_t count;
    size_t longest; /* bytes of the longest frame */
};

/* None. */
void bodies_init(struct bodies *bodies);
void bodies_fini(struct bodies *bodies);

/* Takes over `items`, which lie in bodies->arena. */
void bodies_set(struct bodies *bodies, struct body *items, uint32_t count);

/* Reads a file of gRPC frames, one behind the other. False with a sentence in
 * `error` that names the file. */
bool bodies_load(struct bodies *bodies, const char *path, const char **error);

/* Puts them in random order, so that neighbouring keys are no neighbours. */
void bodies_shuffle(struct bodies *bodies);

/* The frame that `bytes` begin with, its prefix included; data == NULL: they
 * are not even one frame. */
struct str first_frame(struct str bytes);

/* Writes the prefix of a message of `bytes` bytes. */
void frame_prefix(char out[static FRAME_PREFIX_BYTES], size_t bytes);

#endif

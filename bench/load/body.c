#include "bench/load/body.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

void bodies_init(struct bodies *bodies)
{
    *bodies = (struct bodies){ 0 };
    arena_init(&bodies->arena, 0);
}

void bodies_fini(struct bodies *bodies)
{
    arena_fini(&bodies->arena);
}

void bodies_set(struct bodies *bodies, struct body *items, uint32_t count)
{
    bodies->items = items;
    bodies->count = count;
    bodies->longest = 0;
    for (uint32_t i = 0; i < count; i++)
        if (items[i].frame.len > bodies->longest)
            bodies->longest = items[i].frame.len;
}

void frame_prefix(char out[static FRAME_PREFIX_BYTES], size_t bytes)
{
    out[0] = 0; /* not compressed */
    for (unsigned i = 1; i < FRAME_PREFIX_BYTES; i++)
        out[i] = (char)(bytes >> (8 * (FRAME_PREFIX_BYTES - 1 - i)));
}

struct str first_frame(struct str bytes)
{
    size_t length = 0;

    if (bytes.len < FRAME_PREFIX_BYTES)
        return (struct str){ 0 };
    for (unsigned i = 1; i < FRAME_PREFIX_BYTES; i++)
        length = length << 8 | (uint8_t)bytes.data[i];
    if (length > bytes.len - FRAME_PREFIX_BYTES)
        return (struct str){ 0 };
    return (struct str){ bytes.data, FRAME_PREFIX_BYTES + length };
}

static bool read_whole(int fd, struct arena *arena, struct str *text)
{
    struct stat status;
    size_t size, done = 0;
    char *bytes;

    if (fstat(fd, &status) != 0)
        return false;
    size = (size_t)status.st_size;
    bytes = arena_alloc(arena, size);
    while (done < size) {
        ssize_t got = read(fd, bytes + done, size - done);

        if (got < 0)
            return false;
        if (got == 0)
            break;
        done += (size_t)got;
    }
    *text = (struct str){ bytes, done };
    return true;
}

static bool split_frames(struct bodies *bodies, struct str text)
{
    struct body *items;
    uint32_t count = 0;
    struct str frame, rest;

    for (rest = text; rest.len > 0; rest = str_skip(rest, frame.len)) {
        frame = first_frame(rest);
        if (!frame.data)
            return false;
        count++;
    }
    items = arena_calloc(&bodies->arena, count, sizeof(*items));
    rest = text;
    for (uint32_t i = 0; i < count; i++) {
        items[i].frame = first_frame(rest);
        rest = str_skip(rest, items[i].frame.len);
    }
    bodies_set(bodies, items, count);
    return count > 0;
}

bool bodies_load(struct bodies *bodies, const char *path, const char **error)
{
    struct str text;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool is_read = fd >= 0 && read_whole(fd, &bodies->arena, &text);

    if (!is_read)
        *error =
            arena_printf(&bodies->arena, "%s: %s", path, strerror(errno)).data;
    else if (!split_frames(bodies, text))
        *error = arena_printf(&bodies->arena,
                              "%s: is not a sequence of gRPC frames", path)
                     .data;
    if (fd >= 0)
        close(fd);
    return is_read && bodies->count > 0;
}

void bodies_shuffle(struct bodies *bodies)
{
    /* The same order in every run. */
    struct drand48_data seed;
    double drawn;

    srand48_r(1, &seed);
    for (uint32_t i = bodies->count; i > 1; i--) {
        uint32_t other;
        struct body swapped = bodies->items[i - 1];

        drand48_r(&seed, &drawn);
        other = (uint32_t)(drawn * i);
        bodies->items[i - 1] = bodies->items[other];
        bodies->items[other] = swapped;
    }
}

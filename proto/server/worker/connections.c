#include "proto/server/worker/connections.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void connections_init(struct connections *connections)
{
    *connections = (struct connections){ 0 };
}

void connections_fini(struct connections *connections)
{
    free(connections->inodes);
}

/* The inode of an open descriptor; 0: it is closed. */
static ino_t inode_of(int fd)
{
    struct stat file;

    return fstat(fd, &file) == 0 ? file.st_ino : 0;
}

static void reserve(struct connections *connections, uint32_t capacity)
{
    ino_t *inodes;

    if (capacity <= connections->capacity)
        return;
    if (capacity < 2 * connections->capacity)
        capacity = 2 * connections->capacity;
    inodes = realloc(connections->inodes, capacity * sizeof(*inodes));
    if (!inodes)
        abort();
    memset(inodes + connections->capacity, 0,
           (capacity - connections->capacity) * sizeof(*inodes));
    connections->inodes = inodes;
    connections->capacity = capacity;
}

void connections_add(struct connections *connections, int fd)
{
    uint32_t index = (uint32_t)fd;

    reserve(connections, index + 1);
    /* What had this number before must be closed. */
    if (connections->inodes[index] == 0)
        connections->count++;
    connections->inodes[index] = inode_of(fd);
}

void connections_look(struct connections *connections, int64_t now_ns)
{
    if (connections->count == 0 ||
        now_ns - connections->looked_ns < CONNECTIONS_LOOK_NS)
        return;
    connections->looked_ns = now_ns;
    for (uint32_t i = 0; i < connections->capacity; i++) {
        if (connections->inodes[i] == 0 ||
            connections->inodes[i] == inode_of((int)i))
            continue;
        connections->inodes[i] = 0;
        connections->count--;
    }
}

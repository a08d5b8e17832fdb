/*
 * What tells one state of a file from another without reading it. Two stamps
 * of an unchanged file are equal; a write, a rename over it or a symbolic link
 * turned to another file makes them differ.
 * Threads: any.
 */
#ifndef CONFIG_STAMP_H
#define CONFIG_STAMP_H

#include <stdbool.h>
#include <stdint.h>

/* All zero: there is no such file. */
struct stamp {
    uint64_t device, inode, size_bytes;
    int64_t modified_ns, changed_ns;
};

/* Of what `path` leads to now; links are followed. */
struct stamp stamp_of_path(const char *path);
struct stamp stamp_of_fd(int fd);
bool stamp_equal(const struct stamp *a, const struct stamp *b);

#endif

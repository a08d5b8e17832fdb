/*
 * The whole of a file.
 * Threads: any.
 */
#ifndef CONFIG_FILE_H
#define CONFIG_FILE_H

#include "config/stamp.h"

#include <stddef.h>

struct file {
    char *bytes; /* its owner's, who frees them */
    size_t len;
    struct stamp stamp; /* when it was opened */
};

enum file_result {
    FILE_READ,
    FILE_TOO_LONG,
    FILE_FAILED, /* errno says why */
};

/* Reads up to `most` bytes. Where it is not FILE_READ, there are none. */
enum file_result file_read(struct file *file, const char *path, size_t most);

#endif

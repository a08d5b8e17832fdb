/*
 * The memory store in a file, which outlives the program. Whoever opens it
 * locks it, for himself and for those that he passes the descriptor on to,
 * until the last of them is gone. What does not fit (of another size or
 * version, damaged) begins afresh; nothing that others wrote is lost by that.
 * Threads: any.
 */
#ifndef QUOTA_LOCAL_STORE_FILE_H
#define QUOTA_LOCAL_STORE_FILE_H

#include "quota/local/timeline.h"

#include <stdint.h>

enum store_file_state {
    STORE_FILE_RESUMED, /* usage goes on */
    STORE_FILE_NEW,     /* there was none, or an empty one */
    STORE_FILE_AFRESH,  /* what was there did not fit; `detail` says why */
    STORE_FILE_LOCKED,  /* others have it: not opened */
    STORE_FILE_FAILED,  /* not opened; `detail` says why */
};

#define STORE_FILE_DETAIL_SIZE 256

struct store_file_report {
    enum store_file_state state;
    char detail[STORE_FILE_DETAIL_SIZE]; /* a sentence, or empty */
};

/* Opens the store of `size_bytes` (LOCAL_SIZE_MIN_BYTES ..) in the regular file
 * `path`, for local_open; close-on-exec. -1 if it is not opened. */
int store_file_open(const char *path, uint64_t size_bytes,
                    const struct clocks *now, struct store_file_report *report);

#endif

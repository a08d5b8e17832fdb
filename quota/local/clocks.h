/*
 * Reads the clocks that a timeline is made from.
 * Threads: any.
 */
#ifndef QUOTA_LOCAL_CLOCKS_H
#define QUOTA_LOCAL_CLOCKS_H

#include "quota/local/timeline.h"

/* The boot is unknown where /proc is not there. */
struct clocks clocks_read(void);

#endif

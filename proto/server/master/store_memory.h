/*
 * The memory that is made when the server starts: that of the memory store,
 * without a name or in the file `store.path`; beside Redis, that which quotas
 * are counted in during an outage.
 * Threads: the master's.
 */
#ifndef PROTO_SERVER_MASTER_STORE_MEMORY_H
#define PROTO_SERVER_MASTER_STORE_MEMORY_H

#include "config/snapshot.h"

#include <stdint.h>

/*
 * A descriptor for local_open; -1, having said why on standard error. A file
 * that others have is waited for until patience_ns have passed, or until
 * signals_fd can be read: workers finish their calls when their master dies.
 */
int store_memory_open(const struct store_settings *settings,
                      int64_t patience_ns, int signals_fd);

#endif

/*
 * What the admin pages are made of: shared memory, and what was fixed when the
 * server started.
 * Threads: any; `store` only the admin's.
 */
#ifndef PROTO_SERVER_ADMIN_FACTS_H
#define PROTO_SERVER_ADMIN_FACTS_H

#include "config/snapshot.h"
#include "proto/server/admin/hot_board.h"
#include "proto/server/loader/list_board.h"
#include "proto/server/shared/shared.h"
#include "quota/store.h"

#include <stdatomic.h>
#include <stdbool.h>

struct facts {
    const struct shared *shared;
    struct list_board *board;
    struct hot_board *hot;   /* NULL: nobody keeps it */
    const char *config_path; /* NULL: the built-in example */
    const char *listen;      /* addresses, separated by ", " */
    const char *admin;       /* address; empty: none */
    enum store_kind store_kind;
    struct store *store; /* STORE_MEMORY, else that for its outages: to see
                            how full it is */
    _Atomic bool is_draining;
};

#endif

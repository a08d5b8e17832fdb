/*
 * The admin address: pages for Prometheus, probes and people. Reads only: GET
 * and HEAD. libmicrohttpd serves it on a thread of its own.
 * Threads: admin_start and admin_stop the master's; the pages its own.
 */
#ifndef PROTO_SERVER_ADMIN_ADMIN_H
#define PROTO_SERVER_ADMIN_ADMIN_H

#include "proto/server/admin/facts.h"

struct admin;

/* Serves on `listener`. Both stay the caller's, who keeps them until
 * admin_stop. NULL if no thread can be had. */
struct admin *admin_start(int listener, const struct facts *facts);

/* NULL is fine. */
void admin_stop(struct admin *admin);

/* A page: what a GET of it is answered with. Exposed for tests. */
struct page {
    unsigned status;
    const char *content_type;
    char *body; /* free() */
    size_t length;
};

/* False if there is no such page. */
bool admin_page(struct page *page, const char *path, const struct facts *facts);

#endif

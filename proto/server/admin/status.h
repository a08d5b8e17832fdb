/*
 * The state of the server as JSON, for /status.
 * Threads: the admin's; reads what workers write meanwhile.
 */
#ifndef PROTO_SERVER_ADMIN_STATUS_H
#define PROTO_SERVER_ADMIN_STATUS_H

#include "proto/server/admin/facts.h"

/* One JSON object, indented; free it with free(). NULL without memory. */
char *status_json(const struct facts *facts);

#endif

/*
 * What a person reads who has started the server in a terminal: where it
 * listens, what it runs, and what to try next.
 * Threads: any.
 */
#ifndef PROTO_SERVER_MASTER_BANNER_H
#define PROTO_SERVER_MASTER_BANNER_H

#include "config/snapshot.h"
#include "proto/server/admin/facts.h"

#include <stdio.h>

/* program: as it was called, for the commands to try. */
void banner_print(FILE *out, const char *program, const struct facts *facts,
                  const struct snapshot *snapshot);

#endif

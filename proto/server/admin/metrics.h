/*
 * All that shared memory knows, in Prometheus' text format 0.0.4.
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 * Threads: the admin's; reads what workers write meanwhile.
 */
#ifndef PROTO_SERVER_ADMIN_METRICS_H
#define PROTO_SERVER_ADMIN_METRICS_H

#include "policy/base/str.h"
#include "proto/server/admin/facts.h"

#include <stdio.h>

void metrics_write(FILE *out, const struct facts *facts);

/* A label's value with its quotes; backslash, quote and newline escaped. */
void metrics_write_label_value(FILE *out, struct str value);

#endif

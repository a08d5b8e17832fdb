/*
 * Configurations of any size, of a few shapes, and requests for them: each
 * matches one rule, or none.
 * Threads: the main one.
 */
#ifndef BENCH_MICRO_SHAPE_H
#define BENCH_MICRO_SHAPE_H

#include "policy/attr/bag.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct shape {
    const char *name;
    const char *example; /* one rule's match, for people */
    /* Writes everything of rule `n` but its name and what it does. */
    void (*write)(FILE *out, uint32_t n);
};

/* Four that can be looked up, and one that cannot. */
extern const struct shape shape_host, shape_path, shape_header, shape_mixed,
    shape_unindexable;

/* `count` rules that deny. To be freed. */
char *shape_config(const struct shape *shape, uint32_t count);

/* 20 rules, of which 3 match every request: they charge a quota, change
 * headers and limit the validity. To be freed. */
char *shape_twenty(void);

/* What a sidecar says of a request, as far as it is read. It is for rule n, or
 * for none of them but in the same namespace. The bag's arena keeps it. */
void shape_request(struct bag *bag, uint32_t n, bool is_for_none);

#endif

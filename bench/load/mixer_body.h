/*
 * Bodies of Mixer's Check, as a sidecar of Istio sends one for each request
 * that comes in: 19 attributes with global words, among them the headers.
 * Threads: one at a time.
 */
#ifndef BENCH_LOAD_MIXER_BODY_H
#define BENCH_LOAD_MIXER_BODY_H

#include "bench/load/body.h"

#include <stdbool.h>
#include <stdint.h>

#define MIXER_CHECK_PATH "/istio.mixer.v1.Mixer/Check"

struct mixer_load {
    uint32_t user_count; /* 1 ..; each has another source.user and source.ip */
    const char *quota;   /* asked for with amount 1; NULL: none */
    bool has_id;         /* a deduplication_id, another for each request */
};

/* One body for each user. */
void mixer_bodies(struct bodies *bodies, const struct mixer_load *load);

#endif

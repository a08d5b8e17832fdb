/*
 * What the words after `sluice check` say.
 * Threads: main.
 */
#ifndef PROTO_CLIENT_CHECK_OPTIONS_H
#define PROTO_CLIENT_CHECK_OPTIONS_H

#include "policy/attr/vocabulary.h"
#include "policy/base/arena.h"
#include "policy/base/str.h"
#include "proto/client/attribute_set.h"
#include "proto/wire/mixer.h"
#include "proto/wire/policy.h"

#include <stdbool.h>
#include <stdint.h>

#define CHECK_COUNT_MAX 1000000

struct check_options {
    const char *address;
    int64_t timeout_ns;
    struct attribute_set attributes;
    struct mixer_request request;
    uint32_t count; /* how often to ask: 1 .. CHECK_COUNT_MAX */
    bool wants_explanation;
    bool as_json;
    bool wants_help;
    struct str handles[RELEASE_HANDLES_MAX]; /* to release, instead of asking */
    uint32_t handle_count;
};

/* argv[0] is passed over. What it fills in borrows from argv, vocabulary and
 * arena, which has no limit. False if something is wrong; *why then is a
 * sentence. */
bool check_options_parse(struct check_options *options, int argc, char **argv,
                         const struct vocabulary *vocabulary,
                         struct arena *arena, struct str *why);

/* The text of --help. */
extern const char check_options_help[];

#endif

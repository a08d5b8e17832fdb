/*
 * Mixer's Check and Report on the wire: bytes -> attribute bag and quotas
 * asked for; decision -> bytes. proto/api/mixer/v1/mixer.proto.
 * Nothing that a peer sends can do more than be refused: all memory is the
 * call's arena, which has a limit.
 * Threads: any, over its own arena.
 */
#ifndef PROTO_WIRE_MIXER_H
#define PROTO_WIRE_MIXER_H

#include "policy/attr/bag.h"
#include "policy/base/arena.h"
#include "policy/check/check.h"
#include "proto/wire/words.h"

#include <stdbool.h>
#include <stdint.h>

/* A decoded CheckRequest. Borrows from the body and the arena. */
struct mixer_request {
    struct quota_ask asks[QUOTAS_PER_CHECK_MAX];
    uint32_t ask_count;
    struct str deduplication_id; /* empty: none */
    uint32_t global_word_count;
};

/* Why a message was not understood: becomes gRPC INVALID_ARGUMENT (or
 * RESOURCE_EXHAUSTED for MIXER_TOO_LARGE). */
enum mixer_decode {
    MIXER_DECODED,
    MIXER_MALFORMED,
    MIXER_NEWER_DICTIONARY, /* message begins with the words that Mixer's
                               clients recognise and recover from */
    MIXER_TOO_MANY_QUOTAS,
    MIXER_TOO_LARGE, /* the arena's limit */
};

/* One sentence for each of them. */
const char *mixer_decode_message(enum mixer_decode result);

/*
 * Decodes `body` and fills the bag (inited over words->vocabulary), attributes
 * without an id are passed over. Wrong indices and types count as absent.
 */
enum mixer_decode mixer_decode_check(struct str body, const struct words *words,
                                     struct mixer_request *request,
                                     struct bag *bag);

/* Checks that `body` is a ReportRequest; *entries: how many it holds. */
enum mixer_decode mixer_decode_report(struct str body, struct arena *arena,
                                      uint32_t *entries);

/*
 * The CheckResponse of a finished check: status, validity, referenced
 * attributes, and one quota result for each quota that was asked (none when
 * the precondition is denied). Words below global_word_count are sent as
 * indices. Empty with data == NULL if the arena's limit is hit.
 */
struct str mixer_encode_check(const struct check *check,
                              const struct mixer_request *request,
                              const struct words *words, struct arena *arena);

/*
 * The client's side, for `sluice check` and tests: a CheckRequest, in which
 * words below global_word_count are sent as indices, and what a CheckResponse
 * says.
 */
struct mixer_attribute {
    struct str name;
    struct value value; /* IP_ADDRESS, STRING_MAP, ... as they are typed */
};

/* data == NULL if the arena's limit is hit, or if a word is no UTF-8. */
struct str mixer_encode_request(const struct mixer_attribute *attributes,
                                uint32_t attribute_count,
                                const struct mixer_request *request,
                                struct arena *arena);

struct mixer_quota_result {
    struct str name;
    int64_t granted;
    int64_t valid_for_ns;
    enum status_code code;
    struct str message;
};

struct mixer_response {
    enum status_code code;
    struct str message;
    int64_t valid_for_ns;
    int32_t valid_uses;
    struct mixer_quota_result quotas[QUOTAS_PER_CHECK_MAX];
    uint32_t quota_count;
};

bool mixer_decode_response(struct str body, struct mixer_response *response,
                           struct arena *arena);

#endif

/*
 * How `sluice check` says what it was told: lines for people, or one JSON
 * object for programs.
 * Threads: main.
 */
#ifndef PROTO_CLIENT_CHECK_OUTPUT_H
#define PROTO_CLIENT_CHECK_OUTPUT_H

#include "policy/rule/rule.h"
#include "proto/client/client.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* The verdict of precondition and quotas together: that of the precondition;
 * or, if that is OK, of the first quota that grants nothing of what it was
 * asked for. */
struct check_verdict {
    enum status_code code;
    struct str message;
};

struct check_verdict check_verdict(const struct mixer_request *request,
                                   const struct mixer_response *response);

void check_output_print(FILE *out, const struct mixer_request *request,
                        const struct client_answer *answer,
                        struct arena *arena);

/* {"code", "message", "valid_for", "valid_uses", "quotas": {NAME: {"granted",
 * "valid_for", "code", "message"}}, "lease"}, and where
 * they are told "decision" and "explanation" (config/explain_json.h); free it
 * with json_decref. */
json_t *check_output_json(const struct mixer_request *request,
                          const struct client_answer *answer,
                          struct arena *arena);

/* Of many checks. */
struct check_tally {
    uint32_t verdicts[STATUS_UNAUTHENTICATED + 1]; /* by code */
    uint32_t failures[STATUS_UNAUTHENTICATED + 1]; /* calls, likewise */
    json_t *leases;                                /* array of handles */
};

void check_tally_print(FILE *out, const struct check_tally *tally);

/* {"verdicts": {CODE: COUNT}, "failures": {CODE: COUNT}, "leases": [...]} */
json_t *check_tally_json(const struct check_tally *tally);

#endif

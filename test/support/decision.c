#include "test/support/decision.h"

#include "test/support/explained.h"
#include "test/support/table.h"

#include "config/attributes_json.h"
#include "config/bundle_lists.h"
#include "config/quantity.h"

#include <stdio.h>
#include <stdlib.h>

void decision_init(struct decision *decision, struct str text)
{
    struct bundle bundle;
    struct diags diags;

    diags_init(&diags);
    bundle_from_text(&bundle, STR("test.conf"), text);
    bundle_add_lists(&bundle, &(struct list_sources){ 0 }, &diags);
    decision->snapshot = snapshot_load(&bundle, &diags);
    if (!decision->snapshot)
        diags_print(&diags, stderr, false);
    assert_non_null(decision->snapshot);
    diags_fini(&diags);
    arena_init(&decision->arena, 0);
}

void decision_fini(struct decision *decision)
{
    arena_fini(&decision->arena);
    snapshot_free(decision->snapshot);
}

/* ---- as text ----------------------------------------------------------- */

static void show_headers(FILE *out, const char *of,
                         const struct header_changes *changes)
{
    static const char *const words[] = { [HEADER_REPLACE] = "",
                                         [HEADER_APPEND] = "append ",
                                         [HEADER_REMOVE] = "remove " };

    for (uint32_t i = 0; i < changes->count; i++) {
        const struct header_change *change = &changes->items[i];

        fprintf(out, "%s %s%.*s", of, words[change->operation],
                STR_ARG(change->name));
        if (change->operation != HEADER_REMOVE)
            fprintf(out, ": %.*s", STR_ARG(change->value));
        fputc('\n', out);
    }
}

static void show_charges(FILE *out, const struct check *check)
{
    for (uint32_t i = 0; i < check->request_count; i++) {
        const struct quota_request *request = &check->requests[i];

        fprintf(out, "charge %.*s %" PRId64 "%s\n",
                STR_ARG(check->ruleset->quotas[request->quota].name),
                request->amount, request->is_shadow ? " in shadow" : "");
    }
}

static void show_verdict(FILE *out, const struct check *check)
{
    fputs(status_code_name(check->code), out);
    if (check->code != STATUS_OK)
        fprintf(out, " \"%.*s\"", STR_ARG(check->message));
    fputc('\n', out);
    if (check->http_status != 0 || check->body.len > 0)
        fprintf(out, "http %u \"%.*s\"\n",
                check->http_status ? check->http_status
                                   : status_code_http(check->code),
                STR_ARG(check->body));
    show_headers(out, "request", &check->request_headers);
    show_headers(out, "response", &check->response_headers);
}

static void show_validity(FILE *out, struct decision *decision)
{
    struct str valid_for = quantity_format(decision->check.valid_for_ns,
                                           QUANTITY_DURATION, &decision->arena);

    fprintf(out, "valid %.*s %" PRId32 "\n", STR_ARG(valid_for),
            decision->check.valid_uses);
}

/* ------------------------------------------------------------------------ */

static void fill_bag(struct decision *decision, const json_t *attributes,
                     const char *text)
{
    struct str why;

    row_true(text, attributes != NULL);
    assert_true(bag_init(&decision->bag, decision->snapshot->vocabulary,
                         &decision->arena));
    if (!attributes_json_set(&decision->bag, attributes,
                             UNKNOWN_ARE_PASSED_OVER, &why))
        row_fail(text, "%.*s", STR_ARG(why));
}

static void finish(struct check *check, struct str exhausted)
{
    struct quota_grant grants[QUOTAS_PER_CHECK_MAX];

    for (uint32_t i = 0; i < check->request_count; i++) {
        const struct quota_spec *spec =
            &check->ruleset->quotas[check->requests[i].quota];

        grants[i] = (struct quota_grant){
            .granted = check->requests[i].amount,
            .retry_after_ns = 1500000000,
            .is_refused = str_eq(spec->name, exhausted),
        };
    }
    check_finish(check, grants);
}

struct str decision_make(struct decision *decision,
                         const struct request *request)
{
    struct check *check = &decision->check;
    struct check_input input = { .bag = &decision->bag,
                                 .wall_ns = request->wall_ns };
    json_t *attributes =
        json_loadb(request->attributes.data, request->attributes.len, 0, NULL);
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    enum check_state state;
    struct str shown;

    arena_clear(&decision->arena);
    fill_bag(decision, attributes, request->attributes.data);
    state = check_run(check, &decision->snapshot->ruleset, &input);
    explained_agrees(check, NULL, decision->snapshot);
    if (state == CHECK_ASKS)
        finish(check, request->exhausted);
    show_verdict(out, check);
    if (check->code == STATUS_OK)
        show_charges(out, check);
    show_validity(out, decision);
    fclose(out);
    shown = arena_copy(&decision->arena, (struct str){ text, len });
    free(text);
    json_decref(attributes);
    return shown;
}

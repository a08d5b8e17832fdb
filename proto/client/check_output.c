#include "proto/client/check_output.h"

#include "config/explain_text.h"
#include "config/quantity.h"

/* ---- the verdict ------------------------------------------------------- */

static const struct quota_ask *find_ask(const struct mixer_request *request,
                                        struct str name)
{
    for (uint32_t i = 0; i < request->ask_count; i++)
        if (str_eq(request->asks[i].name, name))
            return &request->asks[i];
    return NULL;
}

/* Servers before Mixer 1.4 say it by the amount alone. */
static bool is_refused(const struct quota_ask *ask,
                       const struct mixer_quota_result *quota)
{
    return quota->code != STATUS_OK ||
           (ask && ask->amount > 0 && quota->granted <= 0);
}

struct check_verdict check_verdict(const struct mixer_request *request,
                                   const struct mixer_response *response)
{
    if (response->code != STATUS_OK)
        return (struct check_verdict){ response->code, response->message };
    for (uint32_t i = 0; i < response->quota_count; i++) {
        const struct mixer_quota_result *quota = &response->quotas[i];

        if (!is_refused(find_ask(request, quota->name), quota))
            continue;
        return (struct check_verdict){
            quota->code != STATUS_OK ? quota->code : STATUS_RESOURCE_EXHAUSTED,
            quota->message,
        };
    }
    return (struct check_verdict){ STATUS_OK, response->message };
}

/* A server may say a time that has passed. */
static struct str time_text(int64_t ns, struct arena *arena)
{
    return quantity_format(ns > 0 ? ns : 0, QUANTITY_DURATION, arena);
}

/* ---- for people -------------------------------------------------------- */

static void print_verdict(FILE *out, const struct check_verdict *verdict)
{
    if (verdict->code == STATUS_OK)
        fputs("allowed", out);
    else
        fprintf(out, "refused: %s", status_code_name(verdict->code));
    if (verdict->message.len > 0)
        fprintf(out, ": %.*s", STR_ARG(verdict->message));
    fputc('\n', out);
}

/* NULL if the server told none, or none that can be read. */
static json_t *load_explanation(struct str explanation)
{
    return json_loadb(explanation.data ? explanation.data : "", explanation.len,
                      JSON_ALLOW_NUL, NULL);
}

static void print_explanation(FILE *out, struct str explanation)
{
    json_t *json = load_explanation(explanation);

    if (json) {
        fputc('\n', out);
        explain_text_print_reasons(out, json);
    }
    json_decref(json);
}

void check_output_print(FILE *out, const struct mixer_request *request,
                        const struct client_answer *answer, struct arena *arena)
{
    const struct mixer_response *response = &answer->response;
    struct check_verdict verdict = check_verdict(request, response);

    print_verdict(out, &verdict);
    fprintf(out, "  valid for %.*s and %d uses\n",
            STR_ARG(time_text(response->valid_for_ns, arena)),
            (int)response->valid_uses);
    for (uint32_t i = 0; i < response->quota_count; i++) {
        const struct mixer_quota_result *quota = &response->quotas[i];

        fprintf(out, "  quota %.*s: ", STR_ARG(quota->name));
        if (is_refused(find_ask(request, quota->name), quota))
            fputs("refused\n", out);
        else
            fprintf(out, "granted %lld, valid for %.*s\n",
                    (long long)quota->granted,
                    STR_ARG(time_text(quota->valid_for_ns, arena)));
    }
    if (answer->lease.len > 0)
        fprintf(out, "  lease %.*s\n", STR_ARG(answer->lease));
    if (answer->decision.len > 0)
        fprintf(out, "  decision %.*s\n", STR_ARG(answer->decision));
    print_explanation(out, answer->explanation);
}

/* ---- for programs ------------------------------------------------------ */

/* Bytes that are no UTF-8 have no place in JSON. */
static json_t *json_text(struct str text)
{
    json_t *json = json_stringn(text.data ? text.data : "", text.len);

    return json ? json : json_null();
}

static json_t *json_quota(const struct mixer_quota_result *quota,
                          struct arena *arena)
{
    json_t *object = json_object();

    json_object_set_new(object, "granted", json_integer(quota->granted));
    json_object_set_new(object, "valid_for",
                        json_text(time_text(quota->valid_for_ns, arena)));
    json_object_set_new(object, "code",
                        json_string(status_code_name(quota->code)));
    json_object_set_new(object, "message", json_text(quota->message));
    return object;
}

static json_t *json_quotas(const struct mixer_response *response,
                           struct arena *arena)
{
    json_t *object = json_object();

    for (uint32_t i = 0; i < response->quota_count; i++) {
        const struct mixer_quota_result *quota = &response->quotas[i];
        struct str name = arena_copy(arena, quota->name);

        json_object_set_new(object, name.data, json_quota(quota, arena));
    }
    return object;
}

json_t *check_output_json(const struct mixer_request *request,
                          const struct client_answer *answer,
                          struct arena *arena)
{
    const struct mixer_response *response = &answer->response;
    struct check_verdict verdict = check_verdict(request, response);
    json_t *object = json_object();

    json_object_set_new(object, "code",
                        json_string(status_code_name(verdict.code)));
    json_object_set_new(object, "message", json_text(verdict.message));
    json_object_set_new(object, "valid_for",
                        json_text(time_text(response->valid_for_ns, arena)));
    json_object_set_new(object, "valid_uses",
                        json_integer(response->valid_uses));
    json_object_set_new(object, "quotas", json_quotas(response, arena));
    json_object_set_new(object, "lease",
                        answer->lease.len > 0 ? json_text(answer->lease)
                                              : json_null());
    if (answer->decision.len > 0)
        json_object_set_new(object, "decision", json_text(answer->decision));
    if (answer->explanation.len > 0)
        json_object_set_new(object, "explanation",
                            load_explanation(answer->explanation));
    return object;
}

/* ---- many checks ------------------------------------------------------- */

static void print_counts(FILE *out, const uint32_t *counts, const char *what)
{
    for (uint32_t code = 0; code <= STATUS_UNAUTHENTICATED; code++)
        if (counts[code] > 0)
            fprintf(out, "%8u %s%s\n", counts[code], what,
                    status_code_name((enum status_code)code));
}

void check_tally_print(FILE *out, const struct check_tally *tally)
{
    print_counts(out, tally->verdicts, "");
    print_counts(out, tally->failures, "not answered: ");
    fprintf(out, "%8zu with a lease\n", json_array_size(tally->leases));
}

static json_t *json_counts(const uint32_t *counts)
{
    json_t *object = json_object();

    for (uint32_t code = 0; code <= STATUS_UNAUTHENTICATED; code++)
        if (counts[code] > 0)
            json_object_set_new(object,
                                status_code_name((enum status_code)code),
                                json_integer(counts[code]));
    return object;
}

json_t *check_tally_json(const struct check_tally *tally)
{
    json_t *object = json_object();

    json_object_set_new(object, "verdicts", json_counts(tally->verdicts));
    json_object_set_new(object, "failures", json_counts(tally->failures));
    json_object_set(object, "leases", tally->leases);
    return object;
}

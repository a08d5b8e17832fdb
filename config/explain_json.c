#include "config/explain_json.h"

#include "config/attributes_json.h"
#include "config/quantity.h"

#include <inttypes.h>
#include <stdlib.h>

/* What the parts of one JSON document share. */
struct writer {
    const struct snapshot *snapshot;
    struct arena *arena;
};

static void set_text(json_t *object, const char *name, struct str text)
{
    json_object_set_new(object, name, text_json(text));
}

static void set_flag(json_t *object, const char *name, bool flag)
{
    if (flag)
        json_object_set_new(object, name, json_true());
}

static void set_number(json_t *object, const char *name, int64_t number)
{
    json_object_set_new(object, name, json_integer(number));
}

static void set_duration(struct writer *writer, json_t *object,
                         const char *name, int64_t ns)
{
    set_text(
        object, name,
        quantity_format(ns > 0 ? ns : 0, QUANTITY_DURATION, writer->arena));
}

/* Sets object[name], where the name may hold anything. */
static void set_named(json_t *object, struct str name, json_t *value)
{
    json_t *key = text_json(name);

    json_object_setn_new(object, json_string_value(key),
                         json_string_length(key), value);
    json_decref(key);
}

/* ---- reasons ----------------------------------------------------------- */

static json_t *clause_json(struct writer *writer, const struct clause *clause)
{
    json_t *object = json_object(), *saw = json_object();

    set_text(object, "false", clause->text);
    set_number(object, "offset", (int64_t)clause->offset);
    for (uint32_t i = 0; i < clause->operand_count; i++) {
        const struct operand *operand = &clause->operands[i];

        set_named(saw, operand->text,
                  value_json(&operand->value, writer->arena));
    }
    json_object_set_new(object, "saw", saw);
    return object;
}

static void set_because(struct writer *writer, json_t *object,
                        const struct reason *reason)
{
    json_t *because = json_array();

    for (uint32_t i = 0; i < reason->clause_count; i++)
        json_array_append_new(because,
                              clause_json(writer, &reason->clauses[i]));
    json_object_set_new(object, "because", because);
}

static void set_error(struct writer *writer, json_t *object,
                      const struct failure *failure)
{
    const struct eval_error *error = &failure->error;
    json_t *json = json_object();

    set_text(json, "message", str_of(error->message));
    if (error->status == EVAL_ABSENT)
        set_text(
            json, "attribute",
            vocabulary_name(writer->snapshot->vocabulary, error->attribute));
    set_text(json, "expression", failure->text);
    set_number(json, "offset", (int64_t)error->offset);
    json_object_set_new(object, "error", json);
}

static void set_readings(struct writer *writer, json_t *object,
                         const struct reason *reason)
{
    json_t *read = json_object();

    for (uint32_t i = 0; i < reason->reading_count; i++) {
        const struct reading *reading = &reason->readings[i];
        struct str name = reading->name;

        if (reading->key.data)
            name = arena_printf(writer->arena, "%.*s[%.*s]", STR_ARG(name),
                                STR_ARG(reading->key));
        set_named(read, name, value_json(&reading->value, writer->arena));
    }
    json_object_set_new(object, "read", read);
}

/* ---- quotas ------------------------------------------------------------ */

static struct str limit_text(const struct limit *limit, struct arena *arena)
{
    struct str time = quantity_format(limit->algorithm == LIMIT_CONCURRENCY
                                          ? limit->lease_ns
                                          : limit->period_ns,
                                      QUANTITY_DURATION, arena);

    switch (limit->algorithm) {
    case LIMIT_TOKEN_BUCKET:
        return arena_printf(arena, "%" PRId64 " per %.*s, burst %" PRId64,
                            limit->amount, STR_ARG(time), limit->burst);
    case LIMIT_FIXED_WINDOW:
        return limit->calendar == CALENDAR_NONE
                   ? arena_printf(arena, "%" PRId64 " in each %.*s",
                                  limit->amount, STR_ARG(time))
                   : arena_printf(arena, "%" PRId64 " in each calendar %s",
                                  limit->amount,
                                  calendar_text(limit->calendar));
    case LIMIT_ROLLING_WINDOW:
        return arena_printf(arena, "%" PRId64 " in any %.*s", limit->amount,
                            STR_ARG(time));
    case LIMIT_CONCURRENCY:
        return arena_printf(arena, "%" PRId64 " at the same time, lease %.*s",
                            limit->amount, STR_ARG(time));
    }
    return STR("");
}

static void set_key(json_t *object, const struct quota_request *request)
{
    set_text(object, "key", request->text);
    if (request->limit > 0)
        set_number(object, "override", request->limit);
}

static void set_request(struct writer *writer, json_t *object,
                        const struct quota_request *request)
{
    const struct quota_limits *limits =
        &writer->snapshot->limits[request->quota];

    set_number(object, "amount", request->amount);
    set_text(object, "limit",
             limit_text(&limits->limits[request->limit], writer->arena));
    set_flag(object, "shadow", request->is_shadow);
}

static void set_grant(json_t *object, const struct quota_grant *grant)
{
    set_number(object, "granted", grant->granted);
    if (grant->remaining >= 0)
        set_number(object, "remaining", grant->remaining);
    set_flag(object, "refused", grant->is_refused);
    set_flag(object, "outage", grant->is_outage);
    set_flag(object, "local", grant->is_local);
}

static json_t *quota_json(struct writer *writer,
                          const struct quota_account *account)
{
    json_t *object = json_object();

    set_text(object, "quota", account->name);
    set_text(object, "result", str_of(quota_fate_text(account->fate)));
    switch (account->fate) {
    case QUOTA_ASKED:
    case QUOTA_SHARED:
    case QUOTA_NOT_ASKED:
        set_key(object, &account->request);
        set_request(writer, object, &account->request);
        break;
    case QUOTA_UNLIMITED:
        set_key(object, &account->request);
        break;
    case QUOTA_EXEMPT:
        set_because(writer, object, &account->match);
        break;
    case QUOTA_FAILED:
        set_error(writer, object, &account->failure);
        break;
    case QUOTA_UNKNOWN:
        set_number(object, "amount", account->request.amount);
        break;
    }
    if (account->grant)
        set_grant(object, account->grant);
    return object;
}

static json_t *quotas_json(struct writer *writer,
                           const struct quota_account *accounts, uint32_t count)
{
    json_t *array = json_array();

    for (uint32_t i = 0; i < count; i++)
        json_array_append_new(array, quota_json(writer, &accounts[i]));
    return array;
}

/* ---- headers ----------------------------------------------------------- */

static const char *operation_text(enum header_operation operation)
{
    switch (operation) {
    case HEADER_REPLACE:
        return "replace";
    case HEADER_REMOVE:
        return "remove";
    case HEADER_APPEND:
        return "append";
    }
    return "";
}

static void set_headers(json_t *object, const char *name,
                        const struct header_changes *changes)
{
    json_t *array = json_array();

    for (uint32_t i = 0; i < changes->count; i++) {
        const struct header_change *change = &changes->items[i];
        json_t *header = json_object();

        set_text(header, "name", change->name);
        set_text(header, "operation",
                 str_of(operation_text(change->operation)));
        if (change->operation != HEADER_REMOVE)
            set_text(header, "value", change->value);
        json_array_append_new(array, header);
    }
    if (changes->count > 0)
        json_object_set(object, name, array);
    json_decref(array);
}

/* ---- rules ------------------------------------------------------------- */

static const char *outcome_text(enum rule_outcome outcome)
{
    switch (outcome) {
    case RULE_DENIED:
        return "denied";
    case RULE_PASSED:
        return "passed";
    case RULE_SHADOW_DENIED:
        return "would have denied";
    case RULE_FAILED:
        return "cannot be evaluated";
    }
    return "";
}

static const char *result_text(const struct rule_account *account)
{
    switch (account->fate) {
    case RULE_TOOK_PART:
        return outcome_text(account->event->outcome);
    case RULE_OTHER_NAMESPACE:
        return "for another namespace";
    case RULE_NO_MATCH:
        return "did not match";
    case RULE_NOT_ACTIVE:
        return "not active";
    case RULE_NOT_ASKED:
        return "not asked";
    }
    return "";
}

static const char *on_error_text(enum on_error on_error)
{
    switch (on_error) {
    case ON_ERROR_SKIP:
        return "skip";
    case ON_ERROR_DENY:
        return "deny";
    case ON_ERROR_ALLOW:
        return "allow";
    }
    return "";
}

static void set_match(struct writer *writer, json_t *object,
                      const struct rule_account *account)
{
    const struct reason *match = &account->match;
    bool is_false = match->status == EVAL_OK && !match->value.boolean;

    set_readings(writer, object, match);
    if (is_false || account->fate == RULE_NO_MATCH)
        set_because(writer, object, match);
    else if (match->status != EVAL_OK)
        set_error(writer, object,
                  &(struct failure){ match->error, match->text });
}

static const char *answer_text(enum roster_answer answer)
{
    switch (answer) {
    case ROSTER_IN:
        return "in it";
    case ROSTER_OUT:
        return "not in it";
    case ROSTER_BAD_VALUE:
        return "is no address";
    case ROSTER_UNAVAILABLE:
        return "it cannot be had";
    case ROSTER_TOO_COSTLY:
        return "the search was given up";
    }
    return "";
}

static json_t *lookup_json(struct writer *writer, const struct list_check *list,
                           const struct lookup *lookup)
{
    json_t *object = json_object();

    set_text(object, "list", list->name);
    json_object_set_new(object, "value",
                        value_json(&lookup->value, writer->arena));
    set_text(object, "result", str_of(answer_text(lookup->answer)));
    return object;
}

static json_t *rule_json(struct writer *writer,
                         const struct rule_account *account)
{
    const struct rule_event *event = account->event;
    const struct rule *rule = account->rule;
    json_t *object = json_object();

    set_text(object, "rule", rule->name);
    set_text(object, "result", str_of(result_text(account)));
    set_flag(object, "took_part", event != NULL);
    set_flag(object, "shadow", event && event->is_shadow);
    if (event && event->outcome == RULE_FAILED)
        set_text(object, "on_error", str_of(on_error_text(rule->on_error)));
    if (account->has_match)
        set_match(writer, object, account);
    if (account->failure.text.data)
        set_error(writer, object, &account->failure);
    if (account->lookup.is_done)
        json_object_set_new(object, "lookup",
                            lookup_json(writer, rule->list, &account->lookup));
    if (account->quota_count > 0)
        json_object_set_new(
            object, "quotas",
            quotas_json(writer, account->quotas, account->quota_count));
    return object;
}

static json_t *rules_json(struct writer *writer,
                          const struct explanation *explanation)
{
    json_t *array = json_array();

    for (uint32_t i = 0; i < explanation->rule_count; i++)
        json_array_append_new(array, rule_json(writer, &explanation->rules[i]));
    return array;
}

/* ---- the whole --------------------------------------------------------- */

json_t *explain_json(const struct explanation *explanation,
                     const struct snapshot *snapshot, struct arena *arena)
{
    const struct check *check = explanation->check;
    struct writer writer = { snapshot, arena };
    json_t *object = json_object();

    set_text(object, "code", str_of(status_code_name(check->code)));
    set_text(object, "message", check->message);
    if (check->http_status != 0)
        set_number(object, "http_status", check->http_status);
    if (check->body.len > 0)
        set_text(object, "body", check->body);
    set_headers(object, "request_headers", &check->request_headers);
    set_headers(object, "response_headers", &check->response_headers);
    set_duration(&writer, object, "valid_for", check->valid_for_ns);
    set_number(object, "valid_uses", check->valid_uses);
    if (check->retry_after_ns >= 0)
        set_duration(&writer, object, "retry_after", check->retry_after_ns);
    set_flag(object, "pending", !explanation->is_final);
    json_object_set_new(
        object, "referenced",
        references_json(&check->refs, snapshot->vocabulary, arena));
    json_object_set_new(
        object, "quotas",
        quotas_json(&writer, explanation->asks, explanation->ask_count));
    json_object_set_new(object, "rules", rules_json(&writer, explanation));
    if (explanation->unexplained_count > 0)
        set_number(object, "unexplained_rules", explanation->unexplained_count);
    return object;
}

/* ---- one line ---------------------------------------------------------- */

static struct str line_of(const json_t *json, struct arena *arena)
{
    char *text = json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII);
    struct str line;

    if (!text)
        abort();
    /* The one character of ASCII that JSON leaves as it is though no header
     * may have it. */
    for (char *c = text; (c = strchr(c, 0x7f)) != NULL;)
        *c = '?';
    line = arena_copy(arena, str_of(text));
    free(text);
    return line;
}

static void count_unexplained(json_t *explanation, size_t more)
{
    json_t *count = json_object_get(explanation, "unexplained_rules");

    set_number(explanation, "unexplained_rules",
               json_integer_value(count) + (json_int_t)more);
}

/* Rules that took no part. */
static void drop_onlookers(json_t *explanation)
{
    json_t *rules = json_object_get(explanation, "rules");
    size_t before = json_array_size(rules);

    for (size_t i = before; i-- > 0;)
        if (!json_object_get(json_array_get(rules, i), "took_part"))
            json_array_remove(rules, i);
    count_unexplained(explanation, before - json_array_size(rules));
}

static void drop_rules(json_t *explanation)
{
    json_t *rules = json_object_get(explanation, "rules");

    count_unexplained(explanation, json_array_size(rules));
    json_array_clear(rules);
}

static void drop_details(json_t *explanation)
{
    static const char *const details[] = {
        "message",          "body", "referenced", "quotas", "request_headers",
        "response_headers",
    };

    for (size_t i = 0; i < sizeof(details) / sizeof(details[0]); i++)
        json_object_del(explanation, details[i]);
}

struct str explain_json_line(json_t *explanation, size_t max_bytes,
                             struct arena *arena)
{
    static void (*const drops[])(json_t * explanation) = {
        drop_onlookers,
        drop_rules,
        drop_details,
    };
    struct str line = line_of(explanation, arena);

    for (size_t i = 0;
         i < sizeof(drops) / sizeof(drops[0]) && line.len > max_bytes; i++) {
        drops[i](explanation);
        line = line_of(explanation, arena);
    }
    return line;
}

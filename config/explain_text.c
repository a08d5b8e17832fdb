#include "config/explain_text.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* ---- parts ------------------------------------------------------------- */

/* "" if there is no such string. */
static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text ? text : "";
}

static bool is_set(const json_t *object, const char *name)
{
    return json_is_true(json_object_get(object, name));
}

static bool has(const json_t *object, const char *name)
{
    return json_object_get(object, name) != NULL;
}

static long long number_of(const json_t *object, const char *name)
{
    return (long long)json_integer_value(json_object_get(object, name));
}

/* Strings in quotes and escaped, so that nothing in them can be taken for
 * something else. */
static void print_value(FILE *out, const json_t *value)
{
    if (json_is_null(value))
        fputs("absent", out);
    else
        json_dumpf(value, out, JSON_ENCODE_ANY | JSON_COMPACT);
}

static void print_clause(FILE *out, const char *indent, const json_t *clause)
{
    const char *name;
    json_t *value;

    fprintf(out, "%sfalse: %s\n", indent, text_of(clause, "false"));
    json_object_foreach(json_object_get(clause, "saw"), name, value)
    {
        fprintf(out, "%s       %s is ", indent, name);
        print_value(out, value);
        fputc('\n', out);
    }
}

static void print_because(FILE *out, const char *indent, const json_t *object)
{
    const json_t *clause;
    size_t i;

    json_array_foreach(json_object_get(object, "because"), i, clause)
        print_clause(out, indent, clause);
}

static void print_error(FILE *out, const char *indent, const json_t *object)
{
    const json_t *error = json_object_get(object, "error");

    if (!error)
        return;
    fprintf(out, "%s%s", indent, text_of(error, "message"));
    if (has(error, "attribute"))
        fprintf(out, ": %s", text_of(error, "attribute"));
    fprintf(out, ", in %s\n", text_of(error, "expression"));
}

static void print_readings(FILE *out, const char *indent, const json_t *object)
{
    const json_t *readings = json_object_get(object, "read");
    const char *before = "read: ", *name;
    json_t *value;

    if (json_object_size(readings) == 0)
        return;
    fputs(indent, out);
    json_object_foreach((json_t *)(uintptr_t)readings, name, value)
    {
        fprintf(out, "%s%s ", before, name);
        print_value(out, value);
        before = ", ";
    }
    fputc('\n', out);
}

/* ---- quotas ------------------------------------------------------------ */

static void print_request(FILE *out, const json_t *quota)
{
    if (has(quota, "amount"))
        fprintf(out, ", amount %lld", number_of(quota, "amount"));
    if (text_of(quota, "key")[0]) {
        fputs(", key ", out);
        print_value(out, json_object_get(quota, "key"));
    }
    if (has(quota, "limit"))
        fprintf(out, ", limit %s", text_of(quota, "limit"));
    if (has(quota, "override"))
        fprintf(out, " (override %lld)", number_of(quota, "override"));
    if (is_set(quota, "shadow"))
        fputs(", in shadow", out);
}

static void print_grant(FILE *out, const json_t *quota)
{
    if (is_set(quota, "outage"))
        fputs(", the store did not answer", out);
    if (is_set(quota, "refused"))
        fputs(", refused", out);
    else if (has(quota, "granted"))
        fprintf(out, ", granted %lld", number_of(quota, "granted"));
    if (has(quota, "remaining"))
        fprintf(out, ", remaining %lld", number_of(quota, "remaining"));
}

static void print_quota(FILE *out, const char *indent, const char *inner,
                        const json_t *quota)
{
    fprintf(out, "%squota %s: %s", indent, text_of(quota, "quota"),
            text_of(quota, "result"));
    print_request(out, quota);
    print_grant(out, quota);
    fputc('\n', out);
    print_because(out, inner, quota);
    print_error(out, inner, quota);
}

/* ---- rules ------------------------------------------------------------- */

static void print_lookup(FILE *out, const json_t *rule)
{
    const json_t *lookup = json_object_get(rule, "lookup");

    if (!lookup)
        return;
    fprintf(out, "  list %s: ", text_of(lookup, "list"));
    print_value(out, json_object_get(lookup, "value"));
    fprintf(out, ", %s\n", text_of(lookup, "result"));
}

static void print_rule(FILE *out, const json_t *rule)
{
    const json_t *quota;
    size_t i;

    fprintf(out, "rule %s: %s", text_of(rule, "rule"), text_of(rule, "result"));
    if (has(rule, "on_error"))
        fprintf(out, ", on_error = %s", text_of(rule, "on_error"));
    if (is_set(rule, "shadow"))
        fputs(", in shadow", out);
    fputc('\n', out);
    print_because(out, "  ", rule);
    print_error(out, "  ", rule);
    print_readings(out, "  ", rule);
    print_lookup(out, rule);
    json_array_foreach(json_object_get(rule, "quotas"), i, quota)
        print_quota(out, "  ", "    ", quota);
}

/* ---- the whole --------------------------------------------------------- */

static void print_headers(FILE *out, const char *of, const json_t *headers)
{
    const json_t *header;
    size_t i;

    json_array_foreach(headers, i, header)
    {
        fprintf(out, "  %s header: %s %s", of, text_of(header, "operation"),
                text_of(header, "name"));
        if (has(header, "value"))
            fprintf(out, " %s", text_of(header, "value"));
        fputc('\n', out);
    }
}

static void print_verdict(FILE *out, const json_t *explanation)
{
    bool is_allowed = strcmp(text_of(explanation, "code"), "OK") == 0;

    fputs(is_allowed ? "allowed" : "refused", out);
    if (is_set(explanation, "pending"))
        fputs(" if the quotas grant it", out);
    if (!is_allowed)
        fprintf(out, ": %s", text_of(explanation, "code"));
    if (text_of(explanation, "message")[0])
        fprintf(out, ": %s", text_of(explanation, "message"));
    fputc('\n', out);
    if (has(explanation, "http_status"))
        fprintf(out, "  HTTP status %lld\n",
                number_of(explanation, "http_status"));
    print_headers(out, "request",
                  json_object_get(explanation, "request_headers"));
    print_headers(out, "response",
                  json_object_get(explanation, "response_headers"));
    if (has(explanation, "retry_after"))
        fprintf(out, "  retry after %s\n", text_of(explanation, "retry_after"));
    fprintf(out, "  valid for %s and %lld uses\n\n",
            text_of(explanation, "valid_for"),
            number_of(explanation, "valid_uses"));
}

void explain_text_print_reasons(FILE *out, const json_t *explanation)
{
    const json_t *part;
    size_t i;

    json_array_foreach(json_object_get(explanation, "rules"), i, part)
        print_rule(out, part);
    if (has(explanation, "unexplained_rules"))
        fprintf(out, "%lld more rules\n",
                number_of(explanation, "unexplained_rules"));
    json_array_foreach(json_object_get(explanation, "quotas"), i, part)
        print_quota(out, "asked for: ", "  ", part);
}

void explain_text_print(FILE *out, const json_t *explanation)
{
    print_verdict(out, explanation);
    explain_text_print_reasons(out, explanation);
}

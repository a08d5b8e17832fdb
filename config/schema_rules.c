#include "config/entry.h"
#include "config/schema_part.h"
#include "policy/base/clock.h"

const struct choice enforcement_modes[] = { { "enforce", MODE_ENFORCE },
                                            { "shadow", MODE_SHADOW },
                                            { NULL, 0 } };

static const struct choice on_errors[] = { { "skip", ON_ERROR_SKIP },
                                           { "deny", ON_ERROR_DENY },
                                           { "allow", ON_ERROR_ALLOW },
                                           { NULL, 0 } };

static const struct choice header_operations[] = { { "REPLACE",
                                                     HEADER_REPLACE },
                                                   { "REMOVE", HEADER_REMOVE },
                                                   { "APPEND", HEADER_APPEND },
                                                   { NULL, 0 } };

/* STATUS_CODES begins with OK, which is no refusal. */
static const struct choice all_codes[] = {
#define X(name, number) { #name, STATUS_##name },
    STATUS_CODES(X)
#undef X
        { NULL, 0 }
};

static const struct field deny_fields[] = {
    { .name = "code",
      .kind = FIELD_CHOICE,
      MEMBER(deny_entry, code),
      .choices = all_codes + 1,
      .fallback = "PERMISSION_DENIED",
      .doc = "The gRPC status." },
    { .name = "message",
      .kind = FIELD_TEXT,
      MEMBER(deny_entry, message),
      .most = 1024,
      .fallback = "",
      .doc = "For the caller, behind the name of the rule." },
    { .name = "http_status",
      .kind = FIELD_INTEGER,
      MEMBER(deny_entry, http_status),
      .least = 400,
      .most = 599,
      .doc = "The HTTP status; by default it follows from the code." },
    { .name = "headers",
      .kind = FIELD_TEXT_MAP,
      MEMBER(deny_entry, headers),
      .least = 1,
      .most = 32,
      .doc = "Headers of the HTTP answer." },
    { .name = "body",
      .kind = FIELD_TEXT,
      MEMBER(deny_entry, body),
      .most = 8192,
      .fallback = "",
      .doc = "Of the HTTP answer; by default the message." },
};

static const struct group deny_group =
    GROUP(deny_entry, deny_fields,
          "How a refusal looks. In a rule without `list` and `quota`, whatever "
          "matches is refused. Of several rules that refuse, the first one "
          "gives code and "
          "HTTP form, and all give their message.");

static const struct choice otherwises[] = { { "deny", false },
                                            { "pass", true },
                                            { NULL, 0 } };

static const struct field list_check_fields[] = {
    { .name = "name",
      .kind = FIELD_TEXT,
      MEMBER(list_check_entry, name),
      .is_required = true,
      .least = 1,
      .most = NAME_BYTES_MAX,
      .doc = "Of a list." },
    { .name = "value",
      .kind = FIELD_EXPRESSION,
      MEMBER(list_check_entry, value),
      .is_required = true,
      .doc = "What is looked up: a STRING, or in a list of addresses an "
             "IP_ADDRESS too." },
    { .name = "otherwise",
      .kind = FIELD_CHOICE,
      MEMBER(list_check_entry, refuses_members),
      .choices = otherwises,
      .fallback = "deny",
      .doc = "What happens to a value that is not in the list. `deny`: it is "
             "refused, and those in the list pass. `pass`: it passes, and "
             "those in the list are refused." },
};

static const struct group list_check_group =
    GROUP(list_check_entry, list_check_fields,
          "Refuses by a list. Where there is no value, or the list cannot be "
          "had, the rule cannot be evaluated.");

static const struct field quota_use_fields[] = {
    { .name = "name",
      .kind = FIELD_TEXT,
      MEMBER(quota_use_entry, name),
      .is_required = true,
      .least = 1,
      .most = NAME_BYTES_MAX,
      .doc = "Of a quota; upper and lower case are the same." },
    { .name = "amount",
      .kind = FIELD_AMOUNT,
      MEMBER(quota_use_entry, amount),
      .least = 1,
      .most = LIMIT_AMOUNT_MAX,
      .fallback = "1",
      .doc = "How much is charged. Where an expression has no value, or one "
             "below 1, the rule cannot be evaluated." },
};

static const struct group quota_use_group =
    GROUP(quota_use_entry, quota_use_fields, "The quotas that are charged.");

static const struct field header_fields[] = {
    { .name = "name",
      .kind = FIELD_TEXT,
      MEMBER(header_entry, name),
      .is_required = true,
      .least = 1,
      .most = 256,
      .doc = "Of the header, or `:path`, `:authority` and the like." },
    { .name = "value",
      .kind = FIELD_EXPRESSION,
      MEMBER(header_entry, value),
      .doc =
          "Its value. Where it has none, or an empty one, nothing is done." },
    { .name = "operation",
      .kind = FIELD_CHOICE,
      MEMBER(header_entry, operation),
      .choices = header_operations,
      .fallback = "REPLACE",
      .doc = "`REPLACE`: that value alone. `APPEND`: one header more. "
             "`REMOVE`: none; it has no `value`." },
};

static const struct group header_group =
    GROUP(header_entry, header_fields,
          "What is done to headers of a request that passes, in this order.");

static const struct field active_fields[] = {
    { .name = "from",
      .kind = FIELD_TIME,
      MEMBER(active_entry, from_ns),
      .doc = "Before that it is as if the rule were not there." },
    { .name = "to",
      .kind = FIELD_TIME,
      MEMBER(active_entry, to_ns),
      .doc = "From then on it is as if the rule were not there." },
};

static const struct group active_group =
    GROUP(active_entry, active_fields, "When the rule holds.");

static const struct field rule_fields[] = {
    { .name = "name",
      .kind = FIELD_TEXT,
      MEMBER(rule_entry, name),
      .is_required = true,
      .least = 1,
      .most = NAME_BYTES_MAX,
      .doc = "For messages and metrics." },
    { .name = "namespace",
      .kind = FIELD_TEXT,
      MEMBER(rule_entry, namespace),
      .least = 1,
      .most = 256,
      .doc = "Only requests of that namespace: `destination.namespace`, or "
             "`source.namespace` where `context.reporter.kind` is "
             "`outbound`. By default all." },
    { .name = "match",
      .kind = FIELD_EXPRESSION,
      MEMBER(rule_entry, match),
      .doc = "Which requests it is for. By default all." },
    { .name = "active",
      .kind = FIELD_OPTIONAL_GROUP,
      MEMBER(rule_entry, active),
      .group = &active_group,
      .doc = "When it holds. By default always." },
    { .name = "list",
      .kind = FIELD_OPTIONAL_GROUP,
      MEMBER(rule_entry, list),
      .group = &list_check_group,
      .doc = "Refuses what a list does not let pass." },
    { .name = "deny",
      .kind = FIELD_OPTIONAL_GROUP,
      MEMBER(rule_entry, deny),
      .group = &deny_group,
      .doc = "Refuses what matches; with `list` or `quota`, only shapes their "
             "refusal." },
    { .name = "quota",
      .kind = FIELD_NAMED_LIST,
      MEMBER(rule_entry, quotas),
      .least = 1,
      .most = 8,
      .group = &quota_use_group,
      .doc = "The quotas that are charged: all of them, or none if one "
             "refuses." },
    { .name = "allow",
      .kind = FIELD_BOOL,
      MEMBER(rule_entry, allow),
      .fallback = "false",
      .doc = "Later rules are not asked. What earlier ones refuse stays "
             "refused." },
    { .name = "request_headers",
      .kind = FIELD_LIST,
      MEMBER(rule_entry, request_headers),
      .least = 1,
      .most = 32,
      .group = &header_group,
      .doc = "Changes headers of a request that passes." },
    { .name = "response_headers",
      .kind = FIELD_LIST,
      MEMBER(rule_entry, response_headers),
      .least = 1,
      .most = 32,
      .group = &header_group,
      .doc = "Changes headers of the answer to a request that passes." },
    { .name = "valid_for",
      .kind = FIELD_DURATION,
      MEMBER(rule_entry, valid_for_ns),
      .least = 0,
      .most = 24 * HOUR,
      .doc = "The caller may reuse an answer that the rule took part in for so "
             "long at most; 0: not at all. By default a refusal 5 s, else as "
             "`server.valid_for` says." },
    { .name = "valid_uses",
      .kind = FIELD_INTEGER,
      MEMBER(rule_entry, valid_uses),
      .least = 0,
      .most = LIMIT_AMOUNT_MAX,
      .doc = "And so often at most. By default a refusal 1000 times." },
    { .name = "on_error",
      .kind = FIELD_CHOICE,
      MEMBER(rule_entry, on_error),
      .choices = on_errors,
      .fallback = "skip",
      .doc = "When `match` or what an action needs cannot be evaluated, as for "
             "want of an attribute. `skip`: as if the rule did not match. "
             "`deny`: PERMISSION_DENIED. `allow`: the request passes and later "
             "rules are not asked." },
    ENFORCEMENT_FIELDS(rule_entry, "decides and counts, but does not act."),
};

const struct group rule_group =
    GROUP(rule_entry, rule_fields,
          "What happens to a request: all rules are asked, in this order. "
          "[Rules](rules.md) tells how they combine.");

#include "policy/check/verdict.h"

void verdict_init(struct check *check)
{
    check->code = STATUS_OK;
    check->message = check->body = (struct str){ 0 };
    check->http_status = 0;
    check->valid_for_ns = check->ruleset->valid_for_ns;
    check->valid_uses = check->ruleset->valid_uses;
    check->retry_after_ns = -1;
    check->request_headers = check->response_headers =
        (struct header_changes){ 0 };
    check->first_refusal = check->last_refusal = NULL;
}

static void take_shape(struct check *check, const struct refusal *refusal)
{
    const struct denial *shape = refusal->shape;

    check->code = refusal->code;
    check->request_headers = check->response_headers =
        (struct header_changes){ 0 };
    if (!shape)
        return;
    check->http_status = shape->http_status;
    check->body = shape->body;
    check->response_headers =
        (struct header_changes){ shape->headers, shape->header_count };
}

void verdict_refuse(struct check *check, struct refusal refusal)
{
    struct refusal *added;

    if (check->code == STATUS_OK)
        take_shape(check, &refusal);
    added = arena_alloc(check->bag->arena, sizeof(*added));
    if (!added)
        return; /* only its message is lost */
    *added = refusal;
    added->next = NULL;
    if (check->last_refusal)
        check->last_refusal->next = added;
    else
        check->first_refusal = added;
    check->last_refusal = added;
}

static char *put(char *at, struct str text)
{
    if (text.len > 0)
        memcpy(at, text.data, text.len);
    return at + text.len;
}

/* "rule:message, rule:message" */
void verdict_write(struct check *check)
{
    struct str separator = STR("");
    size_t len = 0;
    char *text, *at;

    for (const struct refusal *r = check->first_refusal; r; r = r->next)
        len += r->rule->name.len + r->message.len + strlen(":, ");
    text = at = arena_alloc(check->bag->arena, len);
    if (!text)
        return;
    for (const struct refusal *r = check->first_refusal; r; r = r->next) {
        at = put(put(at, separator), r->rule->name);
        at = put(put(at, STR(":")), r->message);
        separator = STR(", ");
    }
    check->message = (struct str){ text, (size_t)(at - text) };
}

void verdict_limit(struct check *check, int64_t for_ns, int32_t uses)
{
    if (check->valid_for_ns > for_ns)
        check->valid_for_ns = for_ns;
    if (check->valid_uses > uses)
        check->valid_uses = uses;
}

void verdict_unfinished(struct check *check)
{
    verdict_init(check);
    check->code = STATUS_RESOURCE_EXHAUSTED;
    check->message = STR("the request is too large to be checked");
    verdict_limit(check, 0, 0);
}

#include "proto/wire/mixer.h"

#include "policy/base/clock.h"
#include "proto/wire/dictionary.h"
#include "proto/wire/message.h"
#include "proto/wire/utf8.h"

#include "mixer/v1/mixer.pb-c.h"

struct encoder {
    const struct words *words;
    uint32_t global_count;
    struct arena *arena;
};

/* ---- parts ------------------------------------------------------------- */

static void set_duration(Google__Protobuf__Duration *wire, int64_t ns)
{
    google__protobuf__duration__init(wire);
    wire->seconds = ns / SECOND;
    wire->nanos = (int32_t)(ns % SECOND);
}

/* False if the arena's limit is hit. */
static bool set_status(Google__Rpc__Status *wire, enum status_code code,
                       struct str message, struct arena *arena)
{
    google__rpc__status__init(wire);
    wire->code = (int32_t)code;
    if (!utf8_is_text(message)) /* the verdict matters more than its words */
        return true;
    wire->message = message_text(message, arena);
    return wire->message != NULL;
}

typedef Istio__Mixer__V1__ReferencedAttributes__AttributeMatch AttributeMatch;

static bool set_match(AttributeMatch *match, const struct ref *ref,
                      const struct encoder *encoder,
                      struct dictionary *dictionary)
{
    struct str name =
        vocabulary_name(encoder->words->vocabulary, ref->attribute);

    istio__mixer__v1__referenced_attributes__attribute_match__init(match);
    match->condition =
        ref->present
            ? ISTIO__MIXER__V1__REFERENCED_ATTRIBUTES__CONDITION__EXACT
            : ISTIO__MIXER__V1__REFERENCED_ATTRIBUTES__CONDITION__ABSENCE;
    return dictionary_add(dictionary, name, &match->name) &&
           (!ref->key.data ||
            dictionary_add_key(dictionary, ref->key, &match->map_key));
}

/* False if not all can be said, for want of memory or because a key that was
 * read is no text. A part of them would let a client reuse the answer where it
 * does not hold. */
static bool set_references(Istio__Mixer__V1__ReferencedAttributes *wire,
                           const struct refs *refs,
                           const struct encoder *encoder)
{
    struct dictionary dictionary;
    AttributeMatch *matches =
        arena_calloc(encoder->arena, refs->count, sizeof(matches[0]));
    AttributeMatch **pointers =
        arena_calloc(encoder->arena, refs->count, sizeof(pointers[0]));

    if (!matches || !pointers)
        return false;
    istio__mixer__v1__referenced_attributes__init(wire);
    dictionary_init(&dictionary, encoder->global_count, encoder->arena);
    for (uint32_t i = 0; i < refs->count; i++) {
        if (!set_match(&matches[i], &refs->items[i], encoder, &dictionary))
            return false;
        pointers[i] = &matches[i];
    }
    wire->n_words = dictionary.count;
    wire->words = dictionary.words;
    wire->n_attribute_matches = refs->count;
    wire->attribute_matches = pointers;
    return true;
}

/* ---- the precondition -------------------------------------------------- */

struct precondition {
    Istio__Mixer__V1__CheckResponse__PreconditionResult result;
    Google__Rpc__Status status;
    Google__Protobuf__Duration valid;
    Istio__Mixer__V1__ReferencedAttributes references;
    Istio__Mixer__V1__RouteDirective directive;
};

typedef Istio__Mixer__V1__HeaderOperation HeaderOperation;

static bool set_header(HeaderOperation *wire,
                       const struct header_change *header, struct arena *arena)
{
    istio__mixer__v1__header_operation__init(wire);
    wire->name = message_text(header->name, arena);
    wire->value = message_text(header->value, arena);
    switch (header->operation) {
    case HEADER_REPLACE:
        wire->operation =
            ISTIO__MIXER__V1__HEADER_OPERATION__OPERATION__REPLACE;
        break;
    case HEADER_REMOVE:
        wire->operation = ISTIO__MIXER__V1__HEADER_OPERATION__OPERATION__REMOVE;
        break;
    case HEADER_APPEND:
        wire->operation = ISTIO__MIXER__V1__HEADER_OPERATION__OPERATION__APPEND;
        break;
    }
    return wire->name && wire->value;
}

/* Values that are no text cannot be said and are left out. */
static bool set_headers(size_t *count, HeaderOperation ***operations,
                        const struct header_changes *headers,
                        struct arena *arena)
{
    HeaderOperation *wire = arena_alloc(arena, headers->count * sizeof(*wire));

    *count = 0;
    *operations = arena_alloc(arena, headers->count * sizeof((*operations)[0]));
    if (!wire || !*operations)
        return false;
    for (uint32_t i = 0; i < headers->count; i++) {
        if (!utf8_is_text(headers->items[i].value))
            continue;
        if (!set_header(&wire[i], &headers->items[i], arena))
            return false;
        (*operations)[(*count)++] = &wire[i];
    }
    return true;
}

/* What the proxy answers in place of the request, if rules say so. */
static bool set_answer(Istio__Mixer__V1__RouteDirective *directive,
                       const struct check *check, struct arena *arena)
{
    struct str body = check->body.len > 0 ? check->body : check->message;

    directive->direct_response_code = check->http_status != 0
                                          ? check->http_status
                                          : status_code_http(check->code);
    if (!utf8_is_text(body))
        return true;
    directive->direct_response_body = message_text(body, arena);
    return directive->direct_response_body != NULL;
}

static bool has_directive(const struct check *check)
{
    return check->request_headers.count > 0 ||
           check->response_headers.count > 0 || check->http_status != 0 ||
           check->body.len > 0;
}

static bool set_directive(struct precondition *precondition,
                          const struct check *check, struct arena *arena)
{
    Istio__Mixer__V1__RouteDirective *directive = &precondition->directive;

    if (!has_directive(check))
        return true;
    istio__mixer__v1__route_directive__init(directive);
    precondition->result.route_directive = directive;
    if (check->code != STATUS_OK && !set_answer(directive, check, arena))
        return false;
    return set_headers(&directive->n_request_header_operations,
                       &directive->request_header_operations,
                       &check->request_headers, arena) &&
           set_headers(&directive->n_response_header_operations,
                       &directive->response_header_operations,
                       &check->response_headers, arena);
}

static bool set_precondition(struct precondition *precondition,
                             const struct check *check,
                             const struct encoder *encoder)
{
    Istio__Mixer__V1__CheckResponse__PreconditionResult *result =
        &precondition->result;

    istio__mixer__v1__check_response__precondition_result__init(result);
    if (!set_status(&precondition->status, check->code, check->message,
                    encoder->arena))
        return false;
    result->status = &precondition->status;
    /* Clients keep an answer without valid_duration for ever. */
    set_duration(&precondition->valid, check->valid_for_ns);
    result->valid_duration = &precondition->valid;
    result->valid_use_count = check->valid_uses;
    result->referenced_attributes = &precondition->references;
    if (!set_references(&precondition->references, &check->refs, encoder)) {
        result->referenced_attributes = NULL;
        result->valid_use_count = 0;
        set_duration(&precondition->valid, 0);
    }
    return set_directive(precondition, check, encoder->arena);
}

/* ---- quotas ------------------------------------------------------------ */

struct quota_result {
    Istio__Mixer__V1__CheckResponse__QuotasEntry entry;
    Istio__Mixer__V1__CheckResponse__QuotaResult result;
    Google__Rpc__Status status;
    Google__Protobuf__Duration valid;
    Istio__Mixer__V1__ReferencedAttributes references;
};

static const char *words_of(const struct quota_answer *answer)
{
    if (answer->result == ASK_UNKNOWN && answer->grant.is_refused)
        return "is not configured";
    return quota_grant_words(&answer->grant);
}

/* A grant that an open gate gave says so: clients look at the code only. */
static bool set_quota_status(Google__Rpc__Status *wire, struct str name,
                             const struct quota_answer *answer,
                             struct arena *arena)
{
    enum status_code code =
        answer->grant.is_refused ? STATUS_RESOURCE_EXHAUSTED : STATUS_OK;
    const char *words = words_of(answer);
    struct str message;

    if (words[0] == '\0')
        return set_status(wire, code, STR(""), arena);
    message = arena_printf(arena, "quota %.*s %s", STR_ARG(name), words);
    return message.data && set_status(wire, code, message, arena);
}

static bool set_quota(struct quota_result *quota, struct str name,
                      const struct quota_answer *answer,
                      const struct encoder *encoder)
{
    Istio__Mixer__V1__CheckResponse__QuotaResult *result = &quota->result;

    istio__mixer__v1__check_response__quota_result__init(result);
    istio__mixer__v1__check_response__quotas_entry__init(&quota->entry);
    quota->entry.key = message_text(name, encoder->arena);
    quota->entry.value = result;
    if (!quota->entry.key ||
        !set_quota_status(&quota->status, name, answer, encoder->arena))
        return false;
    result->status = &quota->status;
    result->granted_amount = answer->grant.granted;
    set_duration(&quota->valid, answer->grant.valid_for_ns);
    result->valid_duration = &quota->valid;
    result->referenced_attributes = &quota->references;
    if (!set_references(&quota->references, &answer->refs, encoder)) {
        result->referenced_attributes = NULL;
        set_duration(&quota->valid, 0);
    }
    return true;
}

/* ---- the response ------------------------------------------------------ */

struct response {
    Istio__Mixer__V1__CheckResponse response;
    struct precondition precondition;
    struct quota_result quotas[QUOTAS_PER_CHECK_MAX];
    Istio__Mixer__V1__CheckResponse__QuotasEntry *entries[QUOTAS_PER_CHECK_MAX];
};

static bool set_quotas(struct response *response, const struct check *check,
                       const struct encoder *encoder)
{
    for (uint32_t i = 0; i < check->ask_count; i++) {
        if (!set_quota(&response->quotas[i], check->asks[i].name,
                       &check->answers[i], encoder))
            return false;
        response->entries[i] = &response->quotas[i].entry;
    }
    response->response.n_quotas = check->ask_count;
    response->response.quotas = response->entries;
    return true;
}

struct str mixer_encode_check(const struct check *check,
                              const struct mixer_request *request,
                              const struct words *words, struct arena *arena)
{
    struct encoder encoder = {
        .words = words,
        .global_count = request->global_word_count,
        .arena = arena,
    };
    struct response response;

    istio__mixer__v1__check_response__init(&response.response);
    if (!set_precondition(&response.precondition, check, &encoder))
        return (struct str){ 0 };
    response.response.precondition = &response.precondition.result;
    if (check->code == STATUS_OK && !set_quotas(&response, check, &encoder))
        return (struct str){ 0 };
    return message_pack(&response.response.base, arena);
}

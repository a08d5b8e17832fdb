/* Check responses, read back by protobuf-c and by our own client's side. */
#include "test/support/table.h"

#include "policy/base/arena.h"
#include "policy/base/clock.h"
#include "proto/wire/message.h"
#include "proto/wire/mixer.h"

#include "mixer/v1/mixer.pb-c.h"

typedef Istio__Mixer__V1__CheckResponse Response;
typedef Istio__Mixer__V1__ReferencedAttributes References;

enum {
    EXACT = ISTIO__MIXER__V1__REFERENCED_ATTRIBUTES__CONDITION__EXACT,
    ABSENCE = ISTIO__MIXER__V1__REFERENCED_ATTRIBUTES__CONDITION__ABSENCE,
};

/* Ids are given in this order. */
enum { PATH, HEADERS, TIER };

struct fixture {
    struct vocabulary *vocabulary;
    struct words words;
    struct arena arena;
    struct check check;
    struct mixer_request request;
};

static int setup(void **state)
{
    static struct fixture fixture;

    fixture = (struct fixture){ .vocabulary = vocabulary_new() };
    vocabulary_declare(fixture.vocabulary, STR("user.tier"), VALUE_STRING);
    vocabulary_use(fixture.vocabulary, STR("request.path"));
    vocabulary_use(fixture.vocabulary, STR("request.headers"));
    vocabulary_use(fixture.vocabulary, STR("user.tier"));
    words_init(&fixture.words, fixture.vocabulary);
    arena_init(&fixture.arena, 0);
    fixture.request.global_word_count = GLOBAL_WORD_COUNT;
    fixture.check.asks = fixture.request.asks;
    fixture.check.valid_for_ns = 60 * SECOND;
    fixture.check.valid_uses = 10000;
    refs_init(&fixture.check.refs, &fixture.arena);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    arena_fini(&fixture->arena);
    vocabulary_free(fixture->vocabulary);
    return 0;
}

static const Response *encode(struct fixture *fixture)
{
    struct str body = mixer_encode_check(&fixture->check, &fixture->request,
                                         &fixture->words, &fixture->arena);
    const Response *response;

    assert_non_null(body.data);
    response = message_unpack(&istio__mixer__v1__check_response__descriptor,
                              body, &fixture->arena);
    assert_non_null(response);
    assert_non_null(response->precondition);
    return response;
}

/* ---- the precondition -------------------------------------------------- */

static void test_allowed(void **state)
{
    struct fixture *fixture = *state;
    const Response *response = encode(fixture);

    assert_int_equal(response->precondition->status->code, 0);
    assert_int_equal(response->precondition->valid_duration->seconds, 60);
    assert_int_equal(response->precondition->valid_duration->nanos, 0);
    assert_int_equal(response->precondition->valid_use_count, 10000);
    assert_non_null(response->precondition->referenced_attributes);
    assert_null(response->precondition->route_directive);
    assert_int_equal(response->n_quotas, 0);
}

static void test_denied(void **state)
{
    struct fixture *fixture = *state;
    const Response *response;

    fixture->check.code = STATUS_PERMISSION_DENIED;
    fixture->check.message = STR("blue:not yet");
    fixture->check.http_status = 403;
    fixture->check.valid_for_ns = 1500 * MILLISECOND;
    fixture->check.valid_uses = 7;
    response = encode(fixture);
    assert_int_equal(response->precondition->status->code, 7);
    assert_string_equal(response->precondition->status->message,
                        "blue:not yet");
    assert_int_equal(response->precondition->valid_duration->seconds, 1);
    assert_int_equal(response->precondition->valid_duration->nanos, 500000000);
    assert_int_equal(response->precondition->valid_use_count, 7);
    assert_int_equal(
        response->precondition->route_directive->direct_response_code, 403);
    assert_string_equal(
        response->precondition->route_directive->direct_response_body,
        "blue:not yet");
}

/* ---- the route directive ----------------------------------------------- */

static const struct header_change changes[] = {
    { STR_INIT("x-tier"), STR_INIT("gold"), HEADER_REPLACE },
    { STR_INIT("x-secret"), { NULL, 0 }, HEADER_REMOVE },
    { STR_INIT("via"), STR_INIT("caf\xe9"), HEADER_REPLACE },
    { STR_INIT("via"), STR_INIT("caf\xc3\xa9"), HEADER_APPEND },
};

static void test_headers_of_a_request_that_passes(void **state)
{
    struct fixture *fixture = *state;
    const Istio__Mixer__V1__RouteDirective *directive;

    fixture->check.request_headers =
        (struct header_changes){ changes, ROWS(changes) };
    fixture->check.response_headers = (struct header_changes){ changes, 1 };
    directive = encode(fixture)->precondition->route_directive;
    assert_non_null(directive);
    assert_int_equal(directive->direct_response_code, 0);
    assert_string_equal(directive->direct_response_body, "");
    row_equal_i64("what is no text is left out",
                  directive->n_request_header_operations, 3);
    assert_string_equal(directive->request_header_operations[0]->name,
                        "x-tier");
    assert_string_equal(directive->request_header_operations[0]->value, "gold");
    for (unsigned i = 0; i < 3; i++)
        row_equal_i64("in their order",
                      directive->request_header_operations[i]->operation, i);
    assert_string_equal(directive->request_header_operations[2]->value,
                        "caf\xc3\xa9");
    row_equal_i64("response", directive->n_response_header_operations, 1);
}

static void test_a_direct_response(void **state)
{
    struct fixture *fixture = *state;
    const Istio__Mixer__V1__RouteDirective *directive;

    fixture->check.code = STATUS_UNAUTHENTICATED;
    fixture->check.message = STR("r:who");
    fixture->check.response_headers = (struct header_changes){ changes, 1 };
    directive = encode(fixture)->precondition->route_directive;
    row_equal_i64("follows from the code", directive->direct_response_code,
                  401);
    assert_string_equal(directive->direct_response_body, "r:who");
    row_equal_i64("header", directive->n_response_header_operations, 1);

    fixture->check.body = STR("<p>who?</p>");
    fixture->check.http_status = 407;
    directive = encode(fixture)->precondition->route_directive;
    row_equal_i64("given", directive->direct_response_code, 407);
    assert_string_equal(directive->direct_response_body, "<p>who?</p>");
}

static void test_a_refusal_by_a_rule_names_no_quota(void **state)
{
    struct fixture *fixture = *state;
    const Response *response;

    fixture->check.code = STATUS_RESOURCE_EXHAUSTED;
    fixture->check.valid_for_ns = 0;
    fixture->check.valid_uses = 0;
    fixture->check.ask_count = 1;
    fixture->request.asks[0].name = STR("other");
    response = encode(fixture);
    assert_int_equal(response->precondition->status->code, 8);
    assert_non_null(response->precondition->valid_duration);
    assert_int_equal(response->precondition->valid_duration->seconds, 0);
    assert_int_equal(response->precondition->valid_use_count, 0);
    assert_int_equal(response->n_quotas, 0);
}

static void test_a_message_that_is_no_text_is_left_out(void **state)
{
    struct fixture *fixture = *state;
    const Response *response;

    fixture->check.code = STATUS_PERMISSION_DENIED;
    fixture->check.message = STR("caf\xe9");
    response = encode(fixture);
    assert_int_equal(response->precondition->status->code, 7);
    assert_string_equal(response->precondition->status->message, "");
}

/* ---- referenced attributes --------------------------------------------- */

#define NO_KEY                                                                 \
    {                                                                          \
        NULL, 0                                                                \
    }

static const struct {
    const char *why;
    uint32_t global_count;
    struct ref ref;
    const char *word; /* the message's only one; NULL: none */
    int32_t name, map_key;
} reference_rows[] = {
    { "a global word", 222, { PATH, NO_KEY, true }, NULL, 17, 0 },
    { "absent", 222, { PATH, NO_KEY, false }, NULL, 17, 0 },
    { "unknown to the caller",
      17,
      { PATH, NO_KEY, true },
      "request.path",
      -1,
      0 },
    { "no global word", 222, { TIER, NO_KEY, true }, "user.tier", -1, 0 },
    { "a key that is a global word",
      222,
      { HEADERS, STR_INIT("cookie"), true },
      NULL,
      15,
      59 },
    { "a key of its own",
      222,
      { HEADERS, STR_INIT("x-version"), false },
      "x-version",
      15,
      -1 },
    { "a key that is word 0, which would be none",
      222,
      { HEADERS, STR_INIT("source.ip"), true },
      "source.ip",
      15,
      -1 },
    { "the empty key", 222, { HEADERS, STR_INIT(""), true }, "", 15, -1 },
    { "a map that is absent", 222, { HEADERS, NO_KEY, false }, NULL, 15, 0 },
};

static void test_references(void **state)
{
    struct fixture *fixture = *state;

    for (size_t i = 0; i < ROWS(reference_rows); i++) {
        const char *why = reference_rows[i].why;
        const References *references;

        fixture->request.global_word_count = reference_rows[i].global_count;
        refs_init(&fixture->check.refs, &fixture->arena);
        refs_add(&fixture->check.refs, reference_rows[i].ref);
        references = encode(fixture)->precondition->referenced_attributes;
        row_equal_i64(why, references->n_attribute_matches, 1);
        row_equal_i64(why, references->attribute_matches[0]->name,
                      reference_rows[i].name);
        row_equal_i64(why, references->attribute_matches[0]->map_key,
                      reference_rows[i].map_key);
        row_equal_i64(why, references->attribute_matches[0]->condition,
                      reference_rows[i].ref.present ? EXACT : ABSENCE);
        row_equal_i64(why, references->n_words, reference_rows[i].word ? 1 : 0);
        if (reference_rows[i].word)
            row_equal_str(why, message_string(references->words[0]),
                          str_of(reference_rows[i].word));
    }
}

static void test_words_are_said_once(void **state)
{
    struct fixture *fixture = *state;
    const References *references;

    fixture->request.global_word_count = 0;
    refs_add(&fixture->check.refs, (struct ref){ HEADERS, STR("a"), true });
    refs_add(&fixture->check.refs, (struct ref){ HEADERS, STR("b"), false });
    refs_add(&fixture->check.refs, (struct ref){ PATH, { 0 }, true });
    references = encode(fixture)->precondition->referenced_attributes;
    assert_int_equal(references->n_words, 4);
    assert_int_equal(references->n_attribute_matches, 3);
    assert_int_equal(references->attribute_matches[0]->name, -1);
    assert_int_equal(references->attribute_matches[0]->map_key, -2);
    assert_int_equal(references->attribute_matches[1]->name, -1);
    assert_int_equal(references->attribute_matches[1]->map_key, -3);
    assert_int_equal(references->attribute_matches[2]->name, -4);
    assert_int_equal(references->attribute_matches[2]->map_key, 0);
}

/* A client that knew only some of them would reuse the answer wrongly. */
static void test_a_key_that_cannot_be_sent_forbids_caching(void **state)
{
    static const struct str keys[] = { STR_INIT("a\0b"), STR_INIT("\xff") };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < ROWS(keys); i++) {
        const Response *response;

        refs_init(&fixture->check.refs, &fixture->arena);
        refs_add(&fixture->check.refs, (struct ref){ PATH, { 0 }, true });
        refs_add(&fixture->check.refs, (struct ref){ HEADERS, keys[i], true });
        response = encode(fixture);
        assert_null(response->precondition->referenced_attributes);
        assert_int_equal(response->precondition->valid_duration->seconds, 0);
        assert_int_equal(response->precondition->valid_use_count, 0);
    }
}

/* ---- quotas ------------------------------------------------------------ */

static const struct {
    const char *why;
    struct quota_answer answer;
    int64_t granted;
    int64_t valid_seconds;
    int32_t code;
    const char *message;
} quota_rows[] = {
    { "granted",
      { .grant = { .granted = 5, .valid_for_ns = 2 * SECOND } },
      5,
      2,
      0,
      "" },
    { "best effort found nothing",
      { .grant = { .granted = 0, .valid_for_ns = 2 * SECOND } },
      0,
      2,
      0,
      "" },
    { "refused",
      { .grant = { .is_refused = true } },
      0,
      0,
      8,
      "quota q is exhausted" },
    { "refused, as the store is away",
      { .grant = { .is_refused = true, .is_outage = true } },
      0,
      0,
      8,
      "quota q cannot be checked" },
    { "granted, although the store is away",
      { .grant = { .granted = 1, .valid_for_ns = SECOND, .is_outage = true } },
      1,
      1,
      0,
      "quota q passed unchecked: the store does not answer" },
    { "granted by this machine in its place",
      { .grant = { .granted = 1,
                   .valid_for_ns = SECOND,
                   .is_outage = true,
                   .is_local = true } },
      1,
      1,
      0,
      "quota q was counted here only: the store does not answer" },
    { "refused by it",
      { .grant = { .is_refused = true, .is_outage = true, .is_local = true } },
      0,
      0,
      8,
      "quota q is exhausted here, and the store does not answer" },
    { "only looked at, while the store is away",
      { .grant = { .is_outage = true } },
      0,
      0,
      0,
      "quota q cannot be checked" },
    { "unknown, and refused for that",
      { .result = ASK_UNKNOWN, .grant = { .is_refused = true } },
      0,
      0,
      8,
      "quota q is not configured" },
    { "unknown, and granted",
      { .result = ASK_UNKNOWN,
        .grant = { .granted = 3, .valid_for_ns = 60 * SECOND } },
      3,
      60,
      0,
      "" },
};

static void test_quota(void **state)
{
    struct fixture *fixture = *state;

    for (size_t i = 0; i < ROWS(quota_rows); i++) {
        const char *why = quota_rows[i].why;
        const Istio__Mixer__V1__CheckResponse__QuotaResult *result;
        const Response *response;

        fixture->check.ask_count = 1;
        fixture->request.asks[0].name = STR("q");
        fixture->check.answers[0] = quota_rows[i].answer;
        refs_init(&fixture->check.answers[0].refs, &fixture->arena);
        refs_add(&fixture->check.answers[0].refs,
                 (struct ref){ TIER, { 0 }, true });
        response = encode(fixture);
        row_equal_i64("the precondition stays as it is",
                      response->precondition->status->code, 0);
        row_equal_i64(why, response->n_quotas, 1);
        row_equal_str(why, message_string(response->quotas[0]->key), STR("q"));
        result = response->quotas[0]->value;
        row_equal_i64(why, result->granted_amount, quota_rows[i].granted);
        row_equal_i64(why, result->valid_duration->seconds,
                      quota_rows[i].valid_seconds);
        row_equal_i64(why, result->status->code, quota_rows[i].code);
        row_equal_str(why, message_string(result->status->message),
                      str_of(quota_rows[i].message));
        row_equal_i64(why, result->referenced_attributes->n_attribute_matches,
                      1);
        row_equal_str(why,
                      message_string(result->referenced_attributes->words[0]),
                      STR("user.tier"));
    }
}

static void test_every_quota_has_its_own_references(void **state)
{
    struct fixture *fixture = *state;
    const Response *response;

    fixture->check.ask_count = QUOTAS_PER_CHECK_MAX;
    for (uint32_t i = 0; i < QUOTAS_PER_CHECK_MAX; i++) {
        struct refs *refs = &fixture->check.answers[i].refs;

        fixture->request.asks[i].name =
            arena_printf(&fixture->arena, "quota %u", i);
        refs_init(refs, &fixture->arena);
        for (uint32_t r = 0; r < i; r++)
            refs_add(refs, (struct ref){ HEADERS,
                                         arena_printf(&fixture->arena, "%u", r),
                                         true });
    }
    response = encode(fixture);
    assert_int_equal(response->n_quotas, QUOTAS_PER_CHECK_MAX);
    for (uint32_t i = 0; i < QUOTAS_PER_CHECK_MAX; i++) {
        row_equal_str("in the order asked",
                      message_string(response->quotas[i]->key),
                      fixture->request.asks[i].name);
        row_equal_i64("its own",
                      response->quotas[i]
                          ->value->referenced_attributes->n_attribute_matches,
                      i);
    }
}

/* ---- the client's side ------------------------------------------------- */

static void test_the_client_reads_it(void **state)
{
    struct fixture *fixture = *state;
    struct mixer_response response;
    struct str body;

    fixture->check.message = STR("fine");
    fixture->check.ask_count = 2;
    fixture->request.asks[0].name = STR("one");
    fixture->request.asks[1].name = STR("two");
    fixture->check.answers[0].grant =
        (struct quota_grant){ .granted = 5, .valid_for_ns = MILLISECOND };
    fixture->check.answers[1].grant.is_refused = true;
    body = mixer_encode_check(&fixture->check, &fixture->request,
                              &fixture->words, &fixture->arena);
    assert_true(mixer_decode_response(body, &response, &fixture->arena));
    assert_int_equal(response.code, STATUS_OK);
    row_equal_str("message", response.message, STR("fine"));
    row_equal_i64("valid for", response.valid_for_ns, 60 * SECOND);
    row_equal_i64("uses", response.valid_uses, 10000);
    assert_int_equal(response.quota_count, 2);
    row_equal_str("first", response.quotas[0].name, STR("one"));
    row_equal_i64("granted", response.quotas[0].granted, 5);
    row_equal_i64("valid for", response.quotas[0].valid_for_ns, MILLISECOND);
    assert_int_equal(response.quotas[0].code, STATUS_OK);
    row_equal_i64("nothing granted", response.quotas[1].granted, 0);
    assert_int_equal(response.quotas[1].code, STATUS_RESOURCE_EXHAUSTED);
    row_equal_str("why", response.quotas[1].message,
                  STR("quota two is exhausted"));
}

static void test_the_client_refuses_what_is_none(void **state)
{
    static const struct {
        const char *why;
        struct str body;
    } rows[] = {
        { "no precondition", STR_INIT("") },
        { "cut off", STR_INIT("\x12\x01") },
        { "nine quotas", STR_INIT("\x12\x00\x1a\x00\x1a\x00\x1a\x00\x1a\x00"
                                  "\x1a\x00\x1a\x00\x1a\x00\x1a\x00\x1a\x00") },
    };
    struct fixture *fixture = *state;
    struct mixer_response response;

    for (size_t i = 0; i < ROWS(rows); i++)
        row_true(rows[i].why, !mixer_decode_response(rows[i].body, &response,
                                                     &fixture->arena));
}

static void test_the_client_takes_any_duration(void **state)
{
    static const struct {
        const char *why;
        struct str body;
        int64_t ns;
    } rows[] = {
        { "none", STR_INIT("\x12\x00"), 0 },
        { "one second", STR_INIT("\x12\x04\x12\x02\x08\x01"), SECOND },
        { "beyond all",
          STR_INIT("\x12\x0c\x12\x0a\x08\xff\xff\xff\xff\xff\xff\xff\xff\x7f"),
          INT64_MAX },
    };
    struct fixture *fixture = *state;
    struct mixer_response response;

    for (size_t i = 0; i < ROWS(rows); i++) {
        row_true(rows[i].why, mixer_decode_response(rows[i].body, &response,
                                                    &fixture->arena));
        row_equal_i64(rows[i].why, response.valid_for_ns, rows[i].ns);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_allowed),
        TEST(test_denied),
        TEST(test_headers_of_a_request_that_passes),
        TEST(test_a_direct_response),
        TEST(test_a_refusal_by_a_rule_names_no_quota),
        TEST(test_a_message_that_is_no_text_is_left_out),
        TEST(test_references),
        TEST(test_words_are_said_once),
        TEST(test_a_key_that_cannot_be_sent_forbids_caching),
        TEST(test_quota),
        TEST(test_every_quota_has_its_own_references),
        TEST(test_the_client_reads_it),
        TEST(test_the_client_refuses_what_is_none),
        TEST(test_the_client_takes_any_duration),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

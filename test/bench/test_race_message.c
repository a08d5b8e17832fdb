/* What racing clients say, and what they understand of the answers: against
 * protobuf-c, and in the words of those who decide. */
#include "bench/race/message.h"

#include "bench/load/body.h"
#include "policy/base/clock.h"
#include "policy/check/quota_request.h"
#include "test/support/table.h"

#include "mixer/v1/mixer.pb-c.h"
#include "sluice/v1/policy.pb-c.h"

#include <stdio.h>

typedef Istio__Mixer__V1__CheckRequest CheckRequest;
typedef Istio__Mixer__V1__CheckResponse CheckResponse;
typedef Istio__Mixer__V1__CheckResponse__PreconditionResult Precondition;
typedef Istio__Mixer__V1__CheckResponse__QuotaResult QuotaResult;
typedef Istio__Mixer__V1__CheckResponse__QuotasEntry QuotasEntry;

/* The message in a frame that is whole. */
static struct str message_in(struct str frame)
{
    assert_int_equal(first_frame(frame).len, frame.len);
    return str_skip(frame, FRAME_PREFIX_BYTES);
}

static void test_what_is_asked(void **state)
{
    struct arena arena;
    struct str check, release;
    CheckRequest *asked;
    Sluice__V1__ReleaseRequest *given;

    (void)state;
    arena_init(&arena, 0);
    check = message_in(message_check(STR("slots"), &arena));
    asked = istio__mixer__v1__check_request__unpack(
        NULL, check.len, (const uint8_t *)check.data);
    assert_int_equal(asked->n_quotas, 1);
    assert_string_equal(asked->quotas[0]->key, "slots");
    assert_int_equal(asked->quotas[0]->value->amount, 1);
    istio__mixer__v1__check_request__free_unpacked(asked, NULL);

    release = message_in(message_release(STR("a-lease"), &arena));
    given = sluice__v1__release_request__unpack(NULL, release.len,
                                                (const uint8_t *)release.data);
    assert_int_equal(given->n_leases, 1);
    assert_string_equal(given->leases[0], "a-lease");
    sluice__v1__release_request__free_unpacked(given, NULL);
    arena_fini(&arena);
}

/* `count` results that are alike. */
static struct str encode(const struct quota_grant *grant, size_t count,
                         uint8_t *out)
{
    CheckResponse response = ISTIO__MIXER__V1__CHECK_RESPONSE__INIT;
    Precondition precondition =
        ISTIO__MIXER__V1__CHECK_RESPONSE__PRECONDITION_RESULT__INIT;
    QuotaResult result = ISTIO__MIXER__V1__CHECK_RESPONSE__QUOTA_RESULT__INIT;
    QuotasEntry entry;
    QuotasEntry *entries[] = { &entry, &entry };
    Google__Protobuf__Duration valid = GOOGLE__PROTOBUF__DURATION__INIT;
    Google__Rpc__Status status;
    char name[] = "q", message[128];

    assert_true(count <= ROWS(entries));
    google__rpc__status__init(&status);
    snprintf(message, sizeof(message), "quota q %s", quota_grant_words(grant));
    status.message = message;
    valid.seconds = grant->valid_for_ns / SECOND;
    result.granted_amount = grant->granted;
    result.valid_duration = &valid;
    result.status = &status;
    istio__mixer__v1__check_response__quotas_entry__init(&entry);
    entry.key = name;
    entry.value = &result;
    response.precondition = &precondition;
    response.quotas = entries;
    response.n_quotas = count;
    return (struct str){
        (const char *)out,
        istio__mixer__v1__check_response__pack(&response, out),
    };
}

static void test_answers(void **state)
{
    static const struct {
        const char *why;
        struct quota_grant grant;
        struct answer answer;
    } rows[] = {
        { "granted",
          { .granted = 1, .valid_for_ns = 2 * SECOND },
          { .is_granted = true, .valid_ns = 2 * SECOND } },
        { "refused", { .is_refused = true }, { 0 } },
        { "the store is away, and the gate is shut",
          { .is_refused = true, .is_outage = true },
          { .is_outage = true } },
        { "the store is away, and the gate is open",
          { .granted = 1, .is_outage = true },
          { .is_granted = true, .is_outage = true } },
        { "counted in memory instead",
          { .granted = 1, .is_outage = true, .is_local = true },
          { .is_granted = true, .is_outage = true } },
        { "refused in memory instead",
          { .is_refused = true, .is_outage = true, .is_local = true },
          { .is_outage = true } },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        const struct answer *wanted = &rows[i].answer;
        struct answer answer;
        struct arena arena;
        uint8_t bytes[512];

        arena_init(&arena, 0);
        row_true(rows[i].why,
                 message_read_answer(&answer, encode(&rows[i].grant, 1, bytes),
                                     &arena));
        row_equal_i64(rows[i].why, answer.is_granted, wanted->is_granted);
        row_equal_i64(rows[i].why, answer.is_outage, wanted->is_outage);
        row_equal_i64(rows[i].why, answer.valid_ns, wanted->valid_ns);
        arena_fini(&arena);
    }
}

static void test_what_is_no_answer(void **state)
{
    static const struct quota_grant grant = { .granted = 1 };
    struct answer answer;
    struct arena arena;
    uint8_t bytes[512];

    (void)state;
    arena_init(&arena, 0);
    assert_false(message_read_answer(&answer, STR("\xff"), &arena));
    assert_false(
        message_read_answer(&answer, encode(&grant, 0, bytes), &arena));
    assert_false(
        message_read_answer(&answer, encode(&grant, 2, bytes), &arena));
    arena_fini(&arena);
}

static void test_releases(void **state)
{
    static const struct {
        const char *why;
        struct str message;
        bool is_read, is_freed;
    } rows[] = {
        { "one is free again", STR_INIT("\x08\x01"), true, true },
        { "it was not there", STR_INIT(""), true, false },
        { "no message", STR_INIT("\x08"), false, false },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        bool is_freed = true;
        struct arena arena;

        arena_init(&arena, 0);
        row_equal_i64(rows[i].why,
                      message_read_released(&is_freed, rows[i].message, &arena),
                      rows[i].is_read);
        row_equal_i64(rows[i].why, is_freed, rows[i].is_freed);
        arena_fini(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_asked),
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_what_is_no_answer),
        cmocka_unit_test(test_releases),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

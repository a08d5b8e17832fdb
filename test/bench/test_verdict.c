/* What a CheckResponse says, read without protobuf: against protobuf-c. */
#include "bench/load/verdict.h"

#include "policy/rule/rule.h"
#include "test/support/table.h"

#include "mixer/v1/mixer.pb-c.h"

typedef Istio__Mixer__V1__CheckResponse Response;
typedef Istio__Mixer__V1__CheckResponse__PreconditionResult Precondition;
typedef Istio__Mixer__V1__CheckResponse__QuotaResult QuotaResult;
typedef Istio__Mixer__V1__CheckResponse__QuotasEntry QuotasEntry;

#define QUOTAS 2
#define NO_QUOTA INT64_MIN

/* With everything in it that a server may say. */
static struct str encode(enum status_code code,
                         const int64_t granted[static QUOTAS], uint8_t *out)
{
    Response response = ISTIO__MIXER__V1__CHECK_RESPONSE__INIT;
    Precondition precondition =
        ISTIO__MIXER__V1__CHECK_RESPONSE__PRECONDITION_RESULT__INIT;
    Google__Rpc__Status status;
    Google__Protobuf__Duration minute = GOOGLE__PROTOBUF__DURATION__INIT;
    QuotaResult results[QUOTAS];
    QuotasEntry entries[QUOTAS];
    QuotasEntry *pointers[QUOTAS];
    char name[] = "per-user", message[] = "why";

    google__rpc__status__init(&status);
    minute.seconds = 60;
    status.code = (int32_t)code;
    status.message = message;
    precondition.status = &status;
    precondition.valid_duration = &minute;
    response.precondition = &precondition;
    response.quotas = pointers;
    for (size_t i = 0; i < QUOTAS && granted[i] != NO_QUOTA; i++) {
        istio__mixer__v1__check_response__quota_result__init(&results[i]);
        istio__mixer__v1__check_response__quotas_entry__init(&entries[i]);
        results[i].valid_duration = &minute;
        results[i].granted_amount = granted[i];
        entries[i].key = name;
        entries[i].value = &results[i];
        pointers[response.n_quotas++] = &entries[i];
    }
    return (struct str){
        (const char *)out,
        istio__mixer__v1__check_response__pack(&response, out),
    };
}

static void test_verdicts(void **state)
{
    static const struct {
        const char *why;
        enum status_code code;
        int64_t granted[QUOTAS];
        enum reply_verdict verdict;
    } rows[] = {
        { "OK", STATUS_OK, { NO_QUOTA }, REPLY_ALLOWED },
        { "denied", STATUS_PERMISSION_DENIED, { NO_QUOTA }, REPLY_DENIED },
        { "a rule's quota is exhausted",
          STATUS_RESOURCE_EXHAUSTED,
          { NO_QUOTA },
          REPLY_EXHAUSTED },
        { "granted", STATUS_OK, { 1, NO_QUOTA }, REPLY_ALLOWED },
        { "all granted", STATUS_OK, { 1, INT64_MAX }, REPLY_ALLOWED },
        { "not granted", STATUS_OK, { 0, NO_QUOTA }, REPLY_EXHAUSTED },
        { "one of two granted", STATUS_OK, { 1, 0 }, REPLY_EXHAUSTED },
        { "the other one", STATUS_OK, { 0, 1 }, REPLY_EXHAUSTED },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        uint8_t bytes[256];
        struct str message = encode(rows[i].code, rows[i].granted, bytes);

        row_equal_i64(rows[i].why, reply_verdict(message), rows[i].verdict);
    }
}

static void test_what_is_no_response(void **state)
{
    static const struct {
        const char *why;
        struct str message;
    } rows[] = {
        { "nothing", { NULL, 0 } },
        { "no precondition", STR_INIT("\x1a\x00") },
        { "a varint without an end", STR_INIT("\x12\x80\x80") },
        { "a varint of more than 64 bits",
          STR_INIT("\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01") },
        { "longer than there are bytes", STR_INIT("\x12\x05\x0a\x00") },
        { "a group", STR_INIT("\x13\x14") },
        { "broken within the status", STR_INIT("\x12\x03\x0a\x01\x08") },
        { "broken within a quota", STR_INIT("\x12\x00\x1a\x02\x12\x07") },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++)
        row_equal_i64(rows[i].why, reply_verdict(rows[i].message),
                      REPLY_MALFORMED);
}

/* Every response cut short either is one or is not: nothing else happens. */
static void test_cut_responses(void **state)
{
    static const int64_t granted[QUOTAS] = { 1, 2 };
    uint8_t bytes[256];
    struct str message = encode(STATUS_OK, granted, bytes);

    (void)state;
    for (size_t length = 0; length < message.len; length++) {
        uint8_t *exact = test_malloc(length + 1);
        enum reply_verdict verdict;

        memcpy(exact + 1, bytes, length);
        verdict = reply_verdict((struct str){ (char *)exact + 1, length });
        assert_true(verdict == REPLY_ALLOWED || verdict == REPLY_MALFORMED);
        test_free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_what_is_no_response),
        cmocka_unit_test(test_cut_responses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "test/support/table.h"

#include "quota/handle.h"

static const char key_bytes[] = "KEYKEYKEYKEYKEYK";
static const char id_bytes[] = "idididididididid";

static struct lease_name make_lease(struct str quota, uint8_t number)
{
    struct lease_name lease = { .quota = quota };

    memcpy(lease.key.bytes, key_bytes, sizeof(lease.key.bytes));
    memcpy(lease.id.bytes, id_bytes, sizeof(lease.id.bytes));
    lease.id.bytes[0] = number;
    return lease;
}

static void what_was_encoded_comes_back(void **state)
{
    static const char long_name[QUOTA_NAME_MAX + 1] =
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    static const struct {
        const char *why;
        struct str quota;
    } rows[] = {
        { "the shortest name", STR_INIT("q") },
        { "two spare bits at the end", STR_INIT("in") },
        { "four spare bits at the end", STR_INIT("max") },
        { "the longest name", STR_INIT(long_name) },
        { "any bytes", STR_INIT("a\0\xff") },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        for (uint32_t count = 1; count <= QUOTAS_PER_CHECK_MAX; count++) {
            struct lease_name leases[QUOTAS_PER_CHECK_MAX];
            struct release release = { 0 };
            struct arena arena;
            struct str text;

            arena_init(&arena, 0);
            for (uint32_t n = 0; n < count; n++)
                leases[n] = make_lease(rows[i].quota, (uint8_t)n);
            text = handle_encode(leases, count, &arena);
            row_true(rows[i].why, text.len > 0 && text.len < HANDLE_TEXT_MAX);
            row_true(rows[i].why, handle_decode(text, &release, &arena));
            row_equal_i64(rows[i].why, release.count, count);
            for (uint32_t n = 0; n < count; n++) {
                const struct lease_name *got = &release.leases[n];

                row_equal_str(rows[i].why, got->quota, rows[i].quota);
                assert_memory_equal(&got->key, &leases[n].key, 16);
                assert_memory_equal(&got->id, &leases[n].id, 16);
            }
            arena_fini(&arena);
        }
    }
}

/* Handles are kept by proxies while servers are replaced. */
static void its_text_stays_the_same(void **state)
{
    struct lease_name lease = make_lease(STR("q"), 'i');
    struct arena arena;

    (void)state;
    arena_init(&arena, 0);
    row_equal_str("version 1", handle_encode(&lease, 1, &arena),
                  STR("AQEBcUtFWUtFWUtFWUtFWUtFWUtpZGlkaWRpZGlkaWRpZGlk"));
    arena_fini(&arena);
}

static void other_texts_are_refused(void **state)
{
#define HEAD "AQEBcUtFWUtFWUtFWUtFWUtFWUtpZGlkaWRpZGlkaWRpZGl"
    static const struct {
        const char *why;
        struct str text;
    } rows[] = {
        { "nothing", STR_INIT("") },
        { "one digit is no byte", STR_INIT("A") },
        { "cut", STR_INIT(HEAD) },
        { "longer", STR_INIT(HEAD "kAA") },
        { "padding", STR_INIT(HEAD "kAA==") },
        { "base64, but not base64url", STR_INIT("+/+/") },
        { "no digit", STR_INIT("AQ!B") },
        { "NUL", STR_INIT("AQ\0B") },
        { "another version",
          STR_INIT("AgEBcUtFWUtFWUtFWUtFWUtFWUtpZGlkaWRpZGlkaWRpZGlk") },
        { "no lease", STR_INIT("AQA") },
        { "nine leases",
          STR_INIT("AQkBcUtFWUtFWUtFWUtFWUtFWUtpZGlkaWRpZGlkaWRpZGlk") },
        { "a quota without a name",
          STR_INIT("AQEAS0VZS0VZS0VZS0VZS0VZS2lkaWRpZGlkaWRpZGlkaWQ") },
        { "a name longer than the text", STR_INIT("AQFAcQ") },
        { "spare bits that say something",
          STR_INIT("AQECcXFLRVlLRVlLRVlLRVlLRVlLaWRpZGlkaWRpZGlkaWRpZB") },
    };
#undef HEAD
    static const char huge[100000];
    struct release release;
    struct arena arena;

    (void)state;
    arena_init(&arena, 0);
    for (size_t i = 0; i < ROWS(rows); i++)
        row_true(rows[i].why, !handle_decode(rows[i].text, &release, &arena));
    row_true("huge", !handle_decode((struct str){ huge, sizeof(huge) },
                                    &release, &arena));
    row_true("the same with no spare bits set is one",
             handle_decode(STR("AQECcXFLRVlLRVlLRVlLRVlLRVlLaWRpZGlkaWRpZGlka"
                               "WRpZA"),
                           &release, &arena));
    arena_fini(&arena);
}

static void an_exhausted_arena_is_told(void **state)
{
    struct lease_name lease = make_lease(STR("q"), 'i');
    struct release release;
    struct arena arena;

    (void)state;
    arena_init(&arena, 16);
    assert_null(handle_encode(&lease, 1, &arena).data);
    arena_alloc(&arena, 16);
    assert_false(
        handle_decode(STR("AQEBcUtFWUtFWUtFWUtFWUtFWUtpZGlkaWRpZGlkaWRpZGlk"),
                      &release, &arena));
    arena_fini(&arena);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_encoded_comes_back),
        cmocka_unit_test(its_text_stays_the_same),
        cmocka_unit_test(other_texts_are_refused),
        cmocka_unit_test(an_exhausted_arena_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

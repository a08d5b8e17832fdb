/*
 * Once warm, a Check allocates nothing: from the bytes of the request to those
 * of the reply. malloc and its kin are ours here and count.
 */
#include "test/support/table.h"

#include "config/bundle.h"
#include "config/bundle_lists.h"
#include "config/snapshot.h"
#include "policy/check/check.h"
#include "proto/wire/mixer.h"
#include "proto/wire/words.h"

#include <stdlib.h>

/* The C library's own, under other names. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);

static unsigned long allocation_count;

void *malloc(size_t size)
{
    allocation_count++;
    return __libc_malloc(size);
}

void *calloc(size_t nmemb, size_t size)
{
    allocation_count++;
    return __libc_calloc(nmemb, size);
}

void *realloc(void *ptr, size_t size)
{
    allocation_count++;
    return __libc_realloc(ptr, size);
}

/* Every action, and every kind of expression that may want memory. */
static const char conf[] =
    "lists = ( { name = \"office\"; type = \"ip\"; entries = \"10.0.0.0/8\"; },"
    "  { name = \"agents\"; type = \"regex\"; entries = \"^curl/\"; } );"
    "quotas = ( { name = \"q\"; rate = { amount = 5; };"
    "  dimensions = { user = \"source.user | 'x'\"; size = \"request.size\"; };"
    "} );"
    "rules = ("
    "{ name = \"office\"; list = { name = \"office\"; value = \"source.ip\"; };"
    "},"
    "{ name = \"agent\"; list = { name = \"agents\"; otherwise = \"pass\";"
    "  value = \"request.headers['user-agent'] | ''\"; }; },"
    "{ name = \"regex\"; deny = { message = \"no\"; };"
    "  match = \"'^/admin/[0-9]+$'.matches(request.path)\"; },"
    "{ name = \"sum\"; deny = { message = \"no\"; };"
    "  match = \"request.host + request.path == 'shop/secret'\"; },"
    "{ name = \"some\"; deny = { }; match = \"request.host == 'some'\";"
    "  enforce_percent = 50; enforce_by = \"source.ip\"; },"
    "{ name = \"limit\"; quota = ( { name = \"q\"; amount = \"request.size\"; }"
    "  ); },"
    "{ name = \"tag\"; namespace = \"shop\"; request_headers = ("
    "  { name = \"x-from\"; value = \"source.ip\"; },"
    "  { name = \"x-all\"; value = \"request.host + request.path\"; } ); },"
    "{ name = \"last\"; allow = true; valid_for = \"5s\"; } );";

struct fixture {
    struct snapshot *snapshot;
    struct words words;
    struct arena call;
    struct mixer_request request;
    struct bag bag;
    struct check check;
};

static void setup(struct fixture *fixture)
{
    struct bundle bundle;
    struct diags diags;

    diags_init(&diags);
    bundle_from_text(&bundle, STR("test"), str_of(conf));
    bundle_add_lists(&bundle, &(struct list_sources){ 0 }, &diags);
    fixture->snapshot = snapshot_load(&bundle, &diags);
    if (!fixture->snapshot) {
        diags_print(&diags, stderr, false);
        fail();
    }
    diags_fini(&diags);
    words_init(&fixture->words, fixture->snapshot->vocabulary);
    arena_init(&fixture->call, 0);
}

static void teardown(struct fixture *fixture)
{
    arena_fini(&fixture->call);
    snapshot_free(fixture->snapshot);
}

static struct str request_body(struct str path, struct arena *arena)
{
    const struct string_pair pair = { STR("user-agent"), STR("Mozilla") };
    const struct string_map headers = { &pair, 1 };
    const struct mixer_attribute attributes[] = {
        { STR("source.ip"),
          { VALUE_IP_ADDRESS,
            .ip = { { [10] = 0xff, [11] = 0xff, 10, 1, 2, 3 } } } },
        { STR("source.user"), { VALUE_STRING, .string = STR("bob") } },
        { STR("destination.namespace"),
          { VALUE_STRING, .string = STR("shop") } },
        { STR("request.host"), { VALUE_STRING, .string = STR("shop") } },
        { STR("request.path"), { VALUE_STRING, .string = path } },
        { STR("request.size"), { VALUE_INT64, .int64 = 3 } },
        { STR("request.headers"), { VALUE_STRING_MAP, .map = &headers } },
    };
    const struct mixer_request request = {
        .asks = { { STR("Q"), 1, false } },
        .ask_count = 1,
        .global_word_count = 200,
    };
    struct str body =
        mixer_encode_request(attributes, ROWS(attributes), &request, arena);

    assert_non_null(body.data);
    return body;
}

/* As a worker does it. */
static enum status_code answer(struct fixture *fixture, struct str body)
{
    const struct quota_grant grants[QUOTAS_PER_CHECK_MAX] = { { 0 } };
    struct check_input input = { .bag = &fixture->bag };
    struct str reply;

    arena_clear(&fixture->call);
    bag_init(&fixture->bag, fixture->snapshot->vocabulary, &fixture->call);
    assert_int_equal(mixer_decode_check(body, &fixture->words,
                                        &fixture->request, &fixture->bag),
                     MIXER_DECODED);
    input.asks = fixture->request.asks;
    input.ask_count = fixture->request.ask_count;
    if (check_run(&fixture->check, &fixture->snapshot->ruleset, &input) ==
        CHECK_ASKS)
        check_finish(&fixture->check, grants);
    reply = mixer_encode_check(&fixture->check, &fixture->request,
                               &fixture->words, &fixture->call);
    assert_non_null(reply.data);
    return fixture->check.code;
}

static const struct {
    const char *why, *path;
    enum status_code code;
} rows[] = {
    { "allowed, with a quota and headers", "/x", STATUS_OK },
    { "denied by a regular expression", "/admin/7", STATUS_PERMISSION_DENIED },
    { "denied by a text put together", "/secret", STATUS_PERMISSION_DENIED },
};

static void a_check_allocates_nothing(void **state)
{
    struct arena kept;
    struct fixture fixture;

    (void)state;
    arena_init(&kept, 0);
    setup(&fixture);
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct str body = request_body(str_of(rows[i].path), &kept);
        unsigned long before;

        row_equal_i64(rows[i].why, answer(&fixture, body), rows[i].code);
        before = allocation_count;
        for (int n = 0; n < 1000; n++)
            answer(&fixture, body);
        row_equal_i64(rows[i].why, allocation_count - before, 0);
    }
    teardown(&fixture);
    arena_fini(&kept);
}

static void what_is_allocated_is_counted(void **state)
{
    unsigned long before = allocation_count;
    void *volatile memory; /* so that no compiler leaves it out */

    (void)state;
    memory = malloc(1);
    memory = realloc(memory, 2);
    free(memory);
    memory = calloc(1, 1);
    free(memory);
    assert_int_equal(allocation_count - before, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_allocated_is_counted),
        cmocka_unit_test(a_check_allocates_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

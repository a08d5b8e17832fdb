/*
 * Decisions as tables: a few rules and quotas, the attributes of a request,
 * what the store answers, and the verdict.
 */
#include "test/support/table.h"

#include "policy/check/check.h"
#include "policy/rule/scope.h"

#define RULES_MAX 4
#define REFUSED                                                                \
    {                                                                          \
        .is_refused = true, .retry_after_ns = 5                                \
    }
#define GRANTED                                                                \
    {                                                                          \
        .granted = 1, .retry_after_ns = -1                                     \
    }

enum { IN_FLIGHT, PER_USER, SHADOWED, INTERNAL_ONLY, QUOTA_COUNT };

struct rule_row {
    const char *name, *match;
    const char *deny;   /* its message; NULL: none */
    const char *quotas; /* first letters: "i", "p", "s", "c" */
    enum on_error on_error;
    enum mode mode;
};

struct fixture {
    struct arena arena;
    struct vocabulary *vocabulary;
    struct ruleset ruleset;
    struct rule rules[RULES_MAX];
    struct quota_spec quotas[QUOTA_COUNT];
    struct dimension dimensions[QUOTA_COUNT];
    struct override_when override;
    struct str override_value;
    struct quota_use uses[RULES_MAX][QUOTA_COUNT];
    struct denial denials[RULES_MAX];
    struct bag bag;
    struct check check;
};

static const struct code *compile(struct fixture *f, const char *text,
                                  enum value_type type)
{
    struct expr_error error;
    const struct code *code;

    if (!text)
        return NULL;
    code = code_compile(str_of(text), type, f->vocabulary, &f->arena, &error);
    if (!code)
        row_fail(text, "%s", error.message);
    return code;
}

static void add_quota(struct fixture *f, int index, const char *name,
                      const char *dimension, enum mode mode, const char *match)
{
    f->dimensions[index] =
        (struct dimension){ STR("d"), compile(f, dimension, VALUE_NONE) };
    f->quotas[index] = (struct quota_spec){
        .name = str_of(name),
        .identity = str_of(name),
        .match = compile(f, match, VALUE_BOOL),
        .enforcement.mode = mode,
        .dimensions = &f->dimensions[index],
        .dimension_count = 1,
    };
}

static void setup(struct fixture *f, const struct rule_row *rows)
{
    uint32_t count = 0;

    *f = (struct fixture){ 0 };
    arena_init(&f->arena, 0);
    f->vocabulary = vocabulary_new();
    add_quota(f, IN_FLIGHT, "in-flight", "destination.service.host",
              MODE_ENFORCE, NULL);
    add_quota(f, PER_USER, "per-user", "source.user | 'anonymous'",
              MODE_ENFORCE, NULL);
    add_quota(f, SHADOWED, "shadowed", "'all'", MODE_SHADOW, NULL);
    add_quota(f, INTERNAL_ONLY, "conditional", "'all'", MODE_ENFORCE,
              "source.user | '' == 'internal'");
    f->override_value = STR("reviews");
    f->override.values = &f->override_value;
    f->quotas[IN_FLIGHT].overrides = &f->override;
    f->quotas[IN_FLIGHT].override_count = 1;
    while (rows && count < RULES_MAX && rows[count].name) {
        const struct rule_row *row = &rows[count];
        struct rule *rule = &f->rules[count];

        *rule = (struct rule){
            .name = str_of(row->name),
            .match = compile(f, row->match, VALUE_BOOL),
            .on_error = row->on_error,
            .enforcement.mode = row->mode,
            .quotas = f->uses[count],
            .valid_for_ns = VALIDITY_NOT_GIVEN,
            .valid_uses = VALIDITY_NOT_GIVEN,
        };
        if (row->deny) {
            f->denials[count] =
                (struct denial){ .code = STATUS_PERMISSION_DENIED,
                                 .message = str_of(row->deny),
                                 .http_status = 403 };
            rule->deny = &f->denials[count];
        }
        for (const char *q = row->quotas; q && *q; q++)
            f->uses[count][rule->quota_count++].quota =
                (uint32_t)(strchr("ipsc", *q) - "ipsc");
        count++;
    }
    f->ruleset = (struct ruleset){
        .rules = f->rules,
        .rule_count = count,
        .quotas = f->quotas,
        .quota_count = QUOTA_COUNT,
        .valid_for_ns = 60,
        .valid_uses = 10000,
    };
    scopes_build(&f->ruleset, true, f->vocabulary, &f->arena);
}

static void set_attribute(struct fixture *f, const char *name, const char *text)
{
    uint32_t id = vocabulary_id(f->vocabulary, str_of(name));

    if (text && id != ATTR_NONE)
        bag_set(&f->bag, id,
                (struct value){ VALUE_STRING, .string = str_of(text) });
}

static void fill_bag(struct fixture *f, const char *host, const char *user,
                     const char *path)
{
    assert_true(bag_init(&f->bag, f->vocabulary, &f->arena));
    set_attribute(f, "destination.service.host", host);
    set_attribute(f, "source.user", user);
    set_attribute(f, "request.path", path);
}

static enum check_state run(struct fixture *f, const struct quota_ask *asks,
                            uint32_t ask_count)
{
    struct check_input input = { .bag = &f->bag,
                                 .asks = asks,
                                 .ask_count = ask_count };

    return check_run(&f->check, &f->ruleset, &input);
}

static void teardown(struct fixture *f)
{
    vocabulary_free(f->vocabulary);
    arena_fini(&f->arena);
}

/* ---- rules ------------------------------------------------------------- */

static const struct {
    const char *why;
    struct rule_row rules[RULES_MAX];
    const char *path;
    enum status_code code;
    const char *message;
    int64_t valid_for_ns;
    int32_t valid_uses;
    uint32_t requests;
    struct rule_event events[RULES_MAX];
    uint32_t event_count;
} rule_rows[] = {
    { "no rule: the default",
      { { 0 } },
      "/",
      STATUS_OK,
      "",
      60,
      10000,
      0,
      { { 0 } },
      0 },
    { "a rule that does not match",
      { { "a", "request.path == '/x'", "no", 0, 0, 0 } },
      "/",
      STATUS_OK,
      "",
      60,
      10000,
      0,
      { { 0 } },
      0 },
    { "a denial, less valid than the default",
      { { "a", "request.path == '/'", "no", 0, 0, 0 } },
      "/",
      STATUS_PERMISSION_DENIED,
      "a:no",
      60,
      1000,
      0,
      { { 0, RULE_DENIED, false } },
      1 },
    { "no match is always",
      { { "a", NULL, "no", 0, 0, 0 } },
      NULL,
      STATUS_PERMISSION_DENIED,
      "a:no",
      60,
      1000,
      0,
      { { 0, RULE_DENIED, false } },
      1 },
    { "several denials, in file order",
      { { "b", NULL, "two", 0, 0, 0 }, { "a", NULL, "one", 0, 0, 0 } },
      NULL,
      STATUS_PERMISSION_DENIED,
      "b:two, a:one",
      60,
      1000,
      0,
      { { 0, RULE_DENIED, false }, { 1, RULE_DENIED, false } },
      2 },
    { "shadow decides but does not act",
      { { "a", NULL, "no", 0, 0, MODE_SHADOW } },
      NULL,
      STATUS_OK,
      "",
      60,
      10000,
      0,
      { { 0, RULE_SHADOW_DENIED, true } },
      1 },
    { "absent attribute: skipped",
      { { "a", "request.path == '/'", "no", 0, ON_ERROR_SKIP, 0 } },
      NULL,
      STATUS_OK,
      "",
      60,
      10000,
      0,
      { { 0, RULE_FAILED, false } },
      1 },
    { "absent attribute: denied",
      { { "a", "request.path == '/'", "no", 0, ON_ERROR_DENY, 0 } },
      NULL,
      STATUS_PERMISSION_DENIED,
      "a:the rule cannot be evaluated",
      60,
      1000,
      0,
      { { 0, RULE_FAILED, false } },
      1 },
    { "absent attribute, shadow: not denied",
      { { "a", "request.path == '/'", "no", 0, ON_ERROR_DENY, MODE_SHADOW } },
      NULL,
      STATUS_OK,
      "",
      60,
      10000,
      0,
      { { 0, RULE_FAILED, true } },
      1 },
    { "absent attribute: allowed, later rules are not asked",
      { { "a", "request.path == '/'", "no", 0, ON_ERROR_ALLOW, 0 },
        { "b", NULL, "no", 0, 0, 0 } },
      NULL,
      STATUS_OK,
      "",
      60,
      10000,
      0,
      { { 0, RULE_FAILED, false } },
      1 },
    { "allowing does not undo an earlier denial",
      { { "b", NULL, "no", 0, 0, 0 },
        { "a", "request.path == '/'", "no", 0, ON_ERROR_ALLOW, 0 } },
      NULL,
      STATUS_PERMISSION_DENIED,
      "b:no",
      60,
      1000,
      0,
      { { 0, RULE_DENIED, false }, { 1, RULE_FAILED, false } },
      2 },
    { "a rule with a quota asks, and is not cacheable",
      { { "q", NULL, NULL, "i", 0, 0 } },
      NULL,
      STATUS_OK,
      "",
      0,
      0,
      1,
      { { 0, RULE_PASSED, false } },
      1 },
    { "a denial elsewhere: no quota is asked",
      { { "q", NULL, NULL, "i", 0, 0 }, { "a", NULL, "no", 0, 0, 0 } },
      NULL,
      STATUS_PERMISSION_DENIED,
      "a:no",
      60,
      1000,
      0,
      { { 0, RULE_PASSED, false }, { 1, RULE_DENIED, false } },
      2 },
    { "deny in a rule with a quota does not deny",
      { { "q", NULL, "busy", "i", 0, 0 } },
      NULL,
      STATUS_OK,
      "",
      0,
      0,
      1,
      { { 0, RULE_PASSED, false } },
      1 },
    { "two rules ask for one quota: once",
      { { "q", NULL, NULL, "ip", 0, 0 }, { "r", NULL, NULL, "pi", 0, 0 } },
      NULL,
      STATUS_OK,
      "",
      0,
      0,
      2,
      { { 0, RULE_PASSED, false }, { 1, RULE_PASSED, false } },
      2 },
    { "a conditional quota that does not hold is not asked",
      { { "q", NULL, NULL, "c", 0, 0 } },
      NULL,
      STATUS_OK,
      "",
      0,
      0,
      0,
      { { 0, RULE_PASSED, false } },
      1 },
};

static void rules_decide(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(rule_rows); i++) {
        const char *why = rule_rows[i].why;
        enum check_state ended;
        struct fixture f;

        setup(&f, rule_rows[i].rules);
        fill_bag(&f, "ratings", NULL, rule_rows[i].path);
        ended = run(&f, NULL, 0);
        row_equal_i64(why, ended,
                      rule_rows[i].code != STATUS_OK ? CHECK_DENIED
                      : rule_rows[i].requests > 0    ? CHECK_ASKS
                                                     : CHECK_DONE);
        row_equal_i64(why, f.check.code, rule_rows[i].code);
        row_equal_str(why, f.check.message, str_of(rule_rows[i].message));
        row_equal_i64(why, f.check.valid_for_ns, rule_rows[i].valid_for_ns);
        row_equal_i64(why, f.check.valid_uses, rule_rows[i].valid_uses);
        row_equal_i64(why, f.check.request_count, rule_rows[i].requests);
        row_equal_i64(why, f.check.event_count, rule_rows[i].event_count);
        for (uint32_t e = 0; e < f.check.event_count; e++) {
            row_equal_i64(why, f.check.events[e].rule,
                          rule_rows[i].events[e].rule);
            row_equal_i64(why, f.check.events[e].outcome,
                          rule_rows[i].events[e].outcome);
            row_equal_i64(why, f.check.events[e].is_shadow,
                          rule_rows[i].events[e].is_shadow);
        }
        teardown(&f);
    }
}

/* ---- quotas of rules ---------------------------------------------------- */

static const struct {
    const char *why;
    struct rule_row rules[RULES_MAX];
    const char *host;
    struct quota_grant grants[2];
    enum status_code code;
    const char *message;
    uint32_t http_status;
    int64_t retry_after_ns;
    enum rule_outcome outcome; /* of the first rule */
} finish_rows[] = {
    { "granted",
      { { "q", NULL, NULL, "i", 0, 0 } },
      "ratings",
      { GRANTED },
      STATUS_OK,
      "",
      0,
      -1,
      RULE_PASSED },
    { "refused",
      { { "q", NULL, NULL, "i", 0, 0 } },
      "ratings",
      { REFUSED },
      STATUS_RESOURCE_EXHAUSTED,
      "q:quota in-flight is exhausted",
      0,
      5,
      RULE_DENIED },
    { "refused, shaped by deny",
      { { "q", NULL, "busy", "i", 0, 0 } },
      "ratings",
      { REFUSED },
      STATUS_RESOURCE_EXHAUSTED,
      "q:busy",
      403,
      5,
      RULE_DENIED },
    { "refused because of a closed gate",
      { { "q", NULL, NULL, "i", 0, 0 } },
      "ratings",
      { { .is_refused = true, .is_outage = true, .retry_after_ns = -1 } },
      STATUS_RESOURCE_EXHAUSTED,
      "q:quota in-flight cannot be checked",
      0,
      -1,
      RULE_DENIED },
    { "passed by an open gate, and says so",
      { { "q", NULL, NULL, "i", 0, 0 } },
      "ratings",
      { { .granted = 1, .is_outage = true, .retry_after_ns = -1 } },
      STATUS_OK,
      "q:quota in-flight passed unchecked: the store does not answer",
      0,
      -1,
      RULE_PASSED },
    { "counted by this machine alone, and says so",
      { { "q", NULL, NULL, "ip", 0, 0 } },
      "ratings",
      { GRANTED, { .granted = 1, .is_outage = true, .is_local = true } },
      STATUS_OK,
      "q:quota per-user was counted here only: the store does not answer",
      0,
      -1,
      RULE_PASSED },
    { "both, in their order",
      { { "q", NULL, NULL, "i", 0, 0 }, { "r", NULL, NULL, "p", 0, 0 } },
      "ratings",
      { { .granted = 1, .is_outage = true },
        { .granted = 1, .is_outage = true, .is_local = true } },
      STATUS_OK,
      "q:quota in-flight passed unchecked: the store does not answer, "
      "r:quota per-user was counted here only: the store does not answer",
      0,
      -1,
      RULE_PASSED },
    { "the last of several decides when to retry",
      { { "q", NULL, NULL, "ip", 0, 0 } },
      "ratings",
      { REFUSED, { .is_refused = true, .retry_after_ns = 9 } },
      STATUS_RESOURCE_EXHAUSTED,
      "q:quota in-flight is exhausted, q:quota per-user is exhausted",
      0,
      9,
      RULE_DENIED },
    { "a rule in shadow does not refuse",
      { { "q", NULL, NULL, "i", 0, MODE_SHADOW } },
      "ratings",
      { REFUSED },
      STATUS_OK,
      "",
      0,
      -1,
      RULE_SHADOW_DENIED },
    { "a quota in shadow does not refuse",
      { { "q", NULL, NULL, "s", 0, 0 } },
      "ratings",
      { REFUSED },
      STATUS_OK,
      "",
      0,
      -1,
      RULE_SHADOW_DENIED },
    { "one enforcing rule is enough",
      { { "q", NULL, NULL, "i", 0, MODE_SHADOW },
        { "r", NULL, NULL, "i", 0, 0 } },
      "ratings",
      { REFUSED },
      STATUS_RESOURCE_EXHAUSTED,
      "r:quota in-flight is exhausted",
      0,
      5,
      RULE_PASSED },
    { "a key that cannot be evaluated: skipped",
      { { "q", NULL, NULL, "i", 0, 0 } },
      NULL,
      { { 0 } },
      STATUS_OK,
      "",
      0,
      -1,
      RULE_FAILED },
    { "a key that cannot be evaluated: denied",
      { { "q", NULL, NULL, "i", ON_ERROR_DENY, 0 } },
      NULL,
      { { 0 } },
      STATUS_PERMISSION_DENIED,
      "q:the rule cannot be evaluated",
      0,
      -1,
      RULE_FAILED },
};

static void quotas_of_rules_decide(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(finish_rows); i++) {
        const char *why = finish_rows[i].why;
        struct fixture f;

        setup(&f, finish_rows[i].rules);
        fill_bag(&f, finish_rows[i].host, NULL, NULL);
        if (run(&f, NULL, 0) == CHECK_ASKS)
            check_finish(&f.check, finish_rows[i].grants);
        row_equal_i64(why, f.check.code, finish_rows[i].code);
        row_equal_str(why, f.check.message, str_of(finish_rows[i].message));
        row_equal_i64(why, f.check.http_status, finish_rows[i].http_status);
        row_equal_i64(why, f.check.retry_after_ns,
                      finish_rows[i].retry_after_ns);
        row_equal_i64(why, f.check.events[0].outcome, finish_rows[i].outcome);
        teardown(&f);
    }
}

/* ---- quotas that the caller names --------------------------------------- */

static void the_caller_is_charged_for_what_he_names(void **state)
{
    static const struct {
        const char *why, *name, *user;
        bool refuse_unknown;
        enum ask_result result;
        int64_t granted; /* before the store is asked */
        bool is_refused;
    } rows[] = {
        { "known", "per-user", NULL, false, ASK_CHARGED, 3, false },
        { "without case", "PER-User", NULL, false, ASK_CHARGED, 3, false },
        { "unknown: granted", "nobody", NULL, false, ASK_UNKNOWN, 3, false },
        { "unknown: refused", "nobody", NULL, true, ASK_UNKNOWN, 0, true },
        { "exempt", "conditional", "x", false, ASK_EXEMPT, 3, false },
        { "not exempt", "conditional", "internal", false, ASK_CHARGED, 3,
          false },
        { "no key: granted", "in-flight", NULL, false, ASK_FAILED, 3, false },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct quota_ask ask = { str_of(rows[i].name), 3, true };
        const struct quota_answer *answer;
        struct fixture f;

        setup(&f, NULL);
        f.ruleset.refuse_unknown_quota = rows[i].refuse_unknown;
        fill_bag(&f, NULL, rows[i].user, NULL);
        run(&f, &ask, 1);
        answer = &f.check.answers[0];
        row_equal_i64(rows[i].why, answer->result, rows[i].result);
        row_equal_i64(rows[i].why, answer->grant.granted, rows[i].granted);
        row_equal_i64(rows[i].why, answer->grant.is_refused,
                      rows[i].is_refused);
        row_equal_i64(rows[i].why, f.check.request_count,
                      rows[i].result == ASK_CHARGED);
        row_equal_i64("the caller's own answer stays cacheable",
                      f.check.valid_for_ns, 60);
        if (rows[i].result == ASK_CHARGED) {
            row_equal_i64(rows[i].why, f.check.requests[0].amount, 3);
            row_true(rows[i].why, f.check.requests[0].is_best_effort);
        }
        teardown(&f);
    }
}

static void a_quota_is_charged_once(void **state)
{
    static const struct rule_row rules[RULES_MAX] = {
        { "q", NULL, NULL, "ip", 0, 0 },
    };
    const struct quota_ask ask = { STR("in-flight"), 5, false };
    const struct quota_grant grants[] = { REFUSED, GRANTED };
    struct fixture f;

    (void)state;
    setup(&f, rules);
    fill_bag(&f, "ratings", NULL, NULL);
    assert_int_equal(run(&f, &ask, 1), CHECK_ASKS);
    assert_int_equal(f.check.request_count, 2);
    assert_int_equal(f.check.requests[0].amount, 5);
    assert_int_equal(f.check.requests[1].quota, PER_USER);
    check_finish(&f.check, grants);
    row_equal_i64("the caller's quota does not deny", f.check.code, STATUS_OK);
    assert_true(f.check.answers[0].grant.is_refused);
    teardown(&f);
}

static void keys_tell_requests_apart(void **state)
{
    static const struct {
        const char *why, *host;
        uint32_t limit;
        const char *text;
    } rows[] = {
        { "the quota's own limit", "ratings", 0, "d=ratings" },
        { "an override", "reviews", 1, "d=reviews" },
        { "a prefix is no override", "review", 0, "d=review" },
        { "empty is a value", "", 0, "d=" },
    };
    struct quota_ask ask = { STR("in-flight"), 1, false };
    struct str keys[ROWS(rows)];
    struct fixture f;

    (void)state;
    setup(&f, NULL);
    for (size_t i = 0; i < ROWS(rows); i++) {
        fill_bag(&f, rows[i].host, NULL, NULL);
        run(&f, &ask, 1);
        assert_int_equal(f.check.request_count, 1);
        row_equal_i64(rows[i].why, f.check.requests[0].limit, rows[i].limit);
        row_equal_str(rows[i].why, f.check.requests[0].text,
                      str_of(rows[i].text));
        keys[i] = f.check.requests[0].key;
        for (size_t j = 0; j < i; j++)
            row_true(rows[i].why, !str_eq(keys[i], keys[j]));
    }
    teardown(&f);
}

static void what_was_read_is_known_for_each(void **state)
{
    static const struct rule_row rules[RULES_MAX] = {
        { "a", "request.path | '' == '/x'", "no", 0, 0, 0 },
    };
    const struct quota_ask asks[] = { { STR("in-flight"), 1, false },
                                      { STR("per-user"), 1, false } };
    struct fixture f;

    (void)state;
    setup(&f, rules);
    fill_bag(&f, "ratings", NULL, "/");
    run(&f, asks, 2);
    assert_int_equal(f.check.refs.count, 1);
    row_equal_str(
        "precondition",
        vocabulary_name(f.vocabulary, f.check.refs.items[0].attribute),
        STR("request.path"));
    assert_true(f.check.refs.items[0].present);
    assert_int_equal(f.check.answers[0].refs.count, 1);
    row_equal_str("first quota",
                  vocabulary_name(f.vocabulary,
                                  f.check.answers[0].refs.items[0].attribute),
                  STR("destination.service.host"));
    assert_int_equal(f.check.answers[1].refs.count, 1);
    assert_false(f.check.answers[1].refs.items[0].present);
    teardown(&f);
}

static void at_most_eight_quotas_are_charged(void **state)
{
    static const struct rule_row rules[RULES_MAX] = {
        { "q", NULL, NULL, "ip", 0, 0 },
    };
    struct quota_ask asks[QUOTAS_PER_CHECK_MAX];
    struct fixture f;

    (void)state;
    for (size_t i = 0; i < QUOTAS_PER_CHECK_MAX; i++)
        asks[i] = (struct quota_ask){ STR("per-user"), 1, false };
    setup(&f, rules);
    fill_bag(&f, "ratings", NULL, NULL);
    run(&f, asks, QUOTAS_PER_CHECK_MAX);
    assert_int_equal(f.check.request_count, QUOTAS_PER_CHECK_MAX);
    assert_int_equal(f.check.uncharged_count, 1);
    teardown(&f);
}

static void size_is_no_way_around_a_rule(void **state)
{
    static const struct rule_row rules[RULES_MAX] = {
        { "a", "request.path + source.user == 'xy'", "no", 0, 0, 0 },
        { "b", "source.user == 'y'", "no", 0, 0, 0 },
    };

    (void)state;
    for (size_t limit = 64; limit < 4096; limit += 16) {
        struct arena arena;
        struct fixture f;

        setup(&f, rules);
        fill_bag(&f, NULL, "y", "x");
        arena_init(&arena, limit);
        f.bag.arena = &arena;
        run(&f, NULL, 0);
        row_true("denied, whatever memory there is",
                 f.check.code == STATUS_PERMISSION_DENIED ||
                     (arena.is_exhausted &&
                      f.check.code == STATUS_RESOURCE_EXHAUSTED));
        arena_fini(&arena);
        teardown(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_decide),
        cmocka_unit_test(quotas_of_rules_decide),
        cmocka_unit_test(the_caller_is_charged_for_what_he_names),
        cmocka_unit_test(a_quota_is_charged_once),
        cmocka_unit_test(keys_tell_requests_apart),
        cmocka_unit_test(what_was_read_is_known_for_each),
        cmocka_unit_test(at_most_eight_quotas_are_charged),
        cmocka_unit_test(size_is_no_way_around_a_rule),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

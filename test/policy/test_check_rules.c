/*
 * What rules do, as the file writes them: a configuration, a request, and the
 * decision as test/support/decision.h shows it.
 */
#include "test/support/decision.h"
#include "test/support/table.h"

#include "policy/base/clock.h"

#define QUOTAS                                                                 \
    "quotas = ("                                                               \
    " { name = \"calls\"; rate = { amount = 9; }; },"                          \
    " { name = \"slots\"; concurrency = { max = 9; };"                         \
    "   dimensions = { user = \"source.user\"; }; } );"

#define LISTS                                                                  \
    "lists = ("                                                                \
    " { name = \"office\"; type = \"ip\"; entries = [ \"10.0.0.0/8\" ]; },"    \
    " { name = \"banned\"; entries = [ \"mallory\" ]; },"                      \
    " { name = \"remote\"; url = \"http://localhost/x\"; } );"

/* 2026-12-01T00:00:00Z */
#define DECEMBER (INT64_C(1796083200) * SECOND)

static const struct {
    const char *why, *conf, *request;
    const char *want;
    const char *exhausted;
    int64_t wall_ns;
} rows[] = {
    /* ---- deny ---- */
    { .why = "a direct response, in all of its parts",
      .conf = "rules = ( { name = 'r'; deny = { code = 'UNAUTHENTICATED';"
              " message = 'who?'; http_status = 407; body = '<p>who?</p>';"
              " headers = { www-authenticate = 'Basic'; X-Why = 'none'; };"
              " }; } );",
      .request = "{}",
      .want = "UNAUTHENTICATED \"r:who?\"\n"
              "http 407 \"<p>who?</p>\"\n"
              "response www-authenticate: Basic\n"
              "response x-why: none\n"
              "valid 5s 1000\n" },
    { .why = "the first of several gives the form, all give their message",
      .conf = "rules = ("
              " { name = 'a'; deny = { message = 'one'; body = 'first'; }; },"
              " { name = 'b'; deny = { code = 'NOT_FOUND'; message = 'two';"
              "   http_status = 404; headers = { x = 'y'; }; }; } );",
      .request = "{}",
      .want = "PERMISSION_DENIED \"a:one, b:two\"\n"
              "http 403 \"first\"\n"
              "valid 5s 1000\n" },

    /* ---- allow ---- */
    { .why = "later rules are not asked",
      .conf = "rules = ( { name = 'a'; allow = true; },"
              " { name = 'b'; deny = { }; } );",
      .request = "{}",
      .want = "OK\nvalid 1m 10000\n" },
    { .why = "earlier denials stay",
      .conf = "rules = ( { name = 'a'; deny = { }; },"
              " { name = 'b'; allow = true; }, { name = 'c'; deny = { }; } );",
      .request = "{}",
      .want = "PERMISSION_DENIED \"a:\"\nvalid 5s 1000\n" },
    { .why = "in shadow it does not end anything",
      .conf = "rules = ( { name = 'a'; allow = true; mode = 'shadow'; },"
              " { name = 'b'; deny = { }; } );",
      .request = "{}",
      .want = "PERMISSION_DENIED \"b:\"\nvalid 5s 1000\n" },
    { .why = "where it does not match neither",
      .conf = "rules = ( { name = 'a'; allow = true; match = 'false'; },"
              " { name = 'b'; deny = { }; } );",
      .request = "{}",
      .want = "PERMISSION_DENIED \"b:\"\nvalid 5s 1000\n" },
    { .why = "charges its quotas, and no others",
      .conf = QUOTAS "rules = ( { name = 'a'; allow = true; quota = 'calls'; },"
                     " { name = 'b'; quota = 'slots'; } );",
      .request = "{ \"source.user\": \"u\" }",
      .want = "OK\ncharge calls 1\nvalid 0 0\n" },

    /* ---- list ---- */
    { .why = "in the list: it passes, and what else the rule does happens",
      .conf = LISTS "rules = ( { name = 'a'; list = { name = 'office';"
                    " value = 'source.ip'; }; request_headers = ("
                    " { name = 'x'; value = \"'in'\"; } ); } );",
      .request = "{ \"source.ip\": \"10.1.2.3\" }",
      .want = "OK\nrequest x: in\nvalid 1m 10000\n" },
    { .why = "not in the list",
      .conf = LISTS "rules = ( { name = 'a'; list = { name = 'office';"
                    " value = 'source.ip'; }; } );",
      .request = "{ \"source.ip\": \"11.1.2.3\" }",
      .want = "PERMISSION_DENIED \"a:not in the list office\"\n"
              "valid 5s 1000\n" },
    { .why = "in the form that deny gives",
      .conf = LISTS "rules = ( { name = 'a'; list = { name = 'banned';"
                    " value = \"request.headers['x-user'] | ''\";"
                    " otherwise = 'pass'; }; deny = { code = 'NOT_FOUND';"
                    " message = 'go'; http_status = 404; }; } );",
      .request = "{ \"request.headers\": { \"x-user\": \"mallory\" } }",
      .want = "NOT_FOUND \"a:go\"\nhttp 404 \"\"\nvalid 5s 1000\n" },
    { .why = "not in a list of those who are refused",
      .conf = LISTS "rules = ( { name = 'a'; list = { name = 'banned';"
                    " value = \"request.headers['x-user'] | ''\";"
                    " otherwise = 'pass'; }; allow = true; },"
                    " { name = 'b'; deny = { }; } );",
      .request = "{ \"request.headers\": { \"x-user\": \"bob\" } }",
      .want = "OK\nvalid 1m 10000\n" },
    { .why = "refused, so it allows nothing",
      .conf = LISTS "rules = ( { name = 'a'; list = { name = 'banned';"
                    " value = 'source.user'; otherwise = 'pass'; };"
                    " allow = true; }, { name = 'b'; deny = { }; } );",
      .request = "{ \"source.user\": \"mallory\" }",
      .want = "PERMISSION_DENIED \"a:in the list banned, b:\"\n"
              "valid 5s 1000\n" },
    { .why = "no value: the rule is skipped",
      .conf = LISTS "rules = ( { name = 'a'; list = { name = 'office';"
                    " value = 'source.ip'; }; } );",
      .request = "{}",
      .want = "OK\nvalid 1m 10000\n" },
    { .why = "no address: on_error",
      .conf = LISTS "rules = ( { name = 'a'; list = { name = 'office';"
                    " value = 'source.user'; }; on_error = 'deny'; } );",
      .request = "{ \"source.user\": \"10.1.2\" }",
      .want = "PERMISSION_DENIED \"a:the rule cannot be evaluated\"\n"
              "valid 5s 1000\n" },
    { .why = "a list that cannot be had: on_error",
      .conf = LISTS "rules = ( { name = 'a'; list = { name = 'remote';"
                    " value = 'source.user'; }; on_error = 'deny'; } );",
      .request = "{ \"source.user\": \"bob\" }",
      .want = "PERMISSION_DENIED \"a:the rule cannot be evaluated\"\n"
              "valid 5s 1000\n" },
    { .why = "in shadow it refuses nothing",
      .conf = LISTS "rules = ( { name = 'a'; list = { name = 'office';"
                    " value = 'source.ip'; }; mode = 'shadow'; } );",
      .request = "{ \"source.ip\": \"11.1.2.3\" }",
      .want = "OK\nvalid 1m 10000\n" },
    { .why = "a list and a quota: refused by the list, nothing is charged",
      .conf = QUOTAS LISTS "rules = ( { name = 'a'; list = { name = 'office';"
                           " value = 'source.ip'; }; quota = 'calls'; } );",
      .request = "{ \"source.ip\": \"11.1.2.3\" }",
      .want = "PERMISSION_DENIED \"a:not in the list office\"\n"
              "valid 5s 1000\n" },
    { .why = "a list and a quota: charged",
      .conf = QUOTAS LISTS "rules = ( { name = 'a'; list = { name = 'office';"
                           " value = 'source.ip'; }; quota = 'calls'; } );",
      .request = "{ \"source.ip\": \"10.1.2.3\" }",
      .want = "OK\ncharge calls 1\nvalid 0 0\n" },

    /* ---- quota ---- */
    { .why = "an amount that depends on the request",
      .conf = QUOTAS "rules = ( { name = 'a'; quota = ( 'slots',"
                     " { name = 'calls'; amount = 'request.size | 1'; } );"
                     " } );",
      .request = "{ \"source.user\": \"u\", \"request.size\": 7 }",
      .want = "OK\ncharge slots 1\ncharge calls 7\nvalid 0 0\n" },
    { .why = "a constant",
      .conf = QUOTAS "rules = ( { name = 'a'; quota = ("
                     " { name = 'calls'; amount = 3; } ); } );",
      .request = "{}",
      .want = "OK\ncharge calls 3\nvalid 0 0\n" },
    { .why = "none: as if it did not match, and cacheable",
      .conf = QUOTAS "rules = ( { name = 'a'; quota = ( 'slots',"
                     " { name = 'calls'; amount = 'request.size'; } ); } );",
      .request = "{ \"source.user\": \"u\" }",
      .want = "OK\nvalid 1m 10000\n" },
    { .why = "below 1 follows on_error",
      .conf = QUOTAS "rules = ( { name = 'a'; on_error = 'deny'; quota = ("
                     " { name = 'calls'; amount = 'request.size'; } ); } );",
      .request = "{ \"request.size\": 0 }",
      .want = "PERMISSION_DENIED \"a:the rule cannot be evaluated\"\n"
              "valid 5s 1000\n" },
    { .why = "one that fails and allows: later rules are not asked",
      .conf = QUOTAS "rules = ( { name = 'a'; on_error = 'allow';"
                     " quota = 'slots'; }, { name = 'b'; deny = { }; } );",
      .request = "{}",
      .want = "OK\nvalid 1m 10000\n" },
    { .why = "of two rules the larger amount counts",
      .conf = QUOTAS "rules = ("
                     " { name = 'a'; quota = ( { name = 'calls'; amount = 2; }"
                     " ); }, { name = 'b'; quota = ( { name = 'CALLS';"
                     " amount = 5; } ); }, { name = 'c'; quota = 'calls'; } );",
      .request = "{}",
      .want = "OK\ncharge calls 5\nvalid 0 0\n" },
    { .why = "one in shadow does not raise what another one enforces",
      .conf = QUOTAS "rules = ( { name = 'a'; mode = 'shadow'; quota = ("
                     " { name = 'calls'; amount = 9; } ); },"
                     " { name = 'b'; quota = 'calls'; } );",
      .request = "{}",
      .want = "OK\ncharge calls 1\nvalid 0 0\n" },
    { .why = "refused, in the form that deny gives",
      .conf = QUOTAS "rules = ( { name = 'a'; quota = 'calls'; deny = {"
                     " message = 'slow down'; body = 'wait';"
                     " headers = { x = 'y'; }; }; request_headers = ("
                     " { name = 'x-passed'; value = \"'yes'\"; } ); } );",
      .request = "{}",
      .exhausted = "calls",
      .want = "RESOURCE_EXHAUSTED \"a:slow down\"\n"
              "http 429 \"wait\"\n"
              "response x: y\n"
              "response retry-after: 2\n"
              "valid 0 0\n" },
    { .why = "the rule's own retry-after is better",
      .conf = QUOTAS "rules = ( { name = 'a'; quota = 'calls'; deny = {"
                     " headers = { Retry-After = '60'; }; }; } );",
      .request = "{}",
      .exhausted = "calls",
      .want = "RESOURCE_EXHAUSTED \"a:quota calls is exhausted\"\n"
              "response retry-after: 60\n"
              "valid 0 0\n" },

    /* ---- headers ---- */
    { .why = "in file order, those of all rules that let it pass",
      .conf =
          "rules = ( { name = 'a'; request_headers = ("
          "  { name = 'X-User'; value = \"source.user | 'nobody'\"; },"
          "  { name = 'x-secret'; operation = 'REMOVE'; } ); },"
          " { name = 'b'; match = 'false'; request_headers = ("
          "  { name = 'x-b'; value = \"'b'\"; } ); },"
          " { name = 'c'; mode = 'shadow'; request_headers = ("
          "  { name = 'x-c'; value = \"'c'\"; } ); },"
          " { name = 'd'; request_headers = ( { name = ':path';"
          "   value = \"'/v2' + request.path\"; } ); response_headers = ("
          "  { name = 'via'; operation = 'APPEND'; value = \"'d'\"; } ); } );",
      .request = "{ \"request.path\": \"/x\" }",
      .want = "OK\n"
              "request x-user: nobody\n"
              "request remove x-secret\n"
              "request :path: /v2/x\n"
              "response append via: d\n"
              "valid 1m 10000\n" },
    { .why = "what has no value, an empty one or a line break is left out",
      .conf = "rules = ( { name = 'a'; request_headers = ("
              "  { name = 'a'; value = \"source.user\"; },"
              "  { name = 'b'; value = \"request.path\"; },"
              "  { name = 'c'; value = \"request.host\"; },"
              "  { name = 'd'; value = \"request.size\"; } ); } );",
      .request = "{ \"request.path\": \"\", \"request.host\": \"a\\r\\nb: c\","
                 " \"request.size\": 7 }",
      .want = "OK\nrequest d: 7\nvalid 1m 10000\n" },
    { .why = "not of a request that is refused",
      .conf = "rules = ( { name = 'a'; request_headers = ( { name = 'a';"
              " value = \"'x'\"; } ); }, { name = 'b'; deny = { }; } );",
      .request = "{}",
      .want = "PERMISSION_DENIED \"b:\"\nvalid 5s 1000\n" },

    /* ---- validity ---- */
    { .why = "the shortest counts",
      .conf = "rules = ( { name = 'a'; valid_for = '2s'; },"
              " { name = 'b'; valid_uses = 5; }, { name = 'c';"
              " valid_for = '3s'; valid_uses = 7; } );",
      .request = "{}",
      .want = "OK\nvalid 2s 5\n" },
    { .why = "a denial may be valid for longer than by default",
      .conf = "rules = ( { name = 'a'; deny = { }; valid_for = '20s'; } );",
      .request = "{}",
      .want = "PERMISSION_DENIED \"a:\"\nvalid 20s 1000\n" },
    { .why = "but not for longer than the server says",
      .conf = "server = { valid_for = '10s'; }; rules = ("
              " { name = 'a'; deny = { }; valid_for = '1h';"
              "   valid_uses = 1000000; } );",
      .request = "{}",
      .want = "PERMISSION_DENIED \"a:\"\nvalid 10s 10000\n" },
    { .why = "do not cache",
      .conf = "rules = ( { name = 'a'; valid_for = 0; valid_uses = 0; } );",
      .request = "{}",
      .want = "OK\nvalid 0 0\n" },
    { .why = "not in shadow",
      .conf = "rules = ( { name = 'a'; valid_for = 0; mode = 'shadow'; } );",
      .request = "{}",
      .want = "OK\nvalid 1m 10000\n" },

    /* ---- windows ---- */
    { .why = "before it, and not cached beyond its beginning",
      .conf = "rules = ( { name = 'a'; deny = { };"
              " active = { from = '2026-12-01T00:00:00Z'; }; } );",
      .request = "{}",
      .wall_ns = DECEMBER - 7 * SECOND,
      .want = "OK\nvalid 7s 10000\n" },
    { .why = "at its first moment",
      .conf = "rules = ( { name = 'a'; deny = { };"
              " active = { from = '2026-12-01T00:00:00Z'; }; } );",
      .request = "{}",
      .wall_ns = DECEMBER,
      .want = "PERMISSION_DENIED \"a:\"\nvalid 5s 1000\n" },
    { .why = "in its last moment, and not cached beyond its end",
      .conf = "rules = ( { name = 'a'; deny = { };"
              " active = { to = '2026-12-01T01:00:00+01:00'; }; } );",
      .request = "{}",
      .wall_ns = DECEMBER - 1,
      .want = "PERMISSION_DENIED \"a:\"\nvalid 1ns 1000\n" },
    { .why = "after it",
      .conf = "rules = ( { name = 'a'; deny = { };"
              " active = { to = '2026-12-01T00:00:00Z'; }; } );",
      .request = "{}",
      .wall_ns = DECEMBER,
      .want = "OK\nvalid 1m 10000\n" },
    { .why = "in shadow it limits nothing",
      .conf = "rules = ( { name = 'a'; deny = { }; mode = 'shadow';"
              " active = { to = '2026-12-01T00:00:00Z'; }; } );",
      .request = "{}",
      .wall_ns = DECEMBER - 1,
      .want = "OK\nvalid 1m 10000\n" },

    /* ---- enforce_percent ---- */
    { .why = "of none",
      .conf = "rules = ( { name = 'a'; deny = { }; enforce_percent = 0; } );",
      .request = "{}",
      .want = "OK\nvalid 1m 10000\n" },
    { .why = "by what cannot be evaluated follows on_error",
      .conf = "rules = ( { name = 'a'; deny = { }; on_error = 'deny';"
              " enforce_percent = 1; enforce_by = 'source.user'; } );",
      .request = "{}",
      .want = "PERMISSION_DENIED \"a:the rule cannot be evaluated\"\n"
              "valid 5s 1000\n" },
    { .why = "a quota of none",
      .conf = "quotas = ( { name = 'q'; rate = { amount = 1; };"
              " enforce_percent = 0; } ); rules = ( { name = 'a';"
              " quota = 'q'; } );",
      .request = "{}",
      .exhausted = "q",
      .want = "OK\ncharge q 1 in shadow\nvalid 0 0\n" },
};

/* libconfig knows "..." only; here that would be unreadable. */
static struct str with_quotes(const char *conf, struct arena *arena)
{
    struct str text = arena_copy(arena, str_of(conf));
    char *at = (char *)(uintptr_t)text.data;
    bool is_inside = false;

    for (; *at; at++) {
        if (*at == '"')
            is_inside = !is_inside;
        if (*at == '\'' && !is_inside)
            *at = '"';
    }
    return text;
}

static void rules_do_what_they_say(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct request request = { .attributes = str_of(rows[i].request),
                                   .wall_ns = rows[i].wall_ns };
        struct decision decision;
        struct arena arena;

        if (rows[i].exhausted)
            request.exhausted = str_of(rows[i].exhausted);
        arena_init(&arena, 0);
        decision_init(&decision, with_quotes(rows[i].conf, &arena));
        row_equal_str(rows[i].why, decision_make(&decision, &request),
                      str_of(rows[i].want));
        decision_fini(&decision);
        arena_fini(&arena);
    }
}

/* Of 1000 users: how many a rule with that name and percentage refuses, and
 * which, as bits. */
static uint32_t refused_users(const char *name, unsigned percent,
                              bool refused[static 1000])
{
    struct decision decision;
    uint32_t count = 0;
    char text[300];

    snprintf(text, sizeof(text),
             "rules = ( { name = \"%s\"; deny = { }; enforce_percent = %u;"
             " enforce_by = \"source.user\"; } );",
             name, percent);
    decision_init(&decision, str_of(text));
    for (unsigned i = 0; i < 1000; i++) {
        struct request request = { 0 };

        snprintf(text, sizeof(text), "{ \"source.user\": \"user-%u\" }", i);
        request.attributes = str_of(text);
        decision_make(&decision, &request);
        refused[i] = decision.check.code != STATUS_OK;
        count += refused[i];
    }
    decision_fini(&decision);
    return count;
}

static void a_percentage_is_stable(void **state)
{
    static bool tenth[1000], half[1000], other[1000];
    uint32_t both = 0;

    (void)state;
    assert_in_range(refused_users("r", 10, tenth), 70, 130);
    assert_in_range(refused_users("r", 50, half), 450, 550);
    assert_in_range(refused_users("other", 50, other), 450, 550);
    for (unsigned i = 0; i < 1000; i++) {
        row_true("more takes in what less did", !tenth[i] || half[i]);
        both += half[i] && other[i];
    }
    /* Each rule has a part of its own. */
    assert_in_range(both, 200, 300);
    /* Written down, so that no version changes whom it takes. */
    for (unsigned i = 0; i < 40; i++)
        row_equal_i64("who is in the first tenth", tenth[i],
                      i == 5 || i == 24 || i == 26 || i == 35 || i == 39);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_do_what_they_say),
        cmocka_unit_test(a_percentage_is_stable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

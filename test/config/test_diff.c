#include "test/config/load_text.h"
#include "test/support/table.h"

#include "config/diff.h"

#define QUOTA(name, max)                                                       \
    "{ name = \"" name "\"; concurrency = { max = " max "; }; }"
#define RULE(name)                                                             \
    "{ name = \"" name "\"; deny = { message = \"" name "\"; }; }"

static const struct {
    const char *why;
    const char *old, *new;
    const char *changes; /* a line each; ! where a restart is needed */
} rows[] = {
    { "nothing", "", "", "" },
    { "the default, written", "", "server = { workers = 0; };", "" },
    { "another unit", "server = { drain = \"60s\"; };",
      "server = { drain = \"1m\"; };", "" },
    { "an empty group", "log = { };", "", "" },
    { "a limit", "quotas = (" QUOTA("in-flight", "100") ");",
      "quotas = (" QUOTA("in-flight", "50") ");",
      "quotas.in-flight.concurrency.max: 100 -> 50\n" },
    { "from the default", "", "log = { level = \"debug\"; };",
      "log.level: info -> debug\n" },
    { "needs a restart", "",
      "server = { listen = [ \"127.0.0.1:1\", \"[::1]:1\" ]; };",
      "!server.listen: [\"127.0.0.1:9091\"] -> "
      "[\"127.0.0.1:1\", \"[::1]:1\"]\n" },
    { "needs a restart, without a default", "",
      "store = { kind = \"redis\"; servers = \"a:1\"; };",
      "!store.kind: memory -> redis\n"
      "!store.servers: added\n" },
    { "a rule more", "rules = (" RULE("a") ");",
      "rules = (" RULE("a") "," RULE("b") ");", "rules.b: added\n" },
    { "a rule less", "rules = (" RULE("a") "," RULE("a.b") ");",
      "rules = (" RULE("a.b") ");", "rules.a: removed\n" },
    { "a name in the name", "rules = (" RULE("c") ");",
      "rules = (" RULE("a") "," RULE("a.b") ");",
      "rules.c: removed\nrules.a: added\nrules.a.b: added\n" },
    { "another order", "rules = (" RULE("a") "," RULE("b") ");",
      "rules = (" RULE("b") "," RULE("a") ");", "rules: order changed\n" },
    { "one between keeps the order", "rules = (" RULE("a") "," RULE("b") ");",
      "rules = (" RULE("a") "," RULE("x") "," RULE("b") ");",
      "rules.x: added\n" },
    { "another algorithm",
      "quotas = ( { name = \"q\"; concurrency = { max = 1; }; } );",
      "quotas = ( { name = \"q\"; rate = { amount = 1; }; } );",
      "quotas.q.concurrency: removed\nquotas.q.rate: added\n" },
    { "an expression", "rules = ( { name = \"r\"; deny = { }; } );",
      "rules = ( { name = \"r\"; deny = { }; match = \"true\"; } );",
      "rules.r.match: added\n" },
    { "dimensions",
      "quotas = ( { name = \"q\"; rate = { amount = 1; };"
      " dimensions = { a = \"1\"; }; } );",
      "quotas = ( { name = \"q\"; rate = { amount = 1; };"
      " dimensions = { a = \"2\"; b = \"3\"; }; } );",
      "quotas.q.dimensions: [a = \"1\"] -> [a = \"2\", b = \"3\"]\n" },
    { "an override",
      "quotas = ( { name = \"q\"; rate = { amount = 1; };"
      " dimensions = { a = \"1\"; }; } );",
      "quotas = ( { name = \"q\"; rate = { amount = 1; };"
      " dimensions = { a = \"1\"; };"
      " overrides = ( { when = { a = \"x\"; }; amount = 2; } ); } );",
      "quotas.q.overrides[0]: added\n" },
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct snapshot *old = load_text(rows[i].old);
        struct snapshot *new = load_text(rows[i].new);
        struct str all = STR("");
        struct arena arena;
        struct diff diff;

        arena_init(&arena, 0);
        diff_settings(&diff, &old->settings, &new->settings, &arena);
        for (uint32_t j = 0; j < diff.count; j++)
            all = arena_printf(&arena, "%.*s%s%.*s\n", STR_ARG(all),
                               diff.changes[j].needs_restart ? "!" : "",
                               STR_ARG(diff.changes[j].text));
        row_equal_str(rows[i].why, all, str_of(rows[i].changes));
        arena_fini(&arena);
        snapshot_free(old);
        snapshot_free(new);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

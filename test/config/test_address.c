#include "test/support/table.h"

#include "config/address.h"

static const struct {
    const char *why;
    struct str text;
    bool is_good, is_bindable, is_local;
    struct str host, path;
    int port;
} rows[] = {
    { "IPv4", STR_INIT("127.0.0.1:9091"), true, true, true,
      STR_INIT("127.0.0.1"), STR_INIT(""), 9091 },
    { "all of 127/8", STR_INIT("127.9.9.9:1"), true, true, true,
      STR_INIT("127.9.9.9"), STR_INIT(""), 1 },
    { "another", STR_INIT("10.0.0.1:1"), true, true, false,
      STR_INIT("10.0.0.1"), STR_INIT(""), 1 },
    { "all interfaces", STR_INIT("0.0.0.0:1"), true, true, false,
      STR_INIT("0.0.0.0"), STR_INIT(""), 1 },
    { "IPv6", STR_INIT("[::1]:1"), true, true, true, STR_INIT("::1"),
      STR_INIT(""), 1 },
    { "all interfaces, IPv6", STR_INIT("[::]:1"), true, true, false,
      STR_INIT("::"), STR_INIT(""), 1 },
    { "loopback as IPv6", STR_INIT("[::ffff:127.0.0.1]:1"), true, true, true,
      STR_INIT("::ffff:127.0.0.1"), STR_INIT(""), 1 },
    { "localhost", STR_INIT("LocalHost:1"), true, true, true,
      STR_INIT("LocalHost"), STR_INIT(""), 1 },
    { "a name", STR_INIT("redis.local:6379"), true, false, false,
      STR_INIT("redis.local"), STR_INIT(""), 6379 },
    { "a socket", STR_INIT("unix:/run/a:1"), true, true, true, STR_INIT(""),
      STR_INIT("/run/a:1"), 0 },
    { "any port", STR_INIT("127.0.0.1:0"), true, true, true,
      STR_INIT("127.0.0.1"), STR_INIT(""), 0 },
    { "the last port", STR_INIT("127.0.0.1:65535"), true, true, true,
      STR_INIT("127.0.0.1"), STR_INIT(""), 65535 },
    { "nothing", .text = STR_INIT("") },
    { "no port", .text = STR_INIT("127.0.0.1") },
    { "an empty port", .text = STR_INIT("127.0.0.1:") },
    { "a port too high", .text = STR_INIT("127.0.0.1:65536") },
    { "a port that wraps", .text = STR_INIT("127.0.0.1:4294967297") },
    { "a negative port", .text = STR_INIT("127.0.0.1:-1") },
    { "no host", .text = STR_INIT(":1") },
    { "IPv6 without brackets", .text = STR_INIT("::1:1") },
    { "IPv4 in brackets", .text = STR_INIT("[127.0.0.1]:1") },
    { "one bracket", .text = STR_INIT("[:1") },
    { "empty brackets", .text = STR_INIT("[]:1") },
    { "no path", .text = STR_INIT("unix:") },
};

static void test_addresses(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        const char *why = NULL;
        struct address address;
        bool is_good = address_parse(rows[i].text, &address, &why);

        row_equal_i64(rows[i].why, is_good, rows[i].is_good);
        if (!is_good) {
            row_true(rows[i].why, why != NULL);
            continue;
        }
        row_equal_str(rows[i].why, address.host, rows[i].host);
        row_equal_str(rows[i].why, address.path, rows[i].path);
        row_equal_i64(rows[i].why, address.port, rows[i].port);
        row_equal_i64(rows[i].why, address_is_bindable(&address),
                      rows[i].is_bindable);
        row_equal_i64(rows[i].why, address_is_local(&address),
                      rows[i].is_local);
    }
}

/* The kernel takes 107 bytes and a NUL. */
static void test_long_path(void **state)
{
    char text[5 + 108 + 1] = "unix:";
    struct address address;
    const char *why;

    (void)state;
    memset(text + 5, 'a', 108);
    assert_false(address_parse(str_of(text), &address, &why));
    text[5 + 107] = '\0';
    assert_true(address_parse(str_of(text), &address, &why));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_long_path),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

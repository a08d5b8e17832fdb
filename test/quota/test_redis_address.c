#include "test/support/table.h"

#include "quota/redis/address.h"

#include <netdb.h>
#include <stdio.h>
#include <sys/un.h>
#include <time.h>

/* "ADDRESS PORT", or the path. */
static struct str shown(const struct sockaddr *sockaddr, socklen_t len)
{
    static char text[200];
    char host[100], port[20];

    if (sockaddr->sa_family == AF_UNIX)
        return str_of(
            ((const struct sockaddr_un *)(const void *)sockaddr)->sun_path);
    assert_int_equal(getnameinfo(sockaddr, len, host, sizeof(host), port,
                                 sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV),
                     0);
    snprintf(text, sizeof(text), "%s %s", host, port);
    return str_of(text);
}

/* Names take a while. */
static enum address_result
find(struct address *address, const struct sockaddr **sockaddr, socklen_t *len)
{
    const struct timespec pause = { .tv_nsec = 5000000 };
    enum address_result result = address_next(address, sockaddr, len);

    for (int tries = 0; result == ADDRESS_PENDING && tries < 4000; tries++) {
        nanosleep(&pause, NULL);
        result = address_next(address, sockaddr, len);
    }
    return result;
}

static void numbers_and_paths_are_known_at_once(void **state)
{
    static const struct {
        const char *why, *server;
        const char *found; /* NULL: nothing */
    } rows[] = {
        { "IPv4", "127.0.0.1:6379", "127.0.0.1 6379" },
        { "IPv6", "[::1]:6380", "::1 6380" },
        { "IPv6 without brackets", "::1:6380", "::1 6380" },
        { "a socket", "unix:/run/redis.sock", "/run/redis.sock" },
        { "no path", "unix:", NULL },
        { "no port", "127.0.0.1", NULL },
        { "no host", ":6379", NULL },
        { "nothing", "", NULL },
        { "a path that no socket can have",
          "unix:/a/path/that/is/longer/than/any/socket/on/this/system/may/have/"
          "because/its/structure/in/the/kernel/holds/108/bytes/only",
          NULL },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        const struct sockaddr *sockaddr;
        struct address address;
        socklen_t len;

        address_init(&address, str_of(rows[i].server));
        /* More than once: there is one, so it comes again. */
        for (int n = 0; n < 3; n++) {
            enum address_result result =
                address_next(&address, &sockaddr, &len);

            row_equal_i64(rows[i].why, result,
                          rows[i].found ? ADDRESS_FOUND : ADDRESS_NONE);
            if (rows[i].found)
                row_equal_str(rows[i].why, shown(sockaddr, len),
                              str_of(rows[i].found));
            else
                row_true(rows[i].why, address.fault != NULL);
        }
        address_fini(&address);
    }
}

static void names_are_found_without_waiting(void **state)
{
    const struct sockaddr *sockaddr;
    struct address address;
    socklen_t len;

    (void)state;
    address_init(&address, STR("localhost:6379"));
    for (int n = 0; n < 2 * ADDRESSES_MAX; n++) {
        assert_int_equal(find(&address, &sockaddr, &len), ADDRESS_FOUND);
        assert_true(str_ends_with(shown(sockaddr, len), STR(" 6379")));
    }
    address_fini(&address);
}

static void a_name_that_nobody_has_is_a_fault(void **state)
{
    const struct sockaddr *sockaddr;
    struct address address;
    socklen_t len;

    (void)state;
    address_init(&address, STR("no-such-host.invalid:6379"));
    assert_int_equal(find(&address, &sockaddr, &len), ADDRESS_NONE);
    assert_non_null(address.fault);
    address_fini(&address);
}

static void its_owner_may_go_while_a_name_is_looked_up(void **state)
{
    (void)state;
    for (int n = 0; n < 20; n++) {
        const struct sockaddr *sockaddr;
        struct address address;
        socklen_t len;

        address_init(&address, STR("localhost:6379"));
        address_next(&address, &sockaddr, &len);
        address_fini(&address);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_and_paths_are_known_at_once),
        cmocka_unit_test(names_are_found_without_waiting),
        cmocka_unit_test(a_name_that_nobody_has_is_a_fault),
        cmocka_unit_test(its_owner_may_go_while_a_name_is_looked_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

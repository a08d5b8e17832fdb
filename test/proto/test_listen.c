/* Addresses and the sockets bound to them. */
#include "proto/server/master/listen.h"

#include "test/support/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LONG_PATH                                                              \
    "/0123456789012345678901234567890123456789012345678901234567890123456789"  \
    "0123456789012345678901234567890123456789"

static void test_parse(void **state)
{
    static const struct {
        const char *why;
        const char *text;
        const char *formatted; /* NULL: the same */
    } good[] = {
        { "IPv4", "127.0.0.1:9091", NULL },
        { "any IPv4", "0.0.0.0:1", NULL },
        { "IPv6", "[::1]:65535", NULL },
        { "IPv6, another spelling", "[0:0::1]:80", "[::1]:80" },
        { "name of loopback", "localhost:9091", "127.0.0.1:9091" },
        { "any free port", "127.0.0.1:0", NULL },
        { "unix", "unix:/run/sluice.sock", NULL },
    };
    static const struct {
        const char *why;
        const char *text;
        const char *error; /* part of it */
    } bad[] = {
        { "empty", "", "host:port" },
        { "no port", "127.0.0.1", "host:port" },
        { "port too large", "127.0.0.1:65536", "port" },
        { "name of a host", "example.com:80", "IP address" },
        { "IPv6 without brackets", "::1:80", "brackets" },
        { "too long a host", LONG_PATH ":80", "IP address" },
        { "empty path", "unix:", "path" },
        { "path too long", "unix:" LONG_PATH, "path" },
    };
    struct socket_name name;
    char text[SOCKET_NAME_SIZE];

    (void)state;
    for (size_t i = 0; i < ROWS(good); i++) {
        row_true(good[i].why, !socket_name_parse(&name, str_of(good[i].text)));
        socket_name_format(&name, text);
        row_equal_str(
            good[i].why, str_of(text),
            str_of(good[i].formatted ? good[i].formatted : good[i].text));
    }
    for (size_t i = 0; i < ROWS(bad); i++) {
        const char *error = socket_name_parse(&name, str_of(bad[i].text));

        row_true(bad[i].why, error && strstr(error, bad[i].error));
    }
}

static void test_second_bind_is_refused(void **state)
{
    struct listener first, second;
    char error[LISTEN_ERROR_SIZE], text[SOCKET_NAME_SIZE];

    (void)state;
    assert_true(listener_open(&first, STR("127.0.0.1:0"), error));
    socket_name_format(&first.name, text);
    assert_string_not_equal(text, "127.0.0.1:0");
    assert_false(listener_open(&second, str_of(text), error));
    assert_non_null(strstr(error, "already in use"));
    assert_non_null(strstr(error, text));
    assert_int_equal(second.fd, -1);
    listener_close(&second);
    listener_close(&first);
    assert_true(listener_open(&second, str_of(text), error));
    listener_close(&second);
}

static void test_error_names_address_and_reason(void **state)
{
    struct listener listener;
    char error[LISTEN_ERROR_SIZE];

    (void)state;
    assert_false(listener_open(&listener, STR("nonsense"), error));
    assert_non_null(strstr(error, "nonsense"));
    assert_non_null(strstr(error, "host:port"));
    /* An address that no machine has: TEST-NET-1. */
    assert_false(listener_open(&listener, STR("192.0.2.1:80"), error));
    assert_non_null(strstr(error, "192.0.2.1:80"));
}

/* A directory for sockets of one test. */
static void make_directory(char path[static 64])
{
    snprintf(path, 64, "/tmp/sluice-test-XXXXXX");
    assert_non_null(mkdtemp(path));
}

static void test_unix_socket(void **state)
{
    struct listener first, second;
    char directory[64], text[96], error[LISTEN_ERROR_SIZE];
    const char *path;
    struct stat file;

    (void)state;
    make_directory(directory);
    snprintf(text, sizeof(text), "unix:%s/s", directory);
    path = text + strlen("unix:");
    assert_true(listener_open(&first, str_of(text), error));
    assert_int_equal(lstat(path, &file), 0);
    assert_int_equal(file.st_mode & 0777, 0660);

    assert_false(listener_open(&second, str_of(text), error));
    assert_non_null(strstr(error, "already in use"));
    assert_int_equal(lstat(path, &file), 0);

    listener_close(&first);
    assert_int_equal(lstat(path, &file), -1);
    rmdir(directory);
}

static void test_stale_socket_is_replaced(void **state)
{
    struct listener dead, alive;
    char directory[64], text[96], error[LISTEN_ERROR_SIZE];
    struct stat file;

    (void)state;
    make_directory(directory);
    snprintf(text, sizeof(text), "unix:%s/s", directory);
    assert_true(listener_open(&dead, str_of(text), error));
    close(dead.fd);
    assert_true(listener_open(&alive, str_of(text), error));
    assert_int_equal(lstat(text + strlen("unix:"), &file), 0);
    listener_close(&alive);
    rmdir(directory);
}

static void test_other_files_are_kept(void **state)
{
    struct listener listener;
    char directory[64], text[96], error[LISTEN_ERROR_SIZE];
    const char *path;
    FILE *file;

    (void)state;
    make_directory(directory);
    snprintf(text, sizeof(text), "unix:%s/s", directory);
    path = text + strlen("unix:");
    file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
    assert_false(listener_open(&listener, str_of(text), error));
    assert_int_equal(unlink(path), 0);
    rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_second_bind_is_refused),
        cmocka_unit_test(test_error_names_address_and_reason),
        cmocka_unit_test(test_unix_socket),
        cmocka_unit_test(test_stale_socket_is_replaced),
        cmocka_unit_test(test_other_files_are_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Which of the connections that were given away are still open. */
#include "proto/server/worker/connections.h"

#include "test/support/table.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

static int new_socket(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    return fd;
}

static void test_closed(void **state)
{
    struct connections connections;
    int first = new_socket(), second = new_socket();

    (void)state;
    connections_init(&connections);
    connections_add(&connections, first);
    connections_add(&connections, second);
    assert_int_equal(connections.count, 2);
    close(first);
    connections_look(&connections, CONNECTIONS_LOOK_NS);
    assert_int_equal(connections.count, 1);

    close(second);
    connections_look(&connections, CONNECTIONS_LOOK_NS + 1);
    row_equal_i64("not so soon again", connections.count, 1);
    connections_look(&connections, 2 * CONNECTIONS_LOOK_NS);
    assert_int_equal(connections.count, 0);
    connections_fini(&connections);
}

/* The number of a closed one is given to something else. */
static void test_reused(void **state)
{
    struct connections connections;
    int fd = new_socket();

    (void)state;
    connections_init(&connections);
    connections_add(&connections, fd);
    close(fd);
    assert_int_equal(open("/dev/null", O_RDONLY | O_CLOEXEC), fd);
    connections_look(&connections, CONNECTIONS_LOOK_NS);
    row_equal_i64("another file", connections.count, 0);

    close(fd);
    assert_int_equal(new_socket(), fd);
    connections_add(&connections, fd);
    close(fd);
    assert_int_equal(new_socket(), fd);
    connections_add(&connections, fd);
    row_equal_i64("another connection", connections.count, 1);
    connections_look(&connections, 2 * CONNECTIONS_LOOK_NS);
    assert_int_equal(connections.count, 1);
    close(fd);
    connections_fini(&connections);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_closed),
        cmocka_unit_test(test_reused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

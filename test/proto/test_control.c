/* Messages between master and worker over a real socketpair. */
#include "proto/server/shared/control.h"

#include "test/support/table.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct pair {
    int master, worker;
};

static struct pair open_pair(void)
{
    int fds[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds),
                     0);
    return (struct pair){ fds[0], fds[1] };
}

static void close_pair(struct pair pair)
{
    close(pair.master);
    close(pair.worker);
}

static void test_message_arrives_whole(void **state)
{
    struct pair pair = open_pair();
    struct control_message sent = { .kind = CONTROL_REFUSED,
                                    .generation = UINT64_MAX };
    struct control_message got;
    int fd;

    (void)state;
    memset(sent.text, 'x', sizeof(sent.text) - 1);
    assert_true(control_send(pair.worker, &sent, -1));
    assert_true(control_receive(pair.master, &got, &fd));
    assert_int_equal(got.kind, CONTROL_REFUSED);
    assert_true(got.generation == UINT64_MAX);
    assert_string_equal(got.text, sent.text);
    assert_int_equal(fd, -1);
    close_pair(pair);
}

static void test_unended_text_is_cut(void **state)
{
    struct pair pair = open_pair();
    struct control_message sent = { .kind = CONTROL_CONNECTION }, got;
    int fd;

    (void)state;
    memset(sent.text, 'x', sizeof(sent.text));
    assert_true(control_send(pair.master, &sent, -1));
    assert_true(control_receive(pair.worker, &got, &fd));
    assert_int_equal(strlen(got.text), sizeof(got.text) - 1);
    close_pair(pair);
}

static void test_descriptor_is_passed(void **state)
{
    struct pair pair = open_pair();
    struct control_message sent = { .kind = CONTROL_PREPARE, .generation = 2 };
    struct control_message got;
    int pipe_fds[2], fd;
    char byte = 0;

    (void)state;
    assert_int_equal(pipe(pipe_fds), 0);
    assert_true(control_send(pair.master, &sent, pipe_fds[1]));
    close(pipe_fds[1]);
    assert_true(control_receive(pair.worker, &got, &fd));
    assert_true(fd >= 0);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    assert_int_equal(write(fd, "!", 1), 1);
    assert_int_equal(read(pipe_fds[0], &byte, 1), 1);
    assert_int_equal(byte, '!');
    close(fd);
    close(pipe_fds[0]);
    close_pair(pair);
}

static void test_gone_peer(void **state)
{
    struct pair pair = open_pair();
    struct control_message message = { .kind = CONTROL_DRAIN };
    int fd;

    (void)state;
    close(pair.worker);
    assert_false(control_receive(pair.master, &message, &fd));
    assert_int_equal(fd, -1);
    /* EPIPE, and no signal. */
    assert_false(control_send(pair.master, &message, -1));
    assert_int_equal(errno, EPIPE);
    close(pair.master);
}

static void test_full_queue_does_not_block(void **state)
{
    struct pair pair = open_pair();
    struct control_message message = { .kind = CONTROL_CONNECTION };
    int sent = 0, received = 0, fd;

    (void)state;
    while (control_send(pair.master, &message, -1))
        sent++;
    assert_int_equal(errno, EAGAIN);
    assert_true(sent > 100);
    close(pair.master);
    /* What was sent before the end is still there. */
    while (control_receive(pair.worker, &message, &fd))
        received++;
    assert_int_equal(received, sent);
    close(pair.worker);
}

static void test_foreign_messages(void **state)
{
    struct {
        const char *why;
        struct control_message message;
        size_t length;
    } rows[] = {
        { "too short", { .kind = CONTROL_READY }, 3 },
        { "no text at all",
          { .kind = CONTROL_READY },
          offsetof(struct control_message, text) },
        { "no such kind", { .kind = 99 }, sizeof(struct control_message) },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct pair pair = open_pair();
        struct control_message got;
        int fd;

        assert_true(send(pair.worker, &rows[i].message, rows[i].length, 0) > 0);
        row_true(rows[i].why, !control_receive(pair.master, &got, &fd));
        row_equal_i64(rows[i].why, errno, EPROTO);
        row_equal_i64(rows[i].why, fd, -1);
        close_pair(pair);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_message_arrives_whole),
        cmocka_unit_test(test_unended_text_is_cut),
        cmocka_unit_test(test_descriptor_is_passed),
        cmocka_unit_test(test_gone_peer),
        cmocka_unit_test(test_full_queue_does_not_block),
        cmocka_unit_test(test_foreign_messages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

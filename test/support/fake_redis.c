#include "test/support/fake_redis.h"

#include "policy/base/clock.h"
#include "test/support/store_loop.h"
#include "test/support/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const struct {
    const char *word, *answer;
} commands[FAKE_COMMAND_COUNT] = {
#define X(name, answer) { #name, answer },
    FAKE_COMMANDS(X)
#undef X
};

static const char *path_of(const struct fake_redis *fake)
{
    return fake->address + strlen("unix:");
}

void fake_redis_init(struct fake_redis *fake)
{
    struct sockaddr_un un = { .sun_family = AF_UNIX };

    *fake =
        (struct fake_redis){ .folder = "/tmp/sluice-fake-XXXXXX", .fd = -1 };
    for (size_t i = 0; i < FAKE_COMMAND_COUNT; i++)
        fake->answers[i] = commands[i].answer;
    assert_non_null(mkdtemp(fake->folder));
    snprintf(fake->address, sizeof(fake->address), "unix:%s/socket",
             fake->folder);
    snprintf(un.sun_path, sizeof(un.sun_path), "%s", path_of(fake));
    fake->listener =
        socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fake->listener, (struct sockaddr *)&un, sizeof(un)),
                     0);
    assert_int_equal(listen(fake->listener, 8), 0);
}

static void hang_up(struct fake_redis *fake)
{
    if (fake->fd >= 0)
        close(fake->fd);
    fake->fd = -1;
}

void fake_redis_close(struct fake_redis *fake)
{
    hang_up(fake);
    if (fake->listener >= 0)
        close(fake->listener);
    fake->listener = -1;
    unlink(path_of(fake));
}

void fake_redis_fini(struct fake_redis *fake)
{
    fake_redis_close(fake);
    rmdir(fake->folder);
}

void fake_redis_say(struct fake_redis *fake, const char *bytes)
{
    send(fake->fd, bytes, strlen(bytes), MSG_NOSIGNAL);
}

static void answer(struct fake_redis *fake, struct str word)
{
    for (size_t i = 0; i < FAKE_COMMAND_COUNT; i++) {
        const char *bytes = fake->answers[i];

        if (!str_eq(word, str_of(commands[i].word)))
            continue;
        fake->counts[i]++;
        if (!bytes)
            hang_up(fake);
        else if (*bytes)
            fake_redis_say(fake, bytes);
        return;
    }
    fail_msg("nobody expects the command %.*s", STR_ARG(word));
}

/* The number behind a sign; moves behind its line. */
static size_t take_count(char **at)
{
    size_t count = strtoul(*at + 1, at, 10);

    *at += strlen("\r\n");
    return count;
}

/* Of each command, what matters is its first word. */
static void answer_all(struct fake_redis *fake, char *at, const char *end)
{
    while (fake->fd >= 0 && at < end) {
        size_t count = take_count(&at);
        struct str word = { 0 };

        for (size_t i = 0; i < count; i++) {
            size_t len = take_count(&at);

            if (i == 0)
                word = (struct str){ at, len };
            at += len + strlen("\r\n");
        }
        if (!fake->first[0])
            snprintf(fake->first, sizeof(fake->first), "%.*s", STR_ARG(word));
        answer(fake, word);
    }
}

/* Whatever arrived arrived whole: it is little, and sent at once. */
void fake_redis_turn(struct fake_redis *fake)
{
    static char bytes[1 << 18];
    ssize_t len;
    int fd = accept4(fake->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd >= 0) {
        hang_up(fake);
        fake->fd = fd;
        fake->accept_count++;
        fake->first[0] = '\0';
    }
    if (fake->fd < 0)
        return;
    len = recv(fake->fd, bytes, sizeof(bytes) - 1, 0);
    if (len == 0)
        hang_up(fake);
    if (len <= 0)
        return;
    bytes[len] = '\0';
    answer_all(fake, bytes, bytes + len);
}

void fake_redis_run(struct store *store, struct fake_redis *const *fakes,
                    size_t fake_count, int64_t ns)
{
    int64_t until_ns = clock_boot_ns() + ns;

    while (clock_boot_ns() < until_ns) {
        store_loop_turn(store, clock_boot_ns() + MILLISECOND);
        for (size_t i = 0; i < fake_count; i++)
            fake_redis_turn(fakes[i]);
    }
}

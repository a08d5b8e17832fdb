/* A server that answers what Redis seldom or never does. */
#include "test/support/store_loop.h"
#include "test/support/table.h"

#include "policy/base/clock.h"
#include "quota/redis/redis.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define DEADLINE_NS (30 * MILLISECOND)
#define GRANTED_ONE "*3\r\n:1\r\n:0\r\n:0\r\n"

static const struct limit slots = { .algorithm = LIMIT_CONCURRENCY,
                                    .amount = 1,
                                    .lease_ns = MINUTE };

/* It runs in turns with the store. */
struct fake {
    char folder[32], address[64];
    int listener, fd;                    /* fd -1: nobody is connected */
    const char *to_probe, *to_operation; /* NULL: hangs up */
    int accept_count, load_count;

    int up_count, down_count;
    char fault[200]; /* as told by the store */
};

static void on_up(void *context, const char *server)
{
    struct fake *fake = context;

    (void)server;
    fake->up_count++;
}

static void on_down(void *context, const char *server, const char *detail)
{
    struct fake *fake = context;

    (void)server;
    fake->down_count++;
    snprintf(fake->fault, sizeof(fake->fault), "%s", detail);
}

static const char *path_of(const struct fake *fake)
{
    return fake->address + strlen("unix:");
}

static void fake_init(struct fake *fake, const char *to_probe,
                      const char *to_operation)
{
    struct sockaddr_un un = { .sun_family = AF_UNIX };

    *fake = (struct fake){
        .folder = "/tmp/sluice-fake-XXXXXX",
        .fd = -1,
        .to_probe = to_probe,
        .to_operation = to_operation,
    };
    assert_non_null(mkdtemp(fake->folder));
    snprintf(fake->address, sizeof(fake->address), "unix:%s/socket",
             fake->folder);
    snprintf(un.sun_path, sizeof(un.sun_path), "%s", path_of(fake));
    fake->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(fake->listener, (struct sockaddr *)&un, sizeof(un)),
                     0);
    assert_int_equal(listen(fake->listener, 8), 0);
}

static void hang_up(struct fake *fake)
{
    if (fake->fd >= 0)
        close(fake->fd);
    fake->fd = -1;
}

static void fake_fini(struct fake *fake)
{
    hang_up(fake);
    close(fake->listener);
    unlink(path_of(fake));
    rmdir(fake->folder);
}

static void answer(struct fake *fake, const char *bytes)
{
    if (!bytes)
        hang_up(fake);
    else if (*bytes)
        send(fake->fd, bytes, strlen(bytes), MSG_NOSIGNAL);
}

static size_t count_of(const char *text, const char *what)
{
    size_t count = 0;

    for (; (text = strstr(text, what)); text += strlen(what))
        count++;
    return count;
}

/* Whatever arrived arrived whole: it is little, and sent at once. */
static void fake_turn(struct fake *fake)
{
    char bytes[65536];
    ssize_t len;
    int fd = accept4(fake->listener, NULL, NULL, SOCK_NONBLOCK);

    if (fd >= 0) {
        hang_up(fake);
        fake->fd = fd;
        fake->accept_count++;
    }
    if (fake->fd < 0)
        return;
    len = recv(fake->fd, bytes, sizeof(bytes) - 1, 0);
    if (len == 0)
        hang_up(fake);
    if (len <= 0)
        return;
    bytes[len] = '\0';
    if (strstr(bytes, "\r\nEVAL\r\n"))
        answer(fake, fake->to_probe);
    if (strstr(bytes, "\r\nLOAD\r\n")) {
        fake->load_count++;
        answer(fake, "+loaded\r\n");
    }
    for (size_t n = count_of(bytes, "\r\nEVALSHA\r\n"); n > 0; n--)
        answer(fake, fake->to_operation);
}

static struct store *open_store(struct fake *fake)
{
    const struct redis_settings settings = {
        .server = str_of(fake->address),
        .key_prefix = STR("test:"),
        .deadline_ns = DEADLINE_NS,
    };
    const struct redis_events events = { on_up, on_down, fake };

    return redis_store_new(&settings, &events);
}

static void run(struct fake *fake, struct store *store, int64_t ns)
{
    int64_t until_ns = clock_boot_ns() + ns;

    while (clock_boot_ns() < until_ns) {
        store_loop_turn(store, clock_boot_ns() + MILLISECOND);
        fake_turn(fake);
    }
}

static void run_until_up(struct fake *fake, struct store *store)
{
    for (int turns = 0; !store->is_up; turns++) {
        assert_true(turns < 1000);
        run(fake, store, MILLISECOND);
    }
}

static int answer_count;

static void on_answer(struct take *take)
{
    (void)take;
    answer_count++;
}

static enum take_status ask(struct fake *fake, struct store *store)
{
    struct take take = { .count = 1,
                         .deadline_ns = INT64_MAX,
                         .done = on_answer };
    int64_t asked_ns = clock_boot_ns();

    take.charges[0] = (struct charge){ .limit = &slots, .amount = 1 };
    answer_count = 0;
    if (store_take(store, &take, asked_ns) == STORE_NOW)
        return take.status;
    while (answer_count == 0) {
        assert_true(clock_boot_ns() - asked_ns < DEADLINE_NS + SECOND);
        run(fake, store, MILLISECOND);
    }
    assert_int_equal(answer_count, 1);
    return take.status;
}

static void every_answer_is_understood_or_an_outage(void **state)
{
    static const struct {
        const char *why;
        const char *to_operation;
        enum take_status status;
        bool is_lost; /* the connection is given up */
    } rows[] = {
        { "granted", GRANTED_ONE, TAKE_GRANTED, false },
        { "refused", "*3\r\n:-1\r\n:0\r\n:0\r\n", TAKE_REFUSED, false },
        { "loading", "-LOADING Redis is loading the dataset in memory\r\n",
          TAKE_OUTAGE, false },
        { "a replica",
          "-READONLY You can't write against a read only replica."
          "\r\n",
          TAKE_OUTAGE, false },
        { "a replica without its master",
          "-MASTERDOWN Link with MASTER is "
          "down\r\n",
          TAKE_OUTAGE, false },
        { "out of memory", "-OOM command not allowed\r\n", TAKE_OUTAGE, false },
        { "busy", "-BUSY Redis is busy running a script\r\n", TAKE_OUTAGE,
          false },
        { "a password is needed", "-NOAUTH Authentication required.\r\n",
          TAKE_OUTAGE, false },
        { "a cluster", "-MOVED 3999 127.0.0.1:6381\r\n", TAKE_OUTAGE, false },
        { "somebody else's key", "-WRONGTYPE Operation against a key\r\n",
          TAKE_OUTAGE, false },
        { "an empty error", "-\r\n", TAKE_OUTAGE, false },
        { "never knows the script", "-NOSCRIPT No matching script\r\n",
          TAKE_OUTAGE, false },
        { "half an answer", "*3\r\n:1\r\n", TAKE_OUTAGE, false },
        { "no answer", "", TAKE_OUTAGE, false },
        { "a huge string", "$500000000\r\nabc", TAKE_OUTAGE, false },
        { "a status", "+OK\r\n", TAKE_OUTAGE, true },
        { "nothing", "$-1\r\n", TAKE_OUTAGE, true },
        { "one integer", ":1\r\n", TAKE_OUTAGE, true },
        { "too few integers", "*2\r\n:1\r\n:1\r\n", TAKE_OUTAGE, true },
        { "too many", "*6\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n", TAKE_OUTAGE,
          true },
        { "no integers", "*3\r\n:1\r\n:1\r\n$1\r\n1\r\n", TAKE_OUTAGE, true },
        { "an absurd grant", "*3\r\n:4611686018427387904\r\n:0\r\n:0\r\n",
          TAKE_OUTAGE, true },
        { "an absurd rest", "*3\r\n:1\r\n:-9223372036854775808\r\n:0\r\n",
          TAKE_OUTAGE, true },
        { "an absurd part", "*3\r\n:1\r\n:0\r\n:-1\r\n", TAKE_OUTAGE, true },
        { "a huge array", "*2147483647\r\n", TAKE_OUTAGE, true },
        { "another protocol", "HTTP/1.1 400 Bad Request\r\n\r\n", TAKE_OUTAGE,
          true },
        { "an answer nobody waits for", GRANTED_ONE GRANTED_ONE, TAKE_GRANTED,
          true },
        { "hangs up", NULL, TAKE_OUTAGE, true },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct store *store;
        struct fake fake;

        fake_init(&fake, GRANTED_ONE, rows[i].to_operation);
        store = open_store(&fake);
        run_until_up(&fake, store);
        row_equal_i64(rows[i].why, ask(&fake, store), rows[i].status);
        run(&fake, store, 5 * MILLISECOND);
        row_equal_i64(rows[i].why, fake.down_count, rows[i].is_lost);
        /* It comes back by itself. */
        run_until_up(&fake, store);
        fake.to_operation = GRANTED_ONE;
        if (rows[i].is_lost)
            row_equal_i64(rows[i].why, ask(&fake, store), TAKE_GRANTED);
        row_equal_i64(rows[i].why, fake.accept_count, 1 + rows[i].is_lost);
        store_free(store);
        fake_fini(&fake);
    }
}

static void
a_script_that_is_never_known_is_loaded_once_per_operation(void **state)
{
    struct store *store;
    struct fake fake;

    (void)state;
    fake_init(&fake, GRANTED_ONE, "-NOSCRIPT\r\n");
    store = open_store(&fake);
    run_until_up(&fake, store);
    assert_int_equal(ask(&fake, store), TAKE_OUTAGE);
    assert_int_equal(fake.load_count, 1);
    assert_int_equal(ask(&fake, store), TAKE_OUTAGE);
    assert_int_equal(fake.load_count, 2);
    store_free(store);
    fake_fini(&fake);
}

static void a_probe_must_succeed_in_time(void **state)
{
    static const struct {
        const char *why;
        const char *to_probe;
        const char *fault;
    } rows[] = {
        { "a wrong password", "-NOAUTH Authentication required.\r\n",
          "NOAUTH Authentication required." },
        { "loading", "-LOADING wait\r\n", "LOADING wait" },
        { "a replica", "-READONLY no\r\n", "READONLY no" },
        { "no answer", "", "no answer" },
        { "half an answer", "*3\r\n:1", "no answer" },
        { "garbage", "SSH-2.0-OpenSSH_9.2\r\n", "malformed reply" },
        { "no integers", "+OK\r\n", "malformed reply" },
        { "hangs up", NULL, "closed by Redis" },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct store *store;
        struct fake fake;

        fake_init(&fake, rows[i].to_probe, GRANTED_ONE);
        store = open_store(&fake);
        run(&fake, store, 500 * MILLISECOND);
        row_equal_i64(rows[i].why, store->is_up, false);
        row_equal_i64(rows[i].why, ask(&fake, store), TAKE_OUTAGE);
        row_equal_i64(rows[i].why, fake.down_count, 1);
        row_equal_str(rows[i].why, str_of(fake.fault), str_of(rows[i].fault));
        /* Back-off: no storm of connections. */
        row_true(rows[i].why, fake.accept_count > 1 && fake.accept_count < 20);

        fake.to_probe = GRANTED_ONE;
        run_until_up(&fake, store);
        row_equal_i64(rows[i].why, ask(&fake, store), TAKE_GRANTED);
        store_free(store);
        fake_fini(&fake);
    }
}

static void errors_in_a_row_open_the_breaker_until_they_end(void **state)
{
    struct store *store;
    struct fake fake;
    int asked = 0;

    (void)state;
    fake_init(&fake, GRANTED_ONE, "-OOM no\r\n");
    store = open_store(&fake);
    run_until_up(&fake, store);
    fake.to_probe = "-OOM no\r\n";
    for (; store->is_up; asked++)
        assert_int_equal(ask(&fake, store), TAKE_OUTAGE);
    assert_in_range(asked, 2, 20);
    run(&fake, store, 500 * MILLISECOND);
    assert_false(store->is_up);
    assert_string_equal(fake.fault, "OOM no");
    assert_int_equal(fake.down_count, 1);

    fake.to_probe = fake.to_operation = GRANTED_ONE;
    run_until_up(&fake, store);
    assert_int_equal(ask(&fake, store), TAKE_GRANTED);
    store_free(store);
    fake_fini(&fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_answer_is_understood_or_an_outage),
        cmocka_unit_test(
            a_script_that_is_never_known_is_loaded_once_per_operation),
        cmocka_unit_test(a_probe_must_succeed_in_time),
        cmocka_unit_test(errors_in_a_row_open_the_breaker_until_they_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The control socket and the board of the keys refused most, as the steward
 * serves them. */
#include "proto/server/admin/control_http.h"

#include "policy/base/clock.h"
#include "proto/server/admin/holders_json.h"
#include "proto/server/admin/steward.h"
#include "proto/server/master/listen.h"
#include "quota/local/local.h"
#include "test/support/table.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

struct house {
    char folder[32], path[64];
    struct shared *shared;
    int shared_fd;
    struct store *store; /* as a worker has it */
    struct store_settings settings;
    struct listener listener;
    struct steward_parts parts;
    struct steward *steward;
};

static void open_listener(struct house *house)
{
    char address[80], error[LISTEN_ERROR_SIZE];

    snprintf(address, sizeof(address), "unix:%s", house->path);
    if (!listener_open_private(&house->listener, str_of(address), error))
        fail_msg("%s", error);
}

static int open_house(void **state)
{
    struct house *house = calloc(1, sizeof(*house));

    if (!house)
        return -1;
    strcpy(house->folder, "/tmp/sluice-control-XXXXXX");
    if (!mkdtemp(house->folder))
        return -1;
    snprintf(house->path, sizeof(house->path), "%s/socket", house->folder);
    open_listener(house);
    house->shared = shared_create(2, &house->shared_fd);
    house->settings = (struct store_settings){ .kind = STORE_MEMORY };
    house->parts = (struct steward_parts){
        .store = &house->settings,
        .store_fd = local_create(LOCAL_SIZE_MIN_BYTES),
        .shared = house->shared,
        .editions = edition_board_new(),
        .board = hot_board_new(),
        .listener = house->listener.fd,
    };
    house->store = local_open(house->parts.store_fd);
    house->steward = steward_start(&house->parts);
    *state = house;
    return house->store && house->steward ? 0 : -1;
}

static int close_house(void **state)
{
    struct house *house = *state;

    steward_stop(house->steward);
    listener_close(&house->listener);
    assert_int_not_equal(access(house->path, F_OK), 0);
    rmdir(house->folder);
    store_free(house->store);
    edition_board_free(house->parts.editions);
    hot_board_free(house->parts.board);
    munmap(house->shared,
           sizeof(struct shared) + 2 * sizeof(struct worker_block));
    close(house->shared_fd);
    close(house->parts.store_fd);
    free(house);
    return 0;
}

/* ---- who may ask ------------------------------------------------------- */

static void test_peers(void **state)
{
    static const struct {
        const char *why;
        uid_t peer, own;
        bool may;
    } rows[] = {
        { "the same user", 1000, 1000, true },
        { "root", 0, 1000, true },
        { "another user", 1001, 1000, false },
        { "another user asks root", 1000, 0, false },
        { "root asks root", 0, 0, true },
        { "nobody that the kernel knows", (uid_t)-1, 1000, false },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++)
        row_equal_i64(rows[i].why, control_permits(rows[i].peer, rows[i].own),
                      rows[i].may);
}

static void test_socket_is_private(void **state)
{
    struct house *house = *state;
    struct stat file;

    assert_int_equal(stat(house->path, &file), 0);
    assert_true(S_ISSOCK(file.st_mode));
    assert_int_equal(file.st_mode & 0777, 0600);
}

/* ---- requests ---------------------------------------------------------- */

static int dial(const struct house *house)
{
    const struct timeval patience = { .tv_sec = 20 };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    assert_int_equal(
        connect(fd, &house->listener.name.any, house->listener.name.length), 0);
    return fd;
}

/* Sends what it can and reads to the end; the HTTP status, 0: none. */
static int exchange(const struct house *house, struct str bytes)
{
    char answer[4096];
    size_t len = 0;
    ssize_t count;
    int fd = dial(house);

    while (bytes.len > 0 &&
           (count = send(fd, bytes.data, bytes.len, MSG_NOSIGNAL)) > 0)
        bytes = str_skip(bytes, (size_t)count);
    while (len < sizeof(answer) - 1 &&
           (count = read(fd, answer + len, sizeof(answer) - 1 - len)) > 0)
        len += (size_t)count;
    answer[len] = '\0';
    close(fd);
    return str_starts_with(str_of(answer), STR("HTTP/1.1 "))
               ? (int)strtol(answer + strlen("HTTP/1.1 "), NULL, 10)
               : 0;
}

#define CLOSE "Host: x\r\nConnection: close\r\n"

static void test_requests(void **state)
{
    static const struct {
        const char *why, *request;
        int status;
    } rows[] = {
        { "a question before a configuration serves",
          "POST /v1/peek HTTP/1.1\r\n" CLOSE
          "Content-Length: 13\r\n\r\n{\"quota\":\"q\"}",
          503 },
        { "a wrong question",
          "POST /v1/peek HTTP/1.1\r\n" CLOSE "Content-Length: 2\r\n\r\n[]",
          400 },
        { "an unknown one",
          "POST /v1/poke HTTP/1.1\r\n" CLOSE "Content-Length: 2\r\n\r\n{}",
          404 },
        { "no body", "POST /v1/peek HTTP/1.1\r\n" CLOSE "\r\n", 400 },
        { "reading", "GET /v1/peek HTTP/1.1\r\n" CLOSE "\r\n", 405 },
        { "another method",
          "DELETE /v1/reset HTTP/1.1\r\n" CLOSE "Content-Length: 2\r\n\r\n{}",
          405 },
        { "no HTTP", "reset all\r\n\r\n", 400 },
    };
    struct house *house = *state;

    for (size_t i = 0; i < ROWS(rows); i++)
        row_equal_i64(rows[i].why, exchange(house, str_of(rows[i].request)),
                      rows[i].status);
}

static void test_bodies_are_bounded(void **state)
{
    static const struct {
        const char *why;
        size_t len;
        int status;
    } rows[] = {
        { "the longest", CONTROL_BODY_MAX, 400 },
        { "one byte more", CONTROL_BODY_MAX + 1, 413 },
        { "much more", 64 * CONTROL_BODY_MAX, 413 },
    };
    struct house *house = *state;

    for (size_t i = 0; i < ROWS(rows); i++) {
        char *request = malloc(rows[i].len + 256);
        int head = sprintf(request,
                           "POST /v1/peek HTTP/1.1\r\n" CLOSE
                           "Content-Length: %zu\r\n\r\n",
                           rows[i].len);

        memset(request + head, '[', rows[i].len);
        row_equal_i64(rows[i].why,
                      exchange(house, (struct str){ request, (size_t)head +
                                                                 rows[i].len }),
                      rows[i].status);
        free(request);
    }
}

/* Connections that say nothing keep nobody else out for long, and end with
 * the steward. */
static void test_silent_peers(void **state)
{
    struct house *house = *state;
    int silent[4];

    for (size_t i = 0; i < ROWS(silent); i++) {
        silent[i] = dial(house);
        assert_int_equal(write(silent[i], "POST /v1/", 9), 9);
    }
    assert_int_equal(
        exchange(house, STR("GET /v1/peek HTTP/1.1\r\n" CLOSE "\r\n")), 405);
    for (size_t i = 0; i < ROWS(silent); i++)
        close(silent[i]);
}

static void test_a_second_instance_is_refused(void **state)
{
    struct house *house = *state;
    char address[80], error[LISTEN_ERROR_SIZE];
    struct listener second;

    snprintf(address, sizeof(address), "unix:%s", house->path);
    assert_false(listener_open_private(&second, str_of(address), error));
    assert_non_null(strstr(error, "already in use"));
    assert_int_equal(access(house->path, F_OK), 0);
}

/* ---- the board --------------------------------------------------------- */

static const struct limit slots = { .algorithm = LIMIT_CONCURRENCY,
                                    .amount = 2,
                                    .lease_ns = 60 * SECOND };

static struct quota_id key_of(const struct house *house, const char *text)
{
    return store_hash(house->store, str_of(text));
}

static void hold(struct house *house, const char *text, int64_t amount)
{
    struct take take = { .count = 1 };

    take.charges[0] = (struct charge){ .limit = &slots,
                                       .quota = STR("slots"),
                                       .key = key_of(house, text),
                                       .amount = amount };
    store_take(house->store, &take, clock_boot_ns());
    assert_int_equal(take.status, TAKE_GRANTED);
}

static void refuse(struct house *house, uint32_t worker, const char *quota,
                   const char *text, int64_t limit)
{
    const struct refusal refusal = {
        .key = key_of(house, text),
        .quota = name_slot(&house->shared->quota_names, str_of(quota)),
        .slots = limit,
        .text = str_of(text),
        .is_redacted = true,
    };

    hot_keys_add(&house->shared->workers[worker].hot_keys, &refusal,
                 clock_boot_ns());
}

/* The row of a key as JSON. Waits for it, as others may have asked a moment
 * before. */
static json_t *wait_for_row(struct house *house, const char *text,
                            json_int_t refusals)
{
    for (int tries = 0; tries < 1000; tries++) {
        struct hot_rows *rows = hot_board_copy(house->parts.board);
        json_t *array = hot_rows_json(rows, clock_boot_ns()), *row;
        size_t i;

        free(rows);
        json_array_foreach(array, i, row)
        {
            const char *key = json_string_value(json_object_get(row, "key"));

            if (strcmp(key, text) == 0 && json_integer_value(json_object_get(
                                              row, "refusals")) == refusals) {
                json_incref(row);
                json_decref(array);
                return row;
            }
        }
        json_decref(array);
        usleep(20000);
    }
    fail_msg("no row of %s", text);
    return NULL;
}

static void test_full_quotas_name_their_holders(void **state)
{
    struct house *house = *state;
    json_t *row;

    hold(house, "full", 1);
    hold(house, "full", 1);
    hold(house, "half", 1);
    refuse(house, 0, "slots", "full", 2);
    refuse(house, 1, "slots", "full", 2);
    refuse(house, 1, "slots", "half", 2);
    refuse(house, 1, "rate", "user=ann", 0);

    row = wait_for_row(house, "full", 2);
    assert_true(json_is_true(json_object_get(row, "full")));
    assert_int_equal(json_integer_value(json_object_get(row, "used")), 2);
    assert_int_equal(json_array_size(json_object_get(row, "holders")), 2);
    json_decref(row);
    /* Somebody has given back since. */
    row = wait_for_row(house, "half", 1);
    assert_true(json_is_false(json_object_get(row, "full")));
    assert_null(json_object_get(row, "holders"));
    json_decref(row);
    row = wait_for_row(house, "user=ann", 1);
    assert_null(json_object_get(row, "full"));
    json_decref(row);
}

/* No configuration serves here, so it is not known whether values may be
 * shown. */
static void test_values_that_were_not_hidden_are(void **state)
{
    struct house *house = *state;
    const struct refusal refusal = { .key = key_of(house, "secret"),
                                     .quota = 1,
                                     .text = STR("user=secret") };

    hot_keys_add(&house->shared->workers[0].hot_keys, &refusal,
                 clock_boot_ns());
    json_decref(wait_for_row(house, "#", 1));
}

static void test_text_of_any_bytes(void **state)
{
    static const struct {
        const char *why;
        struct str bytes;
        const char *text;
    } rows[] = {
        { "plain", STR_INIT("user=ann"), "user=ann" },
        { "UTF-8", STR_INIT("user=\xc3\xa4"), "user=\xc3\xa4" },
        { "half a letter", STR_INIT("user=\xc3"), "user=?" },
        { "no UTF-8", STR_INIT("\xff\xfe\xc3\xa4"), "????" },
        { "empty", { NULL, 0 }, "" },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        json_t *json = json_of_bytes(rows[i].bytes);

        row_equal_str(rows[i].why, str_of(json_string_value(json)),
                      str_of(rows[i].text));
        json_decref(json);
    }
}

static void test_times(void **state)
{
    static const struct {
        int64_t ns;
        const char *text; /* NULL: null */
    } rows[] = {
        { -1, NULL },
        { 0, "0" },
        { 1, "1ms" },
        { 1500 * MILLISECOND, "1500ms" },
        { 9 * SECOND + 1, "9001ms" },
        { 10 * SECOND + 1, "11s" },
        { 59 * SECOND + 1, "1m" },
        { INT64_MAX, "9223372036s" },
    };
    struct arena arena;

    (void)state;
    arena_init(&arena, 0);
    for (size_t i = 0; i < ROWS(rows); i++) {
        json_t *json = json_time(rows[i].ns, &arena);
        const char *text = json_string_value(json);

        row_equal_str(rows[i].text ? rows[i].text : "null",
                      str_of(text ? text : "null"),
                      str_of(rows[i].text ? rows[i].text : "null"));
        json_decref(json);
    }
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_peers),
        cmocka_unit_test(test_socket_is_private),
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_bodies_are_bounded),
        cmocka_unit_test(test_silent_peers),
        cmocka_unit_test(test_a_second_instance_is_refused),
        cmocka_unit_test(test_full_quotas_name_their_holders),
        cmocka_unit_test(test_values_that_were_not_hidden_are),
        cmocka_unit_test(test_text_of_any_bytes),
        cmocka_unit_test(test_times),
    };

    return cmocka_run_group_tests(tests, open_house, close_house);
}

/*
 * Lists from the web, asked of a real server in this process. When to ask is
 * the test's own time, which moves by addition.
 */
#include "proto/server/loader/fetch.h"

#include "policy/base/clock.h"
#include "test/config/folder.h"
#include "test/proto/web_server.h"
#include "test/support/table.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#define REFRESH_NS (60 * SECOND)
#define MAX_AGE_NS (300 * SECOND)
#define PATIENCE_NS (10 * SECOND)

struct scene {
    struct folder folder;
    struct web_server server;
    struct list_board *board;
    struct fetch *fetch;
    struct list_settings list;
    char url[64];
    int64_t now_ns;
};

static void use_path(struct scene *scene, const char *path)
{
    snprintf(scene->url, sizeof(scene->url), "http://127.0.0.1:%u%s",
             scene->server.port, path);
    scene->list.url = str_of(scene->url);
}

static int enter(void **state)
{
    static struct scene scene;

    scene = (struct scene){ .now_ns = clock_boot_ns() };
    folder_enter(&scene.folder);
    web_server_start(&scene.server);
    scene.board = list_board_new();
    scene.fetch = fetch_new(scene.board);
    scene.list = (struct list_settings){
        .name = STR("bad"),
        .type = ROSTER_IP,
        .refresh_ns = REFRESH_NS,
        .max_age_ns = MAX_AGE_NS,
        .timeout_ns = 5 * SECOND,
        .max_bytes = 1024,
    };
    use_path(&scene, "/list");
    *state = &scene;
    return 0;
}

static int leave(void **state)
{
    struct scene *scene = *state;

    fetch_free(scene->fetch);
    list_board_free(scene->board);
    web_server_stop(&scene->server);
    folder_leave(&scene->folder);
    return 0;
}

static void want(struct scene *scene)
{
    fetch_begin(scene->fetch);
    fetch_want(scene->fetch, &scene->list, scene->now_ns);
    fetch_end(scene->fetch);
}

/* What the board knows; it shows only what a configuration uses. */
static struct list_news news(struct scene *scene)
{
    struct roster *roster = roster_open_unavailable(ROSTER_IP);
    struct snapshot_list list = { scene->list, roster };
    struct bundle_list compiled = { .name = scene->list.name };
    struct snapshot snapshot = { .lists = &list, .list_count = 1 };
    struct list_news found;
    struct list_row *rows;
    uint32_t count;

    snapshot.bundle.lists = &compiled;
    snapshot.bundle.list_count = 1;
    list_board_publish(scene->board, &snapshot);
    rows = list_board_copy(scene->board, &count);
    assert_int_equal(count, 1);
    found = rows[0].news;
    free(rows);
    roster_free(roster);
    return found;
}

static uint64_t answers(struct scene *scene)
{
    struct list_news found = news(scene);

    return found.given + found.unchanged + found.failed;
}

/* Until the next answer. Whether something has changed. */
static bool answer(struct scene *scene)
{
    int64_t end_ns = clock_boot_ns() + PATIENCE_NS;
    uint64_t before = answers(scene);
    bool has_changed = fetch_step(scene->fetch, scene->now_ns);

    while (answers(scene) == before) {
        assert_true(clock_boot_ns() < end_ns);
        fetch_wait(scene->fetch, NULL, 0, clock_boot_ns() + 10 * MILLISECOND);
        has_changed |= fetch_step(scene->fetch, scene->now_ns);
    }
    return has_changed;
}

/* The first answer: what the server has. */
static void begin(struct scene *scene, const char *body)
{
    scene->server.body = body;
    want(scene);
    assert_true(answer(scene));
}

static void expect_text(struct scene *scene, const char *want_text)
{
    struct str text = fetch_text(scene->fetch, &scene->list, scene->now_ns);

    assert_int_equal(!text.data, !want_text);
    if (want_text)
        row_equal_str("text", text, str_of(want_text));
}

/* Time for the next request, whatever the jitter. */
static void pass(struct scene *scene, int64_t ns)
{
    scene->now_ns += ns;
}

static void test_first(void **state)
{
    struct scene *scene = *state;

    expect_text(scene, NULL);
    assert_false(fetch_is_trying(scene->fetch));
    want(scene);
    assert_true(fetch_is_trying(scene->fetch));
    begin(scene, "10.0.0.0/8\n");
    assert_false(fetch_is_trying(scene->fetch));
    expect_text(scene, "10.0.0.0/8\n");
    assert_int_equal(news(scene).given, 1);
    /* Not again before it is time. */
    pass(scene, REFRESH_NS / 2);
    assert_false(fetch_step(scene->fetch, scene->now_ns));
    assert_int_equal(scene->server.requests, 1);
}

static void test_empty(void **state)
{
    struct scene *scene = *state;

    begin(scene, "");
    expect_text(scene, "");
}

static void test_unchanged(void **state)
{
    struct scene *scene = *state;

    scene->server.etag = "\"one\"";
    begin(scene, "10.0.0.1\n");
    assert_string_equal(scene->server.if_none_match, "");
    pass(scene, 2 * REFRESH_NS);
    assert_false(answer(scene));
    assert_string_equal(scene->server.if_none_match, "\"one\"");
    assert_int_equal(news(scene).unchanged, 1);

    scene->server.etag = "\"two\"";
    scene->server.body = "10.0.0.2\n";
    pass(scene, 2 * REFRESH_NS);
    assert_true(answer(scene));
    expect_text(scene, "10.0.0.2\n");
    /* A server without ETag sends it again; that is no change. */
    scene->server.etag = NULL;
    pass(scene, 2 * REFRESH_NS);
    assert_false(answer(scene));
    assert_int_equal(news(scene).given, 3);
}

/* What is no list does not replace one. */
static void test_bad_answers(void **state)
{
    static char too_long[2000];
    static const struct {
        const char *why;
        unsigned status;
        const char *body, *location, *error;
    } rows[] = {
        { "a bad line", 200, "10.0.0.2\n<html>\n", NULL,
          "line 2: the entry is no IP address or network such as 10.0.0.0/8" },
        { "a server error", 500, "10.0.0.2\n", NULL, "HTTP status 500" },
        { "nothing there", 404, "", NULL, "HTTP status 404" },
        { "too long", 200, too_long, NULL,
          "the answer is longer than `max_size`" },
        { "unchanged, though nobody asked", 304, "", NULL, "HTTP status 304" },
        { "a redirect to nowhere", 301, "", NULL, "HTTP status 301" },
        { "a redirect to itself", 302, "", "/list",
          "Maximum (5) redirects followed" },
        { "a redirect to a file", 302, "", "file:///etc/passwd",
          "Protocol \"file\" not supported or disabled in libcurl" },
    };
    struct scene *scene = *state;

    memset(too_long, '#', sizeof(too_long) - 1);
    begin(scene, "10.0.0.1\n");
    for (size_t i = 0; i < ROWS(rows); i++) {
        scene->server.status = rows[i].status;
        scene->server.body = rows[i].body;
        scene->server.location = rows[i].location;
        pass(scene, 2 * REFRESH_NS);
        /* So that it does not become too old meanwhile. */
        scene->list.max_age_ns = HOUR;
        want(scene);
        row_true(rows[i].why, !answer(scene));
        row_equal_str(rows[i].why, str_of(news(scene).error),
                      str_of(rows[i].error));
        row_equal_i64(rows[i].why, (int64_t)news(scene).failed, (int64_t)i + 1);
        expect_text(scene, "10.0.0.1\n");
    }
}

static void test_redirect(void **state)
{
    struct scene *scene = *state;

    scene->server.status = 302;
    scene->server.location = "/end";
    begin(scene, "10.0.0.1\n");
    expect_text(scene, "10.0.0.1\n");
}

static void test_slow(void **state)
{
    struct scene *scene = *state;

    scene->server.delay_ms = 300;
    scene->list.timeout_ns = 100 * MILLISECOND;
    want(scene);
    assert_false(answer(scene));
    assert_true(
        str_starts_with(str_of(news(scene).error), STR("Operation timed out")));
    assert_false(fetch_is_trying(scene->fetch));
    expect_text(scene, NULL);
}

/* Soon again at first, then less and less often. */
static void test_retries(void **state)
{
    static const int64_t waits[] = { 1, 2, 4, 8, 16, 32, 60, 60 };
    struct scene *scene = *state;

    scene->server.status = 500;
    want(scene);
    for (size_t i = 0; i < ROWS(waits); i++) {
        assert_false(answer(scene));
        pass(scene, waits[i] * SECOND * 85 / 100);
        fetch_step(scene->fetch, scene->now_ns);
        fetch_wait(scene->fetch, NULL, 0, clock_boot_ns() + 2 * MILLISECOND);
        fetch_step(scene->fetch, scene->now_ns);
        row_equal_i64("too early", scene->server.requests, (int64_t)i + 1);
        pass(scene, waits[i] * SECOND * 30 / 100);
    }
}

static void test_too_old(void **state)
{
    struct scene *scene = *state;

    scene->server.etag = "\"one\"";
    begin(scene, "10.0.0.1\n");
    scene->server.status = 500;
    scene->server.etag = NULL;
    pass(scene, MAX_AGE_NS - 1);
    assert_false(answer(scene));
    expect_text(scene, "10.0.0.1\n");
    pass(scene, 1);
    assert_true(fetch_step(scene->fetch, scene->now_ns));
    expect_text(scene, NULL);
    assert_false(fetch_step(scene->fetch, scene->now_ns));

    /* The same text, confirmed, is new again. */
    scene->server.etag = "\"one\"";
    pass(scene, MAX_AGE_NS);
    assert_true(answer(scene));
    assert_int_equal(news(scene).unchanged, 1);
    expect_text(scene, "10.0.0.1\n");
}

static void test_which_lists(void **state)
{
    struct scene *scene = *state;
    struct list_settings other = scene->list;

    begin(scene, "10.0.0.1\n");
    /* As it was: keeps what it has, whatever else of it changes. */
    scene->list.refresh_ns = HOUR;
    want(scene);
    assert_false(fetch_is_trying(scene->fetch));
    expect_text(scene, "10.0.0.1\n");
    /* Entries of another type would have to be checked anew. */
    other.type = ROSTER_STRING;
    assert_null(fetch_text(scene->fetch, &other, scene->now_ns).data);
    fetch_begin(scene->fetch);
    fetch_want(scene->fetch, &other, scene->now_ns);
    fetch_end(scene->fetch);
    assert_true(fetch_is_trying(scene->fetch));
    expect_text(scene, NULL);
    /* Without a url there is nothing to do. */
    other.url = STR("");
    fetch_begin(scene->fetch);
    fetch_want(scene->fetch, &other, scene->now_ns);
    fetch_end(scene->fetch);
    assert_false(fetch_is_trying(scene->fetch));
}

/* ---- cache ------------------------------------------------------------- */

static void restart(struct scene *scene)
{
    fetch_free(scene->fetch);
    scene->fetch = fetch_new(scene->board);
}

static void set_age(const char *path, int64_t seconds)
{
    const struct timespec times[] = {
        { .tv_nsec = UTIME_OMIT },
        { .tv_sec = clock_wall_ns() / SECOND - seconds },
    };

    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void test_cache(void **state)
{
    struct scene *scene = *state;

    scene->list.cache = STR("cache");
    scene->list.timeout_ns = 100 * MILLISECOND;
    begin(scene, "10.0.0.1\n");
    assert_int_equal(access("cache.new", F_OK), -1);
    scene->server.status = 500;

    restart(scene);
    want(scene);
    expect_text(scene, "10.0.0.1\n");
    assert_true(fetch_is_trying(scene->fetch));
    assert_false(answer(scene));
    expect_text(scene, "10.0.0.1\n");

    restart(scene);
    set_age("cache", MAX_AGE_NS / SECOND + 1);
    want(scene);
    expect_text(scene, NULL);
    /* The same text again: what was too old is confirmed. */
    scene->server.status = 200;
    assert_true(answer(scene));
    expect_text(scene, "10.0.0.1\n");

    restart(scene);
    scene->server.status = 500;
    want(scene);
    expect_text(scene, "10.0.0.1\n");
}

static void test_bad_caches(void **state)
{
    static const struct {
        const char *why, *text;
        size_t max_bytes;
    } rows[] = {
        { "no list", "<html>\n", 1024 },
        { "longer than is accepted now", "10.0.0.1\n10.0.0.2\n", 10 },
    };
    struct scene *scene = *state;

    scene->list.cache = STR("cache");
    for (size_t i = 0; i < ROWS(rows); i++) {
        folder_write("cache", rows[i].text);
        scene->list.max_bytes = rows[i].max_bytes;
        restart(scene);
        want(scene);
        row_true(rows[i].why,
                 !fetch_text(scene->fetch, &scene->list, scene->now_ns).data);
    }
    /* A folder that is not there: fetching goes on. */
    scene->list.cache = STR("absent/cache");
    scene->list.max_bytes = 1024;
    restart(scene);
    begin(scene, "10.0.0.1\n");
    expect_text(scene, "10.0.0.1\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_first, enter, leave),
        cmocka_unit_test_setup_teardown(test_empty, enter, leave),
        cmocka_unit_test_setup_teardown(test_unchanged, enter, leave),
        cmocka_unit_test_setup_teardown(test_bad_answers, enter, leave),
        cmocka_unit_test_setup_teardown(test_redirect, enter, leave),
        cmocka_unit_test_setup_teardown(test_slow, enter, leave),
        cmocka_unit_test_setup_teardown(test_retries, enter, leave),
        cmocka_unit_test_setup_teardown(test_too_old, enter, leave),
        cmocka_unit_test_setup_teardown(test_which_lists, enter, leave),
        cmocka_unit_test_setup_teardown(test_cache, enter, leave),
        cmocka_unit_test_setup_teardown(test_bad_caches, enter, leave),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

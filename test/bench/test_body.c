/* Request bodies: frames of files, and Mixer's Check. */
#include "bench/load/body.h"
#include "bench/load/mixer_body.h"

#include "test/support/table.h"

#include "mixer/v1/mixer.pb-c.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void test_first_frame(void **state)
{
    static const struct {
        const char *why;
        struct str bytes;
        size_t length; /* 0: none */
    } rows[] = {
        { "nothing", { NULL, 0 }, 0 },
        { "not even a prefix", STR_INIT("\0\0\0\0"), 0 },
        { "an empty message", STR_INIT("\0\0\0\0\0"), 5 },
        { "one message", STR_INIT("\0\0\0\0\2ab"), 7 },
        { "the first of two", STR_INIT("\0\0\0\0\1a\0\0\0\0\1b"), 6 },
        { "one byte is missing", STR_INIT("\0\0\0\0\3ab"), 0 },
        { "far too long", STR_INIT("\0\xff\xff\xff\xff"), 0 },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct str frame = first_frame(rows[i].bytes);

        row_equal_i64(rows[i].why, frame.len, rows[i].length);
        row_true(rows[i].why, rows[i].length > 0 || !frame.data);
    }
}

static void load_from(struct str text, struct bodies *bodies, bool *is_loaded)
{
    char path[] = "/tmp/sluice-test-body-XXXXXX";
    const char *error = NULL;
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text.data, text.len), text.len);
    close(fd);
    bodies_init(bodies);
    *is_loaded = bodies_load(bodies, path, &error);
    unlink(path);
    /* The reason names the file. */
    assert_true(*is_loaded || strstr(error, path));
}

static void test_files(void **state)
{
    static const struct {
        const char *why;
        struct str text;
        uint32_t count; /* 0: refused */
        size_t longest;
    } rows[] = {
        { "one frame", STR_INIT("\0\0\0\0\2ab"), 1, 7 },
        { "three frames", STR_INIT("\0\0\0\0\0\0\0\0\0\2ab\0\0\0\0\1c"), 3, 7 },
        { "empty", STR_INIT(""), 0, 0 },
        { "something behind", STR_INIT("\0\0\0\0\0x"), 0, 0 },
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct bodies bodies;
        bool is_loaded;

        load_from(rows[i].text, &bodies, &is_loaded);
        row_true(rows[i].why, is_loaded == (rows[i].count > 0));
        row_equal_i64(rows[i].why, bodies.count, rows[i].count);
        row_equal_i64(rows[i].why, bodies.longest, rows[i].longest);
        bodies_fini(&bodies);
    }
}

static void test_a_file_that_is_not_there(void **state)
{
    struct bodies bodies;
    const char *error = NULL;

    (void)state;
    bodies_init(&bodies);
    assert_false(bodies_load(&bodies, "/nonexistent/file", &error));
    assert_string_equal(error, "/nonexistent/file: No such file or directory");
    bodies_fini(&bodies);
}

static Istio__Mixer__V1__CheckRequest *decode(const struct body *body)
{
    struct str message = str_skip(body->frame, FRAME_PREFIX_BYTES);

    assert_int_equal(first_frame(body->frame).len, body->frame.len);
    return istio__mixer__v1__check_request__unpack(
        NULL, message.len, (const uint8_t *)message.data);
}

static bool has_word(const Istio__Mixer__V1__CheckRequest *request,
                     const char *word)
{
    for (size_t i = 0; i < request->attributes->n_words; i++)
        if (strcmp(request->attributes->words[i], word) == 0)
            return true;
    return false;
}

static void test_mixer_check(void **state)
{
    static const struct mixer_load load = { .user_count = 3, .quota = "rate" };
    struct bodies bodies;

    (void)state;
    bodies_init(&bodies);
    mixer_bodies(&bodies, &load);
    assert_int_equal(bodies.count, 3);
    for (uint32_t i = 0; i < bodies.count; i++) {
        Istio__Mixer__V1__CheckRequest *request = decode(&bodies.items[i]);
        char user[16];

        snprintf(user, sizeof(user), "user-%u", i);
        assert_non_null(request);
        assert_true(has_word(request, user));
        /* That would be a global word. */
        assert_false(has_word(request, "source.user"));
        assert_int_equal(request->attributes->n_strings, 14);
        assert_int_equal(request->attributes->n_string_maps, 1);
        assert_int_equal(request->n_quotas, 1);
        assert_string_equal(request->quotas[0]->key, "rate");
        assert_int_equal(request->quotas[0]->value->amount, 1);
        assert_string_equal(request->deduplication_id, "");
        assert_int_equal(bodies.items[i].id_offset, 0);
        istio__mixer__v1__check_request__free_unpacked(request, NULL);
    }
    bodies_fini(&bodies);
}

static void test_the_id_is_where_it_is_said_to_be(void **state)
{
    static const struct mixer_load load = { .user_count = 1, .has_id = true };
    static const char id[BODY_ID_BYTES + 1] = "0123456789abcdef";
    Istio__Mixer__V1__CheckRequest *request;
    struct bodies bodies;

    (void)state;
    bodies_init(&bodies);
    mixer_bodies(&bodies, &load);
    memcpy((char *)(uintptr_t)bodies.items[0].frame.data +
               bodies.items[0].id_offset,
           id, BODY_ID_BYTES);
    request = decode(&bodies.items[0]);
    assert_non_null(request);
    assert_string_equal(request->deduplication_id, id);
    assert_int_equal(request->n_quotas, 0);
    istio__mixer__v1__check_request__free_unpacked(request, NULL);
    bodies_fini(&bodies);
}

static void test_shuffled_bodies_are_the_same_bodies(void **state)
{
    static const struct mixer_load load = { .user_count = 100 };
    struct bodies bodies;
    uint32_t moved = 0, found = 0;
    struct body before[100];

    (void)state;
    bodies_init(&bodies);
    mixer_bodies(&bodies, &load);
    memcpy(before, bodies.items, sizeof(before));
    bodies_shuffle(&bodies);
    for (uint32_t i = 0; i < bodies.count; i++) {
        moved += bodies.items[i].frame.data != before[i].frame.data;
        for (uint32_t j = 0; j < bodies.count; j++)
            found += bodies.items[j].frame.data == before[i].frame.data;
    }
    assert_int_equal(found, bodies.count);
    assert_true(moved > bodies.count / 2);
    bodies_fini(&bodies);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_frame),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_a_file_that_is_not_there),
        cmocka_unit_test(test_mixer_check),
        cmocka_unit_test(test_the_id_is_where_it_is_said_to_be),
        cmocka_unit_test(test_shuffled_bodies_are_the_same_bodies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* docs/quotas.svg is what the code does today. */
#include "test/quota/picture.h"
#include "test/quota/story.h"
#include "test/support/table.h"

#include <stdlib.h>

#define PICTURE TEST_DATA "/../../docs/quotas.svg"

static void the_picture_is_true(void **state)
{
    char *committed = malloc(1 << 20), *text = NULL;
    FILE *file = fopen(PICTURE, "r");
    size_t committed_len, len = 0;
    FILE *out = open_memstream(&text, &len);

    (void)state;
    assert_non_null(committed);
    assert_non_null(file);
    committed_len = fread(committed, 1, 1 << 20, file);
    fclose(file);
    picture_write(out);
    fclose(out);
    row_true("run build/quota-picture > docs/quotas.svg",
             str_eq((struct str){ committed, committed_len },
                    (struct str){ text, len }));
    free(committed);
    free(text);
}

/* What it is there to show. */
static void the_story_is_told(void **state)
{
#define TEN .amount = 10, .period_ns = MINUTE
    static const struct {
        const char *why;
        struct limit limit;
        uint32_t most_in_a_minute;
        int64_t most_used;
    } rows[] = {
        { "a burst, and what came back meanwhile",
          { .algorithm = LIMIT_TOKEN_BUCKET, TEN, .burst = 10 },
          19,
          10 },
        { "twice the limit across an edge, less those who began it",
          { .algorithm = LIMIT_FIXED_WINDOW, TEN },
          18,
          10 },
        { "twice the limit across an edge of the calendar",
          { .algorithm = LIMIT_FIXED_WINDOW, TEN, .calendar = CALENDAR_MINUTE },
          20,
          10 },
        { "the limit",
          { .algorithm = LIMIT_ROLLING_WINDOW, TEN, .bucket_ns = 3 * SECOND },
          10,
          10 },
        { "as many as are quick",
          { .algorithm = LIMIT_CONCURRENCY, .amount = 10, .lease_ns = MINUTE },
          24,
          10 },
        { "none",
          { .algorithm = LIMIT_ROLLING_WINDOW, .bucket_ns = SECOND },
          0,
          0 },
    };
#undef TEN
    struct story story;

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        story_tell(&story, &rows[i].limit);
        row_equal_i64(rows[i].why, story_most_within(&story, MINUTE),
                      rows[i].most_in_a_minute);
        row_equal_i64(rows[i].why, story_most_used(&story), rows[i].most_used);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_picture_is_true),
        cmocka_unit_test(the_story_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

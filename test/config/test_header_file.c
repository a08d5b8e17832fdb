/* A header from a file, and what is said of one that is none. */
#include "test/config/folder.h"
#include "test/support/table.h"

#include "config/header_file.h"

#include <stdio.h>

static const struct {
    const char *why, *text, *header; /* NULL: refused */
    const char *fault;
} rows[] = {
    { "a line", "Authorization: Bearer x.y-z\n", "Authorization: Bearer x.y-z",
      NULL },
    { "without an end", "x-key: 1", "x-key: 1", NULL },
    { "from another system", "x-key: 1\r\n", "x-key: 1", NULL },
    { "an empty line behind it", "x-key: 1\n\n", "x-key: 1", NULL },
    { "a tab, and no blank", "x-key:a\tb", "x-key:a\tb", NULL },
    { "nothing", "", NULL, "it is not as `Name: value`" },
    { "no name", ": 1", NULL, "it is not as `Name: value`" },
    { "no colon", "s3cret\n", NULL, "it is not as `Name: value`" },
    { "a blank in the name", "x key: 1", NULL, "it is not as `Name: value`" },
    { "no value", "x-key: \n", NULL, "its header has no value" },
    { "two headers", "x-key: 1\nx-other: 2\n", NULL,
      "it has more than one line" },
    { "a header hidden in one", "x-key: 1\rx-other: 2", NULL,
      "it has more than one line" },
    { "a control character", "x-key: 1\x01", NULL,
      "it has a control character" },
};

static void test_files(void **state)
{
    char header[HEADER_FILE_BYTES_MAX + 1], why[HEADER_FILE_WHY_SIZE];
    struct folder folder;

    (void)state;
    folder_enter(&folder);
    for (size_t i = 0; i < ROWS(rows); i++) {
        bool is_good;

        folder_write("header", rows[i].text);
        is_good = header_file_read("header", header, why);
        row_equal_i64(rows[i].why, is_good, rows[i].header != NULL);
        row_equal_str(rows[i].why, str_of(is_good ? header : why),
                      str_of(is_good ? rows[i].header : rows[i].fault));
    }
    folder_leave(&folder);
}

static void test_no_file(void **state)
{
    char header[HEADER_FILE_BYTES_MAX + 1], why[HEADER_FILE_WHY_SIZE];
    struct folder folder;
    FILE *file;

    (void)state;
    folder_enter(&folder);
    assert_false(header_file_read("absent", header, why));
    assert_string_equal(why, "No such file or directory");
    file = fopen("long", "w");
    fprintf(file, "x: %9000d", 1);
    fclose(file);
    assert_false(header_file_read("long", header, why));
    assert_string_equal(why, "it is longer than 8192 bytes");
    /* A NUL would end it for whom it is sent by. */
    file = fopen("nul", "w");
    fwrite("x: a\0b", 1, 6, file);
    fclose(file);
    assert_false(header_file_read("nul", header, why));
    assert_string_equal(why, "it has a control character");
    folder_leave(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_no_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

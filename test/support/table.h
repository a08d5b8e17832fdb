/*
 * Table tests over cmocka: a row has a `why`, which is printed when it fails,
 * and integers are shown as people write them.
 */
#ifndef TEST_SUPPORT_TABLE_H
#define TEST_SUPPORT_TABLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "policy/base/str.h"

#include <inttypes.h>

/* fail() does not return, which cmocka does not tell. */
_Noreturn void _fail(const char *file, int line);

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

/* printf wants a pointer even for nothing. */
static inline struct str row_shown(struct str s)
{
    if (!s.data)
        s.data = "";
    return s;
}

#define row_fail(why, ...)                                                     \
    do {                                                                       \
        print_error("row \"%s\": ", (why));                                    \
        print_error(__VA_ARGS__);                                              \
        print_error("\n");                                                     \
        fail();                                                                \
    } while (0)

#define row_equal_i64(why, got, want)                                          \
    do {                                                                       \
        int64_t got_ = (int64_t)(got), want_ = (int64_t)(want);                \
        if (got_ != want_)                                                     \
            row_fail((why), "%s:%d: %s is %" PRId64 ", expected %" PRId64,     \
                     __FILE__, __LINE__, #got, got_, want_);                   \
    } while (0)

#define row_equal_str(why, got, want)                                          \
    do {                                                                       \
        struct str got_ = row_shown(got), want_ = row_shown(want);             \
        if (!str_eq(got_, want_))                                              \
            row_fail((why), "%s:%d: %s is \"%.*s\", expected \"%.*s\"",        \
                     __FILE__, __LINE__, #got, STR_ARG(got_), STR_ARG(want_)); \
    } while (0)

#define row_true(why, condition)                                               \
    do {                                                                       \
        if (!(condition))                                                      \
            row_fail((why), "%s:%d: not so: %s", __FILE__, __LINE__,           \
                     #condition);                                              \
    } while (0)

#endif

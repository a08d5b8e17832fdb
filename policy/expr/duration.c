#include "policy/expr/duration.h"

#include <ctype.h>

static const struct {
    struct str name;
    int64_t ns;
} units[] = {
    /* A name stands before those that are its beginning. */
    { STR_INIT("ns"), 1 },
    { STR_INIT("us"), 1000 },
    { STR_INIT("\u00b5s"), 1000 }, /* micro sign */
    { STR_INIT("\u03bcs"), 1000 }, /* Greek mu */
    { STR_INIT("ms"), 1000000 },
    { STR_INIT("s"), 1000000000 },
    { STR_INIT("m"), 60 * INT64_C(1000000000) },
    { STR_INIT("h"), 3600 * INT64_C(1000000000) },
};

/* Cuts a unit from the front of *text; 0 if there is none. */
static int64_t take_unit(struct str *text)
{
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (str_starts_with(*text, units[i].name)) {
            *text = str_skip(*text, units[i].name.len);
            return units[i].ns;
        }
    return 0;
}

/* Cuts the digits from the front of *text. */
static struct str take_digits(struct str *text)
{
    struct str digits = { text->data, 0 };

    while (digits.len < text->len &&
           isdigit((unsigned char)digits.data[digits.len]))
        digits.len++;
    *text = str_skip(*text, digits.len);
    return digits;
}

/* False if so many units do not fit. */
static bool whole_ns(struct str digits, int64_t unit_ns, int64_t *ns)
{
    *ns = 0;
    for (size_t i = 0; i < digits.len; i++)
        if (__builtin_mul_overflow(*ns, 10, ns) ||
            __builtin_add_overflow(*ns, digits.data[i] - '0', ns))
            return false;
    return !__builtin_mul_overflow(*ns, unit_ns, ns);
}

/* 0.DIGITS of a unit, rounded down: dividing from the last digit on loses
 * nothing, as floor((floor(x) + n) / 10) = floor((x + n) / 10). */
static int64_t fraction_ns(struct str digits, int64_t unit_ns)
{
    int64_t sum = 0;

    for (size_t i = digits.len; i-- > 0;)
        sum = (sum + (digits.data[i] - '0') * unit_ns) / 10;
    return sum;
}

/* Adds the one part, as "1.5h", at the front of *text. */
static bool add_part(struct str *text, int64_t *total_ns)
{
    struct str whole = take_digits(text), fraction = { 0 };
    int64_t part, unit;

    if (text->len > 0 && text->data[0] == '.') {
        *text = str_skip(*text, 1);
        fraction = take_digits(text);
    }
    if (whole.len + fraction.len == 0)
        return false;
    unit = take_unit(text);
    return unit > 0 && whole_ns(whole, unit, &part) &&
           !__builtin_add_overflow(*total_ns, part, total_ns) &&
           !__builtin_add_overflow(*total_ns, fraction_ns(fraction, unit),
                                   total_ns);
}

bool duration_parse(struct str text, int64_t *duration_ns)
{
    int64_t total = 0;
    bool is_negative = str_starts_with(text, STR("-"));

    if (is_negative || str_starts_with(text, STR("+")))
        text = str_skip(text, 1);
    if (text.len == 0)
        return false;
    if (str_eq(text, STR("0")))
        text.len = 0;
    while (text.len > 0)
        if (!add_part(&text, &total))
            return false;
    *duration_ns = is_negative ? -total : total;
    return true;
}

#include "config/quantity.h"

#include "policy/base/clock.h"

#include <assert.h>
#include <inttypes.h>

struct unit {
    struct str name;
    int64_t size;
};

/* By size, so that the last one that fits is the largest. */
static const struct unit byte_units[] = {
    { STR_INIT("B"), 1 },
    { STR_INIT("kB"), 1000 },
    { STR_INIT("KiB"), INT64_C(1) << 10 },
    { STR_INIT("MB"), 1000000 },
    { STR_INIT("MiB"), INT64_C(1) << 20 },
    { STR_INIT("GB"), 1000000000 },
    { STR_INIT("GiB"), INT64_C(1) << 30 },
    { STR_INIT("TB"), 1000000000000 },
    { STR_INIT("TiB"), INT64_C(1) << 40 },
};

static const struct unit duration_units[] = {
    { STR_INIT("ns"), NANOSECOND },  { STR_INIT("us"), MICROSECOND },
    { STR_INIT("ms"), MILLISECOND }, { STR_INIT("s"), SECOND },
    { STR_INIT("m"), MINUTE },       { STR_INIT("h"), HOUR },
    { STR_INIT("d"), 24 * HOUR },
};

struct unit_table {
    const struct unit *units;
    size_t count;
    const char *unknown, *missing; /* what is said; missing NULL: may be */
};

#define UNITS(table) table, sizeof(table) / sizeof((table)[0])

static const struct unit_table tables[] = {
    [QUANTITY_COUNT] = { NULL, 0, "is not a whole number", NULL },
    [QUANTITY_BYTES] = { UNITS(byte_units),
                         "has an unknown unit; known are B kB KiB MB MiB GB "
                         "GiB TB TiB",
                         NULL },
    [QUANTITY_DURATION] = { UNITS(duration_units),
                            "has an unknown unit; known are ns us ms s m h d",
                            "needs a unit: ns us ms s m h d" },
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Reads the digits at the start; *rest is what follows. */
static bool parse_digits(struct str text, int64_t *value, struct str *rest,
                         const char **why)
{
    size_t at = 0;

    *value = 0;
    for (; at < text.len && is_digit(text.data[at]); at++) {
        if (__builtin_mul_overflow(*value, 10, value) ||
            __builtin_add_overflow(*value, text.data[at] - '0', value)) {
            *why = "is too large";
            return false;
        }
    }
    *rest = str_skip(text, at);
    if (at > 0)
        return true;
    *why = text.len == 0         ? "is empty"
           : text.data[0] == '-' ? "must not be negative"
                                 : "does not begin with a digit";
    return false;
}

static const struct unit *find_unit(const struct unit_table *table,
                                    struct str name)
{
    for (size_t i = 0; i < table->count; i++)
        if (str_eq(table->units[i].name, name))
            return &table->units[i];
    return NULL;
}

bool quantity_parse(struct str text, enum quantity quantity, int64_t *value,
                    const char **why)
{
    const struct unit_table *table = &tables[quantity];
    const struct unit *unit;
    struct str name;

    if (!parse_digits(text, value, &name, why))
        return false;
    if (name.len == 0) {
        *why = table->missing;
        return !table->missing || *value == 0;
    }
    if (name.data[0] == '.') {
        *why = "must be a whole number; a smaller unit avoids the fraction";
        return false;
    }
    if (name.data[0] == ' ')
        name = str_skip(name, 1);
    unit = find_unit(table, name);
    if (!unit) {
        *why = table->unknown;
        return false;
    }
    if (__builtin_mul_overflow(*value, unit->size, value)) {
        *why = "is too large";
        return false;
    }
    return true;
}

struct str quantity_format(int64_t value, enum quantity quantity,
                           struct arena *arena)
{
    const struct unit_table *table = &tables[quantity];

    assert(value >= 0);
    for (size_t i = table->count; value != 0 && i-- > 0;)
        if (value % table->units[i].size == 0)
            return arena_printf(arena, "%" PRId64 "%s",
                                value / table->units[i].size,
                                table->units[i].name.data);
    return arena_printf(arena, "%" PRId64, value);
}

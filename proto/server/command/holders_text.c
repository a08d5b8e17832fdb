#include "proto/server/command/holders_text.h"

#include "quota/store.h"

/* Programs get them all. */
#define SHOWN_MAX 10

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text ? text : "?";
}

static json_int_t number_of(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

/* Controls of ASCII, and those of Unicode beyond it, U+0080 to U+009F. */
static size_t control_bytes(const unsigned char *at)
{
    if (at[0] < ' ' || at[0] == 0x7f)
        return 1;
    return at[0] == 0xc2 && at[1] >= 0x80 && at[1] <= 0x9f ? 2 : 0;
}

void print_plain(FILE *out, const char *text)
{
    const unsigned char *at = (const unsigned char *)text;

    while (*at) {
        size_t control = control_bytes(at);

        fputc(control > 0 ? '?' : *at, out);
        at += control > 0 ? control : 1;
    }
}

void print_holders(FILE *out, const json_t *object)
{
    json_int_t leases = number_of(object, "leases");
    const json_t *holders = json_object_get(object, "holders"), *holder;
    size_t i;

    fprintf(out, "  %lld%s lease%s%s\n", leases,
            leases >= HOLDERS_COUNT_MAX ? " or more" : "",
            leases == 1 ? "" : "s",
            json_array_size(holders) > 0 ? "; they end in" : "");
    json_array_foreach(holders, i, holder)
    {
        if (i == SHOWN_MAX) {
            fputs("    ...\n", out);
            return;
        }
        fprintf(out, "    %-8s %lld unit%s  %s\n", text_of(holder, "ends_in"),
                number_of(holder, "units"),
                number_of(holder, "units") == 1 ? " " : "s",
                text_of(holder, "id"));
    }
}

static void print_row(FILE *out, const json_t *row)
{
    fprintf(out, "%-24s %14lld %14lld  ", text_of(row, "quota"),
            number_of(row, "refusals"), number_of(row, "seconds_ago"));
    print_plain(out, text_of(row, "key"));
    fputc('\n', out);
    if (!json_is_true(json_object_get(row, "full")))
        return;
    fprintf(out, "  full: %lld of %lld in use\n", number_of(row, "used"),
            number_of(row, "limit"));
    print_holders(out, row);
}

void print_refused(FILE *out, const json_t *refused)
{
    const json_t *row;
    size_t i;

    if (json_array_size(refused) == 0)
        return;
    fprintf(out, "\n%-24s %14s %14s  %s\n", "refused most", "refusals",
            "seconds ago", "key");
    json_array_foreach(refused, i, row) print_row(out, row);
}

#include "policy/expr/email.h"

#include "policy/expr/dns_name.h"

#include <ctype.h>

struct email {
    struct str local; /* with its quotes, if it has any */
    struct str domain;
};

static bool is_quoted(struct str local)
{
    return str_starts_with(local, STR("\""));
}

/* May it stand in a local part without quotes? Dots aside. */
static bool is_atom_byte(unsigned char c)
{
    return c >= 0x80 || isalnum(c) ||
           (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

/* "a.b": no dot at the ends, nor two in a row. */
static bool is_dot_atom(struct str local)
{
    bool is_dot_before = true;

    for (size_t i = 0; i < local.len; i++) {
        bool is_dot = local.data[i] == '.';

        if (is_dot ? is_dot_before
                   : !is_atom_byte((unsigned char)local.data[i]))
            return false;
        is_dot_before = is_dot;
    }
    return !is_dot_before;
}

/* `local` begins with a quote: it ends in one, and those between the two stand
 * behind a backslash. */
static bool is_quoted_string(struct str local)
{
    size_t i = 1;

    for (; i < local.len && local.data[i] != '"'; i++) {
        unsigned char c = (unsigned char)local.data[i];

        if (c == '\\' && ++i == local.len)
            return false;
        c = (unsigned char)local.data[i];
        if (c != '\t' && (c < ' ' || c == 0x7f))
            return false;
    }
    return i > 1 && i + 1 == local.len;
}

/* Does not look at the domain. */
static bool split(struct str text, struct email *email)
{
    const char *at = text.len == 0 ? NULL : memrchr(text.data, '@', text.len);

    if (!at)
        return false;
    email->local = (struct str){ text.data, (size_t)(at - text.data) };
    email->domain = str_skip(text, email->local.len + 1);
    return is_quoted(email->local) ? is_quoted_string(email->local)
                                   : is_dot_atom(email->local);
}

/* The next byte that a local part means, or -1 at its end. */
static int take_meant(struct str *local)
{
    unsigned char c;

    if (str_starts_with(*local, STR("\\")))
        *local = str_skip(*local, 1);
    if (local->len == 0)
        return -1;
    c = (unsigned char)local->data[0];
    *local = str_skip(*local, 1);
    return c;
}

static struct str without_quotes(struct str local)
{
    return is_quoted(local) ? (struct str){ local.data + 1, local.len - 2 }
                            : local;
}

/* An unquoted one has no backslashes. */
static bool is_same_local(struct str a, struct str b)
{
    int c;

    a = without_quotes(a);
    b = without_quotes(b);
    do {
        c = take_meant(&a);
        if (c != take_meant(&b))
            return false;
    } while (c >= 0);
    return true;
}

bool email_is_valid(struct str text)
{
    struct email email;

    return split(text, &email) && dns_name_is_valid(email.domain);
}

bool email_equal(struct str a, struct str b, bool *is_equal)
{
    struct email x, y;

    if (!split(a, &x) || !split(b, &y) ||
        !dns_name_equal(x.domain, y.domain, is_equal))
        return false;
    *is_equal = *is_equal && is_same_local(x.local, y.local);
    return true;
}

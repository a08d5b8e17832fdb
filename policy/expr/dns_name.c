#include "policy/expr/dns_name.h"

#include <ctype.h>
#include <idn2.h>
#include <stdint.h>
#include <stdlib.h>

/* In the form that is sent: without the dot at the end. */
#define LABEL_LEN_MAX 63
#define NAME_LEN_MAX 253

/* In UTF-8: each letter takes at least one byte of the form that is sent. */
#define TEXT_LEN_MAX (4 * NAME_LEN_MAX + 1)

static struct str without_dot(struct str name)
{
    if (str_ends_with(name, STR(".")))
        name.len--;
    return name;
}

/* Cuts off what is before the first dot, and the dot. */
static struct str take_label(struct str *name)
{
    const char *dot =
        name->len == 0 ? NULL : memchr(name->data, '.', name->len);
    struct str label = { name->data,
                         dot ? (size_t)(dot - name->data) : name->len };

    *name = str_skip(*name, dot ? label.len + 1 : label.len);
    return label;
}

static bool is_encoded_label(struct str label)
{
    return label.len >= 4 && strncasecmp(label.data, "xn--", 4) == 0;
}

static bool is_ascii_label(struct str label)
{
    if (label.len == 0 || label.len > LABEL_LEN_MAX ||
        str_starts_with(label, STR("-")) || str_ends_with(label, STR("-")))
        return false;
    for (size_t i = 0; i < label.len; i++) {
        unsigned char c = (unsigned char)label.data[i];

        if (c >= 0x80 || (!isalnum(c) && c != '-'))
            return false;
    }
    /* Two hyphens there are kept for encodings. */
    return is_encoded_label(label) || label.len < 4 ||
           memcmp(label.data + 2, "--", 2) != 0;
}

/* Of encoded labels only the form. */
static bool is_ascii_name(struct str name)
{
    name = without_dot(name);
    if (name.len == 0 || name.len > NAME_LEN_MAX ||
        str_ends_with(name, STR(".")))
        return false;
    while (name.len > 0)
        if (!is_ascii_label(take_label(&name)))
            return false;
    return true;
}

/* Is it more than what is_ascii_name can judge? */
static bool is_international(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.data[i] >= 0x80)
            return true;
    while (text.len > 0)
        if (is_encoded_label(take_label(&text)))
            return true;
    return false;
}

/* The form that is sent, to be freed; NULL if there is none. flags: IDN2_*. */
static char *to_ascii(struct str text, int flags)
{
    char copy[TEXT_LEN_MAX + 1];
    uint8_t *ascii = NULL;

    if (text.len == 0 || text.len > TEXT_LEN_MAX ||
        memchr(text.data, '\0', text.len))
        return NULL;
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    if (idn2_lookup_u8((const uint8_t *)copy, &ascii, flags) == IDN2_OK &&
        is_ascii_name(str_of((const char *)ascii)))
        return (char *)ascii;
    free(ascii);
    return NULL;
}

static bool to_unicode(const char *ascii, struct arena *arena, struct str *name)
{
    char *unicode;

    if (idn2_to_unicode_8z8z(ascii, &unicode, 0) != IDN2_OK)
        return false;
    *name = arena_copy(arena, str_of(unicode));
    free(unicode);
    return name->data != NULL;
}

bool dns_name_is_valid(struct str text)
{
    char *ascii;

    if (!is_international(text))
        return is_ascii_name(text);
    ascii = to_ascii(text, IDN2_NO_TR46);
    free(ascii);
    return ascii != NULL;
}

bool dns_name_parse(struct str text, struct arena *arena, struct str *name)
{
    char *ascii;
    bool is_valid;

    *name = text;
    if (!is_international(text))
        return is_ascii_name(text);
    ascii = to_ascii(text, IDN2_NO_TR46);
    is_valid = ascii && to_unicode(ascii, arena, name);
    free(ascii);
    return is_valid;
}

static bool is_same_ascii(struct str a, struct str b)
{
    return str_eq_nocase(without_dot(a), without_dot(b));
}

bool dns_name_equal(struct str a, struct str b, bool *is_equal)
{
    const int flags = IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL;
    char *x, *y;
    bool are_names;

    if (!is_international(a) && !is_international(b)) {
        *is_equal = is_same_ascii(a, b);
        return is_ascii_name(a) && is_ascii_name(b);
    }
    x = to_ascii(a, flags);
    y = to_ascii(b, flags);
    are_names = x && y;
    if (are_names)
        *is_equal = is_same_ascii(str_of(x), str_of(y));
    free(x);
    free(y);
    return are_names;
}

#include "policy/expr/order.h"

#include <assert.h>

bool order_has_equal(enum value_type type)
{
    return type != VALUE_NONE && type != VALUE_STRING_MAP;
}

bool order_has_less(enum value_type type)
{
    return order_has_equal(type) && type != VALUE_BOOL &&
           type != VALUE_IP_ADDRESS;
}

#define ORDER_OF(a, b)                                                         \
    ((a) < (b)    ? ORDER_LESS                                                 \
     : (a) > (b)  ? ORDER_GREATER                                              \
     : (a) == (b) ? ORDER_EQUAL                                                \
                  : ORDER_NONE)

static enum order order_of_bytes(struct str a, struct str b)
{
    size_t shorter = a.len < b.len ? a.len : b.len;
    int difference = shorter == 0 ? 0 : memcmp(a.data, b.data, shorter);

    return difference == 0 ? ORDER_OF(a.len, b.len) : ORDER_OF(difference, 0);
}

static enum order order_of_instants(const struct instant *a,
                                    const struct instant *b)
{
    return a->seconds == b->seconds ? ORDER_OF(a->nanos, b->nanos)
                                    : ORDER_OF(a->seconds, b->seconds);
}

/* `text` up to `end`, which is cut off from it. */
static struct str cut(struct str *text, size_t end)
{
    struct str head = { text->data, end };

    if (end > 0)
        *text = str_skip(*text, end);
    return head;
}

/* The offset of the first byte that is one of `set`, or text.len. */
static size_t find_any(struct str text, const char *set)
{
    size_t i = 0;

    while (i < text.len && (text.data[i] == '\0' || !strchr(set, text.data[i])))
        i++;
    return i;
}

static bool is_same_dns_name(struct str a, struct str b)
{
    if (str_ends_with(a, STR(".")))
        a.len--;
    if (str_ends_with(b, STR(".")))
        b.len--;
    return str_eq_nocase(a, b);
}

/* Cuts the part before the last '@' off, without the quotes around it. */
static struct str cut_mailbox(struct str *address)
{
    const char *at =
        address->len == 0 ? NULL : memrchr(address->data, '@', address->len);
    struct str mailbox = cut(address, at ? (size_t)(at - address->data) : 0);

    if (mailbox.len >= 2 && mailbox.data[0] == '"' &&
        mailbox.data[mailbox.len - 1] == '"')
        return (struct str){ mailbox.data + 1, mailbox.len - 2 };
    return mailbox;
}

static bool is_same_email(struct str a, struct str b)
{
    return str_eq(cut_mailbox(&a), cut_mailbox(&b)) && is_same_dns_name(a, b);
}

struct uri {
    struct str scheme, user, host, rest;
};

/* Only http and https URIs have a user and a host here. */
static struct uri split_uri(struct str text)
{
    struct uri uri = { 0 };
    size_t colon = find_any(text, ":/?#");
    struct str authority;

    if (colon < text.len && text.data[colon] == ':')
        uri.scheme = cut(&text, colon);
    if ((str_eq_nocase(uri.scheme, STR("http")) ||
         str_eq_nocase(uri.scheme, STR("https"))) &&
        str_starts_with(text, STR("://"))) {
        authority = (struct str){ text.data, 3 };
        authority.len += find_any(str_skip(text, 3), "/?#");
        const char *at = memrchr(authority.data, '@', authority.len);

        uri.user = cut(&text, at ? (size_t)(at + 1 - text.data) : 3);
        authority = str_skip(authority, uri.user.len);
        uri.host = cut(&text, str_starts_with(authority, STR("["))
                                  ? find_any(authority, "]")
                                  : find_any(authority, ":"));
    }
    uri.rest = text;
    return uri;
}

static bool is_same_uri(struct str a, struct str b)
{
    struct uri x = split_uri(a), y = split_uri(b);

    return str_eq_nocase(x.scheme, y.scheme) && str_eq(x.user, y.user) &&
           is_same_dns_name(x.host, y.host) && str_eq(x.rest, y.rest);
}

/* What is equal by the rules of its type is never less by its bytes. */
static enum order order_unless(bool is_same, const struct value *a,
                               const struct value *b)
{
    return is_same ? ORDER_EQUAL : order_of_bytes(a->string, b->string);
}

enum order order_of(enum value_type type, const struct value *a,
                    const struct value *b)
{
    switch (type) {
    case VALUE_STRING:
        return order_of_bytes(a->string, b->string);
    case VALUE_INT64:
        return ORDER_OF(a->int64, b->int64);
    case VALUE_DOUBLE:
        return ORDER_OF(a->number, b->number);
    case VALUE_BOOL:
        return a->boolean == b->boolean ? ORDER_EQUAL : ORDER_NONE;
    case VALUE_TIMESTAMP:
        return order_of_instants(&a->instant, &b->instant);
    case VALUE_IP_ADDRESS:
        return memcmp(&a->ip, &b->ip, sizeof(a->ip)) == 0 ? ORDER_EQUAL
                                                          : ORDER_NONE;
    case VALUE_EMAIL_ADDRESS:
        return order_unless(is_same_email(a->string, b->string), a, b);
    case VALUE_URI:
        return order_unless(is_same_uri(a->string, b->string), a, b);
    case VALUE_DNS_NAME:
        return order_unless(is_same_dns_name(a->string, b->string), a, b);
    case VALUE_DURATION:
        return ORDER_OF(a->duration_ns, b->duration_ns);
    case VALUE_NONE:
    case VALUE_STRING_MAP:
        break;
    }
    assert(false); /* the type has no equality */
    return ORDER_NONE;
}

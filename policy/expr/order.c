#include "policy/expr/order.h"

#include "policy/expr/dns_name.h"
#include "policy/expr/email.h"
#include "policy/expr/uri.h"

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

typedef bool equal_function(struct str a, struct str b, bool *is_equal);

/* What is equal by the rules of its type is never less by its bytes. */
static enum order order_of_typed(equal_function *equal, const struct value *a,
                                 const struct value *b)
{
    bool is_equal;

    if (!equal(a->string, b->string, &is_equal))
        return ORDER_INVALID;
    return is_equal ? ORDER_EQUAL : order_of_bytes(a->string, b->string);
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
        return order_of_typed(email_equal, a, b);
    case VALUE_URI:
        return order_of_typed(uri_equal, a, b);
    case VALUE_DNS_NAME:
        return order_of_typed(dns_name_equal, a, b);
    case VALUE_DURATION:
        return ORDER_OF(a->duration_ns, b->duration_ns);
    case VALUE_NONE:
    case VALUE_STRING_MAP:
        break;
    }
    assert(false); /* the type has no equality */
    return ORDER_NONE;
}

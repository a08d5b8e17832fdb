#include "policy/expr/uri.h"

#include "policy/expr/dns_name.h"

#include <ctype.h>

struct uri {
    struct str scheme;  /* empty: a relative reference */
    struct str body;    /* all behind the scheme and its colon */
    bool has_authority; /* the body begins with "//" */
    struct str user;    /* with its "@", if there is one */
    struct str host;    /* with the brackets of an IPv6 address */
    struct str port;    /* without its colon */
    struct str rest;    /* the body from the path on */
};

/* The offset of the first byte that is one of `set`, or text.len. */
static size_t find_any(struct str text, const char *set)
{
    size_t i = 0;

    while (i < text.len && (text.data[i] == '\0' || !strchr(set, text.data[i])))
        i++;
    return i;
}

/* `text` up to `end`, which is cut off from it. */
static struct str cut(struct str *text, size_t end)
{
    struct str head = { text->data, end };

    *text = str_skip(*text, end);
    return head;
}

static bool has_control_bytes(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (iscntrl((unsigned char)text.data[i]))
            return true;
    return false;
}

/* Every '%' before the query is followed by two digits. */
static bool has_good_escapes(struct str text)
{
    text.len = find_any(text, "?#");
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] == '%' &&
            (i + 2 >= text.len || !isxdigit((unsigned char)text.data[i + 1]) ||
             !isxdigit((unsigned char)text.data[i + 2])))
            return false;
    return true;
}

static bool is_scheme(struct str text)
{
    if (text.len == 0 || !isalpha((unsigned char)text.data[0]))
        return false;
    for (size_t i = 1; i < text.len; i++)
        if (!isalnum((unsigned char)text.data[i]) &&
            !strchr("+-.", text.data[i]))
            return false;
    return true;
}

static bool is_port(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!isdigit((unsigned char)text.data[i]))
            return false;
    return true;
}

/* "user@host:port" */
static bool split_authority(struct str text, struct uri *uri)
{
    size_t at = find_any(text, "@");

    if (find_any(text, " \"<>\\^`{|}") < text.len)
        return false;
    if (at < text.len)
        uri->user = cut(&text, at + 1);
    if (find_any(uri->user, "[]") < uri->user.len)
        return false;
    if (str_starts_with(text, STR("["))) {
        size_t close = find_any(text, "]");

        if (close == text.len)
            return false;
        uri->host = cut(&text, close + 1);
    } else {
        uri->host = cut(&text, find_any(text, ":@[]"));
    }
    if (text.len == 0)
        return true;
    uri->port = str_skip(text, 1);
    return text.data[0] == ':' && is_port(uri->port);
}

static bool parse(struct str text, struct uri *uri)
{
    size_t colon = find_any(text, ":/?#");

    *uri = (struct uri){ .body = text };
    if (text.len == 0 || has_control_bytes(text) || !has_good_escapes(text))
        return false;
    if (colon < text.len && text.data[colon] == ':') {
        uri->scheme = cut(&uri->body, colon);
        uri->body = str_skip(uri->body, 1);
        /* A first part with a colon would be taken for one. */
        if (!is_scheme(uri->scheme))
            return false;
    }
    uri->rest = uri->body;
    uri->has_authority = str_starts_with(uri->body, STR("//"));
    if (!uri->has_authority)
        return true;
    uri->rest = str_skip(uri->rest, 2);
    return split_authority(cut(&uri->rest, find_any(uri->rest, "/?#")), uri);
}

static bool is_web(const struct uri *uri)
{
    return str_eq_nocase(uri->scheme, STR("http")) ||
           str_eq_nocase(uri->scheme, STR("https"));
}

static bool is_name(struct str host)
{
    return host.len > 0 && host.data[0] != '[';
}

/* False if one should be a domain name and is none. */
static bool is_same_host(struct str a, struct str b, bool *is_equal)
{
    if (is_name(a) && is_name(b))
        return dns_name_equal(a, b, is_equal);
    *is_equal = str_eq_nocase(a, b);
    return true;
}

bool uri_is_valid(struct str text)
{
    struct uri uri;

    return parse(text, &uri);
}

bool uri_equal(struct str a, struct str b, bool *is_equal)
{
    struct uri x, y;

    if (!parse(a, &x) || !parse(b, &y))
        return false;
    *is_equal = str_eq_nocase(x.scheme, y.scheme);
    if (!*is_equal)
        return true;
    if (!is_web(&x)) {
        *is_equal = str_eq(x.body, y.body);
        return true;
    }
    if (!is_same_host(x.host, y.host, is_equal))
        return false;
    *is_equal = *is_equal && x.has_authority == y.has_authority &&
                str_eq(x.user, y.user) && str_eq(x.port, y.port) &&
                str_eq(x.rest, y.rest);
    return true;
}

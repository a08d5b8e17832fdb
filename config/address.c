#include "config/address.h"

#include "config/quantity.h"
#include "policy/attr/value.h"

#include <sys/un.h>

static const struct str unix_scheme = STR_INIT("unix:");

static bool parse_path(struct str path, struct address *address,
                       const char **why)
{
    if (path.len == 0)
        *why = "names no path behind `unix:`";
    else if (path.len >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
        *why = "has a longer path than the system allows for a socket";
    else
        address->path = path;
    return address->path.len > 0;
}

static bool parse_port(struct str text, uint16_t *port)
{
    int64_t value;
    const char *why;

    if (!quantity_parse(text, QUANTITY_COUNT, &value, &why) ||
        value > UINT16_MAX)
        return false;
    *port = (uint16_t)value;
    return true;
}

/* Takes the brackets off an IPv6 address; without them its colons could be
 * taken for that of the port. */
static bool parse_host(struct str host, struct str *bare, const char **why)
{
    struct ip ip;

    *bare = host;
    if (host.len == 0) {
        *why = "names no host; 0.0.0.0 or [::] stand for all interfaces";
        return false;
    }
    if (host.data[0] != '[') {
        *why = "must have its IPv6 address in brackets";
        return !memchr(host.data, ':', host.len);
    }
    *bare = (struct str){ host.data + 1, host.len - 2 };
    *why = "has no IPv6 address in its brackets";
    return host.len > 2 && str_ends_with(host, STR("]")) &&
           memchr(bare->data, ':', bare->len) && ip_parse(*bare, &ip);
}

bool address_parse(struct str text, struct address *address, const char **why)
{
    const char *colon;
    struct str host;

    *address = (struct address){ 0 };
    if (str_starts_with(text, unix_scheme))
        return parse_path(str_skip(text, unix_scheme.len), address, why);
    colon = text.len == 0 ? NULL : memrchr(text.data, ':', text.len);
    if (!colon) {
        *why = "must be host:port or unix:/path";
        return false;
    }
    host = (struct str){ text.data, (size_t)(colon - text.data) };
    if (!parse_port(str_skip(text, host.len + 1), &address->port)) {
        *why = "must end in a port from 0 to 65535";
        return false;
    }
    return parse_host(host, &address->host, why);
}

bool address_is_bindable(const struct address *address)
{
    struct ip ip;

    return address->path.len > 0 || ip_parse(address->host, &ip) ||
           str_eq_nocase(address->host, STR("localhost"));
}

bool address_is_local(const struct address *address)
{
    static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
    static const uint8_t loopback[16] = { [15] = 1 };
    struct ip ip;

    if (address->path.len > 0)
        return true;
    if (!ip_parse(address->host, &ip))
        return str_eq_nocase(address->host, STR("localhost"));
    return memcmp(ip.bytes, loopback, sizeof(loopback)) == 0 ||
           (memcmp(ip.bytes, mapped, sizeof(mapped)) == 0 &&
            ip.bytes[12] == 127);
}

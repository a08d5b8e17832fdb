/*
 * Where a server listens: "host:port", "[v6]:port" or "unix:/path". Numbers
 * and paths are known at once; names are looked up by glibc's own thread, so
 * that nothing here ever waits for DNS, and again after all their addresses
 * were tried, so that a name may move.
 * Threads: its owner's.
 */
#ifndef QUOTA_REDIS_ADDRESS_H
#define QUOTA_REDIS_ADDRESS_H

#include "policy/base/clock.h"
#include "policy/base/str.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* How often to ask whether a name was found. */
#define ADDRESS_POLL_NS (5 * MILLISECOND)

/* Of one name; further ones are not tried. */
#define ADDRESSES_MAX 4

struct address {
    struct sockaddr_storage sockaddrs[ADDRESSES_MAX];
    socklen_t lens[ADDRESSES_MAX];
    uint32_t count, next;
    struct lookup *lookup; /* of a name; else NULL */
    const char *fault;     /* why there is no address */
};

void address_init(struct address *address, struct str server);
void address_fini(struct address *address);

enum address_result {
    ADDRESS_FOUND,
    ADDRESS_PENDING, /* ask again after ADDRESS_POLL_NS */
    ADDRESS_NONE,    /* address->fault says why */
};

/* The next one to try: *sockaddr, good until the next call. */
enum address_result address_next(struct address *address,
                                 const struct sockaddr **sockaddr,
                                 socklen_t *len);

/* The host of "host:port", borrowed; empty: it has none. Pure. */
struct str address_host(struct str server);

/* Of "host:port", with its NUL. */
#define ADDRESS_TEXT_BYTES 272

/* Joins what another server says: the address as text into `server`. False, and
 * `server` stays as it was: that is no host, as a name or a number, or no port.
 * It is never a path. Pure. */
bool address_join(char server[ADDRESS_TEXT_BYTES], struct str host,
                  struct str port);

#endif

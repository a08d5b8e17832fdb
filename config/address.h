/*
 * Addresses as people write them: "host:port", "[::1]:port" or "unix:/path".
 * Syntax only: names are not resolved.
 * Pure; any thread.
 */
#ifndef CONFIG_ADDRESS_H
#define CONFIG_ADDRESS_H

#include "policy/base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct address {
    struct str path; /* of a unix socket; empty: host and port are set */
    struct str host; /* without brackets */
    uint16_t port;   /* 0: the system chooses */
};

/* Borrows from `text`. False if it is none; then *why completes the sentence
 * "the address ...". */
bool address_parse(struct str text, struct address *address, const char **why);

/* Whether one can listen there without resolving a name: a unix socket, an IP
 * address or localhost. */
bool address_is_bindable(const struct address *address);

/* Whether only this machine can reach it: a unix socket, localhost, 127.0.0.0/8
 * or ::1. */
bool address_is_local(const struct address *address);

#endif

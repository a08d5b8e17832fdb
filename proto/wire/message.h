/*
 * protobuf-c over an arena: messages live in it, are never freed singly, and
 * cannot grow beyond its limit.
 *
 * protobuf-c hands strings on without their length and does not check that
 * they are UTF-8. Here they are bytes with a length, so one with a NUL in it
 * cannot pass for a shorter one; what we send must be text (utf8.h).
 * Threads: any, over its own arena.
 */
#ifndef PROTO_WIRE_MESSAGE_H
#define PROTO_WIRE_MESSAGE_H

#include "policy/base/arena.h"
#include "policy/base/str.h"

#include <protobuf-c/protobuf-c.h>

/* The message in `body`, of the generated type that `descriptor` belongs to;
 * NULL if it is none, or (arena->is_exhausted) beyond the arena's limit. */
void *message_unpack(const ProtobufCMessageDescriptor *descriptor,
                     struct str body, struct arena *arena);

/* A string of an unpacked message, borrowed from it. */
struct str message_string(const char *string);

/* A copy of `s` for a message to be sent. NULL if the arena's limit is hit. */
char *message_text(struct str s, struct arena *arena);

/* The bytes of a message. data == NULL if the arena's limit is hit. */
struct str message_pack(const ProtobufCMessage *message, struct arena *arena);

#endif

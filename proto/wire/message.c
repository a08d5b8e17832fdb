#include "proto/wire/message.h"

#include <stdalign.h>

/* Before each piece: the only place where a string's length is known. */
struct piece {
    alignas(max_align_t) size_t size;
    char data[];
};

static void *alloc_piece(void *arena, size_t size)
{
    struct piece *piece;
    size_t total;

    if (__builtin_add_overflow(sizeof(*piece), size, &total))
        return NULL;
    piece = arena_alloc(arena, total);
    if (!piece)
        return NULL;
    piece->size = size;
    return piece->data;
}

static void free_piece(void *arena, void *data)
{
    (void)arena;
    (void)data;
}

void *message_unpack(const ProtobufCMessageDescriptor *descriptor,
                     struct str body, struct arena *arena)
{
    ProtobufCAllocator allocator = { alloc_piece, free_piece, arena };

    return protobuf_c_message_unpack(descriptor, &allocator, body.len,
                                     (const uint8_t *)body.data);
}

struct str message_string(const char *string)
{
    const struct piece *piece;

    if (string == protobuf_c_empty_string)
        return STR("");
    /* protobuf-c allocates each string by itself, with a NUL behind it. */
    piece = (const void *)(string - offsetof(struct piece, data));
    return (struct str){ string, piece->size - 1 };
}

char *message_text(struct str s, struct arena *arena)
{
    char *text = arena_alloc(arena, s.len + 1);

    if (!text)
        return NULL;
    if (s.len > 0)
        memcpy(text, s.data, s.len);
    text[s.len] = '\0';
    return text;
}

struct str message_pack(const ProtobufCMessage *message, struct arena *arena)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = arena_alloc(arena, size);

    if (!bytes)
        return (struct str){ 0 };
    protobuf_c_message_pack(message, bytes);
    return (struct str){ (const char *)bytes, size };
}

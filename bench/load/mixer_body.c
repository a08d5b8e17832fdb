#include "bench/load/mixer_body.h"

#include "proto/wire/mixer.h"

#include <assert.h>
#include <inttypes.h>

#define TEXT(name, text)                                                       \
    {                                                                          \
        STR_INIT(name),                                                        \
        {                                                                      \
            .type = VALUE_STRING, .string = STR_INIT(text)                     \
        }                                                                      \
    }

static const struct string_pair headers[] = {
    { STR_INIT(":authority"), STR_INIT("ratings:9080") },
    { STR_INIT(":method"), STR_INIT("GET") },
    { STR_INIT(":path"), STR_INIT("/ratings/42") },
    { STR_INIT("accept-encoding"), STR_INIT("gzip, deflate") },
    { STR_INIT("user-agent"), STR_INIT("python-requests/2.25.1") },
    { STR_INIT("x-forwarded-proto"), STR_INIT("http") },
    { STR_INIT("x-request-id"),
      STR_INIT("5b2c1f0e-8f5c-9a57-b9b5-0d6d2f6f1a33") },
    { STR_INIT("x-version"), STR_INIT("green") },
};

static const struct string_map header_map = {
    .pairs = headers,
    .count = sizeof(headers) / sizeof(headers[0]),
};

/* What is the same in all requests. */
static const struct mixer_attribute common[] = {
    TEXT("context.protocol", "http"),
    TEXT("context.reporter.kind", "inbound"),
    TEXT("context.reporter.uid",
         "kubernetes://ratings-v1-7dc98c7588-vzftc.prod"),
    TEXT("destination.service.host", "ratings.prod.svc.cluster.local"),
    TEXT("destination.service.name", "ratings"),
    TEXT("destination.service.namespace", "prod"),
    TEXT("destination.uid", "kubernetes://ratings-v1-7dc98c7588-vzftc.prod"),
    TEXT("source.uid", "kubernetes://productpage-v1-6987489c74-k2hjz.prod"),
    TEXT("request.host", "ratings:9080"),
    TEXT("request.method", "GET"),
    TEXT("request.path", "/ratings/42"),
    TEXT("request.scheme", "http"),
    TEXT("request.useragent", "python-requests/2.25.1"),
    { STR_INIT("destination.port"), { .type = VALUE_INT64, .int64 = 9080 } },
    { STR_INIT("connection.mtls"), { .type = VALUE_BOOL, .boolean = true } },
    { STR_INIT("request.time"),
      { .type = VALUE_TIMESTAMP, .instant = { 1600000000, 123456789 } } },
    { STR_INIT("request.headers"),
      { .type = VALUE_STRING_MAP, .map = &header_map } },
};

enum {
    COMMON_COUNT = sizeof(common) / sizeof(common[0]),
    SOURCE_USER = COMMON_COUNT,
    SOURCE_IP,
    ATTRIBUTE_COUNT,
};

static void fill_attributes(struct mixer_attribute *attributes, uint32_t user,
                            struct arena *arena)
{
    memcpy(attributes, common, sizeof(common));
    attributes[SOURCE_USER] = (struct mixer_attribute){
        .name = STR("source.user"),
        .value = { .type = VALUE_STRING,
                   .string = arena_printf(arena, "user-%" PRIu32, user) },
    };
    attributes[SOURCE_IP] = (struct mixer_attribute){
        .name = STR("source.ip"),
        .value = { .type = VALUE_IP_ADDRESS,
                   .ip = { { [10] = 0xff,
                             [11] = 0xff,
                             [12] = 10,
                             [13] = (uint8_t)(user >> 16),
                             [14] = (uint8_t)(user >> 8),
                             [15] = (uint8_t)user } } },
    };
}

static struct str encode(const struct mixer_load *load, uint32_t user,
                         struct arena *arena)
{
    struct mixer_attribute attributes[ATTRIBUTE_COUNT];
    struct mixer_request request = { .global_word_count = GLOBAL_WORD_COUNT };
    struct str message;

    fill_attributes(attributes, user, arena);
    if (load->quota) {
        request.asks[0] =
            (struct quota_ask){ .name = str_of(load->quota), .amount = 1 };
        request.ask_count = 1;
    }
    message =
        mixer_encode_request(attributes, ATTRIBUTE_COUNT, &request, arena);
    assert(message.data);
    return message;
}

/* The id stands at the end, where it is easily found: fields may come in any
 * order. */
static struct body frame(struct str message, bool has_id, struct arena *arena)
{
    static const char id_field[] = { 3 << 3 | 2, BODY_ID_BYTES };
    size_t id_bytes = has_id ? sizeof(id_field) + BODY_ID_BYTES : 0;
    size_t bytes = FRAME_PREFIX_BYTES + message.len + id_bytes;
    char *out = arena_calloc(arena, 1, bytes);

    frame_prefix(out, message.len + id_bytes);
    memcpy(out + FRAME_PREFIX_BYTES, message.data, message.len);
    if (has_id)
        memcpy(out + FRAME_PREFIX_BYTES + message.len, id_field,
               sizeof(id_field));
    return (struct body){
        .frame = { out, bytes },
        .id_offset = has_id ? bytes - BODY_ID_BYTES : 0,
    };
}

void mixer_bodies(struct bodies *bodies, const struct mixer_load *load)
{
    struct body *items =
        arena_calloc(&bodies->arena, load->user_count, sizeof(*items));
    struct arena scratch;

    arena_init(&scratch, 0);
    for (uint32_t i = 0; i < load->user_count; i++) {
        items[i] =
            frame(encode(load, i, &scratch), load->has_id, &bodies->arena);
        arena_clear(&scratch);
    }
    arena_fini(&scratch);
    bodies_set(bodies, items, load->user_count);
}

#include "bench/load/verdict.h"

#include "policy/rule/rule.h"

#include <stdbool.h>
#include <stdint.h>

const char *const reply_verdict_labels[REPLY_VERDICT_COUNT] = {
#define X(name, label) label,
    REPLY_VERDICTS(X)
#undef X
};

/* Field numbers of proto/api/mixer/v1/mixer.proto and google/rpc/status. */
enum {
    RESPONSE_PRECONDITION = 2,
    RESPONSE_QUOTAS = 3,
    PRECONDITION_STATUS = 1,
    STATUS_CODE = 1,
    ENTRY_VALUE = 2,
    QUOTA_GRANTED = 2,
};

enum wire_type {
    WIRE_VARINT = 0,
    WIRE_FIXED64 = 1,
    WIRE_BYTES = 2,
    WIRE_FIXED32 = 5,
};

struct wire_field {
    uint64_t number;
    unsigned type;
    uint64_t varint;
    struct str bytes;
};

static bool take_varint(struct str *rest, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; shift < 64 && rest->len > 0; shift += 7) {
        uint8_t byte = (uint8_t)rest->data[0];

        *rest = str_skip(*rest, 1);
        *value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return true;
    }
    return false;
}

static bool take_bytes(struct str *rest, uint64_t count, struct str *bytes)
{
    if (count > rest->len)
        return false;
    *bytes = (struct str){ rest->data, (size_t)count };
    *rest = str_skip(*rest, (size_t)count);
    return true;
}

/* The next field of a message that is not at its end. */
static bool take_field(struct str *rest, struct wire_field *field)
{
    uint64_t key, length;

    if (!take_varint(rest, &key))
        return false;
    field->number = key >> 3;
    field->type = key & 7;
    switch (field->type) {
    case WIRE_VARINT:
        return take_varint(rest, &field->varint);
    case WIRE_FIXED64:
        return take_bytes(rest, 8, &field->bytes);
    case WIRE_BYTES:
        return take_varint(rest, &length) &&
               take_bytes(rest, length, &field->bytes);
    case WIRE_FIXED32:
        return take_bytes(rest, 4, &field->bytes);
    default:
        return false;
    }
}

/* The last field of that number and type; absent: zeroed. False if `message`
 * is none. */
static bool find_field(struct str message, uint64_t number, enum wire_type type,
                       struct wire_field *found)
{
    struct wire_field field;

    *found = (struct wire_field){ 0 };
    while (message.len > 0) {
        if (!take_field(&message, &field))
            return false;
        if (field.number == number && field.type == type)
            *found = field;
    }
    return true;
}

static enum reply_verdict verdict_of_precondition(struct str precondition)
{
    struct wire_field status, code;

    if (!find_field(precondition, PRECONDITION_STATUS, WIRE_BYTES, &status) ||
        !find_field(status.bytes, STATUS_CODE, WIRE_VARINT, &code))
        return REPLY_MALFORMED;
    if (code.varint == STATUS_OK)
        return REPLY_ALLOWED;
    return code.varint == STATUS_RESOURCE_EXHAUSTED ? REPLY_EXHAUSTED
                                                    : REPLY_DENIED;
}

static enum reply_verdict verdict_of_quota(struct str entry)
{
    struct wire_field result, granted;

    if (!find_field(entry, ENTRY_VALUE, WIRE_BYTES, &result) ||
        !find_field(result.bytes, QUOTA_GRANTED, WIRE_VARINT, &granted))
        return REPLY_MALFORMED;
    return granted.varint > 0 ? REPLY_ALLOWED : REPLY_EXHAUSTED;
}

enum reply_verdict reply_verdict(struct str message)
{
    enum reply_verdict worst = REPLY_ALLOWED;
    bool has_precondition = false;
    struct wire_field field;

    while (message.len > 0) {
        enum reply_verdict verdict = REPLY_ALLOWED;

        if (!take_field(&message, &field))
            return REPLY_MALFORMED;
        if (field.type == WIRE_BYTES && field.number == RESPONSE_PRECONDITION) {
            verdict = verdict_of_precondition(field.bytes);
            has_precondition = true;
        } else if (field.type == WIRE_BYTES &&
                   field.number == RESPONSE_QUOTAS) {
            verdict = verdict_of_quota(field.bytes);
        }
        if (verdict > worst)
            worst = verdict;
    }
    return has_precondition ? worst : REPLY_MALFORMED;
}

#include "policy/rule/status.h"

const char *status_code_name(enum status_code code)
{
    switch (code) {
#define X(name, number)                                                        \
    case STATUS_##name:                                                        \
        return #name;
        STATUS_CODES(X)
#undef X
    }
    return "UNKNOWN";
}

bool status_code_parse(struct str name, enum status_code *code)
{
#define X(text, number)                                                        \
    if (str_eq(name, STR(#text))) {                                            \
        *code = STATUS_##text;                                                 \
        return true;                                                           \
    }
    STATUS_CODES(X)
#undef X
    return false;
}

uint32_t status_code_http(enum status_code code)
{
    switch (code) {
    case STATUS_OK:
        return 200;
    case STATUS_INVALID_ARGUMENT:
    case STATUS_FAILED_PRECONDITION:
    case STATUS_OUT_OF_RANGE:
        return 400;
    case STATUS_UNAUTHENTICATED:
        return 401;
    case STATUS_PERMISSION_DENIED:
        return 403;
    case STATUS_NOT_FOUND:
        return 404;
    case STATUS_ALREADY_EXISTS:
    case STATUS_ABORTED:
        return 409;
    case STATUS_RESOURCE_EXHAUSTED:
        return 429;
    case STATUS_CANCELLED:
        return 499;
    case STATUS_UNIMPLEMENTED:
        return 501;
    case STATUS_UNAVAILABLE:
        return 503;
    case STATUS_DEADLINE_EXCEEDED:
        return 504;
    case STATUS_UNKNOWN:
    case STATUS_INTERNAL:
    case STATUS_DATA_LOSS:
        return 500;
    }
    return 500;
}

#include "policy/rule/rule.h"

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

uint32_t ruleset_find_quota(const struct ruleset *ruleset, struct str name)
{
    /* A configuration has few quotas; a table pays off in the thousands. */
    for (uint32_t i = 0; i < ruleset->quota_count; i++)
        if (str_eq_nocase(ruleset->quotas[i].name, name))
            return i;
    return UINT32_MAX;
}

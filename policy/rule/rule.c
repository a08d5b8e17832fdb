#include "policy/rule/rule.h"

uint32_t ruleset_find_quota(const struct ruleset *ruleset, struct str name)
{
    /* A configuration has few quotas; a table pays off in the thousands. */
    for (uint32_t i = 0; i < ruleset->quota_count; i++)
        if (str_eq_nocase(ruleset->quotas[i].name, name))
            return i;
    return UINT32_MAX;
}

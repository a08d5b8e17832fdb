#include "policy/check/list_check.h"

enum list_verdict list_check_decide(const struct list_check *check,
                                    struct bag *bag)
{
    struct value value;

    if (code_eval(check->value, bag, &value, NULL) != EVAL_OK)
        return LIST_FAILS;
    switch (roster_find(check->roster, &value)) {
    case ROSTER_IN:
        return check->refuses_members ? LIST_REFUSES : LIST_PASSES;
    case ROSTER_OUT:
        return check->refuses_members ? LIST_PASSES : LIST_REFUSES;
    case ROSTER_BAD_VALUE:
    case ROSTER_UNAVAILABLE:
    case ROSTER_TOO_COSTLY:
        return LIST_FAILS;
    }
    return LIST_FAILS;
}

#include "quota/redis/fault.h"

#include "policy/base/str.h"

static const struct fault faults[] = {
#define X(word, kind, meaning) { #word, FAULT_##kind, meaning },
    FAULTS(X)
#undef X
};

/* Before version 7 what goes wrong inside a script is told at the end:
 * "ERR Error running script (call to f_HASH): @user_script:1: @user_script: 1:
 * -OOM command not allowed ...". */
static const char *unwrap(const char *error)
{
    const char *inner;

    if (!str_starts_with(str_of(error), STR("ERR Error running script")))
        return error;
    inner = strstr(error, ": -");
    return inner ? inner + strlen(": -") : error;
}

const struct fault *fault_find(const char *error)
{
    const char *text = unwrap(error);
    size_t len = strcspn(text, " ");

    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
        if (str_eq(str_of(faults[i].word), (struct str){ text, len }))
            return &faults[i];
    return NULL;
}

enum fault_kind fault_kind_of(const char *error)
{
    const struct fault *fault = fault_find(error);

    return fault ? fault->kind : FAULT_OPERATION;
}

#include "policy/check/match.h"

#include "policy/expr/refute.h"

enum matching match_decide(const struct rule *rule, struct bag *bag)
{
    struct value matches;

    if (!rule->match)
        return MATCHES;
    if (code_eval(rule->match, bag, &matches, NULL) == EVAL_OK)
        return matches.boolean ? MATCHES : MATCHES_NOT;
    if (rule->on_error == ON_ERROR_SKIP && code_is_refuted(rule->match, bag))
        return MATCHES_NOT;
    return MATCH_FAILS;
}

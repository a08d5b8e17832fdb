#include "policy/expr/type.h"

#include "policy/expr/duration.h"
#include "policy/expr/function.h"
#include "policy/expr/order.h"
#include "policy/expr/regex.h"

#include <assert.h>
#include <stdio.h>

struct checker {
    const struct vocabulary *vocabulary;
    struct arena *kept;
    struct expr_error *error;
};

static bool check(struct checker *checker, struct ast *ast);

/* Reads a string literal as a DURATION. False if it is none. */
static bool make_duration(struct ast *ast)
{
    int64_t duration_ns;

    if (!duration_parse(ast->literal.string, &duration_ns))
        return false;
    ast->literal =
        (struct value){ .type = VALUE_DURATION, .duration_ns = duration_ns };
    return true;
}

/* Reads a string literal, or both that a conditional may choose, as a DURATION,
 * if that is wanted and possible. */
static bool coerce(struct ast *ast, enum value_type wanted)
{
    bool is_conditional = ast->kind == AST_CALL && !ast->function->run;
    bool is_made = false;

    if (wanted != VALUE_DURATION || ast->type != VALUE_STRING)
        return false;
    if (ast->kind == AST_LITERAL)
        is_made = make_duration(ast);
    else if (is_conditional)
        is_made = coerce(ast->parts->next, wanted) &&
                  coerce(ast->parts->next->next, wanted);
    if (is_made)
        ast->type = wanted;
    return is_made;
}

/* `as`: what the expected value is for, with a space before it, or "". */
static bool expect(struct checker *checker, struct ast *ast,
                   enum value_type wanted, const char *as)
{
    if (ast->type == wanted || coerce(ast, wanted))
        return true;
    return expr_fail(checker->error, ast->span, "expected %s%s%s, got %s",
                     value_type_name(wanted),
                     wanted == VALUE_DURATION ? " (\"1.5s\", \"2h\")" : "", as,
                     value_type_name(ast->type));
}

/* Attributes ------------------------------------------------------------- */

/* The longest beginning of `name`, up to a dot, that is a map; or empty. */
static struct str find_map(const struct vocabulary *vocabulary, struct str name)
{
    while (name.len > 0) {
        const char *dot = memrchr(name.data, '.', name.len);

        name.len = dot ? (size_t)(dot - name.data) : 0;
        if (vocabulary_type(vocabulary, name) == VALUE_STRING_MAP)
            break;
    }
    return name;
}

static bool fail_unknown_attribute(struct checker *checker,
                                   const struct ast *ast)
{
    struct str name = ast->name;
    struct str map = find_map(checker->vocabulary, name);
    struct str nearest = vocabulary_nearest(checker->vocabulary, name);

    if (map.len > 0) {
        struct str key = str_skip(name, map.len + 1);

        return expr_fail(checker->error, ast->span,
                         "unknown attribute %.*s, did you mean %.*s['%.*s']",
                         SHOWN_ARG(name), SHOWN_ARG(map), SHOWN_ARG(key));
    }
    if (nearest.len > 0)
        return expr_fail(checker->error, ast->span,
                         "unknown attribute %.*s, did you mean %.*s",
                         SHOWN_ARG(name), SHOWN_ARG(nearest));
    return expr_fail(checker->error, ast->span, "unknown attribute %.*s",
                     SHOWN_ARG(name));
}

static bool check_attribute(struct checker *checker, struct ast *ast)
{
    ast->type = vocabulary_type(checker->vocabulary, ast->name);
    return ast->type != VALUE_NONE || fail_unknown_attribute(checker, ast);
}

static bool check_index(struct checker *checker, struct ast *ast)
{
    struct ast *map = ast->parts, *key = map->next;

    ast->type = VALUE_STRING;
    return check(checker, map) && check(checker, key) &&
           expect(checker, map, VALUE_STRING_MAP, " before '['") &&
           expect(checker, key, VALUE_STRING, " as key");
}

/* Calls ------------------------------------------------------------------ */

static bool fail_unknown_function(struct checker *checker,
                                  const struct ast *call)
{
    struct str nearest = function_nearest(call->name);

    return expr_fail(checker->error, call->name_span,
                     nearest.len > 0 ? "unknown function: %.*s, did you mean "
                                       "%.*s"
                                     : "unknown function: %.*s%.*s",
                     SHOWN_ARG(call->name), SHOWN_ARG(nearest));
}

/* Is it called the way it wants to be? */
static bool check_form(struct checker *checker, const struct ast *call)
{
    const struct function *function = call->function;
    unsigned receivers = function->is_method ? 1 : 0, count = 0;

    for (const struct ast *part = call->parts; part; part = part->next)
        count++;
    if (call->is_method != function->is_method)
        return expr_fail(checker->error, call->name_span,
                         function->is_method
                             ? "%.*s is called on a value: value.%.*s(...)"
                             : "%.*s is not called on a value: %.*s(...)",
                         STR_ARG(function->name), STR_ARG(function->name));
    if (count != function->arity)
        return expr_fail(
            checker->error, call->span, "%.*s takes %u argument%s, not %u",
            STR_ARG(function->name), function->arity - receivers,
            function->arity - receivers == 1 ? "" : "s", count - receivers);
    return true;
}

static bool check_argument(struct checker *checker, struct ast *call,
                           unsigned i, struct ast *argument)
{
    const struct function *function = call->function;
    enum value_type wanted = function->parameters[i];
    char as[64];

    if (!check(checker, argument))
        return false;
    /* Of several that may have any type, the first one decides. */
    if (wanted == VALUE_NONE && call->type == VALUE_NONE)
        call->type = argument->type;
    if (wanted == VALUE_NONE)
        wanted = call->type;
    if (function->is_method && i == 0)
        snprintf(as, sizeof(as), " before .%.*s", STR_ARG(function->name));
    else
        snprintf(as, sizeof(as), " as argument %u of %.*s",
                 function->is_method ? i : i + 1, STR_ARG(function->name));
    return expect(checker, argument, wanted, as);
}

static bool compile_pattern(struct checker *checker, struct ast *call)
{
    const struct ast *pattern = call->parts;
    struct span where = pattern->span;
    struct regex_error why;

    call->regex = regex_compile(pattern->literal.string, checker->kept, &why);
    if (call->regex)
        return true;
    /* Without escapes it is what stands between the quotes. */
    if (pattern->literal.string.len + 2 == where.length)
        where = (struct span){ where.offset + 1 + (uint32_t)why.offset, 1 };
    return expr_fail(checker->error, where, "no regular expression: %s",
                     why.message);
}

static bool check_call(struct checker *checker, struct ast *call)
{
    unsigned i = 0;

    call->function = function_find(call->name);
    if (!call->function)
        return fail_unknown_function(checker, call);
    if (!check_form(checker, call))
        return false;
    call->type = call->function->result;
    for (struct ast *part = call->parts; part; part = part->next)
        if (!check_argument(checker, call, i++, part))
            return false;
    if (!function_has_pattern(call->function))
        return true;
    assert(call->parts);
    return call->parts->kind != AST_LITERAL || compile_pattern(checker, call);
}

/* Chains ----------------------------------------------------------------- */

/*
 * Makes `right` have the type of what stands before it, which is `left` alone
 * or an intermediate result (left NULL). The common type is then right->type.
 */
static bool unify(struct checker *checker, struct ast *left,
                  enum value_type type, struct ast *right)
{
    char as[32];

    if (left && left->type != right->type && coerce(left, right->type))
        return true;
    snprintf(as, sizeof(as), " as before %s", token_name(right->joined_by));
    return expect(checker, right, type, as);
}

static bool fail_operator(struct checker *checker, const struct ast *operand,
                          const char *cannot)
{
    return expr_fail(checker->error, operand->span, "%s cannot %s %s",
                     token_name(operand->joined_by), cannot,
                     value_type_name(operand->type));
}

static bool check_logic(struct checker *checker, struct ast *chain)
{
    char as[32];

    snprintf(as, sizeof(as), " beside %s",
             token_name(chain->parts->next->joined_by));
    for (struct ast *part = chain->parts; part; part = part->next)
        if (!check(checker, part) || !expect(checker, part, VALUE_BOOL, as))
            return false;
    chain->type = VALUE_BOOL;
    return true;
}

static bool check_comparisons(struct checker *checker, struct ast *chain)
{
    struct ast *left = chain->parts;
    enum value_type type;

    if (!check(checker, left))
        return false;
    type = left->type;
    for (struct ast *right = left->next; right; right = right->next) {
        bool is_equality = right->joined_by == TOKEN_EQUAL ||
                           right->joined_by == TOKEN_UNEQUAL;

        if (!check(checker, right) || !unify(checker, left, type, right))
            return false;
        if (!(is_equality ? order_has_equal : order_has_less)(right->type))
            return fail_operator(checker, right, "compare");
        type = VALUE_BOOL;
        left = NULL;
    }
    chain->type = VALUE_BOOL;
    return true;
}

static bool can_add(enum value_type type)
{
    return type == VALUE_STRING || type == VALUE_INT64 || type == VALUE_DOUBLE;
}

static bool check_sum(struct checker *checker, struct ast *chain)
{
    struct ast *left = chain->parts;

    if (!check(checker, left))
        return false;
    chain->type = left->type;
    for (struct ast *right = left->next; right; right = right->next) {
        if (!check(checker, right) || !unify(checker, left, chain->type, right))
            return false;
        if (right->joined_by == TOKEN_ADD && !can_add(right->type))
            return fail_operator(checker, right, "add");
        chain->type = right->type;
        left = NULL;
    }
    return true;
}

static bool check_chain(struct checker *checker, struct ast *chain)
{
    switch (token_level(chain->parts->next->joined_by)) {
    case LEVEL_OR:
    case LEVEL_AND:
        return check_logic(checker, chain);
    case LEVEL_COMPARE:
        return check_comparisons(checker, chain);
    case LEVEL_SUM:
        return check_sum(checker, chain);
    case LEVEL_NONE:
        break;
    }
    assert(false); /* a chain has operators */
    return false;
}

static bool check(struct checker *checker, struct ast *ast)
{
    switch (ast->kind) {
    case AST_LITERAL:
        ast->type = ast->literal.type;
        return true;
    case AST_ATTRIBUTE:
        return check_attribute(checker, ast);
    case AST_INDEX:
        return check_index(checker, ast);
    case AST_CALL:
        return check_call(checker, ast);
    case AST_CHAIN:
        return check_chain(checker, ast);
    }
    assert(false); /* there is no other kind */
    return false;
}

bool typecheck(struct ast *ast, enum value_type expected,
               const struct vocabulary *vocabulary, struct arena *kept,
               struct expr_error *error)
{
    struct checker checker = { vocabulary, kept, error };

    return check(&checker, ast) &&
           (expected == VALUE_NONE || expect(&checker, ast, expected, ""));
}
